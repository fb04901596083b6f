// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// The solved schedule of one decision.
///
/// Where all open venues have one lot, it is a cheapest schedule. Where their lots differ, it is first solved in their
/// least common multiple; then the venues with the smallest lot are solved again in that, the others standing
/// still. The same costs without the larger lots have a cheapest schedule that no schedule with them can beat: the difference
/// is the stated gap.
struct PlannerSchedule {
  let inputs: PlannerInputs
  let costs: PlannerCosts
  /// In lots of `costs.lot`, from the current slice on; nil when nothing can be placed.
  private(set) var problem: ScheduleProblem?
  private(set) var solution: ScheduleSolution?
  private(set) var gap: Int128 = 0
  /// Lots that the caps hold, and that were placed.
  private(set) var capacity: Int64 = 0
  private(set) var lots: Int64 = 0

  var lot: Int64 { costs.lot }
  var unplaced: Int64 { inputs.remaining - lots * lot }

  init(_ inputs: PlannerInputs, costs: PlannerCosts) throws(PlannerError) {
    self.inputs = inputs
    self.costs = costs
    do {
      try solve()
    } catch {
      throw .schedule(error)
    }
  }

  private var venues: Int { inputs.context.venues.count }

  /// At the context's scale.
  func quantity(_ slice: Int, _ venue: Int) -> Int64 {
    guard let solution else { return 0 }
    return solution.quantities[(slice - inputs.currentSlice) * venues + venue] * lot
  }

  /// The plan before with the cells from the current slice on set anew.
  func plan(after previous: Plan) -> Plan {
    var plan = previous
    for slice in inputs.currentSlice..<inputs.context.slices {
      for venue in 0..<plan.venues { plan[slice, venue] = quantity(slice, venue) }
    }
    return plan
  }

  private mutating func solve() throws(ScheduleError) {
    let caps = caps(inMultiplesOf: costs.lot)
    capacity = PlannerSchedule.sum(caps)
    lots = min(inputs.remaining / costs.lot, capacity)
    guard lots > 0 else { return }
    if costs.lot == costs.commonLot {
      let problem = try problem(lots: lots, caps: caps, floor: nil)
      self.problem = problem
      solution = try problem.solve()
      return
    }
    try solveUnequalLots(caps)
  }

  private mutating func solveUnequalLots(_ caps: [Int64]) throws(ScheduleError) {
    let factor = costs.commonLot / costs.lot
    let coarse = try coarseQuantities(factor, wanted: lots)
    // Venues whose lot is the smallest of all take what is left of the others.
    var floor = coarse.map { $0 * factor }
    var bounds = floor
    for cell in floor.indices where inputs.context.venues[cell % venues].lot == costs.lot {
      floor[cell] = 0
      bounds[cell] = caps[cell]
    }
    lots = min(lots, PlannerSchedule.sum(bounds))
    guard lots > 0 else { return }
    let problem = try problem(lots: lots, caps: bounds, floor: floor)
    let solution = try problem.solve()
    let relaxed = try self.problem(lots: lots, caps: caps, floor: nil).solve()
    self.problem = problem
    self.solution = solution
    gap = solution.objective - relaxed.objective
  }

  /// A cheapest schedule in lots that every venue takes, `factor` times `costs.lot`.
  private func coarseQuantities(_ factor: Int64, wanted: Int64) throws(ScheduleError) -> [Int64] {
    let caps = caps(inMultiplesOf: costs.commonLot)
    let lots = min(wanted / factor, PlannerSchedule.sum(caps))
    guard lots > 0 else { return [Int64](repeating: 0, count: caps.count) }
    let square = Int128(factor) * Int128(factor)
    var pull = [Int128](repeating: 0, count: inputs.slicesLeft)
    var tracking: Int128 = 0
    if let target = targets(lots: lots * factor) {
      // w(f·Q − t)² = w·f²·Q² − 2·w·f·t·Q + w·t²: the targets need be no multiples of the coarser lot.
      let weight = try weight()
      try ScheduleProblem.add(weight, times: square, to: &tracking)
      for (slice, target) in target.enumerated() {
        try ScheduleProblem.add(weight, times: -2 * Int128(factor) * Int128(target), to: &pull[slice])
      }
    }
    var impact: [Int128] = []
    var fee = pull.flatMap { [Int128](repeating: $0, count: venues) }
    for cell in caps.indices {
      var price: Int128 = 0
      try ScheduleProblem.add(costs.impact[cell], times: square, to: &price)
      impact.append(price)
      try ScheduleProblem.add(costs.fee[cell], times: Int128(factor), to: &fee[cell])
    }
    var risk: [Int128] = []
    for value in costs.risk {
      var price: Int128 = 0
      try ScheduleProblem.add(value, times: square, to: &price)
      risk.append(price)
    }
    return try ScheduleProblem(
      slices: inputs.slicesLeft, venues: venues, lots: lots, impact: impact, fee: fee, cap: caps, risk: risk,
      target: tracking > 0 ? [Int64](repeating: 0, count: inputs.slicesLeft) : nil, tracking: tracking
    ).solve().quantities
  }

