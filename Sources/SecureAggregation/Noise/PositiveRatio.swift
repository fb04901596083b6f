// SPDX-License-Identifier: Apache-2.0

/// A positive fraction in lowest terms, so that equal ones are equal in every respect.
package struct PositiveRatio: Equatable, Sendable, CustomStringConvertible {
  package let numerator: UInt128
  package let denominator: UInt64

  package init(_ numerator: UInt128, over denominator: UInt64 = 1) throws(NoiseError) {
    guard numerator > 0, denominator > 0 else { throw .notPositive(numerator, denominator) }
    var divisor = UInt128(denominator), rest = numerator % divisor
    while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
    self.numerator = numerator / divisor
    self.denominator = denominator / UInt64(divisor)
  }

  package var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}
