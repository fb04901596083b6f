// SPDX-License-Identifier: Apache-2.0

/// Why a schedule problem has no answer.
package enum ScheduleError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A part of the problem is missing, of the wrong size or out of range; `path` names it.
  case invalid(path: String, reason: String)
  /// The caps together hold fewer lots than must be placed, or the floors more.
  case infeasible(lots: Int64, least: Int64, most: Int64)
  /// A marginal cost or the objective needs more than 128 bits.
  case overflow

  package var description: String {
    switch self {
    case .invalid(let path, let reason): path.isEmpty ? reason : "\(path): \(reason)"
    case .infeasible(let lots, let least, let most):
      lots > most
        ? "\(lots) lots do not fit: the caps hold \(most); raise the caps, add slices or venues, or place fewer lots"
        : "\(lots) lots are fewer than the \(least) that the lower bounds demand"
    case .overflow:
      "a cost exceeds 128 bits; state the coefficients in a coarser unit or the quantities in larger lots"
    }
  }
}

/// A cell of a schedule.
package struct ScheduleCell: Hashable, Sendable {
  package let slice: Int
  package let venue: Int
  package init(slice: Int, venue: Int) {
    self.slice = slice
    self.venue = venue
  }
}

/// How many lots to send in which slice to which venue:
///
///     minimise   Σ impact[k,v]·q² + fee[k,v]·q  +  Σ risk[k]·x_k²  +  tracking·Σ (Q_k − target[k])²
///     where      floor[k,v] ≤ q[k,v] ≤ cap[k,v],  Q_k = Σ_v q[k,v] ≤ sliceCap[k],  Σ q = lots,
///                x_k = lots still to do after slice k
///
/// All in integers, in any one unit of cost. The sets over which costs run (cells, slices, all slices up to k) are
/// nested or disjoint and each cost is convex, so that the objective is M♮-convex: a schedule from which no move of one
/// lot from a cell to another is cheaper is a cheapest schedule of all (Murota, Discrete Convex Analysis, 2003,
/// section 6).
package struct ScheduleProblem: Hashable, Sendable {
  package static let mostSlices = 4_096
  package static let mostVenues = 64
  package static let mostLots: Int64 = 1 << 60

  package let slices: Int
  package let venues: Int
  package let lots: Int64
  /// Row by row: slice k at venue v stands at k × `venues` + v.
  package let impact: [Int128]
  package let fee: [Int128]
  package let cap: [Int64]
  /// Lower bounds, all 0 unless something is forced.
  package let floor: [Int64]
  /// One per slice.
  package let risk: [Int128]
  /// One per slice; nil for none.
  package let sliceCap: [Int64]?
  /// One per slice, with the weight of leaving it.
  package let target: [Int64]?
  package let tracking: Int128

  package init(
    slices: Int, venues: Int, lots: Int64, impact: [Int128], fee: [Int128], cap: [Int64], floor: [Int64]? = nil,
    risk: [Int128], sliceCap: [Int64]? = nil, target: [Int64]? = nil, tracking: Int128 = 0
  ) throws(ScheduleError) {
    self.slices = slices
    self.venues = venues
    self.lots = lots
    self.impact = impact
    self.fee = fee
    self.cap = cap
    self.floor = floor ?? [Int64](repeating: 0, count: cap.count)
    self.risk = risk
    self.sliceCap = sliceCap
    self.target = target
    // A weight without targets weighs nothing, and every user of it may rely on that.
    self.tracking = target == nil && tracking > 0 ? 0 : tracking
    try check()
  }

  private func check() throws(ScheduleError) {
    func refuse(_ path: String, _ reason: String) -> ScheduleError { .invalid(path: path, reason: reason) }
    guard (1...ScheduleProblem.mostSlices).contains(slices) else {
      throw refuse("slices", "must be 1 to \(ScheduleProblem.mostSlices)")
    }
    guard (1...ScheduleProblem.mostVenues).contains(venues) else {
      throw refuse("venues", "must be 1 to \(ScheduleProblem.mostVenues)")
    }
    let amounts = 0...ScheduleProblem.mostLots
    guard amounts.contains(lots) else { throw refuse("lots", "must be 0 to 2^60") }
    let cells = slices * venues
    for (path, count) in [("impact", impact.count), ("fee", fee.count), ("cap", cap.count), ("floor", floor.count)]
    where count != cells {
      throw refuse(path, "\(count) values, but \(slices) slices at \(venues) venues need \(cells)")
    }
    guard risk.count == slices else { throw refuse("risk", "\(risk.count) values for \(slices) slices") }
    guard impact.allSatisfy({ $0 >= 0 }) else { throw refuse("impact", "must not be below 0") }
    guard risk.allSatisfy({ $0 >= 0 }) else { throw refuse("risk", "must not be below 0") }
    guard cap.allSatisfy(amounts.contains) else { throw refuse("cap", "must be 0 to 2^60") }
    guard floor.allSatisfy(amounts.contains) else { throw refuse("floor", "must be 0 to 2^60") }
    for cell in 0..<cells where floor[cell] > cap[cell] {
      throw refuse("floor[\(cell / venues)][\(cell % venues)]", "is above the cap")
    }
    if let sliceCap {
      guard sliceCap.count == slices else { throw refuse("slice_cap", "\(sliceCap.count) values for \(slices) slices") }
      guard sliceCap.allSatisfy(amounts.contains) else { throw refuse("slice_cap", "must be 0 to 2^60") }
    }
    if let target {
      guard target.count == slices else { throw refuse("target", "\(target.count) values for \(slices) slices") }
      guard target.allSatisfy(amounts.contains) else { throw refuse("target", "must be 0 to 2^60") }
    }
    guard tracking >= 0 else { throw refuse("tracking", "must not be below 0") }
    try checkRoom()
  }

  /// Whether the bounds leave a schedule; sums in 128 bits.
  private func checkRoom() throws(ScheduleError) {
    var least: Int128 = 0
    var most: Int128 = 0
    for slice in 0..<slices {
      var low: Int128 = 0
      var high: Int128 = 0
      for cell in slice * venues..<(slice + 1) * venues {
        low += Int128(floor[cell])
        high += Int128(cap[cell])
      }
      if let sliceCap { high = min(high, Int128(sliceCap[slice])) }
      guard low <= high else { throw .invalid(path: "floor[\(slice)]", reason: "adds up to more than the slice's cap") }
      least += low
      most += high
    }
    guard least <= Int128(lots), Int128(lots) <= most else {
      throw .infeasible(lots: lots, least: Int64(clamping: least), most: Int64(clamping: most))
    }
  }

  /// The same problem with at least `quantity` lots in one cell: what would it cost to insist?
  package func insisting(on cell: ScheduleCell, quantity: Int64) throws(ScheduleError) -> ScheduleProblem {
    guard (0..<slices).contains(cell.slice), (0..<venues).contains(cell.venue) else {
      throw .invalid(path: "cell", reason: "slice \(cell.slice), venue \(cell.venue) is not in the schedule")
    }
    var floor = floor
    floor[cell.slice * venues + cell.venue] = quantity
    return try ScheduleProblem(
      slices: slices, venues: venues, lots: lots, impact: impact, fee: fee, cap: cap, floor: floor, risk: risk,
      sliceCap: sliceCap, target: target, tracking: tracking)
  }
}

