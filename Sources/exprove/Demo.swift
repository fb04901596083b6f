// SPDX-License-Identifier: Apache-2.0

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

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      Interrupt.listen()
      let signer = try Identities.loadOrCreate("demo")
      var opening = FeedOpening()
      let opened = try SimulatedRun.open(.demo(seed: seed), seed: seed, &opening)
      let run = try SimulatedRun.prepare(
        opened, source: opened.input, identity: signer, directory: out, now: Clock.now())
      if run.recorder.isResuming { Console.note("\(out): goes on with the run that lies there") }
      let window = run.configuration.task.window
      run.driver.shouldStop = { Interrupt.happened }
      run.driver.progress = { time, events in
        let part = (min(max(time, window.start), window.end) - window.start) * 100 / (window.end - window.start)
        Console.progress("\(part) % of the window, \(events) events")
      }
      try run.run()
      Console.progress("verifying")
      let verified = try RunVerifier.verify(run.recorder.directory, key: signer.verifier)
      Console.progress("replaying")
      let replayed = try RunReplay.replay(out, fromEvents: false)
      Console.progress("")
      if json {
        try Console.printJSON(
          .object(["directory": .string(out), "verification": verified.json, "replay": replayed.json]))
      } else {
        print(run, verified, replayed)
      }
      if verified.verdict == .failed || !replayed.isIdentical { throw ExitCode(1) }
    }
  }

  private func print(_ run: PreparedRun, _ verified: VerificationReport, _ replayed: ReplayReport) {
    let task = run.configuration.task
    Console.print("\(task.side.rawValue) \(task.quantity) \(task.instrument) on two simulated venues, seed \(seed)")
    Console.print("  \(verified.events) events, \(verified.leaves) leaves in \(out)/ledger")
    Console.print("  verify: \(verified.verdict.rawValue)")
    for finding in verified.findings { Console.print("    \(finding)") }
    Console.print("  replay: \(replayed.isIdentical ? "identical" : replayed.difference ?? "not identical")")
    Console.print("look at what came of it:")
    Console.print("  exprove verify \(out) --vkey '\(run.recorder.description.verifier)'")
    Console.print("  exprove replay \(out)")
  }
}
