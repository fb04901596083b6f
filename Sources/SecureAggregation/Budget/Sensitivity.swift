// SPDX-License-Identifier: Apache-2.0

/// How much the totals may differ where one contributor's measurement is replaced by any other that is admitted. As
/// nobody is added or left out, the number of contributors may be public.
package struct Sensitivity: Equatable, Sendable {
  /// The differences' magnitudes added up, for Laplace noise.
  package let sumOfMagnitudes: UInt64
  /// Their squares added up, for Gaussian noise.
  package let sumOfSquares: UInt128

  package init(sumOfMagnitudes: UInt64, sumOfSquares: UInt128) throws(PrivacyError) {
    // Of whole numbers the squares are no less than the magnitudes, and no more than the square of their sum.
    let most = UInt128(sumOfMagnitudes) * UInt128(sumOfMagnitudes)
    guard sumOfMagnitudes > 0, sumOfSquares >= UInt128(sumOfMagnitudes), sumOfSquares <= most else {
      throw .badSensitivity(sumOfMagnitudes, sumOfSquares)
    }
    self.sumOfMagnitudes = sumOfMagnitudes
    self.sumOfSquares = sumOfSquares
  }

  /// So many numbers, each from zero to the maximum: for `Count`, `Sum` and `SumVec`.
  package static func numbers(_ count: Int, maximum: UInt64) throws(PrivacyError) -> Sensitivity {
    guard count > 0 else { throw .badSensitivity(0, 0) }
    let (sum, isOverflow) = UInt64(count).multipliedReportingOverflow(by: maximum)
    guard !isOverflow else { throw .costTooLarge }
    return try Sensitivity(sumOfMagnitudes: sum, sumOfSquares: UInt128(sum) * UInt128(maximum))
  }

  /// One of several buckets: two of them change, by one each.
  package static var histogram: Sensitivity { Sensitivity(ones: 2) }

  /// At most `weight` marks in a vector of `length`.
  package static func multihot(length: Int, weight: Int) throws(PrivacyError) -> Sensitivity {
    guard length > 0, (1...length).contains(weight) else { throw .badSensitivity(0, 0) }
    return Sensitivity(ones: weight > length / 2 ? UInt64(length) : 2 * UInt64(weight))
  }

  private init(ones: UInt64) {
    sumOfMagnitudes = ones
    sumOfSquares = UInt128(ones)
  }
}