/// The parts of a schedule's objective.
package struct ScheduleTerms: Hashable, Sendable {
  package var impact: Int128 = 0
  package var fees: Int128 = 0
  package var risk: Int128 = 0
  package var tracking: Int128 = 0
  package var objective: Int128 = 0
}

extension ScheduleProblem {
  /// The exact objective of any schedule that keeps the bounds; an error for one that does not.
  package func terms(of quantities: [Int64]) throws(ScheduleError) -> ScheduleTerms {
    guard quantities.count == slices * venues else {
      throw .invalid(path: "quantities", reason: "\(quantities.count) values, not \(slices * venues)")
    }
    var terms = ScheduleTerms()
    var left = Int128(lots)
    for slice in 0..<slices {
      var total: Int128 = 0
      for cell in slice * venues..<(slice + 1) * venues {
        let quantity = quantities[cell]
        guard quantity >= floor[cell], quantity <= cap[cell] else {
          throw .invalid(path: "quantities[\(slice)][\(cell % venues)]", reason: "\(quantity) is beyond its bounds")
        }
        guard quantity > 0 else { continue }
        total += Int128(quantity)
        try ScheduleProblem.add(square(quantity), times: impact[cell], to: &terms.impact)
        try ScheduleProblem.add(Int128(quantity), times: fee[cell], to: &terms.fees)
      }
      if let sliceCap, total > Int128(sliceCap[slice]) {
        throw .invalid(path: "quantities[\(slice)]", reason: "\(total) is beyond the slice's cap")
      }
      left -= total
      guard left >= 0 else { throw .invalid(path: "quantities", reason: "more than \(lots) lots") }
      try ScheduleProblem.add(left * left, times: risk[slice], to: &terms.risk)
      if let target {
        let away = total - Int128(target[slice])
        try ScheduleProblem.add(away * away, times: tracking, to: &terms.tracking)
      }
    }
    guard left == 0 else { throw .invalid(path: "quantities", reason: "\(left) lots fewer than \(lots)") }
    for term in [terms.impact, terms.fees, terms.risk, terms.tracking] {
      try ScheduleProblem.add(term, times: 1, to: &terms.objective)
    }
    return terms
  }

  private func square(_ value: Int64) -> Int128 { Int128(value) * Int128(value) }

  static func add(_ value: Int128, times factor: Int128, to sum: inout Int128) throws(ScheduleError) {
    let (product, productOverflow) = value.multipliedReportingOverflow(by: factor)
    let (next, sumOverflow) = sum.addingReportingOverflow(product)
    guard !productOverflow, !sumOverflow else { throw .overflow }
    sum = next
  }
}
