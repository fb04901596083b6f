// SPDX-License-Identifier: Apache-2.0

/// The sum of vectors of numbers from zero to a maximum.
package struct SumVec<Field: PrimeField>: ValidityCircuit {
  package let outputLength: Int
  package let evaluationOutputLength = 1
  private let number: BoundedInteger<Field>
  private let check: BitVectorCheck<Field>

  /// Without a chunk length: the one that makes the shortest proof.
  package init(length: Int, maximum: Field.Integer, chunkLength: Int? = nil) throws(VDAFError) {
    try CircuitLimits.positive(length, "length")
    number = try BoundedInteger(maximum: maximum)
    let bits = try CircuitLimits.product(length, number.bits, "length of an encoded measurement")
    check = try BitVectorCheck(length: bits, chunkLength: chunkLength)
    outputLength = length
  }

  package var gadget: ParallelSum<Mul<Field>> { check.gadget }
  package var gadgetCalls: Int { check.calls }
  package var measurementLength: Int { check.length }
  package var jointRandomnessLength: Int { check.calls }

  package func encode(_ measurement: [Field.Integer]) throws(VDAFError) -> SecretBuffer<Field> {
    guard measurement.count == outputLength else {
      throw .wrongLength(.measurement, expected: outputLength, actual: measurement.count)
    }
    var elements = SecretBuffer<Field>(repeating: .zero, count: check.length)
    for (index, value) in measurement.enumerated() {
      try number.encode(value, into: &elements, at: index * number.bits)
    }
    return elements
  }

  package func writeInputs(
    _ inputs: inout SecretBuffer<Field>, measurement: borrowing SecretBuffer<Field>,
    jointRandomness: borrowing SecretBuffer<Field>, at offset: Int, sharesInverse: Field
  ) {
    check.writeInputs(
      &inputs, elements: measurement, randomness: jointRandomness, at: offset, sharesInverse: sharesInverse)
  }

  package func evaluate(
    measurement: borrowing SecretBuffer<Field>, gadgetOutputs: borrowing SecretBuffer<Field>, sharesInverse: Field
  ) -> SecretBuffer<Field> {
    SecretBuffer(repeating: check.sum(gadgetOutputs), count: 1)
  }

  package func truncate(_ measurement: borrowing SecretBuffer<Field>) -> SecretBuffer<Field> {
    var output = SecretBuffer<Field>(repeating: .zero, count: outputLength)
    for index in 0..<outputLength { output[index] = number.decode(measurement, at: index * number.bits) }
    return output
  }

  package func decode(_ sum: [Field], measurements: Int) throws(VDAFError) -> [Field.Integer] {
    try integers(sum, measurements: measurements, largest: number.maximum)
  }
}
