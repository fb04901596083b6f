// SPDX-License-Identifier: Apache-2.0

import ExecutionIR

/// One filled-in value of each record, and a few variants.
enum Samples {
  static let digest = Digest(of: Array("sample".utf8))

  static func task(
    objective: TaskObjective = .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 6)),
    slicing: TaskSlicing = .count(10), limit: Int64? = 61_900_000_000_000, window: (Int64, Int64)? = nil
  ) throws -> LocalExecutionTask {
    try LocalExecutionTask(
      id: "buy-btc", account: "DESK-1", capacity: .agency, instrument: "BTCUSDT", currency: "USDT", side: .buy,
      quantity: ExactDecimal("12.5"),
      window: TaskWindow(
        start: window?.0 ?? 1_723_161_600_000_000_000, end: window?.1 ?? 1_723_161_900_000_000_000,
        zone: "Europe/Prague", zoneDigest: digest), objective: objective, slicing: slicing, participation: 100_000,
      limit: limit, venues: [TaskVenue(venue: "BINANCE", symbol: "BTCUSDT"), TaskVenue(venue: "Ž\"", symbol: "b")],
      referenceVenues: [TaskVenue(venue: "BINANCE-UM", symbol: "BTCUSDT")],
      algorithm: Algorithm(name: "exprove-schedule", version: "1"))
  }

  static func context(source: VolumeSource = .received(upTo: 17)) throws -> DecisionContext {
    try DecisionContext(
      asOf: 1_723_161_600_000_000_001, computedLocally: true, scale: 8, slices: 2,
      variance: ExactDecimal(units: 25, scale: 1), reference: digest,
      venues: [
        VenueContext(
          listing: TaskVenue(venue: "BINANCE", symbol: "BTCUSDT"), availability: .open,
          bid: Touch(price: 61_685_990_000_000, quantity: 140_000),
          ask: Touch(price: 61_686_000_000_000, quantity: Int64.max), bidDepth: 5, askDepth: 6, lot: 1_000,
          fees: FeeSnapshot(
            makerRate: -100_000, takerRate: 1_000_000, makerPerUnit: 0, takerPerUnit: -1, currency: "BNB"),
          impact: ImpactSnapshot(coefficient: ExactDecimal("0.25"), depth: 100_000_000), volume: [0, 9],
          volumeSource: source),
        VenueContext(
          listing: TaskVenue(venue: "B", symbol: "S"), availability: .closed(reason: "halted"), bid: nil, ask: nil,
          bidDepth: 0, askDepth: 0, lot: 1,
          fees: FeeSnapshot(makerRate: 0, takerRate: 0, makerPerUnit: 0, takerPerUnit: 0, currency: "USDT"),
          impact: ImpactSnapshot(coefficient: ExactDecimal(units: 0, scale: 0), depth: 1), volume: [1, 1],
          volumeSource: .uniform(reason: "no trade yet")),
      ])
  }

  static func delta(previous: Plan, next: Plan) -> PlanDelta {
    PlanDelta(
      sequence: 3, task: digest, context: digest, previousPlan: previous.digest, plan: next.digest,
      decidedAt: 1_723_161_600_000_000_002, currentSlice: 1, remaining: 700, unplaced: 1, lot: 1,
      changes: previous.changes(to: next), routing: [PlanRoute(venue: 1, quantity: 5)],
      terms: PlanTerms(
        unit: 18, impact: 1 << 100, fees: -(1 << 90), risk: 9_007_199_254_740_992, tracking: 9_007_199_254_740_991),
      gap: 4,
      bindings: [
        PlanBinding(constraint: .participation, slice: 1, venue: 0, bound: 7, worth: 1 << 70, reason: "cap"),
        PlanBinding(constraint: .capacity, slice: nil, venue: nil, bound: 9, worth: nil, reason: "caps"),
      ],
      runnerUp: PlanRunnerUp(fromSlice: 0, fromVenue: 1, toSlice: 1, toVenue: 0, quantity: 1, costsMore: 12),
      explanation: ["because", "\u{1} control"])
  }

  static func order(replaces: UInt64? = nil) -> ChildOrder {
    ChildOrder(
      id: UInt64.max, parent: digest, replaces: replaces, chain: replaces ?? UInt64.max, decision: digest,
      createdAt: -1, slice: 4, listing: TaskVenue(venue: "XNAS", symbol: "AAPL"), side: .sell, quantity: 150,
      scale: 2, limit: 100_010_000_000, account: "DESK-1", capacity: .riskless,
      algorithm: Algorithm(name: "a", version: "2"), simulated: true)
  }
}
