// SPDX-License-Identifier: Apache-2.0

/// Prio3 of draft-irtf-cfrg-vdaf: contributors split their measurements among aggregators, who find out together that each
/// is valid, add up what is, and learn nothing else of it as long as one of them is honest.
///
/// `shard` is the contributor's part. Each aggregator calls `verifyInit`, they exchange what that gives, anyone of them
/// calls `verifierSharesToMessage`, and all call `verifyNext` with its result. `unshard` is the collector's part.
package struct Prio3<Circuit: ValidityCircuit>: Sendable {
  package typealias Field = Circuit.Field

  package static var nonceSize: Int { 16 }
  package static var verifyKeySize: Int { XofTurboShake128.seedSize }

  package let circuit: Circuit
  /// The draft's number of the algorithm.
  package let algorithm: UInt32
  /// How many aggregators there are.
  package let shares: Int
  /// How many independent proofs a report carries.
  package let proofs: Int
  let system: FullyLinearProof<Circuit>
  let sharesInverse: Field

  package init(_ circuit: Circuit, algorithm: UInt32, shares: Int, proofs: Int = 1) throws(VDAFError) {
    guard (2...255).contains(shares) else { throw .badParameter("there must be from 2 to 255 aggregators") }
    guard (1...255).contains(proofs) else { throw .badParameter("there must be from 1 to 255 proofs") }
    self.circuit = circuit
    self.algorithm = algorithm
    self.shares = shares
    self.proofs = proofs
    system = try FullyLinearProof(circuit)
    sharesInverse = Field(reduced: Field.Integer(shares)).inverse
    _ = try CircuitLimits.product(proofs, system.proofLength, "length of all proofs")
  }

  var usesJointRandomness: Bool { circuit.jointRandomnessLength > 0 }
  var seedSize: Int { XofTurboShake128.seedSize }

  // MARK: Sizes in bytes

  package var randomnessSize: Int { shares * seedSize * (usesJointRandomness ? 2 : 1) }
  package var publicShareSize: Int { usesJointRandomness ? shares * seedSize : 0 }
  package var verifierShareSize: Int {
    proofs * system.verifierLength * Field.encodedSize + (usesJointRandomness ? seedSize : 0)
  }
  package var verifierMessageSize: Int { usesJointRandomness ? seedSize : 0 }
  package var aggregateShareSize: Int { circuit.outputLength * Field.encodedSize }

  package func inputShareSize(_ aggregator: Int) -> Int {
    let blind = usesJointRandomness ? seedSize : 0
    if aggregator > 0 { return seedSize + blind }
    return (circuit.measurementLength + proofs * system.proofLength) * Field.encodedSize + blind
  }

  // MARK: What is derived from seeds

  func separation(_ context: [UInt8]) throws(VDAFError) -> DomainSeparation {
    try DomainSeparation(algorithm: algorithm, context: context)
  }

  func helperMeasurementShare(
    _ aggregator: Int, seed: Span<UInt8>, _ separation: DomainSeparation
  ) -> SecretBuffer<Field> {
    var xof = XofTurboShake128(seed: seed, tag: separation.tag(.measurementShare))
    xof.bind(byte: UInt8(aggregator))
    return xof.expanded(count: circuit.measurementLength)
  }

  func helperProofsShare(
    _ aggregator: Int, seed: Span<UInt8>, _ separation: DomainSeparation
  ) -> SecretBuffer<Field> {
    var xof = XofTurboShake128(seed: seed, tag: separation.tag(.proofShare))
    xof.bind(byte: UInt8(proofs))
    xof.bind(byte: UInt8(aggregator))
    return xof.expanded(count: proofs * system.proofLength)
  }

  func proveRandomness(seed: Span<UInt8>, _ separation: DomainSeparation) -> SecretBuffer<Field> {
    var xof = XofTurboShake128(seed: seed, tag: separation.tag(.proveRandomness))
    xof.bind(byte: UInt8(proofs))
    return xof.expanded(count: proofs * system.proveRandomnessLength)
  }

  func queryRandomness(
    verifyKey: Span<UInt8>, nonce: [UInt8], _ separation: DomainSeparation
  ) -> SecretBuffer<Field> {
    var xof = XofTurboShake128(seed: verifyKey, tag: separation.tag(.queryRandomness))
    xof.bind(byte: UInt8(proofs))
    xof.bind(nonce.span)
    return xof.expanded(count: proofs * system.queryRandomnessLength)
  }

  /// What an aggregator's share of the measurement adds to the joint randomness.
  func jointRandomnessPart(
    _ aggregator: Int, blind: Span<UInt8>, measurement: borrowing SecretBuffer<Field>, nonce: [UInt8],
    _ separation: DomainSeparation
  ) -> SecretBytes {
    var xof = XofTurboShake128(seed: blind, tag: separation.tag(.jointRandomnessPart))
    xof.bind(byte: UInt8(aggregator))
    xof.bind(nonce.span)
    xof.bind(measurement, count: circuit.measurementLength)
    return xof.derivedSeed()
  }

  func jointRandomnessSeed(parts: Span<UInt8>, _ separation: DomainSeparation) -> SecretBytes {
    let zeros = SecretBytes(repeating: 0, count: seedSize)
    var xof = XofTurboShake128(seed: zeros.span, tag: separation.tag(.jointRandomnessSeed))
    xof.bind(parts)
    return xof.derivedSeed()
  }

  func jointRandomness(seed: Span<UInt8>, _ separation: DomainSeparation) -> SecretBuffer<Field> {
    var xof = XofTurboShake128(seed: seed, tag: separation.tag(.jointRandomness))
    xof.bind(byte: UInt8(proofs))
    return xof.expanded(count: proofs * circuit.jointRandomnessLength)
  }
}

