// SPDX-License-Identifier: Apache-2.0

import Crypto
import SecureAggregation
import Testing

/// What an aggregator may say to learn a vector, and that the contributors don't go along.
struct LyingAggregatorTests {
  private func stopped(_ run: inout MaskedRun, until round: MaskedSumRound, count: Int = 4) throws -> [Int: [UInt8]] {
    try run.play(until: round)
    return try run.close()
  }

  /// A contributor signs one set of survivors, and gives away shares once.
  @Test func twoQuestionsToOne() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    var run = try MaskedRun(setting)
    _ = try stopped(&run, until: .input)
    _ = try run.seats[0].answer(setting.survivors([0, 1, 2, 3]))
    // The other set, of which the other secret of contributor 3 would be asked.
    let again = maskedRefusal { _ = try run.seats[0].answer(setting.survivors([0, 1, 2])) }
    guard case .wrongRound? = again else {
      Issue.record("\(String(describing: again))")
      return
    }
    let signatures = try (1..<4).map { index in
      (index, Array(try run.seats[index].answer(setting.survivors([0, 1, 2, 3])).suffix(64)))
    }
    let question = setting.answer(.consistency, signatures)
    _ = try run.seats[0].answer(question)
    #expect(run.seats[0].hasEnded)
    #expect(maskedRefusal { _ = try run.seats[0].answer(question) } != nil)
  }

  /// Different survivors to different contributors: neither set finds enough signers.
  @Test func twoSetsOfSurvivors() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    var run = try MaskedRun(setting)
    _ = try stopped(&run, until: .input)
    let all = setting.survivors([0, 1, 2, 3]), without = setting.survivors([0, 1, 2])
    var signatures: [(Int, [UInt8])] = []
    for index in 0..<4 {
      let answer = try run.seats[index].answer(index % 2 == 0 ? without : all)
      signatures.append((index, Array(answer.suffix(64))))
    }
    // Too few of one kind; with the others they are not all valid.
    #expect(
      maskedRefusal { _ = try run.seats[0].answer(setting.answer(.consistency, [signatures[0], signatures[2]])) }
        == .tooFew(round: .consistency, has: 2, needs: 3))
    #expect(
      maskedRefusal { _ = try run.seats[1].answer(setting.answer(.consistency, Array(signatures[1...]))) }
        == .badSignature(contributor: "desk 2"))
    // The same signer twice is no table.
    let doubled = [signatures[2], signatures[2], signatures[2]]
    #expect(
      maskedRefusal { _ = try run.seats[2].answer(setting.answer(.consistency, doubled)) }
        == .malformed("a table is not in order"))
    for index in 0..<3 { #expect(run.seats[index].hasEnded) }
  }

  @Test func survivorsThatCannotBe() throws {
    let setting = try MaskedSetting(count: 5, threshold: 3)
    let cases: [([Int], MaskedSumError)] = [
      ([0, 1], .tooFew(round: .input, has: 2, needs: 3)), ([], .tooFew(round: .input, has: 0, needs: 3)),
      ([1, 2, 3], .leftOut(contributor: "desk 0", round: .input)),
      ([0, 1, 4], .notAmongThem(contributor: "desk 4", round: .input)),
      ([0, 1, 2, 9], .noSuchContributor(9)), ([0, 2, 1], .malformed("a table is not in order")),
      ([0, 1, 1, 2], .malformed("a table is not in order")),
    ]
    for (survivors, reason) in cases {
      var run = try MaskedRun(setting)
      // Contributor 4 has dealt no shares.
      try run.play(leaving: [4: .shares], until: .input)
      #expect(maskedRefusal { _ = try run.seats[0].answer(setting.survivors(survivors)) } == reason)
      #expect(run.seats[0].hasEnded)
    }
  }

  /// Keys that the aggregator has made up, left out or given out for another's.
  @Test func keysThatCannotBe() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    func reason(_ alter: (inout [(Int, [UInt8])]) -> Void) throws -> MaskedSumError? {
      var run = try MaskedRun(setting)
      let list = try #require(stopped(&run, until: .keys)[0])
      var rows = (0..<4).map { row in (row, Array(list[36 + row * 162 + 2..<36 + (row + 1) * 162])) }
      alter(&rows)
      let reason = maskedRefusal { _ = try run.seats[0].answer(setting.answer(.keys, rows)) }
      #expect(run.seats[0].hasEnded == (reason != nil))
      return reason
    }
    #expect(try reason { _ in } == nil)
    #expect(try reason { $0.removeLast() } == nil)
    #expect(try reason { $0.removeLast(2) } == .tooFew(round: .keys, has: 2, needs: 3))
    #expect(try reason { $0.removeFirst() } == .leftOut(contributor: "desk 0", round: .keys))
    for place in [0, 31, 32, 63, 64, 95, 96, 159] {
      #expect(try reason { $0[2].1[place] ^= 1 } == .badSignature(contributor: "desk 2"))
    }
    #expect(try reason { $0[2].1 = $0[1].1 } == .badSignature(contributor: "desk 2"))
    #expect(try reason { $0.swapAt(1, 2) } == .malformed("a table is not in order"))
    // Its own, from another run of the same task: signed, but not what was sent.
    let other = try MaskedRun(setting)
    let twin = try Seat(
      MaskedSumContributor(
        setting.task, index: 0, vector: SecretBuffer(repeating: 0, count: 3),
        randomness: MaskedSumContributor.freshRandomness(),
        sign: { Array(try setting.signingKeys[0].signature(for: $0)) }))
    let foreign = try twin.start()
    #expect(other.seats.count == 4)
    #expect(try reason { $0[0].1 = Array(foreign[36...]) } == .badKey(contributor: "desk 0"))
  }

  /// One key of two contributors, signed by both: whoever knows it would know their masks with others.
  @Test func sharedKeys() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    var run = try MaskedRun(setting)
    var messages = try run.seats.map { try $0.start() }
    let key = Array(messages[1][36..<68])
    messages[2] = try setting.forged(messages[2], by: 2) { $0.replaceSubrange(32..<64, with: key) }
    for index in [0, 1, 3] { try run.aggregator.receive(messages[index]) }
    #expect(maskedRefusal { try run.aggregator.receive(messages[2]) } == .badKey(contributor: "desk 2"))
    let rows = messages.enumerated().map { ($0, Array($1[36...])) }
    #expect(
      maskedRefusal { _ = try run.seats[0].answer(setting.answer(.keys, rows)) } == .badKey(contributor: "desk 2"))
    // Keys of small order, with which all agree on nothing; and one key for both uses.
    for key in [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)] {
      for place in [0, 32] {
        let forged = try setting.forged(messages[2], by: 2) { $0.replaceSubrange(place..<place + 32, with: key) }
        #expect(maskedRefusal { try run.aggregator.receive(forged) } == .badKey(contributor: "desk 2"))
      }
    }
    let forged = try setting.forged(messages[2], by: 2) { $0.replaceSubrange(0..<32, with: Array($0[32..<64])) }
    #expect(maskedRefusal { try run.aggregator.receive(forged) } == .badKey(contributor: "desk 2"))
  }

  /// Fewer dealers than the threshold, a box of nobody's, one's own.
  @Test func boxesThatCannotBe() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    func reason(_ alter: (inout [(Int, [UInt8])]) -> Void) throws -> MaskedSumError? {
      var run = try MaskedRun(setting)
      try run.play(leaving: [3: .keys], until: .shares)
      let boxes = try #require(run.close()[0])
      var rows = (0..<2).map { row in (row + 1, Array(boxes[36 + row * 118 + 2..<36 + (row + 1) * 118])) }
      alter(&rows)
      return maskedRefusal { _ = try run.seats[0].answer(setting.answer(.shares, rows)) }
    }
    #expect(try reason { _ in } == nil)
    #expect(try reason { $0.removeLast() } == .tooFew(round: .shares, has: 2, needs: 3))
    #expect(try reason { $0.append((3, $0[0].1)) } == .notAmongThem(contributor: "desk 3", round: .shares))
    #expect(try reason { $0.insert((0, $0[0].1), at: 0) } == .notAmongThem(contributor: "desk 0", round: .shares))
  }

  /// `toleratedColluders` is the limit: with one more, two sets of survivors find enough signers, and both secrets of
  /// the victim come to light.
  @Test func tooManyColluders() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    #expect(setting.task.toleratedColluders == 1)
    // Contributors 0 and 1 are the aggregator's, each with a twin; 3 is the victim, and 2 honest.
    var run = try MaskedRun(setting)
    let twins = try setting.seats()
    for twin in twins { _ = try twin.start() }
    try run.play(until: .keys)
    let keys = try run.close()
    for index in 0..<4 {
      try run.aggregator.receive(run.seats[index].answer(#require(keys[index])))
      _ = try twins[index].answer(#require(keys[index]))
    }
    let boxes = try run.close()
    for index in 0..<4 {
      try run.aggregator.receive(run.seats[index].answer(#require(boxes[index])))
      if index < 2 { _ = try twins[index].answer(#require(boxes[index])) }
    }
    let with = setting.survivors([0, 1, 2, 3]), without = setting.survivors([0, 1, 2])
    func signature(_ seat: Seat, _ index: Int, _ set: [UInt8]) throws -> (Int, [UInt8]) {
      (index, Array(try seat.answer(set).suffix(64)))
    }
    let first = try [
      signature(run.seats[0], 0, with), signature(run.seats[1], 1, with), signature(run.seats[3], 3, with),
    ]
    let second = try [
      signature(twins[0], 0, without), signature(twins[1], 1, without), signature(run.seats[2], 2, without),
    ]
    // The last row is about the victim: a kind, and a share.
    func share(_ seat: Seat, _ signatures: [(Int, [UInt8])]) throws -> (UInt8, [UInt8]) {
      let answer = try seat.answer(setting.answer(.consistency, signatures))
      let row = Array(answer[(answer.count - 64 - 49)..<(answer.count - 64)])
      return (row[0], Array(row[1...]))
    }
    let seeds = try [share(run.seats[0], first), share(run.seats[1], first), share(run.seats[3], first)]
    let masks = try [share(twins[0], second), share(twins[1], second), share(run.seats[2], second)]
    #expect(seeds.allSatisfy { $0.0 == 0 } && masks.allSatisfy { $0.0 == 1 })
    #expect(rebuilt(Array(zip([0, 1, 3], seeds.map(\.1)))) != nil)
    #expect(rebuilt(Array(zip([0, 1, 2], masks.map(\.1)))) != nil)
  }
}
