// SPDX-License-Identifier: Apache-2.0

/// The terms of one listing at one time. Each value is asked for by who needs it; one that the file does not state is an
/// error that names file, listing and field.
public struct ListingTerms: Hashable, Sendable {
  public let file: String
  public let listing: ReferenceListing
  public let instrument: ReferenceInstrument
  public let values: ReferenceTerms

  public func ticks() throws(ReferenceError) -> [TickRow] { try need(values.ticks, "ticks") }
  public func lot() throws(ReferenceError) -> ExactDecimal { try need(values.lot, "lot") }
  public func minimumQuantity() throws(ReferenceError) -> ExactDecimal {
    try need(values.minimumQuantity, "minimum_quantity")
  }
  public func minimumNotional() throws(ReferenceError) -> ExactDecimal {
    try need(values.minimumNotional, "minimum_notional")
  }
  public func zone() throws(ReferenceError) -> String { try need(values.zone, "zone") }
  public func calendar() throws(ReferenceError) -> String { try need(values.calendar, "calendar") }
  public func makerFee() throws(ReferenceError) -> ReferenceFee { try need(values.makerFee, "maker_fee") }
  public func takerFee() throws(ReferenceError) -> ReferenceFee { try need(values.takerFee, "taker_fee") }
  public func feeCurrency() throws(ReferenceError) -> String { try need(values.feeCurrency, "fee_currency") }
  public func impact() throws(ReferenceError) -> ReferenceImpact { try need(values.impact, "impact") }

  /// A decimal of these terms as an integer at the scale of the instrument's quantities.
  public func units(_ value: ExactDecimal, _ field: String, scale: Int) throws(ReferenceError) -> Int64 {
    do throws(FixedPointError) {
      return try value.units(atScale: scale)
    } catch {
      throw refuse(field, "\(value) is no whole number at the \(scale) decimal places of the venue's quantities")
    }
  }

  // MARK: - Prices

  /// The tick at a price; a price below the first row takes the first row's.
  public func tick(at price: Int64) throws(ReferenceError) -> Int64 {
    let rows = try ticks()
    guard let row = rows.last(where: { $0.from <= price }) ?? rows.first else { throw refuse("ticks", "empty") }
    return row.tick
  }

  public func isOnTick(_ price: Int64) throws(ReferenceError) -> Bool { price % (try tick(at: price)) == 0 }

  /// The nearest valid price that is no higher, or no lower. Rows begin at multiples of their own tick and of the tick
  /// before, so that rounding up from one row ends at most at the beginning of the next.
  public func rounded(_ price: Int64, up: Bool) throws(ReferenceError) -> Int64 {
    let tick = try tick(at: price)
    let below = price % tick
    guard below != 0 else { return price }
    let toLower = below > 0 ? below : below + tick
    let (result, overflow) =
      up ? price.addingReportingOverflow(tick - toLower) : price.subtractingReportingOverflow(toLower)
    guard !overflow else { throw refuse("ticks", "\(FixedPoint.text(price, scale: priceScale)) cannot be rounded") }
    return result
  }

  // MARK: - Fees

  /// What one fill costs at this venue, in the fee's currency; negative for a rebate. `quantity` is at
  /// 10^-`scale`.
  ///
  /// rate × price × quantity × multiplier + perUnit × quantity. Each of the two is computed in full and rounded once, half
  /// to even, to 1e-18 of the currency: exact wherever it has no more than 18 places. With the currency of the base, the
  /// rate is of the quantity.
  public func fee(price: Int64, quantity: Int64, scale: Int, isMaker: Bool) throws(ReferenceError) -> Money {
    let fee = isMaker ? try makerFee() : try takerFee()
    let currency = try feeCurrency()
    let field = isMaker ? "maker_fee" : "taker_fee"
    guard (0...18).contains(scale) else { throw refuse(field, "quantities have 0 to 18 decimal places") }
    let units = Int128(instrument.multiplier.units)
    var product = Wide(Int128(fee.rate))
    if fee.rate != 0 {
      if currency == instrument.quote {
        guard instrument.quote == instrument.settlement else {
          throw refuse("fee_currency", "a rate on an instrument settled in \(instrument.settlement) is not supported")
        }
        product = product.times(Int128(price)).times(Int128(quantity)).times(units)
      } else if currency == instrument.base {
        // One more factor of 1e9, so that both forms have the scale of a price.
        product = product.times(1_000_000_000).times(Int128(quantity)).times(units)
      } else {
        throw refuse(
          "fee_currency",
          "a rate in \(currency) needs its price in \(instrument.quote); state the fee in that or per unit")
      }
    }
    // rate 9 + price 9 + quantity + multiplier places, to be brought to 18.
    let byRate = product.divided(byTenTo: scale + instrument.multiplier.scale)
    let byUnit = Wide(Int128(fee.perUnit)).times(Int128(quantity)).times(1_000_000_000).divided(byTenTo: scale)
    guard let first = byRate, let second = byUnit else { throw refuse(field, "the fee leaves 128 bits") }
    let (sum, overflow) = first.addingReportingOverflow(second)
    guard !overflow else { throw refuse(field, "the fee leaves 128 bits") }
    return Money(amount: sum, currency: currency)
  }

  private func need<T>(_ value: T?, _ field: String) throws(ReferenceError) -> T {
    guard let value else { throw refuse(field, "missing in the terms from \(values.from), and needed here") }
    return value
  }

  private func refuse(_ field: String, _ reason: String) -> ReferenceError {
    ReferenceError(file: file, place: "\(listing.name): \(field)", reason: reason)
  }
}

/// An amount of a currency, at 1e-18.
public struct Money: Hashable, Sendable, CustomStringConvertible {
  public let amount: Int128
  public let currency: String

  public init(amount: Int128, currency: String) {
    self.amount = amount
    self.currency = currency
  }

  public static let scale = 18
  public var description: String { "\(FixedPoint.text(amount, scale: Money.scale)) \(currency)" }
}
