// SPDX-License-Identifier: Apache-2.0

/// What a contributor sends: a part for all, and to each aggregator, under encryption, a part that nobody else may see.
package struct ShardedReport: ~Copyable, Sendable {
  package let publicShare: PublicShare
  /// Encoded, one after the other.
  private let inputShares: SecretBytes
  private let leaderSize: Int
  private let helperSize: Int

  init(publicShare: PublicShare, inputShares: consuming SecretBytes, leaderSize: Int, helperSize: Int) {
    self.publicShare = publicShare
    self.inputShares = inputShares
    self.leaderSize = leaderSize
    self.helperSize = helperSize
  }

  /// Aggregator 0 is the leader.
  package func inputShare(_ aggregator: Int) throws(VDAFError) -> SecretBytes {
    let shares = 1 + (inputShares.count - leaderSize) / helperSize
    guard (0..<shares).contains(aggregator) else { throw .noSuchAggregator(aggregator) }
    let start = aggregator == 0 ? 0 : leaderSize + (aggregator - 1) * helperSize
    let size = aggregator == 0 ? leaderSize : helperSize
    return SecretBytes(copying: inputShares.span.extracting(start..<start + size))
  }
}

/// The parts of the joint randomness, which all aggregators see. Empty where the circuit uses none.
package struct PublicShare: Equatable, Sendable {
  let jointRandomnessParts: [UInt8]

  package var encoded: [UInt8] { jointRandomnessParts }
}

/// What an aggregator tells the others of a report.
package struct VerifierShare<Field: PrimeField>: Equatable, Sendable {
  let verifiers: [Field]
  /// Empty where the circuit uses no joint randomness.
  let jointRandomnessPart: [UInt8]

  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    Field.encode(verifiers, into: &bytes)
    return bytes + jointRandomnessPart
  }
}

/// What came of the verifier shares. Empty where the circuit uses no joint randomness.
package struct VerifierMessage: Equatable, Sendable {
  let jointRandomnessSeed: [UInt8]

  package var encoded: [UInt8] { jointRandomnessSeed }
}

/// What an aggregator keeps of a report until the message is there.
package struct VerifierState<Field: PrimeField>: ~Copyable, Sendable {
  /// For the other aggregators.
  package let verifierShare: VerifierShare<Field>
  let outputShare: SecretBuffer<Field>
  let jointRandomnessSeed: SecretBytes
}

/// An aggregator's share of a valid measurement, ready to be added up.
package struct OutputShare<Field: PrimeField>: ~Copyable, Sendable {
  let elements: SecretBuffer<Field>

  /// For an aggregator that keeps it before it adds it up. No secret from that aggregator, but from all others.
  package var encoded: SecretBytes {
    var bytes = SecretBytes(repeating: 0, count: elements.count * Field.encodedSize)
    Field.encode(elements, into: &bytes, at: 0)
    return bytes
  }
}

extension Prio3 {
  package func decodePublicShare(_ bytes: [UInt8]) throws(VDAFError) -> PublicShare {
    try expect(bytes.count, publicShareSize, .publicShare)
    return PublicShare(jointRandomnessParts: bytes)
  }

  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func decodeVerifierShare(_ bytes: [UInt8]) throws(VDAFError) -> VerifierShare<Field> {
    try expect(bytes.count, verifierShareSize, .verifierShare)
    let end = proofs * system.verifierLength * Field.encodedSize
    guard let verifiers = Field.decode(Array(bytes[..<end])) else { throw .notReduced(.verifierShare) }
    return VerifierShare(verifiers: verifiers, jointRandomnessPart: Array(bytes[end...]))
  }

  package func decodeVerifierMessage(_ bytes: [UInt8]) throws(VDAFError) -> VerifierMessage {
    try expect(bytes.count, verifierMessageSize, .verifierMessage)
    return VerifierMessage(jointRandomnessSeed: bytes)
  }

  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func decodeAggregateShare(_ bytes: [UInt8]) throws(VDAFError) -> AggregateShare<Field> {
    try expect(bytes.count, aggregateShareSize, .aggregateShare)
    guard let elements = Field.decode(bytes.span, count: circuit.outputLength) else {
      throw .notReduced(.aggregateShare)
    }
    return AggregateShare(elements)
  }

  func expect(_ actual: Int, _ expected: Int, _ part: VDAFError.Part) throws(VDAFError) {
    guard actual == expected else { throw .wrongLength(part, expected: expected, actual: actual) }
  }
}
