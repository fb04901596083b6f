// SPDX-License-Identifier: Apache-2.0

import ExecutionIR

/// A natural number of any size, just enough for products that are divided once.
struct BigNatural {
  /// 32 bits each, the lowest first.
  private var digits: [UInt32]

  init(_ value: Int128) {
    digits = []
    var rest = value.magnitude
    while rest > 0 {
      digits.append(UInt32(truncatingIfNeeded: rest))
      rest >>= 32
    }
  }

  func times(_ other: BigNatural) -> BigNatural {
    var result = BigNatural(0)
    result.digits = Array(repeating: 0, count: digits.count + other.digits.count)
    for (i, a) in digits.enumerated() {
      var carry: UInt64 = 0
      for (j, b) in other.digits.enumerated() {
        let sum = UInt64(a) * UInt64(b) + UInt64(result.digits[i + j]) + carry
        result.digits[i + j] = UInt32(truncatingIfNeeded: sum)
        carry = sum >> 32
      }
      result.digits[i + other.digits.count] = UInt32(carry)
    }
    return result
  }

  /// Bit by bit, as at school: ⌊self / divisor⌋, which must fit 127 bits.
  func divided(by divisor: BigNatural) -> Int128 {
    var quotient: Int128 = 0
    var rest = BigNatural(0)
    rest.digits = Array(repeating: 0, count: divisor.digits.count + 1)
    for bit in (0..<digits.count * 32).reversed() {
      rest.shift(in: digits[bit / 32] >> UInt32(bit % 32) & 1)
      quotient *= 2
      if !rest.isLess(than: divisor) {
        rest.subtract(divisor)
        quotient += 1
      }
    }
    return quotient
  }

  private mutating func shift(in bit: UInt32) {
    var carry = bit
    for index in digits.indices {
      let next = digits[index] >> 31
      digits[index] = digits[index] << 1 | carry
      carry = next
    }
  }

  private func digit(_ index: Int) -> UInt32 { index < digits.count ? digits[index] : 0 }

  private func isLess(than other: BigNatural) -> Bool {
    for index in (0..<max(digits.count, other.digits.count)).reversed() where digit(index) != other.digit(index) {
      return digit(index) < other.digit(index)
    }
    return false
  }

  private mutating func subtract(_ other: BigNatural) {
    var borrow: Int64 = 0
    for index in digits.indices {
      let difference = Int64(digits[index]) - Int64(other.digit(index)) - borrow
      borrow = difference < 0 ? 1 : 0
      digits[index] = UInt32(truncatingIfNeeded: difference)
    }
  }
}

/// The objective that `Planner`'s documentation defines, computed again from task and context in arithmetic of our own, for
/// any plan: so that what a delta says of itself can be held against something else than the planner.
struct PlanEvaluator {
  struct Terms: Equatable {
    var impact: Int128 = 0
    var fees: Int128 = 0
    var risk: Int128 = 0
    var tracking: Int128 = 0
    var objective: Int128 { impact + fees + risk + tracking }
  }

  let task: LocalExecutionTask
  let context: DecisionContext
  let delta: PlanDelta
  let venues: Int
  /// From the delta's slice on.
  let slices: Int
  let lots: Int64
  private(set) var impact: [Int128] = []
  private(set) var fee: [Int128] = []
  private(set) var risk: [Int128] = []
  private(set) var caps: [Int64] = []
  private(set) var targets: [Int64]?
  private(set) var weight: Int128 = 0

  init(_ task: LocalExecutionTask, _ context: DecisionContext, _ delta: PlanDelta) {
    self.task = task
    self.context = context
    self.delta = delta
    venues = context.venues.count
    slices = context.slices - delta.currentSlice
    lots = (delta.remaining - delta.unplaced) / delta.lot
    for slice in delta.currentSlice..<context.slices {
      for venue in context.venues {
        impact.append(isOpen(venue) ? impact(venue, slice) : 0)
        fee.append(isOpen(venue) ? fee(venue, slice) : 0)
        caps.append(cap(venue, slice))
      }
      risk.append(risk(after: slice))
    }
    targets = makeTargets()
    if targets != nil { weight = makeWeight() }
  }

  private func power(_ exponent: Int) -> BigNatural {
    var value = BigNatural(1)
    for _ in 0..<exponent { value = value.times(BigNatural(10)) }
    return value
  }

  private func seconds(_ slice: Int) -> Int128 { Int128(task.sliceStart(slice + 1) - task.sliceStart(slice)) }

  private func displayed(_ venue: VenueContext) -> Int64 { task.side == .buy ? venue.askDepth : venue.bidDepth }

  private func isOpen(_ venue: VenueContext) -> Bool {
    venue.availability == .open && venue.bid != nil && venue.ask != nil && displayed(venue) > 0
  }

  /// coefficient / τ_k · (reference depth / displayed depth) · (mean volume / volume_k) · g², where a slice's volume counts as
  /// an eighth of the mean at least, both in whole units upwards.
  private func impact(_ venue: VenueContext, _ slice: Int) -> Int128 {
    var above = BigNatural(Int128(venue.impact.coefficient.units)).times(BigNatural(Int128(venue.impact.depth)))
      .times(BigNatural(Int128(delta.lot))).times(BigNatural(Int128(delta.lot)))
      .times(power(delta.terms.unit + 9))
    var below = BigNatural(seconds(slice)).times(BigNatural(Int128(displayed(venue))))
      .times(power(venue.impact.coefficient.scale + 2 * context.scale))
    let sum = venue.volume.reduce(Int128(0)) { $0 + Int128($1) }
    if sum > 0 {
      let count = Int128(venue.volume.count)
      let mean = (sum + count - 1) / count
      above = above.times(BigNatural(sum))
      below = below.times(BigNatural(count)).times(BigNatural(max(Int128(venue.volume[slice]), (mean + 7) / 8)))
    }
    // As much dearer as trading is expected to be one-sided.
    if let toxicity = venue.shared?.toxicity {
      above = above.times(BigNatural(1_000_000 + Int128(toxicity[slice])))
      below = below.times(BigNatural(1_000_000))
    }
    return above.divided(by: below)
  }

