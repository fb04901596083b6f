// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal
import UpdateFramework

/// `exprove market refresh`: what the operator does every day.
struct MarketRefresh: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh",
    abstract: "Sign a new timestamp, renew what is due, admit what is staged, make catalog and pages anew.",
    discussion: """
      Run it daily: clients refuse a repository whose timestamp has expired. What vendors staged is checked again, and \
      admitted or refused with the reason. It also ends what an interrupted command began. Exit code 1 when something that is \
      staged breaks the rules; all else is done nevertheless.

      EXAMPLE
        exprove market refresh market --expires timestamp=2
      """)

  @Argument(help: ArgumentHelp("The repository.", valueName: "dir"))
  var directory: String

  @Flag(help: "Old keys of a rotation that is staged are lost.")
  var lost = false

  @OptionGroup var options: MarketOptions

  func run() throws {
    try Failure.exit {
      var repository = try options.open(directory)
      let elsewhere = try Markets.run { () throws(MarketError) in try repository.renew() }
      let outcome = try Markets.run { () throws(MarketError) in try repository.admit(renewing: true, isLost: lost) }
      for line in elsewhere { Console.note("due: \(line), and enough of its keys are elsewhere") }
      for line in outcome.admitted { Console.note("admitted: \(line)") }
      let versions = repository.versions.map { role, version, expires in
        (role, JSON.object(["version": .integer(version), "expires": .string(expires.description)]))
      }
      try Markets.tell(
        outcome, directory, what: "\(repository.name) refreshed", isDone: outcome.lacking == nil, json: options.json,
        members: [
          "due": .array(elsewhere.map { .string($0) }),
          "versions": .object(Dictionary(uniqueKeysWithValues: versions)),
        ])
      if outcome.lacking != nil { throw ExitCode(66) }
      if !outcome.refused.isEmpty { throw ExitCode(1) }
    }
  }
}

/// `exprove market verify`: an audit.
struct MarketVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Audit a repository: every signature, file, certificate, proof and leaf of its log.",
    discussion: """
      No key is needed. With --root the audit begins with root metadata that you trust; without it, with the first that lies \
      there, whose digest is shown. Exit code 1 when something does not hold.

      EXAMPLE
        exprove market verify market --root my-copy-of-1.root.json
      """)

  @Argument(help: ArgumentHelp("The repository, or a copy of it.", valueName: "dir"))
  var directory: String

  @Option(help: ArgumentHelp("Root metadata that you trust.", valueName: "file"))
  var root: String?

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      let trusted = try root.map { path throws(RunError) in try Markets.read(path, limit: 512_000) }
      let audit = try Markets.run { () throws(MarketError) in
        try MarketAudit(directory: directory, root: trusted, now: Markets.now().seconds)
      }
      if json {
        try Console.printJSON(
          .object([
            "verdict": .string(audit.isSound ? "sound" : "unsound"), "root": .integer(audit.rootVersion),
            "trust": .string(audit.trust), "trust_given": .bool(root != nil),
            "vendors": .integer(Int64(audit.vendors)), "releases": .integer(Int64(audit.releases)),
            "targets": .integer(Int64(audit.targets)), "leaves": .wide(audit.leaves),
            "findings": .array(audit.findings.map { .string($0) }), "notes": .array(audit.notes.map { .string($0) }),
          ]))
      } else {
        for finding in audit.findings { Console.print("finding: \(finding)") }
        for note in audit.notes { Console.print("note: \(note)") }
        Console.print(
          "root \(audit.rootVersion), \(root == nil ? "trusted as it lies there" : "from the root given"), sha256:\(audit.trust)"
        )
        Console.print(
          "\(audit.vendors) vendors, \(audit.releases) releases, \(audit.targets) files, \(audit.leaves) leaves of the log"
        )
        Console.print(audit.isSound ? "sound" : "\(audit.findings.count) findings")
      }
      if !audit.isSound { throw ExitCode(1) }
    }
  }
}
