// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow
internal import ExecutionEngine
package import ExecutionIR
internal import Governance
internal import MarketModel
package import RunJournal
internal import VenueSimulator

/// Whether a volume curve that desks share tracks the market's VWAP better than the curve that one desk knows by itself.
///
/// In a simulated market several desks and noise traders trade; how much, differs by desk, bucket and day. One desk works a
/// VWAP order on the venue three times, through the same engine and against the same others: by its own past volume per
/// bucket, by the sum of all desks' past volumes as a shared context has it, and by no curve but the rate of trading that it
/// receives. Nothing else differs.
package enum ContextStudy {
  package static let desks = 12
  package static let slices = 12

  /// How an order followed the market.
  package struct Tracking: Sendable {
    /// |average price − VWAP of others over the window| in 1e-4 of the VWAP.
    package var error: Double
    /// The same with its sign; positive is cost.
    package var cost: Double
    /// Half the sum over slices of |share of the order filled there − share of others' volume there|: 0 is the same
    /// schedule, 1 one that shares no slice.
    package var distance: Double
    /// Filled, in parts of what was ordered.
    package var filled: Double
  }

  package struct Outcome: Sendable {
    package var seed: UInt64
    package var own: Tracking
    package var shared: Tracking
    /// By no curve: trading is expected to go on at the rate received so far.
    package var none: Tracking
    /// The context by which the second order went.
    package var context: Digest
  }

  // MARK: - One seed

  /// The orders of one seed.
  package static func outcome(seed: UInt64, _ opening: inout FeedOpening) throws(RunError) -> Outcome {
    let flow = StudyFlow(desks: desks, buckets: slices, seed: seed)
    let prior = PriorVolume(
      date: "2026-02-27", digest: JSON.array(flow.past[0].map { .wide($0) }).digest, curves: [flow.past[0]])
    let context = try context(flow)
    return Outcome(
      seed: seed, own: try track(flow, seed, prior: prior, shared: [], &opening),
      shared: try track(flow, seed, prior: prior, shared: [context], &opening),
      none: try track(flow, seed, prior: nil, shared: [], &opening), context: context.digest)
  }

  private static func track(
    _ flow: StudyFlow, _ seed: UInt64, prior: PriorVolume?, shared: [SharedMarketContext], _ opening: inout FeedOpening
  ) throws(RunError) -> Tracking {
    let opened = try SimulatedRun.open(scenario(flow, seed: seed), seed: seed, &opening)
    let plain = opened.configuration
    // Embedded as they are: who signs changes no decision.
    let policy = policy(
      SharedContextDemand(
        mode: .take, trusted: [], maximumAge: 86_400 * second, minimumContributors: 1, methods: [.twoAggregators]))
    let configuration = EngineConfiguration(
      task: plain.task, reference: plain.reference, policy: policy, feeds: plain.feeds, fills: plain.fills,
      prior: prior, shared: shared, seed: plain.seed)
    var course = StudyCourse(plain.task)
    try course.run(configuration, opened.input)
    return try course.tracking()
  }

  // MARK: - The market

  static let second: Int64 = 1_000_000_000
  /// 2026-03-02, midnight in New York; the venue opens at 9:30.
  private static let dayStart: Int64 = 1_772_427_600 * second
  private static let open = dayStart + 34_200 * second
  /// Of a slice, and so of a bucket.
  private static let bucket = 100 * second
  /// One part of the venue's day lies before the window and one behind it.
  private static let start = open + bucket
  private static let close = start + Int64(slices + 1) * bucket

  /// What twelve desks' past says of today, as a contract would have it: in quanta of a hundred shares.
  static func context(_ flow: StudyFlow) throws(RunError) -> SharedMarketContext {
    let yesterday = start - 86_400 * second
    let quantum: Int64 = 100
    // Each desk rounds its own part before it is summed.
    let sums = (0..<slices).map { bucket in flow.past.reduce(0) { $0 + ($1[bucket] + quantum / 2) / quantum } }
    do throws(RecordError) {
      return try SharedMarketContext(
        name: "study", contract: Digest(of: Array("study".utf8)), revision: 1, previous: nil,
        method: .twoAggregators, batch: JSON.array(sums.map { .wide($0) }).digest, contributors: Int64(flow.desks),
        refused: 0, late: 0,
        shares: ["leader", "helper"].map { .init(aggregator: $0, digest: Digest(of: Array($0.utf8))) },
        windowStart: yesterday, bucket: bucket, buckets: slices, issuedAt: open - 3_600 * second, appliesFrom: start,
        expiresAt: close,
        signals: [
          SharedSignal(
            kind: .volume, listing: TaskVenue(venue: "SIM", symbol: "XPRV"),
            quantum: ExactDecimal(units: quantum, scale: 0), maximum: 1 << 40, noise: .none, privacy: nil, sums: sums)
        ])
    } catch {
      throw .internalFault("the study's context: \(error)")
    }
  }

  /// A venue that is as busy in each bucket as everybody's trading today makes it.
  static func scenario(_ flow: StudyFlow, seed: UInt64) -> SimulatedScenario {
    let mean = max(1, flow.today.reduce(0, +) / Int64(slices))
    let curve = flow.today.map { UInt32(min(max($0 * 1_000 / mean, 1), 10_000)) }
    var venue = SimulatedVenueConfiguration(
      personality: .nasdaqStyle, symbol: "XPRV", tick: 10_000_000, lot: 1, quantityScale: 0, dayStart: dayStart,
      open: open, close: close,
      fairValue: FairValueConfiguration(seed: seed, initial: 50_000_000_000, unit: 1_250_000))
    venue.flow.meanInterval = 50_000_000
    venue.flow.volumeCurve = [curve[0]] + curve + [curve[slices - 1]]
    venue.flow.marketWeight = 120
    venue.flow.sizeLots = 100
    return SimulatedScenario(
      listings: [SimulatedScenario.Listing(venue: "SIM", configuration: venue)], task: task, reference: reference,
      policy: String(decoding: policy(nil).json.canonical, as: UTF8.self))
  }

  /// No limit besides, so that nothing but the curves differs.
  static func policy(_ demand: SharedContextDemand?) -> Policy {
    Policy(
      name: "study", version: "1", priceCollar: nil, maximumOrderValue: nil, maximumOrderQuantity: nil,
      participation: nil, restricted: [], messageRate: nil, preventsOwnCrossing: true, maximumBookAge: nil,
      sharedContext: demand)
  }

  private static let task = """
    task study {
      account "DESK-1"  capacity agency
      instrument XPRV  currency EUR
      side buy  quantity 20000 XPRV
      window 2026-03-02T09:31:40 .. 2026-03-02T09:51:40 zone "America/New_York"
      objective vwap
      slices 12
      participation 100%
      venue SIM as XPRV
    }
    """

  private static let reference = """
    {
      "format": "exprove-reference/1",
      "instruments": [
        {
          "name": "XPRV", "kind": "equity", "base": "XPRV", "quote": "EUR", "settlement": "EUR", "multiplier": "1"
        }
      ],
      "listings": [
        {
          "venue": "SIM", "symbol": "XPRV", "instrument": "XPRV",
          "terms": [
            {
              "from": "2026-01-01", "ticks": [{ "from": "0", "tick": "0.01" }], "lot": "1", "minimum_quantity": "1",
              "minimum_notional": "0", "zone": "America/New_York", "calendar": "simulated",
              "maker_fee": { "per_unit": "0" }, "taker_fee": { "per_unit": "0" }, "fee_currency": "EUR",
              "impact": { "coefficient": "0.0008", "depth": "4000", "source": "chosen", "date": "2026-03-01" }
            }
          ]
        }
      ],
      "fungible": [{ "name": "xprv", "listings": [{ "venue": "SIM", "symbol": "XPRV" }] }]
    }
    """
}

