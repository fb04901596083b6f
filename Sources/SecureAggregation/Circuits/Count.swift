// SPDX-License-Identifier: Apache-2.0

/// How many of the contributors say yes.
package struct Count<Field: PrimeField>: ValidityCircuit {
  package let gadget = Mul<Field>()
  package let gadgetCalls = 1
  package let measurementLength = 1
  package let jointRandomnessLength = 0
  package let outputLength = 1
  package let evaluationOutputLength = 1

  package init() {}

  package func encode(_ measurement: Bool) throws(VDAFError) -> SecretBuffer<Field> {
    SecretBuffer(repeating: Field(reduced: measurement ? 1 : 0), count: 1)
  }

  package func writeInputs(
    _ inputs: inout SecretBuffer<Field>, measurement: borrowing SecretBuffer<Field>,
    jointRandomness: borrowing SecretBuffer<Field>, at offset: Int, sharesInverse: Field
  ) {
    inputs[2] = measurement[0]
    inputs[3] = measurement[0]
  }

  package func evaluate(
    measurement: borrowing SecretBuffer<Field>, gadgetOutputs: borrowing SecretBuffer<Field>, sharesInverse: Field
  ) -> SecretBuffer<Field> {
    SecretBuffer(repeating: gadgetOutputs[0] - measurement[0], count: 1)
  }

  package func truncate(_ measurement: borrowing SecretBuffer<Field>) -> SecretBuffer<Field> {
    SecretBuffer(copying: measurement.span)
  }

  package func decode(_ sum: [Field], measurements: Int) throws(VDAFError) -> Field.Integer {
    try integers(sum, measurements: measurements, largest: 1)[0]
  }
}
