// SPDX-License-Identifier: Apache-2.0

import ExecutionSolver

/// A random small problem that may have no answer.
struct Draft {
  var slices: Int
  var venues: Int
  var lots: Int64
  var impact: [Int128]
  var fee: [Int128]
  var cap: [Int64]
  var floor: [Int64]
  var risk: [Int128]
  var sliceCap: [Int64]?
  var target: [Int64]?
  var tracking: Int128

  init(slices: Int, venues: Int, _ random: inout Seeded) {
    self.slices = slices
    self.venues = venues
    let cells = slices * venues
    lots = .random(in: 0...6, using: &random)
    impact = (0..<cells).map { _ in .random(in: 0...20, using: &random) }
    fee = (0..<cells).map { _ in .random(in: -30...60, using: &random) }
    cap = (0..<cells).map { _ in .random(in: 0...4, using: &random) }
    floor = cap.map { Bool.random(using: &random) ? 0 : .random(in: 0...min($0, 1), using: &random) }
    let flat = Int128.random(in: 0...9, using: &random)
    risk = (0..<slices).map { _ in Bool.random(using: &random) ? flat : .random(in: 0...9, using: &random) }
    sliceCap = Bool.random(using: &random) ? (0..<slices).map { _ in .random(in: 0...5, using: &random) } : nil
    target = Bool.random(using: &random) ? (0..<slices).map { _ in .random(in: 0...4, using: &random) } : nil
    tracking = .random(in: 0...50, using: &random)
  }

  mutating func enlarge(by factor: Int64, _ random: inout Seeded) {
    floor = floor.map { _ in 0 }
    cap = cap.map { _ in .random(in: 0...4 * factor, using: &random) }
    sliceCap = sliceCap.map { $0.map { $0 * factor } }
    target = target.map { $0.map { $0 * factor } }
    lots = .random(in: 0...max(1, cap.reduce(0, +)), using: &random)
  }

  func problem() throws(ScheduleError) -> ScheduleProblem {
    try ScheduleProblem(
      slices: slices, venues: venues, lots: lots, impact: impact, fee: fee, cap: cap, floor: floor, risk: risk,
      sliceCap: sliceCap, target: target, tracking: tracking)
  }
}

/// The slow and obvious way.
enum Exhaustive {
  /// Every schedule that keeps the bounds.
  static func schedules(_ draft: Draft) -> [[Int64]] {
    var result: [[Int64]] = []
    var quantities = [Int64](repeating: 0, count: draft.cap.count)
    func fill(_ cell: Int, _ open: Int64, _ inSlice: Int64) {
      if cell == draft.cap.count {
        if open == 0 { result.append(quantities) }
        return
      }
      let base = cell % draft.venues == 0 ? 0 : inSlice
      let most = min(draft.cap[cell], open)
      guard draft.floor[cell] <= most else { return }
      for quantity in draft.floor[cell]...most {
        if let sliceCap = draft.sliceCap, base + quantity > sliceCap[cell / draft.venues] { break }
        quantities[cell] = quantity
        fill(cell + 1, open - quantity, base + quantity)
      }
      quantities[cell] = 0
    }
    fill(0, draft.lots, 0)
    return result
  }

  /// The cheapest exchange of one lot, by evaluating the risk of every pair of cells.
  static func cheapestExchange(
    _ problem: ScheduleProblem, _ quantities: [Int64]
  ) -> (from: Int, to: Int, cost: Int128)? {
    let venues = problem.venues
    var left: [Int128] = []
    var totals: [Int64] = []
    for slice in 0..<problem.slices {
      totals.append(quantities[slice * venues..<(slice + 1) * venues].reduce(0, +))
      left.append((left.last ?? Int128(problem.lots)) - Int128(totals[slice]))
    }
    var best: (from: Int, to: Int, cost: Int128)?
    for from in quantities.indices where quantities[from] > problem.floor[from] {
      for to in quantities.indices where to != from && quantities[to] < problem.cap[to] {
        let (source, target) = (from / venues, to / venues)
        var cost =
          problem.impact[to] * (2 * Int128(quantities[to]) + 1) + problem.fee[to]
          - problem.impact[from] * (2 * Int128(quantities[from]) - 1) - problem.fee[from]
        if source != target {
          if let sliceCap = problem.sliceCap, totals[target] >= sliceCap[target] { continue }
          if let wanted = problem.target {
            let away = (Int128(totals[source] - wanted[source]), Int128(totals[target] - wanted[target]))
            cost += problem.tracking * (2 * away.1 + 1 - 2 * away.0 + 1)
          }
          for slice in min(source, target)..<max(source, target) {
            let change: Int128 = source < target ? 1 : -1
            cost += problem.risk[slice] * (2 * left[slice] * change + 1)
          }
        }
        if cost < best?.cost ?? .max { best = (from, to, cost) }
      }
    }
    return best
  }
}
