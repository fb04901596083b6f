// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionIR
import Governance
import RunJournal

/// `exprove context delta`: what changes from one context to the next.
struct ContextDelta: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delta",
    abstract: "Print what changes from a context to the next of its contract, as a canonical JSON object.",
    discussion: """
      It names both by digest, and leads from the one to the other and nowhere else.

      EXAMPLE
        exprove context delta revision-6.json revision-7.json
      """)

  @Argument(help: ArgumentHelp("The context before.", valueName: "old"))
  var old: String

  @Argument(help: ArgumentHelp("The context after it.", valueName: "new"))
  var new: String

  @Flag(help: "The same: one JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      let before = try Contexts.context(old).context
      let after = try Contexts.context(new).context
      let delta: SharedContextDelta
      do { delta = try before.delta(to: after) } catch {
        throw RunError.source("\(new) does not follow \(old): \(error)", exitCode: 1)
      }
      try Console.printJSON(delta.json)
    }
  }
}
