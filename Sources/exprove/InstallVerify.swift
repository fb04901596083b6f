// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ArgumentParser
import ExecutionIR
import RunJournal

extension AdapterGroup {
  /// `exprove adapter verify`: everything that is installed, once more.
  struct VerifyInstalled: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Check what is installed: bytes, certificates, proofs of publication, revocations.",
      discussion: """
        Nothing is fetched: revocations are those of the last refresh, and how old that is is said.

        EXAMPLE
          exprove adapter verify
        """)

    @Flag(help: "One JSON object on standard output.") var json = false

    func run() throws {
      try Installs.exit {
        let store = try Installs.store()
        let lock = try store.lock()
        let revocations = try store.revocations()
        var isSound = true
        var list: [JSON] = []
        for adapter in lock.adapters {
          let problems = store.problems(of: adapter, revocations: revocations)
          isSound = isSound && problems.isEmpty
          let knowledge = revocations.knowledge(of: adapter.repository)
          if json {
            list.append(
              .object([
                "name": .string(adapter.name.description), "version": .string(adapter.version.description),
                "sha256": .string(adapter.digest.description), "problems": .array(problems.map { .string($0) }),
                "repository": .string(adapter.repository),
                "refreshed": knowledge.map { .integer($0.refreshed) } ?? .null,
              ]))
            continue
          }
          Console.print(
            "\(adapter.name) \(adapter.version): \(problems.isEmpty ? "sound" : "not sound"); revocations "
              + Installs.freshness(revocations, adapter.repository))
          for problem in problems { Console.print("  \(printable(problem))") }
        }
        if json { try Console.printJSON(.object(["adapters": .array(list), "sound": .bool(isSound)])) }
        if lock.adapters.isEmpty { Console.note("no adapter is installed in \(store.home)") }
        guard isSound else { throw ExitCode(1) }
      }
    }
  }
}
