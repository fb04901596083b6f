// SPDX-License-Identifier: Apache-2.0

/// The field of 2^128 - 28 * 2^64 + 1 elements, in Montgomery's form: an element is kept as its product with 2^128. The
/// modulus is one modulo 2^64, so each of the two steps of a reduction takes a single multiplication.
package struct Field128: PrimeField {
  @inlinable package static var modulus: UInt128 { 0xFFFF_FFFF_FFFF_FFE4_0000_0000_0000_0001 }
  @inlinable package static var zero: Self { Field128(montgomery: 0) }
  /// 2^128 is 28 * 2^64 - 1.
  @inlinable package static var one: Self { Field128(montgomery: (28 << 64) - 1) }
  package static let twoAdicity = 66
  /// Seven to the 4,611,686,018,427,387,897th.
  package static let generator = Field128(reduced: 7).power(4_611_686_018_427_387_897)

  @inlinable static var upperModulus: UInt64 { 0xFFFF_FFFF_FFFF_FFE4 }
  /// 2^256 modulo the modulus: (28 * 2^64 - 1)^2 = 784 * 2^128 - 56 * 2^64 + 1, and 2^128 again.
  @inlinable static var square: UInt128 { (784 * 28 - 56) << 64 - 783 }

  @usableFromInline let form: UInt128

  @inlinable @inline(__always)
  init(montgomery: UInt128) { form = montgomery }

  @inlinable @inline(__always)
  package init(reduced integer: UInt128) { self = Field128(montgomery: integer) * Field128(montgomery: Self.square) }

  @inlinable @inline(__always)
  package var integer: UInt128 {
    Self.reduce(upper: 0, UInt64(truncatingIfNeeded: form >> 64), UInt64(truncatingIfNeeded: form)).form
  }

  @inlinable @inline(__always)
  package static func + (left: Field128, right: Field128) -> Field128 {
    let (difference, negative) = subtract(left.form, modulus &- right.form)
    return Field128(montgomery: difference &+ (modulus & twice(negative)))
  }

  @inlinable @inline(__always)
  package static func - (left: Field128, right: Field128) -> Field128 {
    let (difference, negative) = subtract(left.form, right.form)
    return Field128(montgomery: difference &+ (modulus & twice(negative)))
  }

  @inlinable @inline(__always)
  package static func * (left: Field128, right: Field128) -> Field128 {
    let (upper, second, first) = product(left, right)
    return reduce(upper: upper, second, first)
  }

  /// The product of the two forms: 128 bits, and two words below them.
  @inlinable @inline(__always)
  static func product(_ left: Field128, _ right: Field128) -> (UInt128, UInt64, UInt64) {
    let a0 = UInt128(UInt64(truncatingIfNeeded: left.form)), a1 = left.form >> 64
    let b0 = UInt128(UInt64(truncatingIfNeeded: right.form)), b1 = right.form >> 64
    let low = a0 &* b0, cross = a0 &* b1, other = a1 &* b0
    // Each is at most (2^64 - 1)^2, so a word more can be added to it.
    let middle = cross &+ low >> 64
    let mixed = other &+ UInt128(UInt64(truncatingIfNeeded: middle))
    let upper = a1 &* b1 &+ middle >> 64 &+ mixed >> 64
    return (upper, UInt64(truncatingIfNeeded: mixed), UInt64(truncatingIfNeeded: low))
  }

  /// A number divided by 2^128; its upper 128 bits are less than the modulus.
  @inlinable @inline(__always)
  static func reduce(upper: UInt128, _ second: UInt64, _ first: UInt64) -> Field128 {
    // The multiple of the modulus that has the same lowest word is taken away, twice. The result lies between minus the
    // modulus and the modulus.
    let firstMultiple = UInt128(first) &* UInt128(upperModulus)
    let (next, borrow) = subtract(second, UInt64(truncatingIfNeeded: firstMultiple))
    let secondMultiple = UInt128(next) &* UInt128(upperModulus)
    // The second is at most (2^64 - 1)(2^64 - 28), and what is added less than 2^64: so they stay below 2^128.
    let multiples = secondMultiple &+ firstMultiple >> 64 &+ UInt128(borrow & 1)
    let (difference, negative) = subtract(upper, multiples)
    return Field128(montgomery: difference &+ (modulus & twice(negative)))
  }

  package struct SumOfProducts: ProductSum {
    @usableFromInline var upper: UInt128 = 0
    @usableFromInline var lower: UInt128 = 0
    @usableFromInline var carries: UInt64 = 0

    @inlinable @inline(__always)
    package init() {}

    @inlinable @inline(__always)
    package mutating func add(_ left: Field128, _ right: Field128) {
      let (high, second, first) = product(left, right)
      let (low, carry) = SecureAggregation.add(lower, UInt128(second) &<< 64 | UInt128(first))
      // A product's upper half is at most 2^128 - 2.
      let (sum, carried) = SecureAggregation.add(upper, high &+ UInt128(carry))
      lower = low
      upper = sum
      carries &+= carried
    }

    @inlinable @inline(__always)
    package var value: Field128 {
      // Each carry is 2^128, thus 28 * 2^64 - 1, in the upper half; the count is small, so the sum wraps once at most.
      let folded = UInt128(carries &* 28) &<< 64 &- UInt128(carries)
      let (sum, carry) = SecureAggregation.add(upper, folded)
      let more = sum &+ UInt128(carry &* 28) &<< 64 &- UInt128(carry)
      let (difference, negative) = subtract(more, modulus)
      let rest = difference &+ (modulus & twice(negative))
      return reduce(upper: rest, UInt64(truncatingIfNeeded: lower >> 64), UInt64(truncatingIfNeeded: lower))
    }
  }
}
