// SPDX-License-Identifier: Apache-2.0

/// The part of a validity circuit that is not affine. A proof is a statement about the outputs of all its calls.
package protocol Gadget<Field>: Sendable {
  associatedtype Field: PrimeField
  /// How many inputs it has.
  var arity: Int { get }
  /// Its degree as a polynomial in them.
  var degree: Int { get }
  /// Adds the output for the inputs from `offset` on.
  func accumulate(_ inputs: borrowing SecretBuffer<Field>, at offset: Int, into sum: inout Field.SumOfProducts)
}

extension Gadget {
  @inline(__always)
  package func evaluate(_ inputs: borrowing SecretBuffer<Field>, at offset: Int) -> Field {
    var sum = Field.SumOfProducts()
    accumulate(inputs, at: offset, into: &sum)
    return sum.value
  }
}

/// The product of two inputs.
package struct Mul<Field: PrimeField>: Gadget {
  package let arity = 2
  package let degree = 2

  package init() {}

  @inline(__always)
  package func accumulate(
    _ inputs: borrowing SecretBuffer<Field>, at offset: Int, into sum: inout Field.SumOfProducts
  ) {
    sum.add(inputs[offset], inputs[offset + 1])
  }
}

/// A polynomial in one input.
package struct PolyEval<Field: PrimeField>: Gadget {
  package let arity = 1
  package let degree: Int
  private let coefficients: [Field]

  /// The constant term comes first; leading zeros are left out, and something must remain besides the constant.
  package init(_ coefficients: [Field]) throws(VDAFError) {
    guard let top = coefficients.lastIndex(where: { $0 != .zero }), top > 0 else {
      throw .badParameter("a gadget's polynomial must have a degree of one or more")
    }
    self.coefficients = Array(coefficients[0...top])
    degree = top
  }

  @inline(__always)
  package func accumulate(
    _ inputs: borrowing SecretBuffer<Field>, at offset: Int, into sum: inout Field.SumOfProducts
  ) {
    let point = inputs[offset]
    var value = coefficients[degree]
    for index in stride(from: degree - 1, through: 0, by: -1) { value = value * point + coefficients[index] }
    sum.add(value, .one)
  }
}

/// The sum of a smaller gadget's outputs, each for inputs of its own.
package struct ParallelSum<Inner: Gadget>: Gadget {
  package typealias Field = Inner.Field
  package let arity: Int
  package let degree: Int
  private let inner: Inner
  private let count: Int

  package init(_ inner: Inner, count: Int) {
    precondition(count > 0)
    self.inner = inner
    self.count = count
    arity = inner.arity * count
    degree = inner.degree
  }

  @inline(__always)
  package func accumulate(
    _ inputs: borrowing SecretBuffer<Field>, at offset: Int, into sum: inout Field.SumOfProducts
  ) {
    for index in 0..<count { inner.accumulate(inputs, at: offset + index * inner.arity, into: &sum) }
  }
}
