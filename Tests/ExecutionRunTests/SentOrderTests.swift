// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import EventFlow
import ExecutionEngine
import ExecutionIR
import ExecutionRun
import Foundation
import Governance
import RunJournal
import Testing
import TransparencyLog

/// A replay holds what was sent against what the engine sends.
@Suite struct SentOrderTests {
  /// Stands between the engine and its venues and does not do what it is told.
  private final class Tamperer: RunSource {
    enum Deed: CaseIterable { case nothing, otherPrice, otherQuantity, keepsBack, sendsTwice }
    private let source: any RunSource
    private let deed: Deed
    private var sent = 0

    init(_ source: any RunSource, _ deed: Deed) {
      self.source = source
      self.deed = deed
    }

    func fill(_ batch: inout EventBatch, before limit: Int64) throws(RunError) -> Bool {
      try source.fill(&batch, before: limit)
    }
    func nextTime() throws(RunError) -> Int64? { try source.nextTime() }
    func takeIncidents() -> [FeedIncident] { source.takeIncidents() }
    func finish() throws(RunError) { try source.finish() }

    func send(_ intent: OrderIntent, engine: borrowing Engine) throws(RunError) {
      sent += 1
      guard sent == 3 else { return try source.send(intent, engine: engine) }
      switch deed {
      case .nothing: try source.send(intent, engine: engine)
      case .otherPrice: try source.send(altered(intent, price: -10_000_000), engine: engine)
      case .otherQuantity: try source.send(altered(intent, quantity: 10), engine: engine)
      case .keepsBack: break
      case .sendsTwice:
        try source.send(intent, engine: engine)
        try source.send(intent, engine: engine)
      }
    }

    private func altered(_ intent: OrderIntent, price: Int64 = 0, quantity: Int64 = 0) -> OrderIntent {
      OrderIntent(
        action: .new, id: intent.id, venue: intent.venue, price: intent.price + price,
        quantity: intent.quantity + quantity, isPassive: intent.isPassive, time: intent.time)
    }
  }

  @Test(arguments: Tamperer.Deed.allCases) private func replayNames(deed: Tamperer.Deed) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-sent-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var opening = try Adapters.opening()
    let opened = try SimulatedRun.open(.short, seed: 5, &opening)
    let run = try SimulatedRun.prepare(
      opened, source: Tamperer(opened.input, deed), identity: .ephemeral(name: "test"), directory: path, now: 0)
    try run.run()
    let key = try VerifierKey(parsing: run.recorder.description.verifier)
    #expect(try RunVerifier.verify(RunDirectory(path), key: key).verdict == .verified)
    for isolation in [Isolation.inProcess, .worker, nil] {
      let report = try RunReplay.replay(path, isolation: isolation)
      #expect(report.isIdentical == (deed == .nothing), "\(report.difference ?? "identical")")
      if let difference = report.difference { #expect(difference.contains("order"), "\(difference)") }
    }
  }
}

extension SimulatedScenario {
  /// The demo's venues and a task of half a minute.
  static var short: SimulatedScenario {
    var scenario = SimulatedScenario.demo(seed: 5)
    scenario.task = """
      task short {
        account "DESK-1"  capacity principal
        instrument XPRV  currency EUR
        side sell  quantity 600 XPRV
        window 2026-03-02T09:31:00 .. 2026-03-02T09:31:30 zone "America/New_York"
        objective twap
        slices 3
        participation 100%
        venue SIM-A as XPRV
        venue SIM-B as XPRV
      }
      """
    return scenario
  }
}