  private func problem(lots: Int64, caps: [Int64], floor: [Int64]?) throws(ScheduleError) -> ScheduleProblem {
    let target = targets(lots: lots)
    return try ScheduleProblem(
      slices: inputs.slicesLeft, venues: venues, lots: lots, impact: costs.impact, fee: costs.fee, cap: caps,
      floor: floor, risk: costs.risk, target: target, tracking: target == nil ? 0 : try weight())
  }

  /// Per cell, in lots of `step` of what the cap allows in the venue's own lots.
  private func caps(inMultiplesOf step: Int64) -> [Int64] {
    var caps: [Int64] = []
    for slice in inputs.currentSlice..<inputs.context.slices {
      for venue in 0..<venues {
        let own = inputs.context.venues[venue].lot
        caps.append(inputs.cap(slice, venue) / own * own / step)
      }
    }
    return caps
  }

  /// Clamped: more than a task can hold is as good as that.
  private static func sum(_ values: [Int64]) -> Int64 {
    Int64(min(values.reduce(Int128(0)) { $0 + Int128($1) }, Int128(ScheduleProblem.mostLots)))
  }

  /// Dearer than anything that leaving a target by one lot can save.
  private func weight() throws(ScheduleError) -> Int128 {
    var dearest: Int128 = 0
    var cheapest: Int128 = 0
    for cell in costs.impact.indices {
      var price = costs.fee[cell]
      cheapest = min(cheapest, price)
      try ScheduleProblem.add(costs.impact[cell], times: 2 * Int128(inputs.remaining / costs.lot) + 1, to: &price)
      dearest = max(dearest, price)
    }
    return dearest - cheapest + 1
  }

  /// Lots per slice for twap and vwap, so that after each slice the schedule is within a lot of its share; nil for other
  /// objectives. What is placed of the current slice already counts towards its target.
  private func targets(lots: Int64) -> [Int64]? {
    let slices = inputs.currentSlice..<inputs.context.slices
    var weights = slices.map { Int128(inputs.length(ofSlice: $0)) }
    switch inputs.task.objective {
    case .implementationShortfall: return nil
    case .twap: break
    case .vwap:
      let volumes = slices.map { slice in
        inputs.context.venues.indices.reduce(Int128(0)) {
          inputs.excluded[$1] == nil ? $0 + Int128(inputs.context.venues[$1].volume[slice]) : $0
        }
      }
      // Where no volume is expected at all, time is the only curve that is left.
      if volumes.contains(where: { $0 > 0 }) { weights = volumes }
    }
    let before = inputs.placed.reduce(Int128(0)) { $0 + Int128($1) } / Int128(costs.lot)
    let whole = weights.reduce(0, +)
    var targets: [Int64] = []
    var part: Int128 = 0
    var given: Int128 = 0
    for weight in weights {
      part += weight
      let due = PlannerSchedule.share(Int128(lots) + before, part, of: whole)
      targets.append(Int64(clamping: targets.isEmpty ? max(0, due - before) : due - given))
      given = due
    }
    return targets
  }

  /// ⌊amount · part / whole⌋ with an exact product.
  private static func share(_ amount: Int128, _ part: Int128, of whole: Int128) -> Int128 {
    let product = amount.magnitude.multipliedFullWidth(by: part.magnitude)
    return Int128(whole.magnitude.dividingFullWidth(product).quotient)
  }
}
