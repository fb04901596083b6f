// SPDX-License-Identifier: Apache-2.0

/// A move of one lot from a cell to another, and what it adds to the objective.
package struct ScheduleExchange: Hashable, Sendable {
  package let from: ScheduleCell
  package let to: ScheduleCell
  package let cost: Int128
}

/// A cheapest schedule.
package struct ScheduleSolution: Hashable, Sendable {
  /// Row by row, in lots.
  package let quantities: [Int64]
  package let terms: ScheduleTerms
  /// The cheapest exchange from here; nil when there is no other schedule. It leads to the cheapest schedule other than
  /// this one, x: from any other, y, the exchange axiom gives f(x) + f(y) ≥ f(x') + f(y') with x' one exchange from x,
  /// and f(y') ≥ f(x), so that f(y) ≥ f(x'). It costs 0 when x is not the only cheapest one.
  package let runnerUp: ScheduleExchange?

  package var objective: Int128 { terms.objective }
  /// The solver ends only where no exchange lowers the objective, which for this kind of objective proves that no
  /// schedule does.
  package var optimal: Bool { runnerUp.map { $0.cost >= 0 } ?? true }
}

extension ScheduleProblem {
  /// A cheapest schedule, and always the same one for the same problem.
  ///
  /// A good guess leaves a few single lots to be placed and moved while that helps. From a worse one, or from nothing,
  /// lots are placed and moved in steps of a power of two, and the step is made smaller until it is one lot: each coarser
  /// schedule is a cheapest one on its own grid, so that few moves are left for the finer.
  package func solve() throws(ScheduleError) -> ScheduleSolution {
    let bound = if let roughBound { roughBound } else { try exactBound() }
    return bound < Int128(Int64.max)
      ? try solve(in: Int64.self, bound: bound) : try solve(in: Int128.self, bound: bound)
  }

  private func solve<Number: FixedWidthInteger & SignedInteger>(
    in type: Number.Type, bound: Int128
  ) throws(ScheduleError) -> ScheduleSolution {
    // Targets and bounds on slices are no part of the guess; there lots are placed from the floors on.
    let isPlain = target == nil && sliceCap == nil && !floor.contains { $0 > 0 }
    var start = floor
    var isClose = false
    if isPlain, lots > 0 {
      var guess = ScheduleGuess(self, bound: bound / 64)
      start = guess.quantities(self)
      isClose = guess.isFine
    }
    var descent = ExchangeDescent<Number>(self, start: start)
    let last =
      (isClose ? descent.finish(within: 2 * slices) : nil)
      ?? descent.descend(from: firstStep, ratio: isPlain ? 4 : 2)
    let isSettled = bound < Int128(Int64.max) && target == nil
    let quantities = descent.quantities
    var runnerUp: ScheduleExchange?
    if descent.isMove(last) {
      let (from, to) = descent.cells(of: last)
      runnerUp = ScheduleExchange(
        from: ScheduleCell(slice: last.from, venue: from), to: ScheduleCell(slice: last.to, venue: to),
        cost: Int128(last.price))
    }
    return ScheduleSolution(
      quantities: quantities,
      terms: isSettled ? descent.settledTerms(lots: lots) : try terms(of: quantities),
      runnerUp: runnerUp)
  }

  /// The largest power of two of which about two per slice can be placed.
  var firstStep: Int64 {
    let share = lots / Int64(2 * slices)
    return share <= 1 ? 1 : 1 << Int64(63 - share.leadingZeroBitCount)
  }

  /// What `exactBound` is at most, from the bits that any coefficient has; nil where 64 bits are not enough for it.
  var roughBound: Int128? {
    guard target == nil else { return nil }
    var impactBits: Int128 = 0
    for value in impact { impactBits |= value }
    var feeBits: Int128 = 0
    for value in fee { feeBits |= value ^ (value >> 127) }
    var capBits: Int64 = 0
    for value in cap { capBits |= value }
    var riskBits: Int128 = 0
    for value in risk { riskBits |= value }
    // Factors below 2^62, so that products and sums keep within 128 bits.
    guard impactBits | feeBits | riskBits < 1 << 62 else { return nil }
    let cell = impactBits * (2 * Int128(min(capBits, lots)) + 1) + feeBits + 1
    let path = riskBits * (3 * Int128(lots) + 2)
    guard cell < 1 << 62, path < 1 << 62 else { return nil }
    let bound = 64 * (2 * cell + Int128(slices) * path)
    return bound < Int128(Int64.max) ? bound : nil
  }

  /// More than any sum of the solver needs. Its largest are a cell's price, the pull of a target, and the risk that a
  /// lot meets over all slices; `never`, a quarter of the range, must exceed the sum of all of them four times.
  func exactBound() throws(ScheduleError) -> Int128 {
    var cell: Int128 = 0
    for index in 0..<slices * venues {
      var price: Int128 = 0
      try ScheduleProblem.add(impact[index], times: 2 * Int128(min(cap[index], lots)) + 1, to: &price)
      try ScheduleProblem.add(try magnitude(fee[index]), times: 1, to: &price)
      cell = max(cell, price)
    }
    var bound: Int128 = 0
    try ScheduleProblem.add(cell, times: 2, to: &bound)
    for slice in 0..<slices { try ScheduleProblem.add(risk[slice], times: 3 * Int128(lots) + 2, to: &bound) }
    if let target {
      let away = Int128(max(lots, target.max() ?? 0))
      try ScheduleProblem.add(tracking, times: 4 * away + Int128(lots) + 2, to: &bound)
    }
    let (room, overflow) = bound.multipliedReportingOverflow(by: 64)
    guard !overflow else { throw .overflow }
    return room
  }

  private func magnitude(_ value: Int128) throws(ScheduleError) -> Int128 {
    guard value != .min else { throw .overflow }
    return value < 0 ? -value : value
  }
}
