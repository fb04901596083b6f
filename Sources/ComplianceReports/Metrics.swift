// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// An exact quotient; rounding happens only where it is shown.
package struct Ratio: Equatable, Sendable {
  package let numerator: Int128
  /// Above 0.
  package let denominator: Int128

  package init(_ numerator: Int128, _ denominator: Int128) {
    precondition(denominator > 0, "a denominator is above 0")
    self.numerator = numerator
    self.denominator = denominator
  }

  /// With `places` digits (0...18) behind the point, halves rounded to even.
  package func text(places: Int) -> String {
    let divisor = denominator.magnitude
    var (whole, rest) = numerator.magnitude.quotientAndRemainder(dividingBy: divisor)
    let power = UInt128(FixedPoint.power(places))
    // The product can exceed 128 bits, its quotient by the divisor is below `power`.
    let scaled = divisor.dividingFullWidth(rest.multipliedFullWidth(by: power))
    var digits = scaled.quotient
    rest = scaled.remainder
    let above = divisor - rest
    if rest > above || (rest == above && !(places == 0 ? whole : digits).isMultiple(of: 2)) { digits += 1 }
    if digits == power {
      digits = 0
      whole += 1
    }
    var text = String(whole)
    if places > 0 {
      let fraction = String(digits)
      text += "." + String(repeating: "0", count: places - fraction.utf8.count) + fraction
    }
    let isZero = whole == 0 && (places == 0 || digits == 0)
    return numerator < 0 && !isZero ? "-" + text : text
  }

  package var json: JSON {
    .object(["numerator": .string(String(numerator)), "denominator": .string(String(denominator))])
  }
}

/// A figure left 128 bits.
package struct MetricOverflow: Error, Equatable, Sendable {}

/// What the cost of an execution is made of (Perold's implementation shortfall, split at admission). All amounts are
/// doubled and in units of 10^-`unit` of the currency; positive is cost; nil where a mid is missing.
package struct Shortfall: Equatable, Sendable {
  package struct Fill: Equatable, Sendable {
    /// At 1e-9.
    package let price: Int64
    /// At 10^-`scale` of the computation.
    package let quantity: Int64
    /// At 10^-`feeScale` of the computation; a rebate is negative.
    package let fee: Int128

    package init(price: Int64, quantity: Int64, fee: Int128) {
      self.price = price
      self.quantity = quantity
      self.fee = fee
    }
  }

  package let unit: Int
  package let filled: Int128
  package let delay: Int128?
  package let trading: Int128?
  package let opportunity: Int128?
  package let fees: Int128
  /// Exactly the sum of the four.
  package let total: Int128?
  /// 10⁴ · shortfall / (Q · D).
  package let basisPoints: Ratio?

  /// - Parameters:
  ///   - sign: +1 for a buy, −1 for a sell.
  ///   - ordered: Q at 10^-`scale`, above 0.
  ///   - decision, arrival, close: doubled mids D, A and C at 1e-9.
  package init(
    sign: Int64, ordered: Int64, fills: [Fill], decision: Int128?, arrival: Int128?, close: Int128?, scale: Int,
    feeScale: Int
  ) throws(MetricOverflow) {
    let unit = max(scale + priceScale, feeScale)
    let priceFactor = try Checked.power(unit - scale - priceScale)
    let feeFactor = try Checked.power(unit - feeScale)
    let s = Int128(sign)
    var filled: Int128 = 0
    var fees: Int128 = 0
    var bought: Int128 = 0
    for fill in fills {
      filled = try Checked.add(filled, Int128(fill.quantity))
      fees = try Checked.add(fees, Checked.multiply(2, Checked.multiply(fill.fee, feeFactor)))
      if let arrival {
        let distance = try Checked.add(2 * Int128(fill.price), -arrival)
        bought = try Checked.add(bought, Checked.multiply(Int128(fill.quantity), distance))
      }
    }
    func amount(_ quantity: Int128, _ from: Int128?, _ to: Int128?) throws(MetricOverflow) -> Int128? {
      if quantity == 0 { return 0 }
      guard let from, let to else { return nil }
      return try Checked.multiply(s, Checked.multiply(quantity, Checked.multiply(to - from, priceFactor)))
    }
    let delay = try amount(filled, decision, arrival)
    let opportunity = try amount(Int128(ordered) - filled, decision, close)
    var trading: Int128? = nil
    if filled == 0 || arrival != nil {
      trading = try Checked.multiply(s, Checked.multiply(bought, priceFactor))
    }
    var total: Int128? = nil
    var basisPoints: Ratio? = nil
    if let delay, let trading, let opportunity {
      let sum = try Checked.add(Checked.add(delay, trading), Checked.add(opportunity, fees))
      total = sum
      if let decision, decision > 0, ordered > 0 {
        let value = try Checked.multiply(Checked.multiply(Int128(ordered), decision), priceFactor)
        basisPoints = Ratio(try Checked.multiply(sum, 10_000), value)
      }
    }
    self.unit = unit
    self.filled = filled
    self.delay = delay
    self.trading = trading
    self.opportunity = opportunity
    self.fees = fees
    self.total = total
    self.basisPoints = basisPoints
  }

  /// A doubled amount as the currency's amount.
  package func ratio(_ doubled: Int128) throws(MetricOverflow) -> Ratio {
    Ratio(doubled, try Checked.multiply(2, Checked.power(unit)))
  }
}

/// What one fill cost against the mids around it, per unit of quantity and doubled: integers at 1e-9.
package struct FillQuality: Equatable, Sendable {
  /// s(2p − M).
  package let effective: Int128?
  /// By horizon: s(M' − 2p), what the price did for the fill afterwards.
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

enum Checked {
  static func add(_ a: Int128, _ b: Int128) throws(MetricOverflow) -> Int128 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw MetricOverflow() }
    return sum
  }

  static func multiply(_ a: Int128, _ b: Int128) throws(MetricOverflow) -> Int128 {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow else { throw MetricOverflow() }
    return product
  }

  static func power(_ exponent: Int) throws(MetricOverflow) -> Int128 {
    var result: Int128 = 1
    for _ in 0..<exponent { result = try multiply(result, 10) }
    return result
  }
}
