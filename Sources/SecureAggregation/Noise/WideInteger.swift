// SPDX-License-Identifier: Apache-2.0

/// A number below two to the 256th: what products of two 128-bit numbers need.
struct WideInteger: Comparable {
  var high: UInt128
  var low: UInt128

  init(_ number: UInt128) {
    high = 0
    low = number
  }

  init(product left: UInt128, _ right: UInt128) {
    (high, low) = left.multipliedFullWidth(by: right)
  }

  var bits: Int { high == 0 ? 128 - low.leadingZeroBitCount : 256 - high.leadingZeroBitCount }

  static func < (left: WideInteger, right: WideInteger) -> Bool {
    left.high == right.high ? left.low < right.low : left.high < right.high
  }

  /// The right number is not the larger one.
  static func - (left: WideInteger, right: WideInteger) -> WideInteger {
    precondition(left >= right)
    let (low, isBorrowed) = left.low.subtractingReportingOverflow(right.low)
    var difference = WideInteger(low)
    difference.high = left.high - right.high - (isBorrowed ? 1 : 0)
    return difference
  }

  /// Divided and rounded up; nil if that is not below two to the 128th.
  func divided(by divisor: UInt128) -> UInt128? {
    guard high < divisor else { return nil }
    let (quotient, remainder) = divisor.dividingFullWidth((high, low))
    guard remainder > 0 else { return quotient }
    let (rounded, isOverflow) = quotient.addingReportingOverflow(1)
    return isOverflow ? nil : rounded
  }
}

extension UInt128 {
  /// The smallest number whose square is not less.
  var squareRootUp: UInt128 {
    if self == 0 { return 0 }
    // Newton's method from above falls until it has the root rounded down.
    var root: UInt128 = 1 << UInt128((129 - leadingZeroBitCount) / 2)
    while true {
      let next = (root + self / root) / 2
      if next >= root { break }
      root = next
    }
    return root * root == self ? root : root + 1
  }
}
