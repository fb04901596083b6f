// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// The coefficients of a schedule problem, for lots of `lot`: the largest quantity of which every venue's lot is a
/// multiple. Cells are those of the slices from the current one on.
struct PlannerCosts {
  /// The greatest common divisor and the least common multiple of the open venues' lots, at the context's scale.
  let lot: Int64
  let commonLot: Int64
  /// Coefficients are at 10^-`unit` of the currency.
  let unit: Int
  private(set) var impact: [Int128] = []
  private(set) var fee: [Int128] = []
  private(set) var risk: [Int128] = []
  /// Per venue, without what is placed already.
  let baseFee: [Int128]
  /// Per venue, what a lot would cost that rests and fills; it decides nothing. Nil beyond 128 bits.
  let restingFee: [Int128?]

  /// At which they are computed, before the unit is chosen.
  private static let finest = 24
  private static let sixDigits: Int128 = 1_000_000

  init(_ inputs: PlannerInputs) throws(PlannerError) {
    (lot, commonLot) = try PlannerCosts.lots(inputs)
    let venues = inputs.context.venues
    var fees: [Int128] = []
    var resting: [Int128?] = []
    for venue in venues.indices {
      let isOpen = inputs.excluded[venue] == nil
      fees.append(isOpen ? try PlannerCosts.fee(inputs, venue, lot: lot, isResting: false, spread: nil) : 0)
      resting.append(isOpen ? try? PlannerCosts.fee(inputs, venue, lot: lot, isResting: true, spread: nil) : nil)
    }
    for slice in inputs.currentSlice..<inputs.context.slices {
      for venue in venues.indices {
        let price = inputs.excluded[venue] == nil ? try PlannerCosts.impact(inputs, slice, venue, lot: lot) : 0
        impact.append(price)
        // What is placed already in this slice makes the next lot dearer: a·((p + q)² − p²) = a·q² + 2·a·p·q.
        let before = slice == inputs.currentSlice ? inputs.placed[venue] : 0
        var perLot = fees[venue]
        // The touch is what holds now; of later slices the shared mean tells more.
        if slice > inputs.currentSlice, inputs.excluded[venue] == nil, let spreads = venues[venue].shared?.spreads {
          perLot = try PlannerCosts.fee(inputs, venue, lot: lot, isResting: false, spread: spreads[slice])
        }
        fee.append(perLot + (try PlannerCosts.scaled(price, 2 * Int128(before), Int128(lot), "impact")))
      }
      risk.append(try PlannerCosts.risk(inputs, after: slice, lot: lot))
    }
    unit = PlannerCosts.unit(for: impact + fee + risk)
    var divisor: Int128 = 1
    for _ in unit..<PlannerCosts.finest { divisor *= 10 }
    impact = impact.map { $0 / divisor }
    fee = fee.map { $0 / divisor }
    risk = risk.map { $0 / divisor }
    baseFee = fees.map { $0 / divisor }
    restingFee = resting.map { $0.map { $0 / divisor } }
  }

  private static func lots(_ inputs: PlannerInputs) throws(PlannerError) -> (Int64, Int64) {
    var greatest: Int64 = 0
    var least: Int64 = 1
    for (venue, context) in inputs.context.venues.enumerated() where inputs.excluded[venue] == nil {
      greatest = divisor(greatest, context.lot)
      let (product, overflow) = (least / divisor(least, context.lot)).multipliedReportingOverflow(by: context.lot)
      guard !overflow else { throw .overflow("the least common multiple of the venues' lots") }
      least = product
    }
    return (max(greatest, 1), least)
  }

  /// Greatest common divisor; that of 0 and a number is the number.
  static func divisor(_ left: Int64, _ right: Int64) -> Int64 {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return left
  }

  /// The coarsest unit in which the smallest coefficient that is not 0 has six digits.
  private static func unit(for coefficients: [Int128]) -> Int {
    let smallest = coefficients.map { $0 < 0 ? -$0 : $0 }.filter { $0 > 0 }.min() ?? .max
    var divisor: Int128 = 1
    var unit = finest
    while unit > 12, smallest / (divisor * 1000) >= sixDigits {
      divisor *= 1000
      unit -= 3
    }
    return unit
  }

  private static func scaled(
    _ value: Int128, _ factor: Int128, _ divisor: Int128, _ name: String
  ) throws(PlannerError) -> Int128 {
    let (product, overflow) = value.multipliedReportingOverflow(by: factor)
    guard !overflow, product < Int128.max / 4 else { throw .overflow(name) }
    return product / divisor
  }

