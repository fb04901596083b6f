// SPDX-License-Identifier: Apache-2.0

/// What a release costs a contributor in zero-concentrated differential privacy (Bun and Steinke, "Concentrated
/// Differential Privacy: Simplifications, Extensions, and Lower Bounds", 2016): the parameter rho in units of 10^-12,
/// rounded up wherever it is not whole. The costs of releases add up.
///
/// It holds against everyone who does not know the noise. An aggregator knows its own, so of several aggregators' noise
/// only that of ONE honest one may be counted: a cost is that of a single aggregator's noise, however many add theirs.
package struct PrivacyCost: Comparable, Sendable, CustomStringConvertible {
  /// Rho of one, in units.
  static let one: UInt128 = 1_000_000_000_000
  package static let nothing = PrivacyCost(units: 0)
  /// About 18.4 million: far beyond any promise.
  package static let largest = PrivacyCost(units: .max)

  package let units: UInt64

  package init(units: UInt64) { self.units = units }

  init(wide units: UInt128) throws(PrivacyError) {
    guard let units = UInt64(exactly: units) else { throw .costTooLarge }
    self.units = units
  }

  package static func < (left: PrivacyCost, right: PrivacyCost) -> Bool { left.units < right.units }

  /// Nil where the sum is more than the largest cost.
  package func adding(_ other: PrivacyCost) -> PrivacyCost? {
    let (sum, isOverflow) = units.addingReportingOverflow(other.units)
    return isOverflow ? nil : PrivacyCost(units: sum)
  }

  /// As a decimal number: `0.005`.
  package var description: String { decimal(UInt128(units)) }

  // MARK: Epsilon and delta

  /// ln 10 is 2.302585092994045...; in units of 10^-12, rounded up.
  private static let logarithmOfTen: UInt128 = 2_302_585_092_995
  /// Smaller deltas than 10^-1000 are nobody's.
  private static let exponents = 1...1000

  /// The epsilon, in units of 10^-12 and rounded up, of the (epsilon, delta)-differential privacy that this cost gives for
  /// delta = 10^-`exponent`: rho + 2 sqrt(rho ln(1/delta)), proposition 1.3 of the paper. The exponent is from 1 to 1,000.
  package func epsilon(deltaExponent exponent: Int) throws(PrivacyError) -> UInt128 {
    guard Self.exponents.contains(exponent) else { throw .badDelta(exponent) }
    // 2 sqrt(r k l) for r and l in units of 10^-12 is in those units, and r k l stays below 2^118.
    return UInt128(units) + (4 * UInt128(units) * UInt128(exponent) * Self.logarithmOfTen).squareRootUp
  }

  /// The largest cost whose epsilon, in units of 10^-12, is not above that one: the limit that a policy of epsilon and
  /// delta means.
  package static func largest(epsilon: UInt128, deltaExponent exponent: Int) throws(PrivacyError) -> PrivacyCost {
    var low: UInt64 = 0, high = UInt64.max
    while low < high {
      let middle = high - (high - low) / 2
      if try PrivacyCost(units: middle).epsilon(deltaExponent: exponent) <= epsilon {
        low = middle
      } else {
        high = middle - 1
      }
    }
    return PrivacyCost(units: low)
  }
}

/// Units of 10^-12 as a decimal number without trailing zeros.
package func decimal(_ units: UInt128) -> String {
  let (whole, rest) = units.quotientAndRemainder(dividingBy: PrivacyCost.one)
  if rest == 0 { return "\(whole)" }
  let digits = String(rest)
  var fraction = String(repeating: "0", count: 12 - digits.count) + digits
  while fraction.hasSuffix("0") { fraction.removeLast() }
  return "\(whole).\(fraction)"
}
