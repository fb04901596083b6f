// SPDX-License-Identifier: Apache-2.0

/// What one fill cost against the mids around it, per unit of quantity: integers at 1e-9.
package struct FillQuality: Equatable, Sendable {
  /// s(2p − M), twice the distance from the mid.
  package let effective: Int128?
  /// By horizon: s(M' − 2p), what the price did for the fill afterwards, doubled.
  package let markouts: [Int128?]
  /// By horizon: s(2p − M'); with `impacts` it adds up to `effective`.
  package let realised: [Int128?]
  /// By horizon: s(M' − M).
  package let impacts: [Int128?]

  /// - Parameters:
  ///   - mid: doubled, at the fill.
  ///   - later: doubled, at the fill's time and each horizon.
  package init(sign: Int64, price: Int64, mid: Int128?, later: [Int128?]) {
    let s = Int128(sign)
    let doubled = 2 * Int128(price)
    effective = mid.map { s * (doubled - $0) }
    markouts = later.map { after in after.map { s * ($0 - doubled) } }
    realised = later.map { after in after.map { s * (doubled - $0) } }
    impacts = later.map { after in
      guard let after, let mid else { return nil }
      return s * (after - mid)
    }
  }
}

/// Averages over the fills that have both mids, weighted by quantity, per unit; effective = realised + impact.
package struct SpreadAverages: Equatable, Sendable {
  /// How many fills have both mids.
  package let fills: Int
  package let effective: Ratio?
  package let realised: Ratio?
  package let impact: Ratio?

  /// - Parameter horizon: index of the horizon; nil for the fills themselves, whose only mid is their own.
  init(_ fills: [(quantity: Int64, quality: FillQuality)], horizon: Int?) throws(MetricOverflow) {
    var count = 0
    var quantity: Int128 = 0
    var sums: (effective: Int128, realised: Int128, impact: Int128) = (0, 0, 0)
    for fill in fills {
      let realised = horizon.map { fill.quality.realised[$0] } ?? fill.quality.effective
      guard let effective = fill.quality.effective, let realised else { continue }
      let weight = Int128(fill.quantity)
      count += 1
      quantity = try Checked.add(quantity, weight)
      sums.effective = try Checked.add(sums.effective, Checked.multiply(weight, effective))
      sums.realised = try Checked.add(sums.realised, Checked.multiply(weight, realised))
      sums.impact = try Checked.add(sums.impact, Checked.multiply(weight, effective - realised))
    }
    self.fills = count
    guard count > 0 else {
      (effective, realised, impact) = (nil, nil, nil)
      return
    }
    let divisor = try Checked.multiply(quantity, Checked.power(9))
    effective = Ratio(sums.effective, divisor)
    realised = Ratio(sums.realised, divisor)
    impact = Ratio(sums.impact, divisor)
  }
}
