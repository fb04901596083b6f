// SPDX-License-Identifier: Apache-2.0

import ComplianceReports
import ExecutionIR
import Testing

struct MetricsTests {
  /// Q=1000; D=100.00, A=100.02, C=100.10; 600 at 100.05, 200 at 100.03; fees 2.40.
  private func vector(sign: Int64) throws -> Shortfall {
    try Shortfall(
      sign: sign, ordered: 1000,
      fills: [
        .init(price: 100_050_000_000, quantity: 600, fee: 200), .init(price: 100_030_000_000, quantity: 200, fee: 40),
      ], decision: 200_000_000_000, arrival: 200_040_000_000, close: 200_200_000_000, scale: 0, feeScale: 2)
  }

  @Test func theVectorOfABuy() throws {
    let shortfall = try vector(sign: 1)
    let parts = [shortfall.delay, shortfall.trading, shortfall.opportunity, shortfall.fees, shortfall.total]
    let texts = try parts.map { try shortfall.ratio(#require($0)).text(places: 2) }
    #expect(texts == ["16.00", "20.00", "20.00", "2.40", "58.40"])
    #expect(shortfall.basisPoints?.text(places: 2) == "5.84")
  }

  @Test func theVectorOfASell() throws {
    let shortfall = try vector(sign: -1)
    #expect(try shortfall.ratio(#require(shortfall.total)).text(places: 2) == "-53.60")
    #expect(shortfall.basisPoints?.text(places: 2) == "-5.36")
  }

  @Test func theParts() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let scale = Int.random(in: 0...8, using: &random)
      let fills = (0..<Int.random(in: 0...9, using: &random)).map { _ in
        Shortfall.Fill(
          price: .random(in: 1...1_000_000_000_000, using: &random),
          quantity: .random(in: 1...1_000_000, using: &random),
          fee: Int128(Int64.random(in: -1_000_000...1_000_000, using: &random)))
      }
      let ordered = fills.reduce(1) { $0 + $1.quantity }
      func mid() -> Int128 { Int128(Int64.random(in: 1...2_000_000_000_000, using: &random)) }
      let (d, a, c) = (mid(), mid(), mid())
      func compute(_ sign: Int64) throws -> Shortfall {
        try Shortfall(
          sign: sign, ordered: ordered, fills: fills, decision: d, arrival: a, close: c, scale: scale, feeScale: 18)
      }
      let buy = try compute(1)
      let sell = try compute(-1)
      let total = try #require(buy.total)
      let fees = try #require(buy.fees)
      #expect(total == buy.delay! + buy.trading! + buy.opportunity! + fees)
      #expect(total - fees == -(sell.total! - fees))
      #expect(buy.fees == sell.fees)
    }
  }

  @Test func aMissingMidIsNullOnlyWhereItCounts() throws {
    let none = try Shortfall(
      sign: 1, ordered: 5, fills: [], decision: 10, arrival: nil, close: 12, scale: 0, feeScale: 0)
    #expect(none.delay == 0 && none.trading == 0 && none.opportunity == 10 && none.total == 10)
    let open = try Shortfall(
      sign: 1, ordered: 5, fills: [.init(price: 5, quantity: 5, fee: 0)], decision: 10, arrival: 10, close: nil,
      scale: 0, feeScale: 0)
    #expect(open.opportunity == 0 && open.total == 0)
    let lacking = try Shortfall(
      sign: 1, ordered: 5, fills: [.init(price: 5, quantity: 4, fee: 0)], decision: 10, arrival: 10, close: nil,
      scale: 0, feeScale: 0)
    #expect(lacking.opportunity == nil && lacking.total == nil && lacking.basisPoints == nil)
  }

  @Test func effectiveIsRealisedAndImpact() {
    for sign in [Int64(1), -1] {
      let quality = FillQuality(sign: sign, price: 101, mid: 200, later: [204, nil, 190])
      #expect(quality.effective == Int128(sign) * 2)
      #expect(quality.markouts == [Int128(sign) * 2, nil, Int128(sign) * -12])
      for index in [0, 2] { #expect(quality.effective == quality.realised[index]! + quality.impacts[index]!) }
      #expect(quality.realised[1] == nil && quality.impacts[1] == nil)
    }
  }

  @Test func whatLeaves128BitsIsAnError() {
    #expect(throws: MetricOverflow.self) {
      try Shortfall(
        sign: 1, ordered: .max, fills: [.init(price: .max, quantity: .max, fee: 0)], decision: 1, arrival: 1, close: 1,
        scale: 18, feeScale: 28)
    }
    #expect(throws: MetricOverflow.self) {
      try Shortfall(
        sign: -1, ordered: 1, fills: [.init(price: 1, quantity: 1, fee: .max)], decision: 1, arrival: 1, close: 1,
        scale: 0, feeScale: 0)
    }
  }

  /// The largest prices and quantities that there are: the sums hold, and so do the cross products beyond 128 bits.
  @Test func theLargestThatFit() throws {
    let most = Int128(Int64.max)
    let shortfall = try Shortfall(
      sign: 1, ordered: .max, fills: [], decision: 2 * most, arrival: 2 * most, close: most, scale: 18, feeScale: 0)
    #expect(shortfall.opportunity == -most * most)
    #expect(shortfall.basisPoints?.text(places: 3) == "-5000.000")
    let filled = try Shortfall(
      sign: 1, ordered: .max, fills: [.init(price: .max, quantity: .max, fee: 0)], decision: most, arrival: most,
      close: nil, scale: 18, feeScale: 27)
    #expect(filled.trading == most * most && filled.delay == 0 && filled.opportunity == 0)
    #expect(filled.basisPoints?.text(places: 2) == "10000.00")
  }

  /// One contract of 50: every part but the fees is fifty times as much, and the basis points are the same but for them.
  @Test func aMultiplierMultipliesAllButTheFees() throws {
    func compute(_ multiplier: String, _ fee: Int128) throws -> Shortfall {
      try Shortfall(
        sign: 1, ordered: 10, fills: [.init(price: 101, quantity: 6, fee: fee)], decision: 200, arrival: 201,
        close: 210,
        scale: 0, multiplier: ExactDecimal(multiplier), feeScale: 9)
    }
    let one = try compute("1", 0)
    let fifty = try compute("50", 0)
    #expect(try fifty.ratio(fifty.total!).text(places: 9) == Ratio(one.total! * 50, 2_000_000_000).text(places: 9))
    #expect(one.basisPoints?.text(places: 9) == fifty.basisPoints?.text(places: 9))
    let half = try compute("0.5", 7)
    #expect(try half.ratio(half.fees!).text(places: 9) == "0.000000007")
    #expect(try half.ratio(half.trading!).text(places: 10) == "0.0000000015")
  }

  @Test func aFeeWithoutAValueLeavesNoSum() throws {
    let shortfall = try Shortfall(
      sign: 1, ordered: 2, fills: [.init(price: 5, quantity: 1, fee: 1), .init(price: 5, quantity: 1, fee: nil)],
      decision: 10, arrival: 10, close: 10, scale: 0, feeScale: 0)
    #expect(shortfall.fees == nil && shortfall.total == nil && shortfall.basisPoints == nil)
    #expect(shortfall.trading == 0)
  }
}
