// SPDX-License-Identifier: Apache-2.0

/// The discrete Gaussian distribution: the number y has a probability in proportion to exp(-y^2 / (2 variance)). The
/// parameter is the variance of the continuous one; that of the discrete one is not larger, and hardly smaller from one on.
package struct DiscreteGaussian: NoiseDistribution {
  package let variance: PositiveRatio
  private let proposal: DiscreteLaplace
  /// The proposal's scale: one more than the square root of the variance, rounded down.
  private let width: UInt64

  /// Admits variances up to two to the 60th whose denominator in lowest terms is at most two to the 32nd.
  package init(variance: PositiveRatio) throws(NoiseError) {
    guard variance.denominator <= 1 << 32, variance.numerator <= UInt128(variance.denominator) << 60 else {
      throw .varianceNotAdmitted(variance)
    }
    self.variance = variance
    let whole = variance.numerator / UInt128(variance.denominator)
    let root = whole.squareRootUp
    width = UInt64(root * root == whole ? root : root - 1) + 1
    proposal = try DiscreteLaplace(scale: PositiveRatio(UInt128(width)))
  }

  /// Algorithm 3 of Canonne, Kamath and Steinke (2020): a discrete Laplace number y of scale t is kept with probability
  /// exp(-(|y| - v/t)^2 / (2 v)) for the variance v.
  package func sample(from source: inout NoiseSource) -> Int64 {
    let numerator = variance.numerator, denominator = UInt128(variance.denominator), width = UInt128(width)
    // With v = n/d the exponent is (|y| d t - n)^2 / (2 n d t^2). Here n < 2^93, d <= 2^32, t <= 2^31 and |y| < 2^52: so
    // what is squared stays below 2^116, and the divisor below 2^188.
    let divisor = WideInteger(product: 2 * numerator * denominator, width * width)
    while true {
      let number = proposal.sample(from: &source)
      let product = UInt128(number.magnitude) * denominator * width
      let distance = product > numerator ? product - numerator : numerator - product
      if isKept(exponent: WideInteger(product: distance, distance), over: divisor, &source) { return number }
    }
  }

  /// The whole part of an exponent is taken off in draws with probability exp(-1), of which the first that fails ends it.
  private func isKept(exponent: WideInteger, over divisor: WideInteger, _ source: inout NoiseSource) -> Bool {
    var rest = exponent
    while rest >= divisor {
      guard source.isKept() else { return false }
      rest = rest - divisor
    }
    return source.isKept(exponent: rest, over: divisor)
  }

  /// Half the squared sensitivity divided by the variance: theorem 4 of the paper, and its form for several numbers.
  package func cost(_ sensitivity: Sensitivity) throws(PrivacyError) -> PrivacyCost {
    let (divisor, dividend) = (2 * variance.numerator, UInt128(variance.denominator) * PrivacyCost.one)
    guard let units = WideInteger(product: sensitivity.sumOfSquares, dividend).divided(by: divisor) else {
      throw .costTooLarge
    }
    return try PrivacyCost(wide: units)
  }

  /// Twelve standard deviations and one. The paper shows the distribution to be subgaussian with its variance as the
  /// parameter, and a sum of independent ones is so with the sum of the parameters: 2 exp(-72) is left outside.
  package func tail(draws: Int) -> UInt128 {
    let denominator = UInt128(variance.denominator)
    let whole = (variance.numerator + denominator - 1) / denominator
    return (144 * whole * UInt128(draws)).squareRootUp + 1
  }
}
