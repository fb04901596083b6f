// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Testing

private func example() throws -> [UInt8] {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  return [UInt8](try Data(contentsOf: tests.appendingPathComponent("Examples/reference.json")))
}

private let day: Int64 = 86_400_000_000_000
/// 2024-08-08T00:00:00Z, by `date -u -d 2024-08-08 +%s`.
private let august: Int64 = 1_723_075_200_000_000_000

@Suite("Reference data")
struct ReferenceTests {
  @Test("Terms hold from their date on, and what nobody stated is an error that names it")
  func lookup() throws {
    let data = try ReferenceData.parse(example(), file: "r.json")
    let terms = try data.terms(venue: "BINANCE", symbol: "BTCUSDT", at: august)
    #expect(try terms.lot().description == "0.00001")
    #expect(try terms.units(terms.lot(), "lot", scale: 8) == 1000)
    #expect(throws: ReferenceError.self) { try terms.units(terms.lot(), "lot", scale: 4) }
    #expect(try terms.minimumNotional() == ExactDecimal("5"))
    #expect(try terms.impact().source == "illustrative")
    #expect(try terms.impact().date == august - 7 * day)
    #expect(try data.variance(of: "BTCUSDT-SPOT", at: august)?.value == ExactDecimal("25"))
    #expect(try data.variance(of: "BTCUSDT-SPOT", at: august - 8 * day) == nil)

    // 2024-07-01T06:00:00Z
    let change: Int64 = 1_719_813_600_000_000_000
    #expect(try data.terms(venue: "XPRA", symbol: "XPRV", at: change - 1).lot().description == "1")
    #expect(try data.terms(venue: "XPRA", symbol: "XPRV", at: change).lot().description == "10")

    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing was thrown"
      } catch { return "\(error)" }
    }
    #expect(
      message { _ = try data.terms(venue: "XPRB", symbol: "XPRV", at: august).impact() }
        == "r.json: XPRB XPRV: impact: missing in the terms from 1704067200000000000, and needed here")
    #expect(
      message { _ = try data.terms(venue: "XPRB", symbol: "XPRV", at: 0) }.hasPrefix("r.json: XPRB XPRV: terms: none"))
    #expect(message { _ = try data.terms(venue: "XPRB", symbol: "NONE", at: 0) }.contains("no listing of NONE on XPRB"))
    #expect(message { _ = try data.instrument("NONE") }.contains("no instrument NONE"))
    for field in [
      { try $0.minimumQuantity().units }, { try $0.minimumNotional().units }, { try $0.impact().depth.units },
    ] as [(ListingTerms) throws -> Int64] {
      #expect(throws: ReferenceError.self) { try field(data.terms(venue: "XPRB", symbol: "XPRV", at: august)) }
    }
  }

  @Test("Spot and perpetual are two instruments")
  func fungibility() throws {
    let data = try ReferenceData.parse(example(), file: "r.json")
    let spot = TaskVenue(venue: "BINANCE", symbol: "BTCUSDT")
    let perpetual = TaskVenue(venue: "BINANCE-USDM", symbol: "BTCUSDT")
    let first = TaskVenue(venue: "XPRA", symbol: "XPRV")
    let second = TaskVenue(venue: "XPRB", symbol: "XPRV")
    #expect(try data.fungibilityDifferences(spot, perpetual) == ["kind is spot and perpetual"])
    #expect(try data.fungibilityDifferences(first, second) == [])
    #expect(try data.fungibilityDifferences(first, first) == [])
    #expect(
      try data.fungibilityDifferences(first, spot) == [
        "kind is equity and spot", "base is XPRV and BTC", "quote currency is EUR and USDT",
        "settlement is EUR and USDT",
      ])
    #expect(data.areFungible([first, second]) && !data.areFungible([first, spot]))
  }

  @Test("Prices are rounded to the tick of their band")
  func ticks() throws {
    let terms = try ReferenceData.parse(example(), file: "r.json").terms(venue: "XPRA", symbol: "XPRV", at: august)
    for (price, down, up) in [
      ("9.998", "9.998", "9.998"), ("9.999", "9.998", "10"), ("9.9990001", "9.998", "10"), ("10.001", "10", "10.005"),
      ("49.997", "49.995", "50"), ("50.001", "50", "50.01"), ("-0.001", "-0.002", "0"), ("0", "0", "0"),
    ] {
      let price = try FixedPoint.parse(price, scale: 9)
      #expect(try FixedPoint.text(terms.rounded(price, up: false), scale: 9) == down)
      #expect(try FixedPoint.text(terms.rounded(price, up: true), scale: 9) == up)
      #expect(try terms.isOnTick(price) == (down == up))
    }
    #expect(throws: ReferenceError.self) { try terms.rounded(.max, up: true) }
    #expect(throws: ReferenceError.self) { try terms.rounded(.min, up: false) }
  }

  @Test("Fees are exact, and rounded half to even where they cannot be")
  func fees() throws {
    let data = try ReferenceData.parse(example(), file: "r.json")
    let spot = try data.terms(venue: "BINANCE", symbol: "BTCUSDT", at: august)
    // 61,685.99 × 0.0014 × 0.001
    let fee = try spot.fee(price: 61_685_990_000_000, quantity: 140_000, scale: 8, isMaker: false)
    #expect(fee.description == "0.086360386 USDT")
    let share = try data.terms(venue: "XPRA", symbol: "XPRV", at: august)
    #expect(try share.fee(price: 20_000_000_000, quantity: 300, scale: 0, isMaker: true).description == "-0.36 EUR")
    // 20 × 300 × 0.00003 + 300 × 0.0005
    #expect(try share.fee(price: 20_000_000_000, quantity: 300, scale: 0, isMaker: false).description == "0.33 EUR")
    #expect(throws: ReferenceError.self) {
      try spot.fee(price: .max, quantity: .max, scale: 0, isMaker: false)
    }
    // The fee of −(rate) is minus the fee.
    let buy = try spot.fee(price: 61_685_990_000_000, quantity: 1, scale: 18, isMaker: false).amount
    let back = try spot.fee(price: -61_685_990_000_000, quantity: 1, scale: 18, isMaker: false).amount
    #expect(buy == 62 && back == -62)
  }

  @Test("A rate in the currency that is bought is of the quantity; in a third currency it is refused")
  func feeCurrencies() throws {
    let text = String(decoding: try example(), as: UTF8.self)
    func terms(_ currency: String) throws -> ListingTerms {
      let changed = text.replacingOccurrences(
        of: "\"fee_currency\": \"USDT\"", with: "\"fee_currency\": \"\(currency)\"")
      return try ReferenceData.parse(Array(changed.utf8), file: "r.json")
        .terms(venue: "BINANCE", symbol: "BTCUSDT", at: august)
    }
    let price: Int64 = 61_685_990_000_000
    #expect(
      try terms("BTC").fee(price: price, quantity: 140_000, scale: 8, isMaker: true).description == "0.0000014 BTC")
    #expect(throws: ReferenceError.self) { try terms("BNB").fee(price: price, quantity: 1, scale: 8, isMaker: true) }
  }

  @Test("Each fault of a file is refused at its place")
  func faults() throws {
    let text = String(decoding: try example(), as: UTF8.self)
    for (old, new, place) in [
      ("\"multiplier\": \"1\"", "\"multiplier\": \"0\"", "instruments[0].multiplier"),
      ("\"multiplier\": \"1\"", "\"multiplier\": 1", "instruments[0].multiplier"),
      ("\"kind\": \"spot\"", "\"kind\": \"cash\"", "instruments[0].kind"),
      ("\"kind\": \"spot\", ", "", "instruments[0].kind"),
      ("\"lot\": \"0.00001\"", "\"lots\": \"0.00001\"", "listings[0].terms[0].lots"),
      ("\"lot\": \"0.00001\"", "\"lot\": \"1e-5\"", "listings[0].terms[0].lot"),
      ("\"tick\": \"0.01\"", "\"tick\": \"0.0000000001\"", "listings[0].terms[0].ticks[0].tick"),
      ("\"from\": \"10\"", "\"from\": \"10.0005\"", "listings[2].terms[0].ticks[1]"),
      ("\"from\": \"50\"", "\"from\": \"5\"", "listings[2].terms[0].ticks[2]"),
      ("\"from\": \"2024-07-01T06:00:00Z\"", "\"from\": \"2023-07-01T06:00:00Z\"", "listings[2].terms[1].from"),
      ("\"from\": \"2024-01-01\"", "\"from\": \"2023-02-29\"", "instruments[2].variance[0].from"),
      ("\"instrument\": \"BTCUSDT-SPOT\"", "\"instrument\": \"BTC\"", "listings"),
      ("\"venue\": \"BINANCE-USDM\"", "\"venue\": \"BINANCE\"", "listings"),
      ("\"name\": \"BTCUSDT-PERP\"", "\"name\": \"XPRV\"", "instruments"),
      (
        "{ \"venue\": \"XPRB\", \"symbol\": \"XPRV\" }]", "{ \"venue\": \"BINANCE\", \"symbol\": \"BTCUSDT\" }]",
        "fungible[0]"
      ),
      (
        "{ \"venue\": \"XPRB\", \"symbol\": \"XPRV\" }]", "{ \"venue\": \"XPRA\", \"symbol\": \"XPRV\" }]",
        "fungible[0].listings[1]"
      ),
      ("\"maker_fee\": { \"rate\": \"0.001\" }", "\"maker_fee\": {}", "listings[0].terms[0].maker_fee"),
      ("exprove-reference/1", "exprove-reference/2", "format"),
      ("\"rate\": \"0.001\"", "\"rate\": 0.001", "byte "),
    ] {
      let range = try #require(text.range(of: old), "\(old)")
      let changed = text.replacingCharacters(in: range, with: new)
      do {
        _ = try ReferenceData.parse(Array(changed.utf8), file: "r.json")
        Issue.record("\(new) was taken")
      } catch {
        #expect("\(error)".hasPrefix("r.json: \(place)"), "\(new): \(error)")
      }
    }
    // Cut or altered anywhere, it is refused or read, and never traps.
    let bytes = Array(text.utf8)
    for index in stride(from: 0, to: bytes.count, by: 37) {
      #expect(throws: ReferenceError.self) { try ReferenceData.parse(Array(bytes[..<index]), file: "r.json") }
      var altered = bytes
      altered[index] ^= 0x15
      _ = try? ReferenceData.parse(altered, file: "r.json")
    }
  }

  @Test("The digest is of the content, not of how it is laid out")
  func digest() throws {
    let data = try ReferenceData.parse(example(), file: "a")
    let again = try ReferenceData.parse(data.json.canonical, file: "b")
    #expect(data.digest == again.digest)
    #expect(data.listings == again.listings && data.instruments == again.instruments && data.groups == again.groups)
  }
}
