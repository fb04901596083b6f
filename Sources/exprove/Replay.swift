// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionRun
import RunJournal

/// `exprove replay`: derives everything again and compares.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Derive a run again from its journal with the recorded adapters, and compare every statement.",
    discussion: """
      Exit code 0 when all is identical, 1 with the first difference named when it is not.

      EXAMPLE
        exprove replay run-1
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "directory"))
  var directory: String

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp(
      "frames: decode again; events: take the recorded events, load no adapter.", valueName: "frames|events"))
  var source: Source = .frames

  @Flag(help: "Ask the vendors' functions of policy and task again; they must answer what is recorded.")
  var recheckHooks = false

  @OptionGroup var isolation: IsolationOption

  @Flag(help: "One JSON object on standard output.")
  var json = false

  enum Source: String, ExpressibleByArgument, CaseIterable { case frames, events }

  func run() throws {
    try Failure.exit {
      let report = try RunReplay.replay(
        directory, isolation: source == .events ? nil : isolation.choice, admission: .standard(),
        asksAgain: recheckHooks)
      if json {
        try Console.printJSON(report.json)
      } else {
        Console.print(
          report.isIdentical ? "identical: \(report.leaves) leaves, \(report.events) events" : "not identical")
        if let difference = report.difference { Console.print("  first difference: \(difference)") }
        if let digest = report.eventDigest { Console.print("event digest: \(digest)") }
        if report.questions > 0 {
          Console.print(
            recheckHooks
              ? "\(report.askedAgain) of \(report.questions) questions to vendors' functions were asked again"
              : "\(report.questions) answers of vendors' functions were taken from the record; --recheck-hooks asks again"
          )
        }
        Console.print(
          report.decodedAgain
            ? "the recorded adapters decoded every frame again" : "the recorded events were taken; no adapter ran")
      }
      if !report.isIdentical { throw ExitCode(1) }
    }
  }
}
