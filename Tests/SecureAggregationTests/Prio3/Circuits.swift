// SPDX-License-Identifier: Apache-2.0

import SecureAggregation

/// Numbers below the degree, each proven by the polynomial that is zero for all of them. With degree three and one number
/// it is a circuit that the draft has for its tests.
struct HigherDegree: ValidityCircuit {
  typealias Field = Field64

  let gadget: PolyEval<Field64>
  let measurementLength: Int
  let jointRandomnessLength = 0
  var gadgetCalls: Int { measurementLength }
  var outputLength: Int { measurementLength }
  var evaluationOutputLength: Int { measurementLength }

  init(degree: UInt64 = 3, length: Int = 1) throws {
    var coefficients = [Field64.one]
    for root in 0..<degree {
      let shifted = [Field64.zero] + coefficients
      let scaled = coefficients.map { $0 * Field64(reduced: root) } + [.zero]
      coefficients = zip(shifted, scaled).map { $0 - $1 }
    }
    gadget = try PolyEval(coefficients)
    measurementLength = length
  }

  func encode(_ measurement: [UInt64]) throws(VDAFError) -> SecretBuffer<Field64> {
    guard measurement.allSatisfy({ $0 < UInt64(gadget.degree) }), measurement.count == measurementLength else {
      throw .measurementOutOfRange
    }
    var elements = SecretBuffer<Field64>(repeating: .zero, count: measurementLength)
    for (index, number) in measurement.enumerated() { elements[index] = Field64(reduced: number) }
    return elements
  }

  func writeInputs(
    _ inputs: inout SecretBuffer<Field64>, measurement: borrowing SecretBuffer<Field64>,
    jointRandomness: borrowing SecretBuffer<Field64>, at offset: Int, sharesInverse: Field64
  ) {
    for index in 0..<measurementLength { inputs[index + 1] = measurement[index] }
  }

  func evaluate(
    measurement: borrowing SecretBuffer<Field64>, gadgetOutputs: borrowing SecretBuffer<Field64>,
    sharesInverse: Field64
  ) -> SecretBuffer<Field64> {
    SecretBuffer(copying: gadgetOutputs.span)
  }

  func truncate(_ measurement: borrowing SecretBuffer<Field64>) -> SecretBuffer<Field64> {
    SecretBuffer(copying: measurement.span)
  }

  func decode(_ sum: [Field64], measurements: Int) throws(VDAFError) -> [UInt64] {
    try integers(sum, measurements: measurements, largest: UInt64(gadget.degree - 1))
  }
}

/// A contributor who encodes what it likes, and proves it as the honest do.
struct Liar<Honest: ValidityCircuit>: ValidityCircuit {
  typealias Field = Honest.Field

  let honest: Honest
  var gadget: Honest.Gate { honest.gadget }
  var gadgetCalls: Int { honest.gadgetCalls }
  var measurementLength: Int { honest.measurementLength }
  var jointRandomnessLength: Int { honest.jointRandomnessLength }
  var outputLength: Int { honest.outputLength }
  var evaluationOutputLength: Int { honest.evaluationOutputLength }

  func encode(_ measurement: [Honest.Field]) throws(VDAFError) -> SecretBuffer<Honest.Field> {
    SecretBuffer(copying: measurement.span)
  }

  func writeInputs(
    _ inputs: inout SecretBuffer<Honest.Field>, measurement: borrowing SecretBuffer<Honest.Field>,
    jointRandomness: borrowing SecretBuffer<Honest.Field>, at offset: Int, sharesInverse: Honest.Field
  ) {
    honest.writeInputs(
      &inputs, measurement: measurement, jointRandomness: jointRandomness, at: offset, sharesInverse: sharesInverse)
  }

  func evaluate(
    measurement: borrowing SecretBuffer<Honest.Field>, gadgetOutputs: borrowing SecretBuffer<Honest.Field>,
    sharesInverse: Honest.Field
  ) -> SecretBuffer<Honest.Field> {
    honest.evaluate(measurement: measurement, gadgetOutputs: gadgetOutputs, sharesInverse: sharesInverse)
  }

  func truncate(_ measurement: borrowing SecretBuffer<Honest.Field>) -> SecretBuffer<Honest.Field> {
    honest.truncate(measurement)
  }

  func decode(_ sum: [Honest.Field], measurements: Int) throws(VDAFError) -> Honest.AggregateResult {
    try honest.decode(sum, measurements: measurements)
  }
}