package typealias Prio3Count = Prio3<Count<Field64>>
package typealias Prio3Sum = Prio3<Sum<Field64>>
package typealias Prio3SumVec = Prio3<SumVec<Field128>>
package typealias Prio3Histogram = Prio3<Histogram<Field128>>
package typealias Prio3MultihotCountVec = Prio3<MultihotCountVec<Field128>>
/// Several proofs over the smaller field; experimental in the draft.
package typealias Prio3SumVecWithMultiproof = Prio3<SumVec<Field64>>

extension Prio3 where Circuit == Count<Field64> {
  package init(shares: Int) throws(VDAFError) { try self.init(Count(), algorithm: 1, shares: shares) }
}

extension Prio3 where Circuit == Sum<Field64> {
  package init(shares: Int, maximum: UInt64) throws(VDAFError) {
    try self.init(Sum(maximum: maximum), algorithm: 2, shares: shares)
  }
}

extension Prio3 where Circuit == SumVec<Field128> {
  package init(shares: Int, length: Int, maximum: UInt128, chunkLength: Int? = nil) throws(VDAFError) {
    try self.init(
      SumVec(length: length, maximum: maximum, chunkLength: chunkLength), algorithm: 3, shares: shares)
  }
}

extension Prio3 where Circuit == Histogram<Field128> {
  package init(shares: Int, length: Int, chunkLength: Int? = nil) throws(VDAFError) {
    try self.init(Histogram(length: length, chunkLength: chunkLength), algorithm: 4, shares: shares)
  }
}

extension Prio3 where Circuit == MultihotCountVec<Field128> {
  package init(shares: Int, length: Int, maximumWeight: Int, chunkLength: Int? = nil) throws(VDAFError) {
    try self.init(
      MultihotCountVec(length: length, maximumWeight: maximumWeight, chunkLength: chunkLength), algorithm: 5,
      shares: shares)
  }
}

extension Prio3 where Circuit == SumVec<Field64> {
  /// The draft has no number for it, only the one that its tests use.
  package init(
    shares: Int, proofs: Int, length: Int, maximum: UInt64, chunkLength: Int? = nil
  ) throws(VDAFError) {
    try self.init(
      SumVec(length: length, maximum: maximum, chunkLength: chunkLength), algorithm: 0xFFFF_FFFF, shares: shares,
      proofs: proofs)
  }
}
