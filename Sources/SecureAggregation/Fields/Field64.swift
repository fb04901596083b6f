// SPDX-License-Identifier: Apache-2.0

/// The field of 2^64 - 2^32 + 1 elements. Two to the 64th is 2^32 - 1 here and two to the 96th is -1, so a product is
/// reduced by shifts and additions.
package struct Field64: PrimeField {
  @inlinable package static var modulus: UInt64 { 0xFFFF_FFFF_0000_0001 }
  @inlinable package static var zero: Self { Field64(reduced: 0) }
  @inlinable package static var one: Self { Field64(reduced: 1) }
  package static let twoAdicity = 32
  /// Seven to the 4,294,967,295th.
  package static let generator = Field64(reduced: 7).power(0xFFFF_FFFF)

  @usableFromInline let value: UInt64

  @inlinable @inline(__always)
  package init(reduced integer: UInt64) { value = integer }

  @inlinable @inline(__always)
  package var integer: UInt64 { value }

  @inlinable @inline(__always)
  package static func + (left: Field64, right: Field64) -> Field64 {
    let (difference, negative) = subtract(left.value, modulus &- right.value)
    return Field64(reduced: difference &+ (modulus & negative))
  }

  @inlinable @inline(__always)
  package static func - (left: Field64, right: Field64) -> Field64 {
    let (difference, negative) = subtract(left.value, right.value)
    return Field64(reduced: difference &+ (modulus & negative))
  }

  @inlinable @inline(__always)
  package static func * (left: Field64, right: Field64) -> Field64 {
    reduce(UInt128(left.value) &* UInt128(right.value))
  }

  /// Any number of 128 bits.
  @inlinable @inline(__always)
  static func reduce(_ wide: UInt128) -> Field64 {
    let high = UInt64(truncatingIfNeeded: wide >> 64)
    // The lowest 64 bits, plus 2^32 - 1 times the next 32 bits, minus the last 32: more than minus 2^32, and less than
    // 2^65 - 2^32.
    let middle = UInt128(high & 0xFFFF_FFFF)
    let sum = UInt128(UInt64(truncatingIfNeeded: wide)) &+ (middle &<< 32) &- middle &- UInt128(high &>> 32)
    // What is above 64 bits, -1, 0 or 1, folds once more without passing them.
    let above = UInt64(truncatingIfNeeded: sum >> 64)
    let folded = UInt64(truncatingIfNeeded: sum) &+ (above &<< 32) &- above
    let (difference, negative) = subtract(folded, modulus)
    return Field64(reduced: difference &+ (modulus & negative))
  }

  package struct SumOfProducts: ProductSum {
    @usableFromInline var sum: UInt128 = 0
    @usableFromInline var carries: UInt64 = 0

    @inlinable @inline(__always)
    package init() {}

    @inlinable @inline(__always)
    package mutating func add(_ left: Field64, _ right: Field64) {
      let (partial, carry) = SecureAggregation.add(sum, UInt128(left.value) &* UInt128(right.value))
      sum = partial
      carries &+= carry
    }

    /// Two to the 128th is -2^32.
    @inlinable @inline(__always)
    package var value: Field64 { reduce(sum) - reduce(UInt128(carries) &<< 32) }
  }
}
