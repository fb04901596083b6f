// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import ArgumentParser
import ExecutionEngine
import ExecutionIR
import ExecutionRun
import Governance
import RunJournal
import TransparencyLog

/// `exprove demo`: the whole way on simulated venues.
struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Work an order on two simulated venues, from their bytes to a verified ledger.",
    discussion: """
      A fictional security on two venues that match orders under other participants' flow. One speaks Nasdaq's ITCH and
      OUCH, the other Binance's protocols; the same adapters decode them as real captures. Nothing here is real trading,
      and every fill says so.

      EXAMPLE
        exprove demo --out demo-1 --seed 7
      """)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The run directory; the same command goes on with it.", valueName: "directory"))
  var out = "exprove-demo"

  @Option(help: "Chooses what the other participants do; recorded.")
  var seed: UInt64 = 1

  @OptionGroup var isolation: IsolationOption

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      Interrupt.listen()
      let signer = try Identities.loadOrCreate("demo")
      let task = try work(signer)
      Console.progress("verifying")
      let verified = try RunVerifier.verify(RunDirectory(out), key: signer.verifier)
      Console.progress("replaying")
      let replayed = try RunReplay.replay(out, isolation: isolation.choice)
      let holds = verified.verdict != .failed && replayed.isIdentical
      Console.progress("reporting")
      let report = holds ? try Report.file(RunDirectory(out), signer, verified, .html) : nil
      Console.progress("")
      if json {
        try Console.printJSON(
          .object([
            "directory": .string(out), "verification": verified.json, "replay": replayed.json,
            "report": report.map { .string($0) } ?? .null,
          ]))
      } else {
        tell(task, verified, replayed, report)
        Console.print("\(signer.publicVerifierKey) signed it; look at what came of it:")
        Console.print("  exprove verify \(out) --vkey '\(signer.publicVerifierKey)'")
        Console.print("  exprove replay \(out)")
        Console.print("  exprove normalize --run \(out) --limit 20")
      }
      if !holds { throw ExitCode(1) }
    }
  }

  /// Runs to the end, and lets go of the directory.
  private func work(_ signer: Identity) throws -> LocalExecutionTask {
    var opening = try FeedOpening(isolation: isolation.choice, admission: .standard())
    let opened = try SimulatedRun.open(.demo(seed: seed), seed: seed, &opening)
    let run = try SimulatedRun.prepare(
      opened, source: opened.input, identity: signer, directory: out, now: Clock.now())
    if run.recorder.isResuming { Console.note("\(out): goes on with the run that lies there") }
    let task = run.configuration.task
    let window = task.window
    run.driver.shouldStop = { Interrupt.happened }
    run.driver.progress = { time, events in
      let part = (min(max(time, window.start), window.end) - window.start) * 100 / (window.end - window.start)
      Console.progress("\(part) % of the window, \(events) events")
    }
    try run.run()
    return task
  }

  private func tell(
    _ task: LocalExecutionTask, _ verified: VerificationReport, _ replayed: ReplayReport, _ report: String?
  ) {
    Console.print(
      "\(task.side.rawValue) \(task.quantity) \(task.instrument) on two simulated venues, seed \(seed): "
        + "\(verified.events) events, \(verified.leaves) ledger leaves")
    Console.print("  verify  \(verified.verdict.rawValue)")
    for finding in verified.findings { Console.print("          \(finding)") }
    Console.print("  replay  \(replayed.isIdentical ? "identical" : replayed.difference ?? "not identical")")
    if let report { Console.print("  report  \(report)") }
  }
}
