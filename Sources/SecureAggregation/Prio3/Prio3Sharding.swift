// SPDX-License-Identifier: Apache-2.0

extension Prio3 {
  /// Splits a measurement and proves it. The nonce is public and must be used once; the randomness is secret and must be
  /// used once.
  @specialized(where Circuit == Count<Field64>)
  @specialized(where Circuit == Sum<Field64>)
  @specialized(where Circuit == SumVec<Field64>)
  @specialized(where Circuit == SumVec<Field128>)
  @specialized(where Circuit == Histogram<Field128>)
  @specialized(where Circuit == MultihotCountVec<Field128>)
  package func shard(
    _ measurement: Circuit.Measurement, context: [UInt8], nonce: [UInt8], randomness: borrowing SecretBytes
  ) throws(VDAFError) -> ShardedReport {
    try expect(nonce.count, Self.nonceSize, .nonce)
    try expect(randomness.count, randomnessSize, .randomness)
    let separation = try separation(context)
    let encoded = try circuit.encode(measurement)
    let length = circuit.measurementLength
    let leaderSize = inputShareSize(0), helperSize = inputShareSize(1)
    var shares = SecretBytes(repeating: 0, count: leaderSize + (self.shares - 1) * helperSize)

    // The randomness is the helpers' shares as they are sent, then the leader's blind, then the seed of the proofs.
    let helperBytes = (self.shares - 1) * helperSize
    for index in 0..<helperBytes { shares[leaderSize + index] = randomness[index] }
    let blindSize = usesJointRandomness ? seedSize : 0
    for index in 0..<blindSize { shares[leaderSize - blindSize + index] = randomness[helperBytes + index] }

    var leader = SecretBuffer<Field>(copying: encoded.span)
    var parts = SecretBytes(repeating: 0, count: publicShareSize)
    for helper in 1..<self.shares {
      let start = (helper - 1) * helperSize
      let share = helperMeasurementShare(
        helper, seed: randomness.span.extracting(start..<start + seedSize), separation)
      for index in 0..<length { leader[index] = leader[index] - share[index] }
      if usesJointRandomness {
        let part = jointRandomnessPart(
          helper, blind: randomness.span.extracting(start + seedSize..<start + 2 * seedSize), measurement: share,
          nonce: nonce, separation)
        for index in 0..<seedSize { parts[helper * seedSize + index] = part[index] }
      }
    }
    var jointRandomness = SecretBuffer<Field>(repeating: .zero, count: 0)
    if usesJointRandomness {
      let part = jointRandomnessPart(
        0, blind: randomness.span.extracting(helperBytes..<helperBytes + seedSize), measurement: leader, nonce: nonce,
        separation)
      for index in 0..<seedSize { parts[index] = part[index] }
      let seed = jointRandomnessSeed(parts: parts.span, separation)
      jointRandomness = self.jointRandomness(seed: seed.span, separation)
    }

    let proveSeed = helperBytes + blindSize
    let proveRandomness = proveRandomness(
      seed: randomness.span.extracting(proveSeed..<proveSeed + seedSize), separation)
    var proof = SecretBuffer<Field>(repeating: .zero, count: proofs * system.proofLength)
    for index in 0..<proofs {
      system.prove(
        encoded, index: index, proveRandomness: proveRandomness, jointRandomness: jointRandomness, into: &proof,
        at: index * system.proofLength)
    }
    for helper in 1..<self.shares {
      let start = (helper - 1) * helperSize
      let share = helperProofsShare(helper, seed: randomness.span.extracting(start..<start + seedSize), separation)
      for index in 0..<proof.count { proof[index] = proof[index] - share[index] }
    }
    Field.encode(leader, into: &shares, at: 0)
    Field.encode(proof, into: &shares, at: length * Field.encodedSize)
    return ShardedReport(
      publicShare: PublicShare(jointRandomnessParts: parts.copiedBytes), inputShares: shares, leaderSize: leaderSize,
      helperSize: helperSize)
  }

  /// With randomness of the system's generator.
  package func shard(
    _ measurement: Circuit.Measurement, context: [UInt8], nonce: [UInt8]
  ) throws(VDAFError) -> ShardedReport {
    try shard(measurement, context: context, nonce: nonce, randomness: .random(count: randomnessSize))
  }
}
