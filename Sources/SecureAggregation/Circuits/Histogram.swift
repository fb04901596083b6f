// SPDX-License-Identifier: Apache-2.0

/// How many of the contributors are in each bucket; each is in one.
package struct Histogram<Field: PrimeField>: ValidityCircuit {
  package let evaluationOutputLength = 2
  private let check: BitVectorCheck<Field>

  /// Without a chunk length: the one that makes the shortest proof.
  package init(length: Int, chunkLength: Int? = nil) throws(VDAFError) {
    check = try BitVectorCheck(length: length, chunkLength: chunkLength)
  }

  package var gadget: ParallelSum<Mul<Field>> { check.gadget }
  package var gadgetCalls: Int { check.calls }
  package var measurementLength: Int { check.length }
  package var jointRandomnessLength: Int { check.calls }
  package var outputLength: Int { check.length }

  /// The measurement is the index of a bucket.
  package func encode(_ measurement: Int) throws(VDAFError) -> SecretBuffer<Field> {
    guard (0..<check.length).contains(measurement) else { throw .measurementOutOfRange }
    var elements = SecretBuffer<Field>(repeating: .zero, count: check.length)
    // Every bucket is written, so that the measurement is the address of none.
    for index in 0..<check.length {
      let difference = UInt64(index ^ measurement)
      let isOther = (difference | (0 &- difference)) >> 63
      elements[index] = Field(reduced: Field.Integer(truncatingIfNeeded: isOther ^ 1))
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
    var outputs = SecretBuffer<Field>(repeating: check.sum(gadgetOutputs), count: 2)
    var buckets = Field.zero - sharesInverse
    for index in 0..<check.length { buckets += measurement[index] }
    outputs[1] = buckets
    return outputs
  }

  package func truncate(_ measurement: borrowing SecretBuffer<Field>) -> SecretBuffer<Field> {
    SecretBuffer(copying: measurement.span)
  }

  package func decode(_ sum: [Field], measurements: Int) throws(VDAFError) -> [Field.Integer] {
    let counts = try integers(sum, measurements: measurements, largest: 1)
    // Everyone is in one bucket.
    guard counts.reduce(0, &+) == Field.Integer(measurements) else { throw .aggregateOutOfRange }
    return counts
  }
}
