// SPDX-License-Identifier: Apache-2.0

/// A bound that keeps a schedule from being cheaper.
package struct ScheduleBinding: Hashable, Sendable {
  package let slice: Int
  /// Nil for a slice's own cap.
  package let venue: Int?
  package let cap: Int64
  /// By how much the objective would fall with room for one lot more; above 0.
  package let worth: Int128
}

/// Why a schedule is as it is: its binding caps and its multiplier, each by exact difference.
package struct ScheduleAnalysis: Hashable, Sendable {
  /// In order of slice, a slice's own cap before its cells'.
  package let bindings: [ScheduleBinding]
  /// Between these lies the multiplier of Σ q = lots: the dearest lot saves `lower` when it is dropped and the next
  /// one costs `upper`, x_k being counted from the same number of lots. Nil when no lot can be dropped or added.
  package let lower: Int128?
  package let upper: Int128?
}

extension ScheduleProblem {
  /// Analyses a schedule that `solve` found. Prices are at most those whose width `solve` has checked.
  package func analysis(of solution: ScheduleSolution) -> ScheduleAnalysis {
    let prices = SlicePrices(self, solution.quantities)
    var bindings: [ScheduleBinding] = []
    var lower: Int128?
    var upper: Int128?
    for slice in 0..<slices {
      let source = prices.cheapestSource(for: slice)
      let row = prices.rows[slice]
      if let sliceCap, row.total == sliceCap[slice], let source, let add = row.cheapestAdd {
        let worth = source - add.price
        if worth > 0 {
          bindings.append(ScheduleBinding(slice: slice, venue: nil, cap: sliceCap[slice], worth: worth))
        }
      }
      for venue in 0..<venues {
        let cell = slice * venues + venue
        guard solution.quantities[cell] == cap[cell] else { continue }
        let price = prices.addPrice(slice, venue)
        var worth: Int128 = 0
        // From another slice, where the slice itself has room, or from another venue of the same slice.
        if let source, row.hasRoom { worth = max(worth, source - price) }
        // Within a slice its total stays, and with it the tracking term that both prices carry.
        if let drop = row.dearestDrop(except: venue) { worth = max(worth, drop - price + 2 * tracking) }
        if worth > 0 { bindings.append(ScheduleBinding(slice: slice, venue: venue, cap: cap[cell], worth: worth)) }
      }
      if let drop = row.dearestDrop(except: nil) {
        let saves = drop - prices.later(from: slice)
        lower = lower.map { max($0, saves) } ?? saves
      }
      if row.hasRoom, let add = row.cheapestAdd {
        let costs = add.price - prices.earlier(from: slice)
        upper = upper.map { min($0, costs) } ?? costs
      }
    }
    return ScheduleAnalysis(bindings: bindings, lower: lower, upper: upper)
  }
}

/// Marginal prices of single lots around a schedule, in 128 bits.
private struct SlicePrices {
  struct Row {
    var total: Int64
    var hasRoom: Bool
    var drops: [(venue: Int, price: Int128)]
    var cheapestAdd: (venue: Int, price: Int128)?

    func dearestDrop(except venue: Int?) -> Int128? {
      drops.filter { $0.venue != venue }.map(\.price).max()
    }
  }

  let problem: ScheduleProblem
  let quantities: [Int64]
  private(set) var rows: [Row] = []
  private var pulls: [Int128] = []
  /// Prefix sums of what one lot costs that is left open over each slice, and saves that is not.
  private var laterSums: [Int128] = [0]
  private var earlierSums: [Int128] = [0]
  private var sources: [Int128?] = []

  init(_ problem: ScheduleProblem, _ quantities: [Int64]) {
    self.problem = problem
    self.quantities = quantities
    var left = Int128(problem.lots)
    for slice in 0..<problem.slices {
      let cells = slice * problem.venues..<(slice + 1) * problem.venues
      let total = quantities[cells].reduce(0, +)
      left -= Int128(total)
      laterSums.append(laterSums[slice] + problem.risk[slice] * (2 * left + 1))
      earlierSums.append(earlierSums[slice] + problem.risk[slice] * (2 * left - 1))
      pulls.append(problem.target.map { 2 * problem.tracking * (Int128(total) - Int128($0[slice])) } ?? 0)
      var row = Row(
        total: total, hasRoom: problem.sliceCap.map { total < $0[slice] } ?? true, drops: [], cheapestAdd: nil)
      for (venue, cell) in cells.enumerated() {
        let quantity = Int128(quantities[cell])
        if quantities[cell] > problem.floor[cell] {
          let price = problem.impact[cell] * (2 * quantity - 1) + problem.fee[cell] + pulls[slice] - problem.tracking
          row.drops.append((venue, price))
        }
        if quantities[cell] < problem.cap[cell] {
          let price = addPrice(slice, venue)
          if row.cheapestAdd.map({ price < $0.price }) ?? true { row.cheapestAdd = (venue, price) }
        }
      }
      rows.append(row)
    }
    sources = findSources()
  }

  /// What one lot more costs there, without risk.
  func addPrice(_ slice: Int, _ venue: Int) -> Int128 {
    let cell = slice * problem.venues + venue
    return problem.impact[cell] * (2 * Int128(quantities[cell]) + 1) + problem.fee[cell] + pulls[slice]
      + problem.tracking
  }

  func later(from slice: Int) -> Int128 { laterSums[problem.slices] - laterSums[slice] }
  func earlier(from slice: Int) -> Int128 { earlierSums[problem.slices] - earlierSums[slice] }

  /// The most that is saved by taking a lot from any other slice to this one, before it is paid for here.
  func cheapestSource(for slice: Int) -> Int128? { sources[slice] }

  private func findSources() -> [Int128?] {
    let count = problem.slices
    var best = [Int128?](repeating: nil, count: count)
    var carried: Int128?
    for slice in 0..<count {
      if let carried { best[slice] = carried - laterSums[slice] }
      if let drop = rows[slice].dearestDrop(except: nil) {
        carried = max(carried ?? drop + laterSums[slice], drop + laterSums[slice])
      }
    }
    carried = nil
    for slice in (0..<count).reversed() {
      if let carried {
        let saved = carried - earlierSums[slice]
        best[slice] = max(best[slice] ?? saved, saved)
      }
      if let drop = rows[slice].dearestDrop(except: nil) {
        carried = max(carried ?? drop + earlierSums[slice], drop + earlierSums[slice])
      }
    }
    return best
  }
}
