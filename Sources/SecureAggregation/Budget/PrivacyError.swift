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

/// Why a budget was not touched.
package enum PrivacyBudgetError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was spent before, what the release needs and what is allowed in all.
  case spent(contributor: String, signal: String, has: PrivacyCost, needs: PrivacyCost, limit: PrivacyCost)
  case noAccount(contributor: String, signal: String)
  case accountTwice(contributor: String, signal: String)

  package var description: String {
    switch self {
    case .spent(let contributor, let signal, let has, let needs, let limit):
      "the privacy budget of \(contributor) for \(signal) is spent: \(has) of \(limit) are gone and \(needs) are needed; "
        + "raise the limit, add more noise or leave \(contributor) out"
    case .noAccount(let contributor, let signal):
      "\(contributor) has no privacy budget for \(signal): set its limit first"
    case .accountTwice(let contributor, let signal):
      "the privacy budget of \(contributor) for \(signal) is there twice"
    }
  }
}
