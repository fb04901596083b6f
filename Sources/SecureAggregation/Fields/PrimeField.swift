// SPDX-License-Identifier: Apache-2.0

/// A prime field with a large subgroup whose order is a power of two. Elements are always reduced. Sums, differences and
/// products take the same instructions whatever the values.
package protocol PrimeField: BitwiseCopyable, Equatable, Sendable {
  associatedtype Integer: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable
  associatedtype SumOfProducts: ProductSum where SumOfProducts.Field == Self

  static var modulus: Integer { get }
  static var zero: Self { get }
  static var one: Self { get }
  /// The largest power of two that divides the order of the multiplicative group.
  static var twoAdicity: Int { get }
  /// Generates the subgroup of order two to the `twoAdicity`; the draft's choice.
  static var generator: Self { get }

  /// Of a number below the modulus.
  init(reduced integer: Integer)
  /// The number below the modulus.
  var integer: Integer { get }

  static func + (left: Self, right: Self) -> Self
  static func - (left: Self, right: Self) -> Self
  static func * (left: Self, right: Self) -> Self
}

/// A sum of products that is reduced once, at the end. It holds two to the thirty-second products.
package protocol ProductSum: BitwiseCopyable {
  associatedtype Field: PrimeField
  init()
  mutating func add(_ left: Field, _ right: Field)
  var value: Field { get }
}

extension PrimeField {
  /// Bytes of an encoded element, the lowest first.
  package static var encodedSize: Int { Integer.bitWidth / 8 }

  @inlinable @inline(__always)
  package static prefix func - (element: Self) -> Self { zero - element }

  @inlinable @inline(__always)
  package static func += (left: inout Self, right: Self) { left = left + right }

  /// The exponent is no secret: the time tells it.
  package func power(_ exponent: Integer) -> Self {
    var result = Self.one
    for bit in stride(from: Integer.bitWidth - 1 - exponent.leadingZeroBitCount, through: 0, by: -1) {
      result = result * result
      if exponent >> bit & 1 == 1 { result = result * self }
    }
    return result
  }

  /// By Fermat's little theorem; zero's is zero.
  package var inverse: Self { power(Self.modulus - 2) }

  /// A root of unity whose order is two to the `logarithm`.
  package static func root(logarithm: Int) -> Self {
    precondition((0...twoAdicity).contains(logarithm))
    var root = generator
    for _ in logarithm..<twoAdicity { root = root * root }
    return root
  }

  /// Appends the encodings of the elements.
  package static func encode(_ elements: [Self], into bytes: inout [UInt8]) {
    bytes.reserveCapacity(bytes.count + elements.count * encodedSize)
    for element in elements {
      var integer = element.integer
      for _ in 0..<encodedSize {
        bytes.append(UInt8(truncatingIfNeeded: integer))
        integer >>= 8
      }
    }
  }

  static func encode(_ elements: borrowing SecretBuffer<Self>, into bytes: inout SecretBytes, at offset: Int) {
    for index in 0..<elements.count {
      let integer = elements[index].integer
      for place in stride(from: 0, to: encodedSize, by: 8) {
        bytes.store(
          UInt64(truncatingIfNeeded: integer &>> Integer(truncatingIfNeeded: 8 * place)),
          at: offset + index * encodedSize + place)
      }
    }
  }

  @inline(__always)
  private static func integer(_ bytes: Span<UInt8>, at offset: Int) -> Integer {
    var integer: Integer = 0
    for place in stride(from: 0, to: encodedSize, by: 8) {
      integer |=
        Integer(truncatingIfNeeded: bytes.word(at: offset + place)) &<< Integer(truncatingIfNeeded: 8 * place)
    }
    return integer
  }

  /// `count` elements; nil if one of the numbers is not below the modulus. All are read before that is said.
  static func decode(_ bytes: Span<UInt8>, count: Int) -> SecretBuffer<Self>? {
    precondition(bytes.count == count * encodedSize)
    var elements = SecretBuffer<Self>(repeating: .zero, count: count)
    var unreduced = 0
    for index in 0..<count {
      let integer = integer(bytes, at: index * encodedSize)
      let isUnreduced = integer >= modulus ? 1 : 0
      unreduced |= isUnreduced
      // The subtraction keeps the promise of `init(reduced:)` even for what is refused.
      elements[index] = Self(reduced: integer &- modulus &* Integer(truncatingIfNeeded: isUnreduced))
    }
    if unreduced != 0 { return nil }
    return elements
  }

  package static func decode(_ bytes: [UInt8]) -> [Self]? {
    guard bytes.count % encodedSize == 0, let buffer = decode(bytes.span, count: bytes.count / encodedSize) else {
      return nil
    }
    return (0..<buffer.count).map { buffer[$0] }
  }
}
