// SPDX-License-Identifier: Apache-2.0

/// Numbers from zero to a maximum as zeros and ones: the weights are the powers of two, but the last one is what is
/// left to the maximum. So nothing but zeros and ones need be proven.
struct BoundedInteger<F: PrimeField>: Sendable {
  let bits: Int
  let maximum: F.Integer
  private let lastWeight: F.Integer
  private let lastWeightElement: F
  /// What all bits but the last make together.
  private let rest: F.Integer

  init(maximum: F.Integer) throws(VDAFError) {
    guard maximum > 0 else { throw .badParameter("the maximum must be one or more") }
    bits = F.Integer.bitWidth - maximum.leadingZeroBitCount
    guard bits < F.Integer.bitWidth else { throw .badParameter("the maximum is too large for the field") }
    self.maximum = maximum
    rest = (1 << F.Integer(bits - 1)) - 1
    lastWeight = maximum - rest
    lastWeightElement = F(reduced: lastWeight)
  }

  func encode(_ value: F.Integer, into elements: inout SecretBuffer<F>, at offset: Int) throws(VDAFError) {
    guard value <= maximum else { throw .measurementOutOfRange }
    // Both are below half of what an integer holds, so the highest bit of the difference is its sign.
    let isOver = (rest &- value) >> F.Integer(F.Integer.bitWidth - 1)
    let lower = value &- (lastWeight &* isOver)
    for bit in 0..<bits - 1 { elements[offset + bit] = F(reduced: lower >> F.Integer(bit) & 1) }
    elements[offset + bits - 1] = F(reduced: isOver)
  }

  /// The number, or the share of it.
  func decode(_ elements: borrowing SecretBuffer<F>, at offset: Int) -> F {
    var value = F.zero
    for bit in stride(from: bits - 2, through: 0, by: -1) { value = value + value + elements[offset + bit] }
    return value + elements[offset + bits - 1] * lastWeightElement
  }
}
