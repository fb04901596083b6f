// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

/// What is refused, and at which step.
struct RefusalTests {
  // MARK: Parameters and measurements

  @Test func parameters() {
    func isRefused(_ body: () throws(VDAFError) -> Void) -> Bool {
      guard case .badParameter? = refusal(body) else { return false }
      return true
    }
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3Count(shares: 1) })
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3Count(shares: 256) })
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3Count(shares: .min) })
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3Sum(shares: 2, maximum: 0) })
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3Sum(shares: 2, maximum: 1 << 63) })
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3Sum(shares: 2, maximum: .max) })
    for length in [0, -1, .min, .max, 1 << 25] {
      #expect(isRefused { () throws(VDAFError) in _ = try Prio3Histogram(shares: 2, length: length) })
      #expect(isRefused { () throws(VDAFError) in _ = try Prio3Histogram(shares: 2, length: 4, chunkLength: length) })
      #expect(isRefused { () throws(VDAFError) in _ = try Prio3SumVec(shares: 2, length: length, maximum: 3) })
      #expect(
        isRefused { () throws(VDAFError) in
          _ = try Prio3MultihotCountVec(shares: 2, length: length, maximumWeight: 1)
        })
      #expect(
        isRefused { () throws(VDAFError) in
          _ = try Prio3MultihotCountVec(shares: 2, length: 4, maximumWeight: length)
        })
    }
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3SumVec(shares: 2, length: 1, maximum: 0) })
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3SumVec(shares: 2, length: 1, maximum: 1 << 127) })
    #expect(isRefused { () throws(VDAFError) in _ = try Prio3SumVec(shares: 2, length: 1 << 22, maximum: 255) })
    for proofs in [0, 256] {
      #expect(
        isRefused { () throws(VDAFError) in
          _ = try Prio3SumVecWithMultiproof(shares: 2, proofs: proofs, length: 1, maximum: 1)
        })
    }
    #expect(isRefused { () throws(VDAFError) in _ = try PolyEval<Field64>([.one, .zero]) })
  }

  private func shardRefusal<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, _ measurement: Circuit.Measurement, nonce: Int = 16, extra: Int = 0, context: Int = 4
  ) -> VDAFError? {
    refusal { () throws(VDAFError) in
      _ = try vdaf.shard(
        measurement, context: Array(repeating: 1, count: context), nonce: Array(repeating: 0, count: nonce),
        randomness: SecretBytes(repeating: 9, count: vdaf.randomnessSize + extra))
    }
  }

  @Test func measurements() throws {
    let sum = try Prio3Sum(shares: 2, maximum: 1000)
    #expect(shardRefusal(sum, 1000) == nil)
    for value in [1001, 1023, 1024, 1 << 60, UInt64.max] { #expect(shardRefusal(sum, value) == .measurementOutOfRange) }
    let histogram = try Prio3Histogram(shares: 2, length: 5)
    for bucket in [-1, 5, .min, .max] { #expect(shardRefusal(histogram, bucket) == .measurementOutOfRange) }
    let vectors = try Prio3SumVec(shares: 2, length: 2, maximum: 7)
    #expect(shardRefusal(vectors, [7, 8]) == .measurementOutOfRange)
    #expect(shardRefusal(vectors, [.max, 0]) == .measurementOutOfRange)
    for count in [0, 1, 3] {
      let expected = VDAFError.wrongLength(.measurement, expected: 2, actual: count)
      #expect(shardRefusal(vectors, Array(repeating: 0, count: count)) == expected)
    }
    let multihot = try Prio3MultihotCountVec(shares: 2, length: 4, maximumWeight: 2)
    #expect(shardRefusal(multihot, [true, true, false, false]) == nil)
    #expect(shardRefusal(multihot, [true, true, true, false]) == .measurementOutOfRange)
    #expect(shardRefusal(multihot, [true]) == .wrongLength(.measurement, expected: 4, actual: 1))

    let count = try Prio3Count(shares: 2)
    #expect(shardRefusal(count, true, nonce: 15) == .wrongLength(.nonce, expected: 16, actual: 15))
    #expect(shardRefusal(count, true, extra: 1) == .wrongLength(.randomness, expected: 64, actual: 65))
    #expect(shardRefusal(count, true, context: 65_527) == nil)
    #expect(shardRefusal(count, true, context: 65_528) == .contextTooLong(65_528))
  }

  // MARK: Liars

  /// The contributor's arithmetic is right, but the measurement is none.
  private func check<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, honest: Circuit.Measurement, lies: [[Int]], _ comment: String
  ) throws {
    var generator = SeededGenerator(state: 80)
    let liar = try Prio3(
      Liar(honest: vdaf.circuit), algorithm: vdaf.algorithm, shares: vdaf.shares, proofs: vdaf.proofs)
    let encoded = try vdaf.circuit.encode(honest)
    // What the liar's contrivance makes of an honest encoding passes: it is the values that are refused.
    for lie in [nil] + lies.map(Optional.some) {
      let elements = (0..<encoded.count).map { index in
        lie.map { Circuit.Field(reduced: Circuit.Field.Integer($0[index])) } ?? encoded[index]
      }
      let delivery = try Delivery(liar, elements, &generator)
      var aggregators = Aggregators(vdaf)
      let reason = refusal { () throws(VDAFError) in try aggregators.accept(delivery) }
      #expect(reason == (lie == nil ? nil : .proofRefused), "\(comment): \(lie ?? [])")
      #expect(aggregators.count == (lie == nil ? 1 : 0))
    }
  }

  @Test(arguments: [2, 3]) func lies(shares: Int) throws {
    try check(Prio3Count(shares: shares), honest: true, lies: [[2], [1 << 60]], "count")
    try check(
      Prio3Sum(shares: shares, maximum: 5), honest: 4, lies: [[2, 0, 0], [0, 0, 1 << 60], [1, 1, 3]], "sum")
    try check(
      Prio3SumVec(shares: shares, length: 2, maximum: 3), honest: [1, 2],
      lies: [[2, 0, 0, 0], [0, 0, 0, 1 << 60], [1, 1, 1, 5]], "sum of vectors")
    try check(
      Prio3SumVecWithMultiproof(shares: shares, proofs: 2, length: 2, maximum: 3), honest: [1, 2],
      lies: [[2, 0, 0, 0], [0, 0, 0, 1 << 60]], "several proofs")
    try check(
      Prio3Histogram(shares: shares, length: 4), honest: 1,
      lies: [[0, 0, 0, 0], [1, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1 << 60]], "histogram")
    // The last two elements are the weight, which is two at most.
    try check(
      Prio3MultihotCountVec(shares: shares, length: 4, maximumWeight: 2), honest: [true, false, true, false],
      lies: [[1, 1, 1, 0, 1, 1], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], [2, 0, 0, 0, 1, 1], [1, 1, 1, 0, 1, 2]],
      "multihot")
  }

  // MARK: Mutations

  private enum Outcome: Equatable {
    case refused
    case accepted
  }

  /// Every byte of everything that is sent, changed in three ways. All is refused; nothing traps.
  private func checkMutations<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, _ measurement: Circuit.Measurement, _ comment: String
  ) throws {
    var generator = SeededGenerator(state: 90)
    let delivery = try Delivery(vdaf, measurement, &generator)
    let states = try Aggregators(vdaf).begin(delivery)
    let shares = states.map(\.verifierShare)
    let message = try Aggregators(vdaf).message(shares)
    var untouched = Aggregators(vdaf)
    try untouched.end(states, message: message)
    #expect(untouched.count == 1)

    func outcome(_ body: (inout Aggregators<Circuit>) throws(VDAFError) -> Void) -> Outcome {
      var aggregators = Aggregators(vdaf)
      let reason = refusal { () throws(VDAFError) in try body(&aggregators) }
      #expect((reason == nil) == (aggregators.count == 1))
      return reason == nil ? .accepted : .refused
    }
    func changes(_ bytes: [UInt8], _ use: ([UInt8], Int) -> Void) {
      for index in bytes.indices {
        for change: UInt8 in [1, 0x80, 0xFF] {
          var changed = bytes
          changed[index] ^= change
          use(changed, index)
        }
      }
    }
    for aggregator in 0..<vdaf.shares {
      changes(delivery.inputShares[aggregator]) { changed, index in
        var altered = delivery
        altered.inputShares[aggregator] = changed
        let result = outcome { (aggregators) throws(VDAFError) in try aggregators.accept(altered) }
        #expect(result == .refused, "\(comment): byte \(index) of input share \(aggregator)")
      }
      changes(shares[aggregator]) { changed, index in
        var altered = shares
        altered[aggregator] = changed
        let result = outcome { (aggregators) throws(VDAFError) in
          let states = try aggregators.begin(delivery)
          try aggregators.end(states, message: aggregators.message(altered))
        }
        #expect(result == .refused, "\(comment): byte \(index) of verifier share \(aggregator)")
      }
    }
    changes(delivery.publicShare) { changed, index in
      var altered = delivery
      altered.publicShare = changed
      let result = outcome { (aggregators) throws(VDAFError) in try aggregators.accept(altered) }
      #expect(result == .refused, "\(comment): byte \(index) of the public share")
      // Told to one aggregator alone. Its own part it finds by itself, so that a change there is none to it.
      for aggregator in 0..<vdaf.shares {
        let result = outcome { (aggregators) throws(VDAFError) in
          let states = try aggregators.begin(delivery) { other, seen in
            if other == aggregator { seen.publicShare = changed }
          }
          try aggregators.end(states, message: aggregators.message(states.map(\.verifierShare)))
        }
        #expect(result == (index / 32 == aggregator ? .accepted : .refused), "\(comment): byte \(index)")
      }
    }
    changes(message) { changed, index in
      let result = outcome { (aggregators) throws(VDAFError) in
        try aggregators.end(aggregators.begin(delivery), message: changed)
      }
      #expect(result == .refused, "\(comment): byte \(index) of the verifier message")
    }
  }

  @Test(arguments: [2, 3]) func mutations(shares: Int) throws {
    try checkMutations(Prio3Count(shares: shares), true, "count")
    try checkMutations(Prio3Sum(shares: shares, maximum: 5), 4, "sum")
    try checkMutations(Prio3SumVec(shares: shares, length: 2, maximum: 3), [1, 2], "sum of vectors")
    try checkMutations(
      Prio3SumVecWithMultiproof(shares: shares, proofs: 2, length: 2, maximum: 3), [1, 2], "several proofs")
    try checkMutations(Prio3Histogram(shares: shares, length: 4), 2, "histogram")
    try checkMutations(
      Prio3MultihotCountVec(shares: shares, length: 3, maximumWeight: 2), [true, false, true], "multihot")
  }

  /// Too short, too long, and numbers that are no elements: refused by what reads them.
  private func checkEncodings<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, _ measurement: Circuit.Measurement
  ) throws {
    var generator = SeededGenerator(state: 100)
    let delivery = try Delivery(vdaf, measurement, &generator)
    let aggregators = Aggregators(vdaf)
    let shares = try aggregators.begin(delivery).map(\.verifierShare)
    let message = try aggregators.message(shares)
    let aggregate = vdaf.aggregateInit().encoded

    func check(_ part: VDAFError.Part, _ bytes: [UInt8], elements: Int, _ read: ([UInt8]) throws(VDAFError) -> Void) {
      #expect(refusal { () throws(VDAFError) in try read(bytes) } == nil)
      let lengths = Set([0, 1, bytes.count - 1, bytes.count + 1, bytes.count + 32, 2 * bytes.count])
      for length in lengths where length >= 0 && length != bytes.count {
        let wrong = Array((bytes + bytes + Array(repeating: 0, count: 64)).prefix(length))
        let reason = refusal { () throws(VDAFError) in try read(wrong) }
        #expect(reason == .wrongLength(part, expected: bytes.count, actual: wrong.count), "\(part) \(length)")
      }
      // The modulus itself, and the largest number of as many bytes.
      let size = Circuit.Field.encodedSize
      for number in [Circuit.Field.modulus, .max] {
        for element in 0..<elements {
          var wrong = bytes
          for place in 0..<size {
            wrong[element * size + place] = UInt8(truncatingIfNeeded: number >> Circuit.Field.Integer(8 * place))
          }
          let reason = refusal { () throws(VDAFError) in try read(wrong) }
          #expect(reason == .notReduced(part), "\(part) \(element)")
        }
      }
    }
    let size = Circuit.Field.encodedSize
    let seed = message.count
    for aggregator in 0..<vdaf.shares {
      let bytes = delivery.inputShares[aggregator]
      #expect(bytes.count == vdaf.inputShareSize(aggregator))
      check(.inputShare, bytes, elements: aggregator == 0 ? (bytes.count - seed) / size : 0) {
        (bytes) throws(VDAFError) in
        _ = try vdaf.verifyInit(
          verifyKey: SecretBytes(copying: exchangeKey), context: exchangeContext, aggregator: aggregator,
          nonce: delivery.nonce, publicShare: vdaf.decodePublicShare(delivery.publicShare),
          inputShare: SecretBytes(copying: bytes))
      }
    }
    check(.publicShare, delivery.publicShare, elements: 0) { (bytes) throws(VDAFError) in
      _ = try vdaf.decodePublicShare(bytes)
    }
    check(.verifierShare, shares[0], elements: (shares[0].count - seed) / size) { (bytes) throws(VDAFError) in
      _ = try vdaf.decodeVerifierShare(bytes)
    }
    check(.verifierMessage, message, elements: 0) { (bytes) throws(VDAFError) in
      _ = try vdaf.decodeVerifierMessage(bytes)
    }
    check(.aggregateShare, aggregate, elements: aggregate.count / size) { (bytes) throws(VDAFError) in
      _ = try vdaf.decodeAggregateShare(bytes)
    }
  }

  @Test func encodings() throws {
    try checkEncodings(Prio3Count(shares: 2), true)
    try checkEncodings(Prio3Sum(shares: 3, maximum: 100), 4)
    try checkEncodings(Prio3SumVec(shares: 2, length: 2, maximum: 3), [1, 2])
    try checkEncodings(Prio3SumVecWithMultiproof(shares: 2, proofs: 2, length: 2, maximum: 3), [1, 2])
    try checkEncodings(Prio3Histogram(shares: 3, length: 4), 2)
    try checkEncodings(Prio3MultihotCountVec(shares: 2, length: 3, maximumWeight: 2), [true, false, true])
  }
}
