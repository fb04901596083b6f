// SPDX-License-Identifier: Apache-2.0

/// A product of several 64-bit factors, sign and magnitude in 256 bits: fees multiply four of them before they
/// are rounded once.
struct Wide: Equatable {
  private var isNegative: Bool
  private var high: UInt128
  private var low: UInt128
  private var isTooWide = false

  init(_ value: Int128) {
    isNegative = value < 0
    high = 0
    low = value.magnitude
  }

  func times(_ factor: Int128) -> Wide {
    var result = self
    let lower = low.multipliedFullWidth(by: factor.magnitude)
    let (upper, isLost) = high.multipliedReportingOverflow(by: factor.magnitude)
    let (sum, carry) = upper.addingReportingOverflow(lower.high)
    result.low = lower.low
    result.high = sum
    result.isTooWide = isTooWide || isLost || carry
    result.isNegative = isNegative != (factor < 0)
    return result
  }

  /// Divided by 10^`exponent` (0...38), rounded half to even; nil when it does not fit 128 bits.
  func divided(byTenTo exponent: Int) -> Int128? {
    guard !isTooWide, (0...38).contains(exponent) else { return nil }
    var divisor: UInt128 = 1
    for _ in 0..<exponent { divisor *= 10 }
    guard high < divisor else { return nil }
    let (whole, remainder) = divisor.dividingFullWidth((high, low))
    var quotient = whole
    let rest = divisor - remainder
    if remainder > rest || (remainder == rest && quotient & 1 == 1) {
      let (next, overflow) = quotient.addingReportingOverflow(1)
      guard !overflow else { return nil }
      quotient = next
    }
    guard let magnitude = Int128(exactly: quotient) else { return nil }
    return isNegative ? -magnitude : magnitude
  }
}
