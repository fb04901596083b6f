// SPDX-License-Identifier: Apache-2.0

/// What a measurement is, how it becomes field elements, and an arithmetic circuit that gives zeros for valid ones only.
///
/// The circuit has one gadget, as all of the draft have. Its inputs are affine in the measurement, and so are the
/// circuit's outputs in the measurement and the gadget's outputs: so both can be worked out on shares.
package protocol ValidityCircuit: Sendable {
  associatedtype Field
  associatedtype Gate: Gadget<Field>
  associatedtype Measurement
  associatedtype AggregateResult: Equatable

  var gadget: Gate { get }
  var gadgetCalls: Int { get }
  /// Elements of an encoded measurement.
  var measurementLength: Int { get }
  /// Elements that client and aggregators draw together after the measurement is fixed.
  var jointRandomnessLength: Int { get }
  /// Elements of what is added up.
  var outputLength: Int { get }
  /// Outputs of the circuit, all zero for a valid measurement.
  var evaluationOutputLength: Int { get }

  /// Takes the same time for all measurements in range.
  func encode(_ measurement: Measurement) throws(VDAFError) -> SecretBuffer<Field>

  /// Writes the inputs of the gadget's calls: those of call k from place k * arity on, counted from one.
  /// `sharesInverse` is one divided by the number of shares that the measurement has been split into.
  func writeInputs(
    _ inputs: inout SecretBuffer<Field>, measurement: borrowing SecretBuffer<Field>,
    jointRandomness: borrowing SecretBuffer<Field>, at offset: Int, sharesInverse: Field)

  /// The circuit's outputs for the outputs of the gadget's calls.
  func evaluate(
    measurement: borrowing SecretBuffer<Field>, gadgetOutputs: borrowing SecretBuffer<Field>, sharesInverse: Field
  ) -> SecretBuffer<Field>

  /// What of an encoded measurement is added up.
  func truncate(_ measurement: borrowing SecretBuffer<Field>) -> SecretBuffer<Field>

  /// What the sum of so many measurements says.
  func decode(_ sum: [Field], measurements: Int) throws(VDAFError) -> AggregateResult
}

/// Checks of a circuit's parameters, which come from contracts.
enum CircuitLimits {
  /// No vector of one report is longer, so that no parameter can exhaust the memory.
  static let longest = 1 << 24

  static func positive(_ value: Int, _ name: String) throws(VDAFError) {
    guard value > 0 else { throw .badParameter("the \(name) must be one or more") }
    guard value <= longest else { throw .badParameter("the \(name) must be at most \(longest)") }
  }

  static func product(_ left: Int, _ right: Int, _ name: String) throws(VDAFError) -> Int {
    let (product, isOverflow) = left.multipliedReportingOverflow(by: right)
    guard !isOverflow, product <= longest else { throw .badParameter("the \(name) must be at most \(longest)") }
    return product
  }
}

extension ValidityCircuit {
  /// The numbers of a sum to which each of the measurements has added `largest` at most.
  package func integers(
    _ sum: [Field], measurements: Int, largest: Field.Integer
  ) throws(VDAFError) -> [Field.Integer] {
    guard sum.count == outputLength else {
      throw .wrongLength(.aggregateShare, expected: outputLength, actual: sum.count)
    }
    guard measurements > 0 else { throw .badMeasurementCount(measurements) }
    guard let count = Field.Integer(exactly: measurements) else { throw .sumMayWrap }
    let (bound, isOverflow) = largest.multipliedReportingOverflow(by: count)
    guard !isOverflow, bound < Field.modulus else { throw .sumMayWrap }
    let integers = sum.map(\.integer)
    guard integers.allSatisfy({ $0 <= bound }) else { throw .aggregateOutOfRange }
    return integers
  }
}
