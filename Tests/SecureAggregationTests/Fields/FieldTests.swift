// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

struct FieldTests {
  /// The product by doublings and additions, in plain integers.
  private func naiveProduct<F: PrimeField>(_ left: F.Integer, _ right: F.Integer, _: F.Type) -> F.Integer {
    func sum(_ first: F.Integer, _ second: F.Integer) -> F.Integer {
      first >= F.modulus - second ? first - (F.modulus - second) : first + second
    }
    var product: F.Integer = 0
    for bit in stride(from: F.Integer.bitWidth - 1, through: 0, by: -1) {
      product = sum(product, product)
      if right >> F.Integer(bit) & 1 == 1 { product = sum(product, left) }
    }
    return product
  }

  private func checkAxioms<F: PrimeField>(_: F.Type) {
    var generator = SeededGenerator(state: 1)
    for _ in 0..<4_000 {
      let a: F = generator.element(), b: F = generator.element(), c: F = generator.element()
      #expect(a.integer < F.modulus && F(reduced: a.integer) == a)
      #expect(a + b == b + a && (a + b) + c == a + (b + c))
      #expect(a * b == b * a && (a * b) * c == a * (b * c))
      #expect(a * (b + c) == a * b + a * c)
      #expect(a + .zero == a && a * .one == a && a * .zero == .zero)
      #expect(a - b + b == a && a + -a == .zero && -(-a) == a)
      let sum = a.integer.addingReportingOverflow(b.integer)
      let expected =
        sum.overflow || sum.partialValue >= F.modulus ? sum.partialValue &- F.modulus : sum.partialValue
      #expect((a + b).integer == expected)
      #expect((a * b).integer == naiveProduct(a.integer, b.integer, F.self))
    }
    for _ in 0..<50 {
      let a: F = generator.element()
      #expect(a == .zero ? a.inverse == .zero : a * a.inverse == .one)
      let exponent = F.Integer(generator.next() % 50)
      #expect(a.power(exponent) == (0..<exponent).reduce(F.one) { power, _ in power * a })
    }
  }

  @Test func axioms() {
    checkAxioms(Field64.self)
    checkAxioms(Field128.self)
  }

  /// Sums of up to many products of the largest elements, reduced once.
  private func checkSums<F: PrimeField>(_: F.Type) {
    var generator = SeededGenerator(state: 2)
    for count in [0, 1, 2, 3, 4, 5, 17, 64, 1_000] {
      for largest in [false, true] {
        var sum = F.SumOfProducts()
        var expected = F.zero
        for _ in 0..<count {
          let a = largest ? F(reduced: F.modulus - 1) : generator.element()
          let b = largest ? F(reduced: F.modulus - 1) : generator.element()
          sum.add(a, b)
          expected += a * b
        }
        #expect(sum.value == expected, "\(count)")
      }
    }
  }

  @Test func sumsOfProducts() {
    checkSums(Field64.self)
    checkSums(Field128.self)
  }

  @Test func constants() {
    #expect(Field64.modulus == UInt64(1) << 32 * 4_294_967_295 + 1)
    #expect(Field128.modulus == UInt128(1) << 66 * 4_611_686_018_427_387_897 + 1)
    #expect(Field128.one.integer == 1 && Field64.one.integer == 1)
    func check<F: PrimeField>(_: F.Type) {
      // Of order two to the adicity, and of no smaller one.
      #expect(F.root(logarithm: 0) == .one && F.root(logarithm: 1) == -F.one)
      #expect(F.root(logarithm: F.twoAdicity) == F.generator)
      #expect((F.modulus - 1).trailingZeroBitCount == F.twoAdicity)
    }
    check(Field64.self)
    check(Field128.self)
  }

  private func checkEncoding<F: PrimeField>(_: F.Type) {
    var generator = SeededGenerator(state: 3)
    let elements: [F] = (0..<200).map { _ in generator.element() }
    var encoded: [UInt8] = []
    F.encode(elements, into: &encoded)
    #expect(encoded.count == 200 * F.encodedSize && F.decode(encoded) == elements)
    #expect(F.decode(Array(encoded.dropLast())) == nil)
    for excess in [F.Integer(0), 1, 2, F.Integer.max - F.modulus] {
      let integer = F.modulus + excess
      let wrong = (0..<F.encodedSize).map { UInt8(truncatingIfNeeded: integer >> F.Integer(8 * $0)) }
      #expect(F.decode(wrong) == nil)
      #expect(F.decode(encoded + wrong) == nil && F.decode(wrong + encoded) == nil)
    }
  }

  @Test func encodings() {
    checkEncoding(Field64.self)
    checkEncoding(Field128.self)
  }
}
