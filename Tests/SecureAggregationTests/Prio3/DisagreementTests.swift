// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

/// Aggregators who are told different things, or do not do the same.
struct DisagreementTests {
  /// Whether a report is added up when each aggregator may see something else.
  private func isAccepted<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, _ delivery: Delivery, alter: (Int, inout Delivery) -> Void
  ) -> Bool {
    var aggregators = Aggregators(vdaf)
    let reason = refusal { () throws(VDAFError) in
      let states = try aggregators.begin(delivery, alter: alter)
      try aggregators.end(states, message: aggregators.message(states.map(\.verifierShare)))
    }
    return reason == nil
  }

  private func check<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, _ measurement: Circuit.Measurement, bindsNonce: Bool, _ comment: String
  ) throws {
    var generator = SeededGenerator(state: 110)
    let delivery = try Delivery(vdaf, measurement, &generator)
    let other = try Delivery(vdaf, measurement, &generator)
    #expect(isAccepted(vdaf, delivery) { _, _ in }, "\(comment)")
    for chosen in 0..<vdaf.shares {
      #expect(!isAccepted(vdaf, delivery) { if $0 == chosen { $1.nonce[0] ^= 1 } }, "\(comment): nonce of \(chosen)")
      #expect(!isAccepted(vdaf, delivery) { if $0 == chosen { $1.verifyKey[31] ^= 1 } }, "\(comment): key of \(chosen)")
      // The context is in each helper's shares, and in the point that all of them check at.
      #expect(!isAccepted(vdaf, delivery) { if $0 == chosen { $1.context += [0] } }, "\(comment): context of \(chosen)")
      // A share of another report of the same measurement.
      #expect(
        !isAccepted(vdaf, delivery) { if $0 == chosen { $1.inputShares = other.inputShares } }, "\(comment): \(chosen)")
    }
    #expect(!isAccepted(vdaf, delivery) { $1.context = [] }, "\(comment): context of all")
    // By design: a key that all share is a key, and a nonce is bound by the joint randomness alone.
    #expect(isAccepted(vdaf, delivery) { $1.verifyKey[0] ^= 1 }, "\(comment): key of all")
    #expect(isAccepted(vdaf, delivery) { $1.nonce[0] ^= 1 } != bindsNonce, "\(comment): nonce of all")
    // Helpers' shares are as long as one another; the leader's is not.
    if vdaf.shares > 2 {
      #expect(!isAccepted(vdaf, delivery) { $1.inputShares.swapAt(1, 2) }, "\(comment): shares of 1 and 2")
    }
    #expect(!isAccepted(vdaf, delivery) { $1.inputShares.swapAt(0, 1) }, "\(comment): shares of 0 and 1")
  }

  @Test(arguments: [2, 3, 5]) func disagreements(shares: Int) throws {
    try check(Prio3Count(shares: shares), true, bindsNonce: false, "count")
    try check(Prio3Sum(shares: shares, maximum: 5), 4, bindsNonce: false, "sum")
    try check(Prio3SumVec(shares: shares, length: 2, maximum: 3), [1, 2], bindsNonce: true, "sum of vectors")
    try check(
      Prio3SumVecWithMultiproof(shares: shares, proofs: 2, length: 2, maximum: 3), [1, 2], bindsNonce: true,
      "several proofs")
    try check(Prio3Histogram(shares: shares, length: 4), 2, bindsNonce: true, "histogram")
    try check(
      Prio3MultihotCountVec(shares: shares, length: 3, maximumWeight: 2), [true, false, true], bindsNonce: true,
      "multihot")
  }

  @Test func reportOfOneAggregatorOnly() throws {
    var generator = SeededGenerator(state: 120)
    let vdaf = try Prio3Histogram(shares: 2, length: 4)
    let delivery = try Delivery(vdaf, 1, &generator), other = try Delivery(vdaf, 1, &generator)
    let aggregators = Aggregators(vdaf)
    let shares = try aggregators.begin(delivery).map(\.verifierShare)
    let otherShares = try aggregators.begin(other).map(\.verifierShare)
    func reason(_ shares: [[UInt8]]) -> VDAFError? {
      refusal { () throws(VDAFError) in _ = try aggregators.message(shares) }
    }
    #expect(reason(shares) == nil)
    #expect(reason([]) == .wrongShareCount(.verifierShare, expected: 2, actual: 0))
    #expect(reason([shares[0]]) == .wrongShareCount(.verifierShare, expected: 2, actual: 1))
    #expect(reason(shares + shares) == .wrongShareCount(.verifierShare, expected: 2, actual: 4))
    #expect(reason([shares[0], shares[0]]) == .proofRefused)
    #expect(reason([shares[0], otherShares[1]]) == .proofRefused)
    // In the wrong order the proof is the same, but not the joint randomness.
    let swapped = try aggregators.message([shares[1], shares[0]])
    var ended = Aggregators(vdaf)
    let states = try aggregators.begin(delivery)
    #expect(
      refusal { () throws(VDAFError) in try ended.end(states, message: swapped) } == .jointRandomnessDiffers)
  }

  @Test func wrongArguments() throws {
    var generator = SeededGenerator(state: 130)
    let vdaf = try Prio3Histogram(shares: 2, length: 4)
    let delivery = try Delivery(vdaf, 1, &generator)
    func reason(aggregator: Int = 0, nonce: Int = 16, key: Int = 32, context: Int = 3) throws -> VDAFError? {
      let share = try vdaf.decodePublicShare(delivery.publicShare)
      return refusal { () throws(VDAFError) in
        _ = try vdaf.verifyInit(
          verifyKey: SecretBytes(repeating: 1, count: key), context: Array(repeating: 0, count: context),
          aggregator: aggregator, nonce: Array(repeating: 0, count: nonce), publicShare: share,
          inputShare: SecretBytes(copying: delivery.inputShares[0]))
      }
    }
    #expect(try reason() == nil)
    for aggregator in [-1, 2, 255, .min, .max] {
      #expect(try reason(aggregator: aggregator) == .noSuchAggregator(aggregator))
    }
    #expect(try reason(nonce: 0) == .wrongLength(.nonce, expected: 16, actual: 0))
    #expect(try reason(nonce: 17) == .wrongLength(.nonce, expected: 16, actual: 17))
    #expect(try reason(key: 31) == .wrongLength(.verifyKey, expected: 32, actual: 31))
    #expect(try reason(context: 65_536) == .contextTooLong(65_536))
    // A share that another algorithm has made.
    let count = try Prio3Count(shares: 2)
    let foreign = try Delivery(count, true, &generator)
    let share = try count.decodePublicShare(foreign.publicShare)
    #expect(
      refusal { () throws(VDAFError) in
        _ = try vdaf.verifyInit(
          verifyKey: SecretBytes(copying: exchangeKey), context: exchangeContext, aggregator: 0, nonce: foreign.nonce,
          publicShare: share, inputShare: SecretBytes(copying: foreign.inputShares[0]))
      } == .wrongLength(.publicShare, expected: 64, actual: 0))
    let report = try vdaf.shard(1, context: [], nonce: delivery.nonce)
    for aggregator in [-1, 2, .min, .max] {
      #expect(
        refusal { () throws(VDAFError) in _ = try report.inputShare(aggregator) } == .noSuchAggregator(aggregator))
    }
  }

  /// Nothing authenticates an aggregate share in the draft: what is wrong shows where the sum cannot be.
  @Test func aggregates() throws {
    var generator = SeededGenerator(state: 140)
    let vdaf = try Prio3Sum(shares: 2, maximum: 100)
    var aggregators = Aggregators(vdaf)
    for value in [UInt64(100), 7, 0] { try aggregators.accept(Delivery(vdaf, value, &generator)) }
    func reason(_ shares: [AggregateShare<Field64>], _ count: Int) -> VDAFError? {
      refusal { () throws(VDAFError) in _ = try vdaf.unshard(shares, measurements: count) }
    }
    let shares = aggregators.aggregates
    #expect(try vdaf.unshard(shares, measurements: 3) == 107)
    #expect(reason(shares, 1) == .aggregateOutOfRange)
    for count in [0, -1, .min] { #expect(reason(shares, count) == .badMeasurementCount(count)) }
    #expect(reason(shares, .max) == .sumMayWrap)
    #expect(reason(shares, Int(Field64.modulus / 100) + 1) == .sumMayWrap)
    #expect(reason([], 3) == .wrongShareCount(.aggregateShare, expected: 2, actual: 0))
    #expect(reason([shares[0]], 3) == .wrongShareCount(.aggregateShare, expected: 2, actual: 1))
    #expect(reason([shares[0], shares[0]], 3) == .aggregateOutOfRange)
    for index in 2..<8 {
      var bytes = shares[1].encoded
      bytes[index] ^= 1
      #expect(reason([shares[0], try vdaf.decodeAggregateShare(bytes)], 3) == .aggregateOutOfRange)
    }
    // Noise may take a sum out of the range; then the field's elements are at hand.
    var bytes: [UInt8] = []
    Field64.encode([shares[0].elements[0] - Field64(reduced: 110)], into: &bytes)
    let noisy = try vdaf.decodeAggregateShare(bytes)
    #expect(reason([noisy, shares[1]], 3) == .aggregateOutOfRange)
    #expect(try vdaf.sum([noisy, shares[1]]) == [-Field64(reduced: 3)])
    // Of a histogram, everyone is in one bucket.
    let histogram = try Prio3Histogram(shares: 2, length: 2)
    let none = histogram.aggregateInit()
    #expect(
      refusal { () throws(VDAFError) in _ = try histogram.unshard([none, none], measurements: 1) }
        == .aggregateOutOfRange)
    let other = try Prio3Histogram(shares: 2, length: 3).aggregateInit()
    #expect(
      refusal { () throws(VDAFError) in _ = try histogram.unshard([none, other], measurements: 1) }
        == .wrongLength(.aggregateShare, expected: 2, actual: 3))
  }

  @Test func everyErrorSaysSomething() {
    let errors: [VDAFError] = [
      .badParameter("the length must be one or more"), .measurementOutOfRange,
      .wrongLength(.inputShare, expected: 4, actual: 3), .notReduced(.verifierShare), .noSuchAggregator(7),
      .wrongShareCount(.verifierShare, expected: 2, actual: 1), .contextTooLong(70_000), .testPointIsRootOfUnity,
      .proofRefused, .jointRandomnessDiffers, .badMeasurementCount(0), .sumMayWrap, .aggregateOutOfRange,
    ]
    #expect(Set(errors.map(\.description)).count == errors.count)
    #expect(errors[2].description == "the input share has length 3 instead of 4")
    #expect(errors[5].description == "the number of verifier shares is 1 instead of 2")
  }
}
