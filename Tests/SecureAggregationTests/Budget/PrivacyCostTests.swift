// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

struct PrivacyCostTests {
  /// Fractions and decimals of Python give the same figures, rounded up; for epsilon within what ln 10 was rounded.
  @Test func independentFigures() throws {
    guard let lines = try python("privacy_costs.py", ["2000", "7"]) else { return }
    var seen: [String: Int] = [:]
    for line in lines {
      let number = try line.dropFirst().dropLast().map { try #require(UInt128($0)) }
      let expected = try #require(line.last)
      if line[0] == "epsilon" {
        let epsilon = try PrivacyCost(units: UInt64(number[0])).epsilon(deltaExponent: Int(number[1]))
        let exact = try #require(UInt128(expected))
        // Twelve digits of ln 10 are short of 5 * 10^-13 of it at most, and the root of half as much.
        #expect(epsilon >= exact && epsilon <= exact + exact / 4_000_000_000_000 + 2, "\(line)")
        seen["epsilon", default: 0] += 1
        continue
      }
      let ratio = try PositiveRatio(number[1], over: UInt64(number[2]))
      let cost: PrivacyCost?
      if line[0] == "gaussian" {
        let magnitudes = UInt64(exactly: number[0]) ?? .max
        let sensitivity = try Sensitivity(sumOfMagnitudes: magnitudes, sumOfSquares: number[0])
        cost = try? DiscreteGaussian(variance: ratio).cost(sensitivity)
      } else {
        let sensitivity = try Sensitivity(sumOfMagnitudes: UInt64(number[0]), sumOfSquares: number[0])
        cost = try? DiscreteLaplace(scale: ratio).cost(sensitivity)
      }
      #expect(cost.map { "\($0.units)" } ?? "none" == expected, "\(line)")
      seen[cost == nil ? "none" : line[0], default: 0] += 1
    }
    for kind in ["gaussian", "laplace", "epsilon", "none"] { #expect(seen[kind, default: 0] > 300, "\(seen)") }
  }

  /// By hand: a histogram's report moves two buckets; with variance 100 that is 2 / 200.
  @Test func knownFigures() throws {
    let gaussian = try DiscreteGaussian(variance: PositiveRatio(100)).cost(.histogram)
    #expect(gaussian.units == 10_000_000_000 && gaussian.description == "0.01")
    // 0.01 + 2 sqrt(0.01 * 6 ln 10) is 0.7533838...
    #expect(try decimal(gaussian.epsilon(deltaExponent: 6)).hasPrefix("0.75338"))
    let laplace = try DiscreteLaplace(scale: PositiveRatio(10)).cost(.histogram)
    #expect(laplace.description == "0.02")
    // A third is rounded up.
    #expect(try DiscreteGaussian(variance: PositiveRatio(3)).cost(.histogram).units == 333_333_333_334)
    #expect(try DiscreteGaussian(variance: PositiveRatio(1 << 60)).cost(.histogram).units == 1)
    #expect(PrivacyCost.nothing.description == "0" && PrivacyCost(units: 1).description == "0.000000000001")
    #expect(PrivacyCost(units: 12_500_000_000_000).description == "12.5")
    #expect(try PrivacyCost.nothing.epsilon(deltaExponent: 9) == 0)
  }

  @Test func sensitivities() throws {
    let vector = try Sensitivity.numbers(390, maximum: 255)
    #expect(vector.sumOfMagnitudes == 390 * 255 && vector.sumOfSquares == 390 * 255 * 255)
    #expect(try Sensitivity.multihot(length: 10, weight: 3).sumOfSquares == 6)
    #expect(try Sensitivity.multihot(length: 10, weight: 5).sumOfMagnitudes == 10)
    #expect(try Sensitivity.multihot(length: 10, weight: 6).sumOfMagnitudes == 10)
    #expect(try Sensitivity.multihot(length: .max, weight: .max).sumOfMagnitudes == UInt64(Int.max))
    #expect(throws: PrivacyError.badSensitivity(0, 0)) { try Sensitivity.multihot(length: 2, weight: 3) }
    #expect(throws: PrivacyError.badSensitivity(0, 0)) { try Sensitivity.numbers(0, maximum: 3) }
    #expect(throws: PrivacyError.badSensitivity(0, 0)) { try Sensitivity.numbers(3, maximum: 0) }
    #expect(throws: PrivacyError.costTooLarge) { try Sensitivity.numbers(3, maximum: .max) }
    #expect(throws: PrivacyError.badSensitivity(3, 2)) { try Sensitivity(sumOfMagnitudes: 3, sumOfSquares: 2) }
    #expect(throws: PrivacyError.badSensitivity(3, 10)) { try Sensitivity(sumOfMagnitudes: 3, sumOfSquares: 10) }
    let small = try DiscreteGaussian(variance: PositiveRatio(1, over: 1 << 32))
    #expect(throws: PrivacyError.costTooLarge) { try small.cost(vector) }
    let narrow = try DiscreteLaplace(scale: PositiveRatio(1, over: .max))
    #expect(throws: PrivacyError.costTooLarge) { try narrow.cost(.histogram) }
    #expect(throws: PrivacyError.costTooLarge) {
      try narrow.cost(Sensitivity(sumOfMagnitudes: .max, sumOfSquares: UInt128(UInt64.max)))
    }
  }

  @Test func limitsOfEpsilon() throws {
    var generator = SeededGenerator(state: 3)
    for exponent in [0, -1, 1001, Int.min] {
      #expect(throws: PrivacyError.badDelta(exponent)) { try PrivacyCost.nothing.epsilon(deltaExponent: exponent) }
      #expect(throws: PrivacyError.badDelta(exponent)) {
        try PrivacyCost.largest(epsilon: 1, deltaExponent: exponent)
      }
    }
    for _ in 0..<500 {
      let exponent = Int(generator.next() % 1000) + 1
      let epsilon = UInt128(generator.next() >> (generator.next() % 63))
      let limit = try PrivacyCost.largest(epsilon: epsilon, deltaExponent: exponent)
      #expect(try limit.epsilon(deltaExponent: exponent) <= epsilon)
      let more = try #require(limit.adding(PrivacyCost(units: 1)))
      #expect(try more.epsilon(deltaExponent: exponent) > epsilon)
    }
    #expect(try PrivacyCost.largest(epsilon: .max, deltaExponent: 6) == .largest)
    #expect(PrivacyCost.largest.adding(PrivacyCost(units: 1)) == nil)
  }
}