  private static func impact(
    _ inputs: PlannerInputs, _ slice: Int, _ venue: Int, lot: Int64
  ) throws(PlannerError) -> Int128 {
    let context = inputs.context.venues[venue]
    let depth = inputs.task.side == .buy ? context.askDepth : context.bidDepth
    var value = WideNatural(UInt128(context.impact.coefficient.units.magnitude))
    value *= UInt64(context.impact.depth)
    value *= UInt64(lot)
    value *= UInt64(lot)
    value.multiply(byTenTo: finest + 9)
    let sum = try volume(context)
    if sum > 0 {
      let count = Int64(context.volume.count)
      let (share, rest) = sum.quotientAndRemainder(dividingBy: count)
      let mean = share + (rest > 0 ? 1 : 0)
      let thin = mean / Planner.thinnest + (mean % Planner.thinnest > 0 ? 1 : 0)
      value *= UInt64(sum)
      value /= UInt64(count)
      value /= UInt64(max(context.volume[slice], thin))
    }
    if let toxicity = context.shared?.toxicity {
      value *= UInt64(SharedVenueTerms.wholeToxicity + toxicity[slice])
      value /= UInt64(SharedVenueTerms.wholeToxicity)
    }
    value /= UInt64(inputs.length(ofSlice: slice))
    value /= UInt64(depth)
    value.divide(byTenTo: context.impact.coefficient.scale + 2 * inputs.context.scale)
    return try bounded(value, "the impact at \(context.listing.venue)")
  }

  private static func volume(_ context: VenueContext) throws(PlannerError) -> Int64 {
    var sum: Int64 = 0
    for volume in context.volume {
      let (next, overflow) = sum.addingReportingOverflow(volume)
      guard !overflow else { throw .overflow("the volume curve of \(context.listing.venue)") }
      sum = next
    }
    return sum
  }

  /// What one lot costs beyond the mid. Taken: half the spread and the taker's fee, valued at the other side's touch.
  /// Resting: the maker's fee, valued at the own side's touch, less half the spread. (spread + 2 · per unit) is at 1e-9
  /// and 2 · rate · touch at 1e-18; the sum is halved. `expected` stands in for the touch's spread.
  private static func fee(
    _ inputs: PlannerInputs, _ venue: Int, lot: Int64, isResting: Bool, spread expected: Int64?
  ) throws(PlannerError) -> Int128 {
    let context = inputs.context.venues[venue]
    let name = "the fee at \(context.listing.venue)"
    let touch = (inputs.task.side == .buy) != isResting ? context.ask : context.bid
    guard let spread = expected ?? context.spread, let touch else {
      throw .missing("the touch at \(context.listing.venue)")
    }
    let fees = context.fees
    let perUnit = isResting ? fees.makerPerUnit : fees.takerPerUnit
    let linear = ((isResting ? -Int128(spread) : Int128(spread)) + 2 * Int128(perUnit)) * 1_000_000_000
    let rate = isResting ? fees.makerRate : fees.takerRate
    let (byValue, overflow) = (2 * Int128(rate)).multipliedReportingOverflow(by: Int128(touch.price))
    let (sum, carry) = linear.addingReportingOverflow(byValue)
    guard !overflow, !carry else { throw .overflow(name) }
    var value = WideNatural(sum.magnitude)
    value *= UInt64(lot)
    value.multiply(byTenTo: finest)
    value /= 2
    value.divide(byTenTo: 18 + inputs.context.scale)
    let result = try bounded(value, name)
    return sum < 0 ? -result : result
  }

  /// λ · σ² · τ of what stays open after a slice, for the length of the next one; 0 for other objectives.
  private static func risk(_ inputs: PlannerInputs, after slice: Int, lot: Int64) throws(PlannerError) -> Int128 {
    guard case .implementationShortfall(let riskAversion) = inputs.task.objective else { return 0 }
    guard let variance = inputs.context.variance else {
      throw .missing("the variance of \(inputs.task.instrument), which the objective \"is\" needs,")
    }
    guard slice + 1 < inputs.context.slices else { return 0 }
    var value = WideNatural(UInt128(riskAversion.units.magnitude))
    value *= variance.units.magnitude
    value *= UInt64(inputs.length(ofSlice: slice + 1))
    value *= UInt64(lot)
    value *= UInt64(lot)
    value.multiply(byTenTo: finest)
    value.divide(byTenTo: riskAversion.scale + variance.scale + 9 + 2 * inputs.context.scale)
    return try bounded(value, "the risk")
  }

  private static func bounded(_ value: WideNatural, _ name: String) throws(PlannerError) -> Int128 {
    guard let result = value.value, result < Int128.max / 8 else { throw .overflow(name) }
    return result
  }
}
