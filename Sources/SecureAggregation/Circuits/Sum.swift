// SPDX-License-Identifier: Apache-2.0

/// The sum of numbers from zero to a maximum.
package struct Sum<Field: PrimeField>: ValidityCircuit {
  package let gadget: PolyEval<Field>
  package let jointRandomnessLength = 0
  package let outputLength = 1
  private let number: BoundedInteger<Field>

  package init(maximum: Field.Integer) throws(VDAFError) {
    number = try BoundedInteger(maximum: maximum)
    gadget = try PolyEval([.zero, -Field.one, .one])
  }

  package var gadgetCalls: Int { number.bits }
  package var measurementLength: Int { number.bits }
  package var evaluationOutputLength: Int { number.bits }

  package func encode(_ measurement: Field.Integer) throws(VDAFError) -> SecretBuffer<Field> {
    var elements = SecretBuffer<Field>(repeating: .zero, count: number.bits)
    try number.encode(measurement, into: &elements, at: 0)
    return elements
  }

  package func writeInputs(
    _ inputs: inout SecretBuffer<Field>, measurement: borrowing SecretBuffer<Field>,
    jointRandomness: borrowing SecretBuffer<Field>, at offset: Int, sharesInverse: Field
  ) {
    for bit in 0..<number.bits { inputs[bit + 1] = measurement[bit] }
  }

  package func evaluate(
    measurement: borrowing SecretBuffer<Field>, gadgetOutputs: borrowing SecretBuffer<Field>, sharesInverse: Field
  ) -> SecretBuffer<Field> {
    SecretBuffer(copying: gadgetOutputs.span)
  }

  package func truncate(_ measurement: borrowing SecretBuffer<Field>) -> SecretBuffer<Field> {
    SecretBuffer(repeating: number.decode(measurement, at: 0), count: 1)
  }

  package func decode(_ sum: [Field], measurements: Int) throws(VDAFError) -> Field.Integer {
    try integers(sum, measurements: measurements, largest: number.maximum)[0]
  }
}
