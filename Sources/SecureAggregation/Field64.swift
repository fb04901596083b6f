// SPDX-License-Identifier: Apache-2.0

/// The field of 2^64 - 2^32 + 1 elements. Two to the 64th is 2^32 - 1 here and two to the 96th is -1, so a product is
/// reduced by shifts and additions.
package struct Field64: PrimeField {
  package static let modulus: UInt64 = 0xFFFF_FFFF_0000_0001
  package static let zero = Field64(reduced: 0)
  package static let one = Field64(reduced: 1)
  package static let twoAdicity = 32
  /// Seven to the 4,294,967,295th.
  package static let generator = Field64(reduced: 7).power(0xFFFF_FFFF)

  @usableFromInline let value: UInt64

  @inline(__always)
  package init(reduced integer: UInt64) { value = integer }

  @inline(__always)
  package var integer: UInt64 { value }

  @inline(__always)
  package static func + (left: Field64, right: Field64) -> Field64 {
    let (difference, isNegative) = left.value.subtractingReportingOverflow(modulus &- right.value)
    return Field64(reduced: difference &+ (modulus & mask(isNegative)))
  }

  @inline(__always)
  package static func - (left: Field64, right: Field64) -> Field64 {
    let (difference, isNegative) = left.value.subtractingReportingOverflow(right.value)
    return Field64(reduced: difference &+ (modulus & mask(isNegative)))
  }

  @inline(__always)
  package static func * (left: Field64, right: Field64) -> Field64 {
    reduce(UInt128(left.value) &* UInt128(right.value))
  }

  /// Any number of 128 bits.
  @inline(__always)
  static func reduce(_ wide: UInt128) -> Field64 {
    let low = UInt64(truncatingIfNeeded: wide)
    let high = UInt64(truncatingIfNeeded: wide >> 64)
    // Minus the part from the 96th bit on, plus 2^32 - 1 times the part below it.
    let (difference, isNegative) = low.subtractingReportingOverflow(high &>> 32)
    let lower = difference &- (0xFFFF_FFFF & mask(isNegative))
    let middle = high & 0xFFFF_FFFF
    let (sum, isWrapped) = lower.addingReportingOverflow((middle &<< 32) &- middle)
    let folded = sum &+ (0xFFFF_FFFF & mask(isWrapped))
    let (reduced, isReduced) = folded.subtractingReportingOverflow(modulus)
    return Field64(reduced: reduced &+ (modulus & mask(isReduced)))
  }

  package struct SumOfProducts: ProductSum {
    private var sum: UInt128 = 0
    private var carries: UInt64 = 0

    @inline(__always)
    package init() {}

    @inline(__always)
    package mutating func add(_ left: Field64, _ right: Field64) {
      let (partial, isWrapped) = sum.addingReportingOverflow(UInt128(left.value) &* UInt128(right.value))
      sum = partial
      carries &+= isWrapped ? 1 : 0
    }

    /// Two to the 128th is -2^32.
    @inline(__always)
    package var value: Field64 { reduce(sum) - reduce(UInt128(carries) &<< 32) }
  }
}
