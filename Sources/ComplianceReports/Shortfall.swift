// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What the cost of an execution is made of (Perold's implementation shortfall, split at admission). All amounts are
/// doubled and in units of 10^-`unit` of the currency; positive is cost; nil where a mid or the value of a fee is missing.
package struct Shortfall: Equatable, Sendable {
  package struct Fill: Equatable, Sendable {
    /// At 1e-9.
    package let price: Int64
    /// At 10^-`scale` of the computation.
    package let quantity: Int64
    /// At 10^-`feeScale` of the computation; a rebate is negative; nil where it has no value in the currency.
    package let fee: Int128?

    package init(price: Int64, quantity: Int64, fee: Int128?) {
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
  package let fees: Int128?
  /// Exactly the sum of the four.
  package let total: Int128?
  /// 10⁴ · shortfall / (Q · D), of what one contract stands for.
  package let basisPoints: Ratio?

  /// - Parameters:
  ///   - sign: +1 for a buy, −1 for a sell.
  ///   - ordered: Q at 10^-`scale`, above 0.
  ///   - decision, arrival, close: doubled mids D, A and C at 1e-9.
  ///   - multiplier: how much of the underlying one unit of quantity is, above 0.
  package init(
    sign: Int64, ordered: Int64, fills: [Fill], decision: Int128?, arrival: Int128?, close: Int128?, scale: Int,
    multiplier: ExactDecimal = ExactDecimal(units: 1, scale: 0), feeScale: Int
  ) throws(MetricOverflow) {
    let priced = scale + priceScale + multiplier.scale
    let unit = max(priced, feeScale)
    let priceFactor = try Checked.multiply(Checked.power(unit - priced), Int128(multiplier.units))
    let feeFactor = try Checked.power(unit - feeScale)
    let s = Int128(sign)
    var filled: Int128 = 0
    var fees: Int128? = 0
    var bought: Int128 = 0
    for fill in fills {
      filled = try Checked.add(filled, Int128(fill.quantity))
      if let sum = fees, let fee = fill.fee {
        fees = try Checked.add(sum, Checked.multiply(2, Checked.multiply(fee, feeFactor)))
      } else {
        fees = nil
      }
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
    if let delay, let trading, let opportunity, let fees {
      let sum = try Checked.add(Checked.add(delay, trading), Checked.add(opportunity, fees))
      total = sum
      if let decision, decision > 0, ordered > 0 {
        let value = try Checked.multiply(Int128(ordered), decision)
        basisPoints = try Ratio(product: sum, 10_000, over: value, priceFactor)
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