/// One order worked through the engine, without a ledger, and what it was filled at beside what others traded.
private struct StudyCourse: ~Copyable {
  private let task: LocalExecutionTask
  private var market = Market(seed: 0)
  private var batch = EventBatch(frames: 1024, events: 1 << 14, bytes: 4 << 20)
  private var output = EngineOutput()
  /// By slice: what all traded, own among it, and what was filled of the order.
  private var volume: [Int64]
  private var filled: [Int64]
  private var notional: Int128 = 0
  private var ownNotional: Int128 = 0

  init(_ task: LocalExecutionTask) {
    self.task = task
    volume = Array(repeating: 0, count: task.sliceCount)
    filled = volume
  }

  mutating func run(_ configuration: EngineConfiguration, _ source: VenueInput) throws(RunError) {
    var engine = try RunDriver.begin(configuration)
    while let time = engine.nextDecision {
      output.removeAll()
      if try source.fill(&batch, before: time) {
        watch()
        do throws(EngineError) { try engine.step(batch, into: &output) } catch { throw .badInput(error.description) }
      } else if source.nextTime() == nil {
        engine.finish(reason: RunInputs.End.inputEnded.rawValue, into: &output)
      } else {
        do throws(EngineError) { try engine.decide(into: &output) } catch { throw .badInput(error.description) }
      }
      try count()
      for intent in output.intents { try source.send(intent, engine: engine) }
    }
  }

  /// What the tape says within the window.
  private mutating func watch() {
    for index in 0..<batch.eventCount {
      let event = batch.event(at: index)
      let frame = batch.frame(at: Int(event.frame))
      let applied = market.apply(event, time: frame.receive_time, feed: frame.feed)
      guard applied.effect == .trade, let slice = task.slice(at: frame.receive_time) else { continue }
      volume[slice] += applied.quantity
      notional += Int128(applied.price) * Int128(applied.quantity)
    }
  }

  private mutating func count() throws(RunError) {
    for statement in output.statements where statement.kind == .fill {
      let fill: FillRecord
      do throws(RecordError) { fill = try FillRecord(json: statement.body["fill"] ?? .null) } catch {
        throw .internalFault("a fill of the study: \(error)")
      }
      guard let slice = task.slice(at: fill.receivedAt) else { continue }
      filled[slice] += fill.quantity
      ownNotional += Int128(fill.price) * Int128(fill.quantity)
    }
  }

  /// Others' trades are those of the tape less the own ones, which the venue prints too.
  consuming func tracking() throws(RunError) -> ContextStudy.Tracking {
    let own = filled.reduce(0, +)
    let others = zip(volume, filled).map { max(0, $0 - $1) }
    let all = others.reduce(0, +)
    guard own > 0, all > 0, let ordered = try? task.quantity.units(atScale: 0), ordered > 0 else {
      throw .internalFault("the study's market did not trade")
    }
    let vwap = Double(notional - ownNotional) / Double(all)
    let cost = 10_000 * (Double(ownNotional) / Double(own) - vwap) / vwap
    let distance = zip(filled, others).reduce(0.0) {
      $0 + abs(Double($1.0) / Double(own) - Double($1.1) / Double(all))
    }
    return ContextStudy.Tracking(
      error: abs(cost), cost: cost, distance: distance / 2, filled: Double(own) / Double(ordered))
  }
}
