// SPDX-License-Identifier: Apache-2.0

/// How many of the contributors have each of several properties; each has `maximumWeight` of them at most.
package struct MultihotCountVec<Field: PrimeField>: ValidityCircuit {
  package let outputLength: Int
  package let evaluationOutputLength = 2
  /// The number of properties, which the contributor encodes too.
  private let weight: BoundedInteger<Field>
  private let check: BitVectorCheck<Field>

  /// Without a chunk length: the one that makes the shortest proof.
  package init(length: Int, maximumWeight: Int, chunkLength: Int? = nil) throws(VDAFError) {
    try CircuitLimits.positive(length, "length")
    guard (1...length).contains(maximumWeight) else {
      throw .badParameter("the maximum weight must be from one to the length")
    }
    weight = try BoundedInteger(maximum: Field.Integer(maximumWeight))
    check = try BitVectorCheck(length: length + weight.bits, chunkLength: chunkLength)
    outputLength = length
  }

  package var gadget: ParallelSum<Mul<Field>> { check.gadget }
  package var gadgetCalls: Int { check.calls }
  package var measurementLength: Int { check.length }
  package var jointRandomnessLength: Int { check.calls }

  package func encode(_ measurement: [Bool]) throws(VDAFError) -> SecretBuffer<Field> {
    guard measurement.count == outputLength else {
      throw .wrongLength(.measurement, expected: outputLength, actual: measurement.count)
    }
    var elements = SecretBuffer<Field>(repeating: .zero, count: check.length)
    var count: Field.Integer = 0
    for index in 0..<outputLength {
      let bit: Field.Integer = measurement[index] ? 1 : 0
      elements[index] = Field(reduced: bit)
      count &+= bit
    }
    try weight.encode(count, into: &elements, at: outputLength)
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
    var outputs = SecretBuffer<Field>(repeating: check.sum(gadgetOutputs), count: 2)
    var difference = Field.zero - weight.decode(measurement, at: outputLength)
    for index in 0..<outputLength { difference += measurement[index] }
    outputs[1] = difference
    return outputs
  }

  package func truncate(_ measurement: borrowing SecretBuffer<Field>) -> SecretBuffer<Field> {
    SecretBuffer(copying: measurement.span.extracting(0..<outputLength))
  }

  package func decode(_ sum: [Field], measurements: Int) throws(VDAFError) -> [Field.Integer] {
    try integers(sum, measurements: measurements, largest: 1)
  }
}
