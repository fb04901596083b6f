// SPDX-License-Identifier: Apache-2.0

/// The draft's proof system: a prover shows that a circuit gives zeros for a measurement, to verifiers of whom each has
/// only a share of the measurement and of the proof.
///
/// The inputs of the gadget's calls, one polynomial for each input wire, have random values before the first call; the
/// gadget of these polynomials is the proof. It is checked at a random point.
struct FullyLinearProof<Circuit: ValidityCircuit>: Sendable {
  typealias Field = Circuit.Field

  let circuit: Circuit
  private let arity: Int
  /// The values of a wire's polynomial: the seed, the calls, and zeros up to a power of two.
  private let points: Int
  /// And those of the gadget's polynomial, of which the proof carries as many as its degree needs.
  private let gadgetPoints: Int
  private let gadgetKnown: Int
  private let transform: NumberTheoreticTransform<Field>
  private let wireBasis: LagrangeBasis<Field>
  private let gadgetBasis: LagrangeBasis<Field>

  init(_ circuit: Circuit) throws(VDAFError) {
    self.circuit = circuit
    arity = circuit.gadget.arity
    let degree = circuit.gadget.degree
    guard arity > 0, degree > 0, circuit.gadgetCalls > 0 else {
      throw .badParameter("a circuit needs a gadget, and calls of it")
    }
    points = nextPowerOfTwo(try CircuitLimits.product(1, circuit.gadgetCalls + 1, "number of gadget calls"))
    let known = try CircuitLimits.product(degree, points - 1, "gadget polynomial") + 1
    _ = try CircuitLimits.product(arity, points, "wire matrix")
    gadgetKnown = known
    gadgetPoints = max(nextPowerOfTwo(known), points)
    _ = try CircuitLimits.product(gadgetPoints - known, known, "completion of a gadget polynomial")
    transform = NumberTheoreticTransform(size: points, density: gadgetPoints / points)
    wireBasis = LagrangeBasis(size: points, known: points)
    gadgetBasis = LagrangeBasis(size: gadgetPoints, known: gadgetKnown)
  }

  var proveRandomnessLength: Int { arity }
  var queryRandomnessLength: Int { 1 + (circuit.evaluationOutputLength > 1 ? circuit.evaluationOutputLength : 0) }
  var proofLength: Int { arity + gadgetKnown }
  var verifierLength: Int { arity + 2 }

  /// Writes the proof from place `offset` on; the randomness of proof `index` is the one of that number.
  func prove(
    _ measurement: borrowing SecretBuffer<Field>, index: Int, proveRandomness: borrowing SecretBuffer<Field>,
    jointRandomness: borrowing SecretBuffer<Field>, into proof: inout SecretBuffer<Field>, at offset: Int
  ) {
    var wires = SecretBuffer<Field>(repeating: .zero, count: points * arity)
    for wire in 0..<arity {
      let seed = proveRandomness[index * proveRandomnessLength + wire]
      wires[wire] = seed
      proof[offset + wire] = seed
    }
    circuit.writeInputs(
      &wires, measurement: measurement, jointRandomness: jointRandomness, at: index * circuit.jointRandomnessLength,
      sharesInverse: .one)
    // At the roots of the wires' polynomials the gadget's inputs are at hand; at the points between them they are
    // evaluated.
    let density = gadgetPoints / points
    let start = offset + arity
    for point in 0..<points {
      let place = point * density
      if place < gadgetKnown { proof[start + place] = circuit.gadget.evaluate(wires, at: point * arity) }
    }
    transform.interpolate(&wires, width: arity)
    var between = SecretBuffer<Field>(repeating: .zero, count: points * arity)
    for shift in 1..<max(density, 1) {
      transform.evaluate(wires, shift: shift, width: arity, into: &between)
      for point in 0..<points {
        let place = point * density + shift
        if place < gadgetKnown { proof[start + place] = circuit.gadget.evaluate(between, at: point * arity) }
      }
    }
  }

  /// Appends the share of the verifier. The randomness of proof `index` is the one of that number; the proof itself
  /// stands from place `offset` on.
  func query(
    _ measurement: borrowing SecretBuffer<Field>, proof: borrowing SecretBuffer<Field>, at offset: Int, index: Int,
    queryRandomness: borrowing SecretBuffer<Field>, jointRandomness: borrowing SecretBuffer<Field>,
    sharesInverse: Field, into verifier: inout [Field]
  ) throws(VDAFError) {
    var wires = SecretBuffer<Field>(repeating: .zero, count: points * arity)
    for wire in 0..<arity { wires[wire] = proof[offset + wire] }
    circuit.writeInputs(
      &wires, measurement: measurement, jointRandomness: jointRandomness, at: index * circuit.jointRandomnessLength,
      sharesInverse: sharesInverse)

    var values = SecretBuffer<Field>(repeating: .zero, count: gadgetPoints)
    for place in 0..<gadgetKnown { values[place] = proof[offset + arity + place] }
    gadgetBasis.extend(&values)
    let density = gadgetPoints / points
    var outputs = SecretBuffer<Field>(repeating: .zero, count: circuit.gadgetCalls)
    for call in 0..<circuit.gadgetCalls { outputs[call] = values[(call + 1) * density] }
    let evaluated = circuit.evaluate(
      measurement: measurement, gadgetOutputs: outputs, sharesInverse: sharesInverse)

    var place = index * queryRandomnessLength
    if circuit.evaluationOutputLength > 1 {
      var sum = Field.SumOfProducts()
      for output in 0..<circuit.evaluationOutputLength { sum.add(queryRandomness[place + output], evaluated[output]) }
      verifier.append(sum.value)
      place += circuit.evaluationOutputLength
    } else {
      verifier.append(evaluated[0])
    }
    // There the verifier would tell a value of the gadget itself.
    let point = queryRandomness[place]
    guard point.power(Field.Integer(points)) != .one else { throw .testPointIsRootOfUnity }

    let coefficients = wireBasis.coefficients(at: point)
    // What is behind the last call is zero.
    let rows = circuit.gadgetCalls + 1
    for wire in 0..<arity {
      var sum = Field.SumOfProducts()
      for row in 0..<rows { sum.add(wires[row * arity + wire], coefficients[row]) }
      verifier.append(sum.value)
    }
    let gadgetCoefficients = gadgetBasis.coefficients(at: point)
    var sum = Field.SumOfProducts()
    for place in 0..<gadgetPoints { sum.add(values[place], gadgetCoefficients[place]) }
    verifier.append(sum.value)
  }

  /// Whether the verifier that the shares add up to, from place `offset` on, is that of a valid measurement.
  func decide(_ verifier: borrowing SecretBuffer<Field>, at offset: Int) -> Bool {
    let isZero = verifier[offset] == .zero
    let isGadget = circuit.gadget.evaluate(verifier, at: offset + 1) == verifier[offset + 1 + arity]
    return isZero && isGadget
  }
}

private func nextPowerOfTwo(_ value: Int) -> Int {
  var power = 1
  while power < value { power *= 2 }
  return power
}