  /// g · (half the spread + taker fee per unit + taker rate · touch), towards zero. The spread is the touch's now, and later
  /// the shared mean where there is one.
  private func fee(_ venue: VenueContext, _ slice: Int) -> Int128 {
    guard let bid = venue.bid, let ask = venue.ask else { return 0 }
    let touch = task.side == .buy ? ask.price : bid.price
    var spread = Int128(ask.price) - Int128(bid.price)
    if slice != delta.currentSlice, let shared = venue.shared?.spreads { spread = Int128(shared[slice]) }
    let doubled =
      (spread + 2 * Int128(venue.fees.takerPerUnit)) * 1_000_000_000
      + 2 * Int128(venue.fees.takerRate) * Int128(touch)
    let above = BigNatural(doubled < 0 ? -doubled : doubled).times(BigNatural(Int128(delta.lot)))
      .times(power(delta.terms.unit))
    let value = above.divided(by: BigNatural(2).times(power(18 + context.scale)))
    return doubled < 0 ? -value : value
  }

  /// λ · σ² · τ_{k+1} · g²; nothing is open after the last slice.
  private func risk(after slice: Int) -> Int128 {
    guard case .implementationShortfall(let aversion) = task.objective, let variance = context.variance,
      slice + 1 < context.slices
    else { return 0 }
    return BigNatural(Int128(aversion.units)).times(BigNatural(Int128(variance.units)))
      .times(BigNatural(seconds(slice + 1))).times(BigNatural(Int128(delta.lot)))
      .times(BigNatural(Int128(delta.lot))).times(power(delta.terms.unit))
      .divided(by: power(aversion.scale + variance.scale + 9 + 2 * context.scale))
  }

  /// In lots: what is left, or less where participation, a closed venue or the limit allows less.
  private func cap(_ venue: VenueContext, _ slice: Int) -> Int64 {
    guard isOpen(venue) else { return 0 }
    var most = delta.remaining
    if slice == delta.currentSlice, let limit = task.limit {
      let touch = (task.side == .buy ? venue.ask : venue.bid)?.price ?? 0
      if task.side == .buy ? touch > limit : touch < limit { return 0 }
    }
    var isKnown = true
    if case .uniform = venue.volumeSource { isKnown = venue.volume.contains { $0 > 0 } }
    if task.participation < 1_000_000, isKnown {
      let others = Int128(venue.volume[slice])
      most = min(most, Int64(others * Int128(task.participation) / Int128(1_000_000 - task.participation)))
    }
    return most / venue.lot * venue.lot / delta.lot
  }

  /// ⌊lots · part of the curve⌋ after each slice, of twap and vwap.
  private func makeTargets() -> [Int64]? {
    let range = delta.currentSlice..<context.slices
    var curve = range.map(seconds)
    switch task.objective {
    case .implementationShortfall: return nil
    case .twap: break
    case .vwap:
      let volume = range.map { slice in
        context.venues.filter(isOpen).reduce(Int128(0)) { $0 + Int128($1.volume[slice]) }
      }
      if volume.contains(where: { $0 > 0 }) { curve = volume }
    }
    let whole = curve.reduce(0, +)
    var before: Int128 = 0
    var part: Int128 = 0
    return curve.map { share in
      part += share
      let due = Int128(lots) * part / whole
      defer { before = due }
      return Int64(due - before)
    }
  }

  /// One more than the dearest lot can cost and the cheapest save.
  private func makeWeight() -> Int128 {
    let all = Int128(delta.remaining / delta.lot)
    let dearest = impact.indices.map { fee[$0] + impact[$0] * (2 * all + 1) }.max() ?? 0
    return max(dearest, 0) - min(0, fee.min() ?? 0) + 1
  }

  /// Of quantities in lots, slice by slice and venue by venue, from the delta's slice on.
  func terms(_ quantities: [Int64]) -> Terms {
    var terms = Terms()
    var open = Int128(lots)
    for slice in 0..<slices {
      var sum: Int128 = 0
      for cell in slice * venues..<(slice + 1) * venues {
        let quantity = Int128(quantities[cell])
        terms.impact += impact[cell] * quantity * quantity
        terms.fees += fee[cell] * quantity
        sum += quantity
      }
      open -= sum
      terms.risk += risk[slice] * open * open
      if let targets { terms.tracking += weight * (sum - Int128(targets[slice])) * (sum - Int128(targets[slice])) }
    }
    return terms
  }

  /// A plan's cells from the delta's slice on, in lots.
  func quantities(_ plan: Plan) -> [Int64] {
    (delta.currentSlice..<context.slices).flatMap { slice in (0..<venues).map { plan[slice, $0] / delta.lot } }
  }

  /// The cheapest schedules of all within the caps: the two lowest objectives, counted with their multiplicity.
  func twoCheapest() -> (first: Int128, second: Int128?) {
    var best: [Int128] = []
    var cells = Array(repeating: Int64(0), count: caps.count)
    func place(_ cell: Int, _ left: Int64) {
      guard cell < cells.count else {
        if left == 0 { best = Array((best + [terms(cells).objective]).sorted().prefix(2)) }
        return
      }
      for quantity in 0...min(left, caps[cell]) {
        cells[cell] = quantity
        place(cell + 1, left - quantity)
      }
      cells[cell] = 0
    }
    place(0, lots)
    return (best[0], best.count > 1 ? best[1] : nil)
  }
}
