// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionEngine
import ExecutionIR
import ExecutionRun
import Testing
import VenueSimulator

/// The engine on venues that answer late, twice or not at all, and fill while a cancel is under way.
@Suite struct LossyVenueTests {
  private static let parts = 8
  private static let seedsPerPart: UInt64 = 1_250

  /// What must have happened somewhere, or the test shows nothing.
  fileprivate struct Seen {
    var filled: Int64 = 0
    var fillsAfterCancel = 0
    var repeatedAcknowledgements: Int64 = 0
    /// Orders that the venue never answered and never filled, as far as the run was told.
    var unanswered = 0
    var cancelRejections = 0
    var rejections = 0
  }

  /// Whatever venues do, no more is executed than was ordered, and nothing that was executed is unknown at the end.
  @Test(arguments: 0..<LossyVenueTests.parts) func nothingIsOverfilled(part: Int) throws {
    var opening = try Adapters.opening()
    var batch = EventBatch(frames: 1024, events: 1 << 16, bytes: 4 << 20)
    var seen = Seen()
    for index in 0..<LossyVenueTests.seedsPerPart {
      let seed = UInt64(part) * LossyVenueTests.seedsPerPart + index
      try LossyVenueTests.work(seed: seed, &opening, &batch, &seen)
    }
    print("part \(part): \(seen)")
    #expect(seen.filled > 0)
    #expect(seen.fillsAfterCancel > 0)
    #expect(seen.repeatedAcknowledgements > 0)
    #expect(seen.unanswered > 0)
    #expect(seen.cancelRejections > 0)
    #expect(seen.rejections > 0)
  }

  private static func work(
    seed: UInt64, _ opening: inout FeedOpening, _ batch: inout EventBatch, _ seen: inout Seen
  ) throws {
    let (scenario, ordered) = lossy(seed: seed)
    let opened = try SimulatedRun.open(scenario, seed: seed, &opening)
    var engine = try RunDriver.begin(opened.configuration)
    var output = EngineOutput()
    var statements: [EngineStatement] = []
    while let time = engine.nextDecision {
      output.removeAll()
      if try opened.input.fill(&batch, before: time) {
        try engine.step(batch, into: &output)
      } else {
        try engine.decide(into: &output)
      }
      for intent in output.intents { try opened.input.send(intent, engine: engine) }
      statements += output.statements
    }
    let executed = executedHundredths(opened.input, scenario)
    #expect(executed <= ordered * 100, "seed \(seed): \(executed) hundredths executed, \(ordered) ordered")
    let summary = try #require(statements.last)
    #expect(summary.kind == .summary)
    #expect(summary.body["overfills"] == .wide(0), "seed \(seed)")
    let filled = try #require(hundredths(summary.body["filled"]))
    // Fills are never lost, and every latency is shorter than the settling time.
    #expect(filled == executed, "seed \(seed): \(filled) hundredths known, \(executed) executed")
    seen.add(statements, filled: filled)
  }

  /// The demo's venues for 13 seconds, with faults, latencies and a quantity that the seed draws.
  private static func lossy(seed: UInt64) -> (SimulatedScenario, ordered: Int64) {
    var random = RandomSource(seed: seed, stream: 0x1055)
    var scenario = SimulatedScenario.demo(seed: seed)
    let ordered = (Int64(random.below(40)) + 1) * 50
    scenario.task = """
      task lossy {
        account "DESK-1"  capacity agency
        instrument XPRV  currency EUR
        side \(random.below(2) == 0 ? "buy" : "sell")  quantity \(ordered) XPRV
        window 2026-03-02T09:30:01 .. 2026-03-02T09:30:13 zone "America/New_York"
        objective twap
        slices 3
        participation 100%
        venue SIM-A as XPRV
        venue SIM-B as XPRV
      }
      """
    for index in scenario.listings.indices {
      let open = scenario.listings[index].configuration.open
      var faults = VenueFaults()
      faults.duplicateAcknowledgement = UInt32(random.below(300_000))
      faults.lostReply = UInt32(random.below(300_000))
      faults.reject = UInt32(random.below(100_000))
      if random.below(4) == 0 {
        let start = open + Int64(random.below(10_000_000_000))
        faults.halts = [start..<start + 2_000_000_000]
      }
      scenario.listings[index].configuration.faults = faults
      scenario.listings[index].configuration.latency = VenueLatency(
        orderEntryInbound: latency(&random), orderEntryOutbound: latency(&random), marketData: latency(&random),
        jitter: Int64(random.below(200_000_000)))
      scenario.listings[index].configuration.flow.meanInterval = 25_000_000
    }
    return (scenario, ordered)
  }

  /// From a microsecond to more than a second, small and large alike.
  private static func latency(_ random: inout RandomSource) -> Int64 {
    [1_000, 100_000, 10_000_000, 300_000_000, 1_500_000_000][Int(random.below(5))] + Int64(random.below(1_000))
  }

  private static func executedHundredths(_ input: VenueInput, _ scenario: SimulatedScenario) -> Int64 {
    zip(input.executed(), scenario.listings).reduce(0) { sum, venue in
      sum + venue.0 * (venue.1.configuration.quantityScale == 2 ? 1 : 100)
    }
  }

  private static func hundredths(_ json: JSON?) -> Int64? {
    json?.text.flatMap { try? ExactDecimal($0).units(atScale: 2) }
  }
}

extension LossyVenueTests.Seen {
  fileprivate mutating func add(_ statements: [EngineStatement], filled: Int64) {
    self.filled += filled
    var orders: Set<String> = []
    var answered: Set<String> = []
    var cancelled: Set<String> = []
    for statement in statements {
      switch statement.kind {
      case .order: orders.insert(String(statement.subject.dropFirst("order/".count)))
      case .cancel: cancelled.insert(String(statement.subject.dropFirst("cancel/".count)))
      case .fill:
        guard let order = statement.body["fill"]?["order"]?.integer(as: UInt64.self) else { continue }
        answered.insert(String(order))
        if cancelled.contains(String(order)) { fillsAfterCancel += 1 }
      case .report:
        if let order = statement.body["order"]?.text { answered.insert(order) }
        if statement.body["report"] == .string("cancel_rejected") { cancelRejections += 1 }
        if statement.body["report"] == .string("rejected") { rejections += 1 }
      case .summary:
        repeatedAcknowledgements += statement.body["repeated_acknowledgements"]?.integer() ?? 0
      default: break
      }
    }
    unanswered += orders.subtracting(answered).count
  }
}
