// SPDX-License-Identifier: Apache-2.0

/// Why a cost cannot be named.
package enum PrivacyError: Error, Equatable, Sendable, CustomStringConvertible {
  case badSensitivity(UInt64, UInt128)
  case costTooLarge
  case badDelta(Int)

  package var description: String {
    switch self {
    case .badSensitivity(let magnitudes, let squares):
      "a sensitivity of \(magnitudes) in magnitudes and \(squares) in squares is no whole number's"
    case .costTooLarge: "the noise is so small that the cost is beyond any budget"
    case .badDelta(let exponent): "delta must be from 10^-1 to 10^-1000, not 10^-\(exponent)"
    }
  }
}
