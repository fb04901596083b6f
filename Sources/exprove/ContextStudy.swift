// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionIR
import ExecutionRun
import Governance
import RunJournal

/// `exprove context study`: whether a shared volume curve helps.
struct ContextStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Measure in a simulated market whether VWAP by a shared volume curve tracks better than by a desk's own.",
    discussion: """
      Twelve desks and noise traders trade on a simulated venue; how much, differs by desk, time and day. One desk works a
      VWAP order of 20000 over twelve slices, against the same others: by its own past volume alone, by the sum of all desks'
      past volumes, and by no curve. Nothing else differs. Positive differences mean that the shared curve tracks better.

      --out records the first day's order by the shared context as a run, with its report.

      EXAMPLE
        exprove context study --seeds 100 --out study-day
      """)

  @Option(help: ArgumentHelp("So many days, from --seed on.", valueName: "count"))
  var seeds: UInt64 = 100

  @Option(help: "The first day's seed.")
  var seed: UInt64 = 1

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A run directory for the first day; the same command goes on with it.", valueName: "directory"))
  var out: String?

  @OptionGroup var isolation: IsolationOption

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    guard (2...10_000).contains(seeds) else { throw ValidationError("--seeds is 2 to 10000") }
  }

  func run() throws {
    try Failure.exit {
      Interrupt.listen()
      var opening = try FeedOpening(isolation: isolation.choice, admission: .standard())
      var outcomes: [ContextStudy.Outcome] = []
      for number in 0..<seeds {
        Console.progress("day \(number + 1) of \(seeds)")
        outcomes.append(try ContextStudy.outcome(seed: seed &+ number, &opening))
      }
      let filed = try out.map { try record($0, &opening) }
      Console.progress("")
      let report = StudyReport(outcomes)
      if json {
        guard case .object(var members) = report.json else { return }
        if let filed { members["report"] = .string(filed) }
        return try Console.printJSON(.object(members))
      }
      for line in report.lines { Console.print(line) }
      if let filed { Console.print("the first day's order by the shared curve: \(filed)") }
    }
  }

  /// The first day as a run that anybody can verify; where its report lies.
  private func record(_ directory: String, _ opening: inout FeedOpening) throws -> String {
    let signer = try Identities.loadOrCreate("study")
    try work(signer, directory, &opening)
    let verified = try RunVerifier.verify(RunDirectory(directory), key: signer.verifier)
    guard verified.verdict != .failed else {
      throw RunError.internalFault("\(directory): \(verified.findings.joined(separator: "; "))")
    }
    return try Report.file(RunDirectory(directory), signer, verified, .html)
  }

  /// Runs to the end, and lets go of the directory.
  private func work(_ signer: Identity, _ directory: String, _ opening: inout FeedOpening) throws {
    let aggregators = [try Identities.loadOrCreate("study-leader"), try Identities.loadOrCreate("study-helper")]
    let run = try ContextStudy.prepare(
      seed: seed, aggregators: aggregators, identity: signer, directory: directory, now: Clock.now(), &opening)
    run.driver.shouldStop = { Interrupt.happened }
    try run.run()
  }
}
