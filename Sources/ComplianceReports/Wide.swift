// SPDX-License-Identifier: Apache-2.0

/// A figure left the bits that it is computed in.
package struct MetricOverflow: Error, Equatable, Sendable {}

/// An unsigned integer of 256 bits, as products of two figures need it.
struct Wide: Comparable, Sendable, CustomStringConvertible {
  let high: UInt128
  let low: UInt128

  init(_ value: UInt128) {
    high = 0
    low = value
  }

  private init(high: UInt128, low: UInt128) {
    self.high = high
    self.low = low
  }

  init(product left: UInt128, _ right: UInt128) {
    (high, low) = left.multipliedFullWidth(by: right)
  }

  var isZero: Bool { high == 0 && low == 0 }
  var isOdd: Bool { low & 1 == 1 }

  static func < (left: Wide, right: Wide) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }

  func times(_ factor: UInt128) throws(MetricOverflow) -> Wide {
    let lower = low.multipliedFullWidth(by: factor)
    let (upper, isLost) = high.multipliedReportingOverflow(by: factor)
    let (sum, carry) = upper.addingReportingOverflow(lower.high)
    guard !isLost, !carry else { throw MetricOverflow() }
    return Wide(high: sum, low: lower.low)
  }

  func plus(_ other: Wide) throws(MetricOverflow) -> Wide {
    let (lower, carry) = low.addingReportingOverflow(other.low)
    let (sum, isLost) = high.addingReportingOverflow(other.high)
    let (upper, isLostToo) = sum.addingReportingOverflow(carry ? 1 : 0)
    guard !isLost, !isLostToo else { throw MetricOverflow() }
    return Wide(high: upper, low: lower)
  }

  /// `other` is at most this.
  func minus(_ other: Wide) -> Wide {
    precondition(other <= self, "a difference below zero")
    return wrappingMinus(other)
  }

  private func wrappingMinus(_ other: Wide) -> Wide {
    let (lower, borrow) = low.subtractingReportingOverflow(other.low)
    return Wide(high: high &- other.high &- (borrow ? 1 : 0), low: lower)
  }

  /// `divisor` is not zero.
  func divided(by divisor: Wide) -> (quotient: Wide, remainder: Wide) {
    precondition(!divisor.isZero, "a division by zero")
    if divisor.high == 0 {
      let upper = high.quotientAndRemainder(dividingBy: divisor.low)
      let lower = divisor.low.dividingFullWidth((upper.remainder, low))
      return (Wide(high: upper.quotient, low: lower.quotient), Wide(lower.remainder))
    }
    // The upper half alone is below such a divisor; the lower half's bits follow one by one.
    var remainder = Wide(high)
    var quotient: UInt128 = 0
    for bit in (0..<128).reversed() {
      let isCarried = remainder.high >> 127 == 1
      remainder = Wide(
        high: remainder.high << 1 | remainder.low >> 127, low: remainder.low << 1 | (low >> UInt128(bit) & 1))
      if isCarried || remainder >= divisor {
        remainder = remainder.wrappingMinus(divisor)
        quotient |= 1 << UInt128(bit)
      }
    }
    return (Wide(quotient), remainder)
  }

  var description: String {
    guard high > 0 else { return String(low) }
    var digits: [UInt8] = []
    var rest = self
    while !rest.isZero {
      let (quotient, digit) = rest.divided(by: Wide(10))
      digits.append(UInt8(ascii: "0") + UInt8(digit.low))
      rest = quotient
    }
    return String(decoding: digits.reversed(), as: UTF8.self)
  }
}

/// Sums and products of 128 bits, which say when they leave them.
enum Checked {
  static func add(_ a: Int128, _ b: Int128) throws(MetricOverflow) -> Int128 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    guard !overflow else { throw MetricOverflow() }
    return sum
  }

  static func multiply(_ a: Int128, _ b: Int128) throws(MetricOverflow) -> Int128 {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow else { throw MetricOverflow() }
    return product
  }

  static func power(_ exponent: Int) throws(MetricOverflow) -> Int128 {
    var result: Int128 = 1
    for _ in 0..<exponent { result = try multiply(result, 10) }
    return result
  }
}
