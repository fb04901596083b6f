// SPDX-License-Identifier: Apache-2.0

extension Prio3 {
  /// An aggregator's first step with a report: expands and queries its share. All aggregators must use the same verify
  /// key, which no contributor may know, and the nonce and context that the contributor has used.
  ///
  /// Neither the nonce nor the key is bound by a report of a circuit without joint randomness: that all aggregators use
  /// the same ones is what is checked.
  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func verifyInit(
    verifyKey: borrowing SecretBytes, context: [UInt8], aggregator: Int, nonce: [UInt8], publicShare: PublicShare,
    inputShare: borrowing SecretBytes
  ) throws(VDAFError) -> VerifierState<Field> {
    guard (0..<shares).contains(aggregator) else { throw .noSuchAggregator(aggregator) }
    try expect(verifyKey.count, Self.verifyKeySize, .verifyKey)
    try expect(nonce.count, Self.nonceSize, .nonce)
    try expect(publicShare.jointRandomnessParts.count, publicShareSize, .publicShare)
    try expect(inputShare.count, inputShareSize(aggregator), .inputShare)
    let separation = try separation(context)

    let bytes = inputShare.span
    let measurement: SecretBuffer<Field>
    let proof: SecretBuffer<Field>
    if aggregator == 0 {
      let length = circuit.measurementLength, proofsLength = proofs * system.proofLength
      let end = length * Field.encodedSize
      guard let decoded = Field.decode(bytes.extracting(0..<end), count: length),
        let decodedProof = Field.decode(
          bytes.extracting(end..<end + proofsLength * Field.encodedSize), count: proofsLength)
      else { throw .notReduced(.inputShare) }
      measurement = decoded
      proof = decodedProof
    } else {
      measurement = helperMeasurementShare(aggregator, seed: bytes.extracting(0..<seedSize), separation)
      proof = helperProofsShare(aggregator, seed: bytes.extracting(0..<seedSize), separation)
    }

    var seed = SecretBytes(repeating: 0, count: 0)
    var jointRandomness = SecretBuffer<Field>(repeating: .zero, count: 0)
    var ownPart: [UInt8] = []
    if usesJointRandomness {
      let part = jointRandomnessPart(
        aggregator, blind: bytes.extracting(bytes.count - seedSize..<bytes.count), measurement: measurement,
        nonce: nonce, separation)
      ownPart = part.copiedBytes
      // The aggregator's own part is what it has found, whatever the contributor says.
      var parts = publicShare.jointRandomnessParts
      parts.replaceSubrange(aggregator * seedSize..<(aggregator + 1) * seedSize, with: ownPart)
      seed = jointRandomnessSeed(parts: parts.span, separation)
      jointRandomness = self.jointRandomness(seed: seed.span, separation)
    }

    let queryRandomness = queryRandomness(verifyKey: verifyKey.span, nonce: nonce, separation)
    var verifiers: [Field] = []
    verifiers.reserveCapacity(proofs * system.verifierLength)
    for index in 0..<proofs {
      try system.query(
        measurement, proof: proof, at: index * system.proofLength, index: index, queryRandomness: queryRandomness,
        jointRandomness: jointRandomness, sharesInverse: sharesInverse, into: &verifiers)
    }
    return VerifierState(
      verifierShare: VerifierShare(verifiers: verifiers, jointRandomnessPart: ownPart),
      outputShare: circuit.truncate(measurement), jointRandomnessSeed: seed)
  }

  /// Adds up the aggregators' verifier shares, in the order of the aggregators, and decides: a report whose proof
  /// is not valid is refused here.
  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func verifierSharesToMessage(
    _ verifierShares: [VerifierShare<Field>], context: [UInt8]
  ) throws(VDAFError) -> VerifierMessage {
    guard verifierShares.count == shares else {
      throw .wrongShareCount(.verifierShare, expected: shares, actual: verifierShares.count)
    }
    let separation = try separation(context)
    let length = proofs * system.verifierLength
    var verifier = SecretBuffer<Field>(repeating: .zero, count: length)
    var parts: [UInt8] = []
    for share in verifierShares {
      try expect(share.verifiers.count, length, .verifierShare)
      try expect(share.jointRandomnessPart.count, verifierMessageSize, .verifierShare)
      for index in 0..<length { verifier[index] += share.verifiers[index] }
      parts += share.jointRandomnessPart
    }
    for index in 0..<proofs where !system.decide(verifier, at: index * system.verifierLength) { throw .proofRefused }
    guard usesJointRandomness else { return VerifierMessage(jointRandomnessSeed: []) }
    return VerifierMessage(jointRandomnessSeed: jointRandomnessSeed(parts: parts.span, separation).copiedBytes)
  }

  /// An aggregator's last step with a report: what it gives may be added up. The joint randomness must be what this
  /// aggregator has used; if not, the contributor has told the aggregators different things.
  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func verifyNext(
    _ state: consuming VerifierState<Field>, message: VerifierMessage
  ) throws(VDAFError) -> OutputShare<Field> {
    try expect(message.jointRandomnessSeed.count, verifierMessageSize, .verifierMessage)
    var difference: UInt8 = 0
    for index in 0..<verifierMessageSize {
      difference |= message.jointRandomnessSeed[index] ^ state.jointRandomnessSeed[index]
    }
    guard difference == 0 else { throw .jointRandomnessDiffers }
    return OutputShare(elements: state.outputShare)
  }

  // MARK: Sums

  /// The share of a sum of nothing.
  package func aggregateInit() -> AggregateShare<Field> {
    AggregateShare(SecretBuffer(repeating: .zero, count: circuit.outputLength))
  }

  /// Adds one report. That each is added once is the caller's to see to.
  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func aggregateUpdate(
    _ aggregate: inout AggregateShare<Field>, _ output: borrowing OutputShare<Field>
  ) throws(VDAFError) {
    try expect(output.elements.count, aggregate.count, .aggregateShare)
    aggregate.add(output.elements)
  }

  /// Adds up shares of the same aggregator over different reports.
  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func merge(_ shares: [AggregateShare<Field>]) throws(VDAFError) -> AggregateShare<Field> {
    var sum = aggregateInit()
    for share in shares {
      try expect(share.count, circuit.outputLength, .aggregateShare)
      sum.add(share)
    }
    return sum
  }

  /// The sum in the field, of all aggregators' shares: for shares to which noise has been added, so that it need not be
  /// one that measurements can give.
  package func sum(_ aggregateShares: [AggregateShare<Field>]) throws(VDAFError) -> [Field] {
    guard aggregateShares.count == shares else {
      throw .wrongShareCount(.aggregateShare, expected: shares, actual: aggregateShares.count)
    }
    return try merge(aggregateShares).elements
  }

  /// The aggregate result of so many measurements. Nothing authenticates an aggregate share here: one that is wrong shows
  /// only where the sum is more than the measurements can give.
  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func unshard(
    _ aggregateShares: [AggregateShare<Field>], measurements: Int
  ) throws(VDAFError) -> Circuit.AggregateResult {
    try circuit.decode(sum(aggregateShares), measurements: measurements)
  }
}
