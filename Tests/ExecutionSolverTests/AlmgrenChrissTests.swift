// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import ExecutionSolver
import Testing

/// Almgren and Chriss 2000, section 4: X = 10⁶ shares, T = N = 5, σ = 0.95, ε = 0.0625, γ = 2.5e-7, η = 2.5e-6; a second
/// stands for their day, so that τ = 1.
@Suite struct AlmgrenChrissTests {
  /// η̃ = η − γτ/2.
  static let impact = ExactDecimal(units: 2_375, scale: 9)
  /// σ².
  static let variance = ExactDecimal(units: 9_025, scale: 4)

  static func decision(riskAversion: ExactDecimal, lot: Int64) throws -> PlannedDecision {
    var fixture = PlannerFixture()
    fixture.objective = .implementationShortfall(riskAversion: riskAversion)
    fixture.quantity = ExactDecimal(units: 1_000_000, scale: 0)
    fixture.variance = variance
    var venue = PlannerFixture.Venue()
    venue.bid = 50_000_000_000
    venue.ask = 50_125_000_000
    venue.impact = impact
    venue.lot = lot
    fixture.venues = [venue]
    return try fixture.plan()
  }

  @Test(
    arguments: [
      (1, [458_000, 252_100, 142_000, 85_800, 62_100]), (2, [571_400, 245_700, 106_600, 48_700, 27_600]),
    ] as [(Int64, [Int64])])
  func wholeLotsOfAHundred(riskAversion: Int64, expected: [Int64]) throws {
    let decision = try AlmgrenChrissTests.decision(riskAversion: ExactDecimal(units: riskAversion, scale: 6), lot: 100)
    #expect(decision.plan.totals == expected)
    #expect(decision.delta.optimal)
    #expect(decision.delta.terms.tracking == 0)
  }

  /// With risk aversion 0 each slice gets the same.
  @Test func noRiskAversionIsLinear() throws {
    let decision = try AlmgrenChrissTests.decision(riskAversion: ExactDecimal(units: 0, scale: 0), lot: 100)
    #expect(decision.plan.totals == [200_000, 200_000, 200_000, 200_000, 200_000])
    // E = εX + η̃ Σ n²/τ: 62,500 + 475,000; the 125,000 of ½γX² are the same for every schedule.
    let unit = decision.delta.terms.unit
    #expect(FixedPoint.text(decision.delta.terms.fees, scale: unit) == "62500")
    #expect(FixedPoint.text(decision.delta.terms.impact, scale: unit) == "475000")
  }

  /// The published continuous figures, from the exact rational solution: x_j = X · s_{5−j} / s_5 with
  /// s_{k+1} = (2 + κ̃²τ²) s_k − s_{k−1}; each to a unit of its last
  /// printed digit, for the first cost is printed cut off: it is 911,226.98630379355….
  @Test(
    arguments: [
      (
        19, 50, "911226.9863037935", "364128572058.141",
        ["541955.554374", "289854.219410", "147897.487822", "62141.801606"]
      ),
      (
        19, 25, "1140715.167049785", "201931287150.524",
        ["428598.845747", "182932.814262", "76295.721615", "27643.377397"]
      ),
    ] as [(Int128, Int128, String, String, [String])])
  func publishedFigures(p: Int128, q: Int128, cost: String, variance: String, holdings: [String]) throws {
    // S_k = q^(k−1) · s_k is an integer, and x_j / X = S_{5−j} · q^j / S_5.
    var s: [Int128] = [0, 1]
    for k in 1..<5 { s.append((2 * q + p) * s[k] - q * q * s[k - 1]) }
    var power: Int128 = 1
    var open: [Int128] = []
    for j in 0...5 {
      open.append(j == 5 ? 0 : s[5 - j] * power)
      power *= q
    }
    #expect(open[0] == s[5])
    let square = s[5] * s[5]
    func matches(_ numerator: Int128, over denominator: Int128, _ text: String) throws -> Bool {
      let places = text.split(separator: ".").last?.utf8.count ?? 0
      var scaled = numerator
      for _ in 0..<places { scaled *= 10 }
      let digits = try #require(Int128(text.replacing(".", with: "")))
      return (scaled - digits * denominator).magnitude < denominator.magnitude
    }
    for (j, text) in holdings.enumerated() { #expect(try matches(open[j + 1] * 1_000_000, over: s[5], text)) }
    var traded: Int128 = 0
    for j in 0..<5 {
      let sold = open[j] - open[j + 1]
      traded += sold * sold
    }
    // E = 125,000 + 62,500 + 2.375e-6 · 10¹² · Σ(n/X)².
    #expect(try matches(187_500 * square + 2_375_000 * traded, over: square, cost))
    var kept: Int128 = 0
    for held in open[1..<5] { kept += held * held }
    #expect(try matches(902_500_000_000 * kept, over: square, variance))

    // In single shares the integer schedule keeps within a share of it.
    let riskAversion = ExactDecimal(units: Int64(p * 50 / q / 19), scale: 6)
    let plan = try AlmgrenChrissTests.decision(riskAversion: riskAversion, lot: 1).plan
    var left: Int128 = 1_000_000
    for j in 0..<5 {
      left -= Int128(plan.totals[j])
      let away = left * s[5] - open[j + 1] * 1_000_000
      #expect(away.magnitude <= s[5].magnitude)
    }
  }
}
