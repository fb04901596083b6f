// SPDX-License-Identifier: Apache-2.0

/// A schedule near a cheapest one, from the continuous problem in fixed point. It decides nothing but how much work is
/// left: the exchanges that follow reach a cheapest schedule from anywhere. So arithmetic here may round and, at
/// extremes, wrap.
///
/// Without bounds on cells the problem is linear-quadratic, and is solved by one pass back and one forth: with x lots
/// open before slice k the marginal cost of all that follows is α_k·x + β_k. A venue takes (μ − fee) / (2·impact) at marginal
/// cost μ; those that would take less than nothing or more than their cap are held there, and the passes repeated.
struct ScheduleGuess {
  private struct Cell {
    /// Quantity per price, 28 binary places.
    var yield: Int64
    var fee: Int64
    var cap: Int64
  }

  private struct Slice {
    /// What is taken is `fixed` + `yield` · μ.
    var yield: Int64 = 0
    var fixed: Int64 = 0
    /// Twice the risk, price per quantity with 12 binary places, as is `slope`.
    var risk: Int64 = 0
    var slope: Int64 = 0
    var base: Int64 = 0
    var price: Int64 = 0
  }

  private let venues: Int
  private let lots: Int64
  /// A lot is 2^`places` units of quantity.
  private let places: Int
  private var cells: [Cell] = []
  private var slices: [Slice]

  /// Passes until the venues that are held at a bound no longer change, but no more than this.
  private static let mostPasses = 8

  /// `bound` is at least any price that the solver meets.
  init(_ problem: ScheduleProblem, bound: Int128) {
    venues = problem.venues
    lots = problem.lots
    // Quantities take 24 bits and prices 36, whatever their units are.
    places = 24 - (64 - problem.lots.leadingZeroBitCount)
    let excess = 128 - bound.leadingZeroBitCount - 36
    let slopeExcess = excess + places - 12
    slices = [Slice](repeating: Slice(), count: problem.slices)
    for slice in slices.indices {
      slices[slice].risk = ScheduleGuess.shifted(problem.risk[slice], right: slopeExcess - 1)
    }
    cells.reserveCapacity(problem.cap.count)
    for cell in problem.cap.indices {
      let slope = max(1, ScheduleGuess.shifted(problem.impact[cell], right: slopeExcess - 1))
      let cap = Int128(min(problem.cap[cell], problem.lots))
      cells.append(
        Cell(
          yield: (1 << 40) / slope, fee: ScheduleGuess.shifted(problem.fee[cell], right: excess),
          cap: ScheduleGuess.shifted(cap, right: 0 - places)))
    }
  }

  private static func shifted(_ value: Int128, right count: Int) -> Int64 {
    Int64(truncatingIfNeeded: count >= 0 ? value &>> Int128(min(count, 127)) : value &<< Int128(min(0 - count, 127)))
  }

  /// (left · right) / 2^`count`
  @inline(__always)
  private static func product(_ left: Int64, _ right: Int64, right count: Int64) -> Int64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high &<< (64 &- count) | Int64(bitPattern: product.low &>> UInt64(count))
  }

  /// Row by row, in lots, each within 0...cap and together at most all lots.
  mutating func quantities(_ problem: ScheduleProblem) -> [Int64] {
    for slice in slices.indices {
      for cell in slice &* venues..<(slice &+ 1) &* venues { include(cells[cell], in: slice) }
    }
    for _ in 0..<ScheduleGuess.mostPasses {
      back()
      forth()
      if !hold() { break }
    }
    return rounded(problem)
  }

  private mutating func include(_ cell: Cell, in slice: Int) {
    slices[slice].yield &+= cell.yield
    slices[slice].fixed &-= ScheduleGuess.product(cell.fee, cell.yield, right: 28)
  }

  private mutating func back() {
    // Slices at the end that take a fixed quantity leave the ones before to bring the rest to that.
    var owed: Int64? = 0
    var slope: Int64 = 0
    var base: Int64 = 0
    for slice in slices.indices.reversed() {
      let entry = slices[slice]
      if let rest = owed {
        let sum = rest &+ entry.fixed
        if entry.yield > 0 {
          slope = (1 << 40) / entry.yield
          base = 0 &- ScheduleGuess.product(sum, slope, right: 12)
          owed = nil
        } else {
          owed = sum
        }
      } else {
        let steep = entry.risk &+ slope
        let growth = (1 << 14) &+ ScheduleGuess.product(steep, entry.yield, right: 26)
        let inverse = (1 << 44) / max(growth, 1)
        slope = ScheduleGuess.product(steep, inverse, right: 30)
        base = ScheduleGuess.product(base &- ScheduleGuess.product(steep, entry.fixed, right: 12), inverse, right: 30)
      }
      slices[slice].slope = slope
      slices[slice].base = base
    }
  }

  private mutating func forth() {
    var open = places >= 0 ? lots << Int64(places) : lots >> Int64(0 - places)
    for slice in slices.indices {
      let price = ScheduleGuess.product(slices[slice].slope, open, right: 12) &+ slices[slice].base
      slices[slice].price = price
      open &-= slices[slice].fixed &+ ScheduleGuess.product(price, slices[slice].yield, right: 28)
    }
  }

  /// Holds the venues that are beyond their bounds at the new prices; false when that changed nothing.
  private mutating func hold() -> Bool {
    var hasChanged = false
    for slice in slices.indices {
      let before = slices[slice].yield
      let price = slices[slice].price
      slices[slice].yield = 0
      slices[slice].fixed = 0
      for index in slice &* venues..<(slice &+ 1) &* venues {
        let cell = cells[index]
        let wanted = ScheduleGuess.product(price &- cell.fee, cell.yield, right: 28)
        if wanted >= cell.cap {
          slices[slice].fixed &+= cell.cap
        } else if wanted > 0 {
          include(cell, in: slice)
        }
      }
      if slices[slice].yield != before { hasChanged = true }
    }
    return hasChanged
  }

  /// Whole lots; what rounding leaves over is carried to the next cell, so that no sum is off by a lot.
  private func rounded(_ problem: ScheduleProblem) -> [Int64] {
    var result = [Int64](repeating: 0, count: cells.count)
    var open = lots
    var carried: Int64 = places > 0 ? 1 << Int64(places - 1) : 0
    for slice in slices.indices {
      for index in slice &* venues..<(slice &+ 1) &* venues {
        let cell = cells[index]
        let price = slices[slice].price &- cell.fee
        let wanted = min(max(0, ScheduleGuess.product(price, cell.yield, right: 28)), cell.cap) &+ carried
        let whole = places >= 0 ? wanted >> Int64(places) : wanted << Int64(0 - places)
        let taken = min(max(0, whole), problem.cap[index], open)
        result[index] = taken
        open &-= taken
        carried = places > 0 ? wanted &- whole << Int64(places) : 0
      }
    }
    return result
  }
}
