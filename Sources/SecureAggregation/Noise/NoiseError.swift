// SPDX-License-Identifier: Apache-2.0

/// Why parameters of noise were refused.
package enum NoiseError: Error, Equatable, Sendable, CustomStringConvertible {
  case notPositive(UInt128, UInt64)
  case varianceNotAdmitted(PositiveRatio)
  case scaleNotAdmitted(PositiveRatio)
  case seedLength(Int)
  /// So many sums of so much, with their noise, may pass half the field's modulus.
  case totalMayWrap
  case badMeasurementCount(Int)
  case badAggregatorCount(Int)

  package var description: String {
    switch self {
    case .notPositive(let numerator, let denominator):
      "\(numerator)/\(denominator) is no positive fraction"
    case .varianceNotAdmitted(let variance):
      "a variance of \(variance) is not admitted: it must be at most 2^60, with a denominator of at most 2^32"
    case .scaleNotAdmitted(let scale):
      "a scale of \(scale) is not admitted: it must be at most 2^40, with a numerator below 2^64"
    case .seedLength(let count): "a seed of noise has \(NoiseSource.seedSize) bytes, not \(count)"
    case .totalMayWrap: "so many measurements with their noise may pass half the field's modulus"
    case .badMeasurementCount(let count): "\(count) is no number of measurements"
    case .badAggregatorCount(let count): "\(count) is no number of aggregators"
    }
  }
}
