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

    mutating func include(_ cell: Cell) {
      yield &+= cell.yield
      fixed &-= ScheduleGuess.product(cell.fee, cell.yield, right: 28)
    }
  }

  private let venues: Int
  private let lots: Int64
  /// A lot is 2^`places` units of quantity.
  private let places: Int
  private var cells: [Cell]
  private var slices: [Slice]

  /// Whether quantities are counted finely enough for single lots to mean something.
  var isFine: Bool { places >= 4 }

  /// Passes until the venues that are held at a bound no longer change, but no more than this.
  private static let mostPasses = 5

  /// `bound` is at least any price that the solver meets.
  init(_ problem: ScheduleProblem, bound: Int128) {
    venues = problem.venues
    lots = problem.lots
    // Quantities take 24 bits and prices 36, whatever their units are.
    places = 24 - (64 - problem.lots.leadingZeroBitCount)
    let excess = 128 - bound.leadingZeroBitCount - 36
    let price = Shift(right: excess)
    let slope = Shift(right: excess + places - 13)
    slices = [Slice](repeating: Slice(), count: problem.slices)
    cells = [Cell](repeating: Cell(yield: 0, fee: 0, cap: 0), count: problem.cap.count)
    if bound <= Int128(Int64.max) {
      fill(problem, price, slope, as: Int64.self)
    } else {
      fill(problem, price, slope, as: Int128.self)
    }
  }

  /// Every coefficient fits `Number`.
  private mutating func fill<Number: FixedWidthInteger>(
    _ problem: ScheduleProblem, _ price: Shift, _ slope: Shift, as type: Number.Type
  ) {
    var next = 0
    for index in slices.indices {
      var slice = Slice(risk: slope.of(Number(truncatingIfNeeded: problem.risk[index])))
      for _ in 0..<venues {
        let yield = (1 << 40) / UInt64(max(1, slope.of(Number(truncatingIfNeeded: problem.impact[next]))))
        let cap = min(problem.cap[next], problem.lots)
        let cell = Cell(
          yield: Int64(yield), fee: price.of(Number(truncatingIfNeeded: problem.fee[next])),
          cap: places >= 0 ? cap << Int64(places) : cap >> Int64(0 - places))
        slice.include(cell)
        cells[next] = cell
        next &+= 1
      }
      slices[index] = slice
    }
  }

  /// A shift by so many places, of which one count is 0.
  private struct Shift {
    let right: Int
    let left: Int64

    init(right count: Int) {
      right = max(count, 0)
      left = Int64(min(max(0 - count, 0), 63))
    }

    @inline(__always)
    func of<Number: FixedWidthInteger>(_ value: Number) -> Int64 {
      Int64(truncatingIfNeeded: value &>> Number(truncatingIfNeeded: min(right, Number.bitWidth - 1))) &<< left
    }
  }

  /// (left · right) / 2^`count`
  @inline(__always)
  private static func product(_ left: Int64, _ right: Int64, right count: Int64) -> Int64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high &<< (64 &- count) | Int64(bitPattern: product.low &>> UInt64(count))
  }

  /// Row by row, in lots, each within 0...cap and together at most all lots.
  mutating func quantities(_ problem: ScheduleProblem) -> [Int64] {
    var result = [Int64](repeating: 0, count: cells.count)
    for _ in 0..<ScheduleGuess.mostPasses {
      back()
      if !forth(problem, &result) { break }
    }
    return result
  }

  private mutating func back() {
    // Slices at the end that take a fixed quantity leave the ones before to bring the rest to that.
    var owed: Int64? = 0
    var slope: Int64 = 0
    var base: Int64 = 0
    for slice in slices.indices.reversed() {
      var entry = slices[slice]
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
      entry.slope = slope
      entry.base = base
      slices[slice] = entry
    }
  }

  /// Whole lots from the first slice on: each venue takes the nearest to what it would at the slice's price, and that
  /// price is the one for what the slices before really left. Holds the venues that are beyond their bounds at these
  /// prices; false when they were held before.
  private mutating func forth(_ problem: ScheduleProblem, _ result: inout [Int64]) -> Bool {
    var open = lots
    var hasChanged = false
    var highest = Int64.max
    let half: Int64 = places > 0 ? 1 << Int64(places - 1) : 0
    for index in slices.indices {
      var slice = slices[index]
      let before = slice.yield
      let units = places >= 0 ? open << Int64(places) : open >> Int64(0 - places)
      // What is left open costs risk, so that a lot is never dearer later; else the last slices took what rounding left.
      let price = min(ScheduleGuess.product(slice.slope, units, right: 12) &+ slice.base, highest)
      highest = price
      slice.yield = 0
      slice.fixed = 0
      for next in index &* venues..<(index &+ 1) &* venues {
        let cell = cells[next]
        var wanted = ScheduleGuess.product(price &- cell.fee, cell.yield, right: 28)
        if wanted >= cell.cap {
          slice.fixed &+= cell.cap
          wanted = cell.cap
        } else if wanted > 0 {
          slice.include(cell)
        } else {
          wanted = 0
        }
        let whole = places >= 0 ? (wanted &+ half) >> Int64(places) : wanted << Int64(0 - places)
        let taken = min(whole, problem.cap[next], open)
        result[next] = taken
        open &-= taken
      }
      if slice.yield != before { hasChanged = true }
      slices[index] = slice
    }
    return hasChanged
  }
}
