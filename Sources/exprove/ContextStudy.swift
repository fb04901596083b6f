// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionIR
import ExecutionRun

/// `exprove context study`: whether a shared volume curve helps.
struct ContextStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Measure in a simulated market whether VWAP by a shared volume curve tracks better than by a desk's own.",
    discussion: """
      Twelve desks and noise traders trade on a simulated venue; how much, differs by desk, time and day. One desk works a
      VWAP order of 20000 over twelve slices twice, against the same others: by its own past volume alone, and by the sum of
      all desks' past volumes. Nothing else differs. Positive differences mean that the shared curve tracks better.

      EXAMPLE
        exprove context study --seeds 100
      """)

  @Option(help: ArgumentHelp("So many days, from --seed on.", valueName: "count"))
  var seeds: UInt64 = 100

  @Option(help: "The first day's seed.")
  var seed: UInt64 = 1

  @OptionGroup var isolation: IsolationOption

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    guard (2...10_000).contains(seeds) else { throw ValidationError("--seeds is 2 to 10000") }
  }

  func run() throws {
    try Failure.exit {
      var opening = FeedOpening(isolation: isolation.choice)
      var outcomes: [ContextStudy.Outcome] = []
      for number in 0..<seeds {
        Console.progress("day \(number + 1) of \(seeds)")
        outcomes.append(try ContextStudy.outcome(seed: seed &+ number, &opening))
      }
      Console.progress("")
      let report = StudyReport(outcomes)
      if json { return try Console.printJSON(report.json) }
      for line in report.lines { Console.print(line) }
    }
  }
}
