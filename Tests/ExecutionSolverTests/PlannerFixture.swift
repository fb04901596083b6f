// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import ExecutionSolver

/// A task over venues that differ in whatever a test sets; everything else is plain.
struct PlannerFixture {
  var side = OrderSide.buy
  var objective = TaskObjective.twap
  var slicing = TaskSlicing.count(5)
  /// Seconds.
  var length: Int64 = 5
  var quantity = ExactDecimal(units: 1000, scale: 0)
  var participation: Int64 = 1_000_000
  var limit: Int64?
  var scale = 0
  var variance: ExactDecimal?
  var venues = [Venue(), Venue()]
  var sequence: Int64 = 0
  var currentSlice = 0
  var remaining: Int64?
  var placed: [Int64]?
  var previous: Plan?

  struct Venue {
    var availability = VenueAvailability.open
    /// At 1e-9.
    var bid: Int64? = 99_990_000_000
    var ask: Int64? = 100_010_000_000
    var depth: Int64 = 1_000
    var lot: Int64 = 1
    var takerRate: Int64 = 0
    var takerPerUnit: Int64 = 0
    var impact = ExactDecimal(units: 1, scale: 3)
    /// Per slice; nil for an uninformed curve.
    var volume: [Int64]?
  }

  static let start: Int64 = 1_723_161_600_000_000_000

  var names: [TaskVenue] { venues.indices.map { TaskVenue(venue: "V\($0)", symbol: "X") } }

  func task() throws -> LocalExecutionTask {
    try LocalExecutionTask(
      id: "t", account: "DESK", capacity: .agency, instrument: "X", currency: "EUR", side: side, quantity: quantity,
      window: TaskWindow(
        start: PlannerFixture.start, end: PlannerFixture.start + length * 1_000_000_000, zone: "UTC", zoneDigest: nil),
      objective: objective, slicing: slicing, participation: participation, limit: limit, venues: names,
      referenceVenues: [], algorithm: Algorithm(name: "schedule", version: "1"))
  }

  func context() throws -> DecisionContext {
    let slices = try task().sliceCount
    let contexts = zip(names, venues).map { name, venue in
      VenueContext(
        listing: name, availability: venue.availability, bid: venue.bid.map { Touch(price: $0, quantity: 10) },
        ask: venue.ask.map { Touch(price: $0, quantity: 10) }, bidDepth: venue.depth, askDepth: venue.depth,
        lot: venue.lot,
        fees: FeeSnapshot(
          makerRate: 0, takerRate: venue.takerRate, makerPerUnit: 0, takerPerUnit: venue.takerPerUnit,
          currency: "EUR"), impact: ImpactSnapshot(coefficient: venue.impact, depth: 1_000),
        volume: venue.volume ?? [Int64](repeating: 0, count: slices),
        volumeSource: venue.volume == nil
          ? .uniform(reason: "none") : .priorFile(date: "2024-08-08", digest: Digest(of: [UInt8]())))
    }
    return try DecisionContext(
      asOf: PlannerFixture.start, computedLocally: true, scale: scale, slices: slices, variance: variance,
      reference: Digest(of: [1]), venues: contexts)
  }

  func plan() throws -> PlannedDecision {
    let task = try task()
    let whole = try task.quantity.units(atScale: scale)
    return try Planner.plan(
      task: task, context: context(),
      previous: previous ?? Plan(slices: task.sliceCount, venues: venues.count, scale: scale), sequence: sequence,
      decidedAt: PlannerFixture.start, currentSlice: currentSlice, remaining: remaining ?? whole, placed: placed)
  }
}

extension Plan {
  /// Per slice, over all venues.
  var totals: [Int64] {
    (0..<slices).map { slice in (0..<venues).reduce(0) { $0 + self[slice, $1] } }
  }

  /// Per venue, over all slices.
  var shares: [Int64] {
    (0..<venues).map { venue in (0..<slices).reduce(0) { $0 + self[$1, venue] } }
  }
}
