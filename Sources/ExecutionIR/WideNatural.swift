// SPDX-License-Identifier: Apache-2.0

/// A natural number of any size, for products that are divided again: since ⌊⌊x/a⌋/b⌋ = ⌊x/(ab)⌋, a fraction of many
/// factors is rounded once, however it is computed.
package struct WideNatural {
  /// Least significant first, no zeros at the end.
  private var limbs: [UInt64]

  package init(_ value: UInt128) {
    limbs = [UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64)]
    trim()
  }

  private mutating func trim() {
    while limbs.last == 0 { limbs.removeLast() }
  }

  package static func *= (left: inout WideNatural, factor: UInt64) {
    var carry: UInt64 = 0
    for index in left.limbs.indices {
      let product = left.limbs[index].multipliedFullWidth(by: factor)
      let (low, overflow) = product.low.addingReportingOverflow(carry)
      left.limbs[index] = low
      // The high word of a product is at most 2^64 − 2, so that this cannot overflow.
      carry = product.high + (overflow ? 1 : 0)
    }
    if carry > 0 { left.limbs.append(carry) }
    left.trim()
  }

  /// Rounds down. The divisor is above 0.
  package static func /= (left: inout WideNatural, divisor: UInt64) { left.divide(by: divisor) }

  /// Rounds down, and returns what is left over. The divisor is above 0.
  @discardableResult
  package mutating func divide(by divisor: UInt64) -> UInt64 {
    var remainder: UInt64 = 0
    for index in limbs.indices.reversed() {
      let (quotient, rest) = divisor.dividingFullWidth((remainder, limbs[index]))
      limbs[index] = quotient
      remainder = rest
    }
    trim()
    return remainder
  }

  package mutating func multiply(byTenTo exponent: Int) {
    for _ in 0..<exponent / 18 { self *= WideNatural.power(18) }
    self *= WideNatural.power(exponent % 18)
  }

  package mutating func divide(byTenTo exponent: Int) {
    for _ in 0..<exponent / 18 { self /= WideNatural.power(18) }
    self /= WideNatural.power(exponent % 18)
  }

  /// Nil beyond 127 bits.
  package var value: Int128? {
    guard limbs.count <= 2 else { return nil }
    let low = UInt128(limbs.first ?? 0)
    let high = limbs.count == 2 ? UInt128(limbs[1]) : 0
    return Int128(exactly: high << 64 | low)
  }

  /// 10^`exponent` for 0...19.
  private static func power(_ exponent: Int) -> UInt64 {
    var result: UInt64 = 1
    for _ in 0..<exponent { result *= 10 }
    return result
  }
}
