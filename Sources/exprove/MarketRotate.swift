// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal
import TransparencyLog

/// `exprove market rotate`: other keys for a role.
struct MarketRotate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Give a role new keys: root, targets, snapshot, timestamp, revocations, catalog or a vendor.",
    discussion: """
      Without --vkey a new identity is made in the first key home, and takes the place of the key that is listed first, or \
      of the one that --drop names. With --vkey the role has these keys from now on.

      The old keys and the new ones must sign: clients that come while it happens are never refused. What is here signs now; \
      the rest can follow with exprove market sign, in any order and anywhere. --lost says that old keys of targets, \
      snapshot or timestamp are gone: then the new ones alone must do, and root's threshold decides.

      EXAMPLE
        exprove market rotate market timestamp
        exprove market rotate market root --key-home usb-1 --key-home usb-2
        exprove market rotate market acme --vkey "$(exprove identity show acme.example/release-2)"
      """)

  @Argument(help: ArgumentHelp("The repository.", valueName: "dir"))
  var directory: String

  @Argument(help: ArgumentHelp("The role, or a vendor's name.", valueName: "role"))
  var role: String

  @Option(name: .customLong("vkey"), help: ArgumentHelp("A key that it has from now on; repeatable.", valueName: "key"))
  var keys: [String] = []

  @Option(help: ArgumentHelp("The key whose place a new identity takes.", valueName: "key"))
  var drop: String?

  @Option(help: ArgumentHelp("How many of the keys must sign; as before where none is said.", valueName: "count"))
  var threshold: Int?

  @Flag(help: "The old keys are lost.")
  var lost = false

  @OptionGroup var options: MarketOptions

  func validate() throws {
    guard keys.isEmpty || drop == nil else { throw ValidationError("--vkey gives all keys; --drop goes without it") }
    guard (threshold ?? 1) >= 1 else { throw ValidationError("--threshold is at least 1") }
  }

  func run() throws {
    try Failure.exit {
      var rotation = MarketRepository.Rotation()
      rotation.keys = try Markets.verifiers(keys)
      rotation.dropped = try drop.map { text throws(RunError) in try Markets.verifiers([text])[0] }
      rotation.threshold = threshold
      let change = rotation
      var repository = try options.open(directory)
      let made = try Markets.run { () throws(MarketError) in try repository.rotate(role, change) }
      let outcome = try Markets.run { () throws(MarketError) in try repository.admit(isLost: lost) }
      if let made { Console.note("\(made.name): a new identity, \(made)") }
      try Markets.tell(
        outcome, directory, what: "\(role) has new keys",
        isDone: outcome.waiting.isEmpty && outcome.lacking == nil && !outcome.admitted.isEmpty,
        json: options.json, members: ["role": .string(role), "made": made.map { .string($0.description) } ?? .null])
    }
  }
}

/// `exprove market sign`: further signatures for what waits.
struct MarketSign: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign",
    abstract: "Add signatures to metadata that wait in DIR/incoming, by the keys that are here.",
    discussion: """
      Read what is signed first: it is said what the file changes. A copy of DIR/metadata and DIR/incoming on another machine \
      does; bring the file back and run exprove market refresh where the repository is kept.

      EXAMPLE
        exprove market sign market/incoming/root.json --key-home usb-2
      """)

  @Argument(help: ArgumentHelp("The file in DIR/incoming.", valueName: "file"))
  var file: String

  @OptionGroup var options: MarketOptions

  func run() throws {
    try Failure.exit {
      let parts = file.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard let last = parts.last, last.hasSuffix(".json"), parts.count >= 2, parts[parts.count - 2] == "incoming"
      else {
        throw RunError.usage("“\(file)” is no file in a repository's incoming, like market/incoming/root.json")
      }
      let directory = parts.count == 2 ? "." : parts.dropLast(2).joined(separator: "/")
      let role = String(last.dropLast(5))
      var repository = try options.open(directory)
      let signing = try Markets.run { () throws(MarketError) in try repository.sign(role: role) }
      if options.json {
        return try Console.printJSON(
          .object([
            "role": .string(signing.role), "version": .integer(signing.version),
            "changes": .array(signing.changes.map { .string($0) }),
            "signed": .array(signing.added.map { .string($0) }), "lacking": signing.lack.map { .string($0) } ?? .null,
          ]))
      }
      for change in signing.changes { Console.print("  \(change)") }
      Console.print("\(file): \(signing.role) version \(signing.version), signed by \(signing.added.count) keys here")
      Console.print(signing.lack.map { "\($0)" } ?? "signed in full; exprove market refresh \(directory) admits it")
    }
  }
}
