// SPDX-License-Identifier: Apache-2.0

/// The discrete Laplace distribution of scale t / s: the number y has a probability in proportion to exp(-|y| s / t).
package struct DiscreteLaplace: NoiseDistribution {
  /// A count above this has a probability of exp(-1,048,576); it is drawn again, so that no number can pass its type.
  /// Nothing else departs from the distribution.
  static let largestCount: UInt64 = 1 << 20

  package let scale: PositiveRatio
  private let numerator: UInt64

  /// Admits scales up to two to the 40th whose numerator in lowest terms is below two to the 64th.
  package init(scale: PositiveRatio) throws(NoiseError) {
    guard let numerator = UInt64(exactly: scale.numerator),
      scale.numerator <= UInt128(scale.denominator) << 40
    else { throw .scaleNotAdmitted(scale) }
    self.scale = scale
    self.numerator = numerator
  }

  /// Algorithm 2 of Canonne, Kamath and Steinke (2020).
  package func sample(from source: inout NoiseSource) -> Int64 {
    while true {
      // A geometric number with ratio exp(-1 / t): its remainder by t, then its quotient.
      let remainder = source.below(numerator)
      guard source.isKept(exponent: remainder, over: numerator) else { continue }
      var count: UInt64 = 0
      while count <= Self.largestCount, source.isKept() { count += 1 }
      guard count <= Self.largestCount else { continue }
      // Less than two to the 61st, since the scale is at most two to the 40th.
      let magnitude = Int64(
        (UInt128(remainder) + UInt128(numerator) * UInt128(count)) / UInt128(scale.denominator))
      let isNegative = source.below(2) == 1
      // Zero has one sign, or it would come twice as often.
      if isNegative && magnitude == 0 { continue }
      return isNegative ? -magnitude : magnitude
    }
  }

  /// The noise gives epsilon = sensitivity / scale, and that is epsilon^2 / 2 (Bun and Steinke 2016, proposition 1.4).
  package func cost(_ sensitivity: Sensitivity) throws(PrivacyError) -> PrivacyCost {
    let dividend = UInt128(sensitivity.sumOfMagnitudes) * UInt128(scale.denominator)
    let (whole, rest) = dividend.quotientAndRemainder(dividingBy: UInt128(numerator))
    // The square of 8,192 is beyond the largest cost.
    guard whole < 1 << 13 else { throw .costTooLarge }
    // (w + r/t)^2 is w^2 + (2 w t + r) r / t^2.
    let half = PrivacyCost.one / 2
    let mixed = (2 * whole * UInt128(numerator) + rest) * half
    guard let units = WideInteger(product: mixed, rest).divided(by: UInt128(numerator) * UInt128(numerator)) else {
      throw .costTooLarge
    }
    return try PrivacyCost(wide: half * whole * whole + units)
  }

  /// 72 times the scale and one, for each draw: exp(-72) is left outside.
  package func tail(draws: Int) -> UInt128 {
    let each = (72 * UInt128(numerator)) / UInt128(scale.denominator) + 2
    return each * UInt128(draws)
  }
}
