// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

/// Messages that were altered, sent again, cut short, or made by a contributor who lies.
struct MaskedMessageTests {
  /// Any bit of any contributor's message, and any cut.
  @Test func alteredOnTheWay() throws {
    let setting = try MaskedSetting(count: 3, threshold: 2)
    for round in allRounds {
      var run = try MaskedRun(setting)
      let meddle = { (aggregator: inout MaskedSumAggregator, played: MaskedSumRound, from: Int, message: [UInt8]) in
        guard played == round, from == 1 else { return }
        for place in stride(from: 0, to: message.count, by: round == .shares ? 7 : 3) {
          var altered = message
          altered[place] ^= UInt8(1 << (place % 8))
          let before = aggregator.answered
          #expect(maskedRefusal { try aggregator.receive(altered) } != nil, "\(round) \(place)")
          #expect(aggregator.answered == before)
        }
        for length in [0, 1, 33, 34, 36, 99, 100, message.count - 1] where length < message.count {
          #expect(maskedRefusal { try aggregator.receive(Array(message[..<length])) } != nil)
        }
        #expect(maskedRefusal { try aggregator.receive(message + [0]) } == .badSignature(contributor: "desk 1"))
      }
      try run.play(until: round, before: meddle)
      #expect(run.aggregator.answered == [0, 1, 2])
    }
  }

  /// And of the aggregator's: each contributor either refuses it or, where a box was altered, does without that share.
  @Test func alteredAnswers() throws {
    let setting = try MaskedSetting(count: 3, threshold: 2)
    for round in allRounds.dropLast() {
      for place in 0..<40 {
        var run = try MaskedRun(setting)
        try run.play(until: round)
        var message = try #require(run.close()[0])
        let at = place < 36 ? place : 36 + (place - 36) * (message.count - 37) / 4
        message[at] ^= UInt8(1 << (place % 8))
        let reason = maskedRefusal { _ = try run.seats[0].answer(message) }
        if round == .shares && at >= 38 { continue }
        #expect(reason != nil, "\(round) \(at)")
        // A header of another run or round says nothing of this one.
        #expect(run.seats[0].hasEnded == (at >= 34), "\(round) \(at)")
      }
      for length in [0, 1, 33, 34, 35] {
        var run = try MaskedRun(setting)
        try run.play(until: round)
        let message = try #require(run.close()[0])
        #expect(maskedRefusal { _ = try run.seats[0].answer(Array(message[..<length])) } != nil)
      }
    }
  }

  @Test func sentAgain() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    let other = try MaskedSetting(count: 4, threshold: 3, run: 1)
    var run = try MaskedRun(setting), otherRun = try MaskedRun(other)
    try run.play()
    try otherRun.play()
    var fresh = try MaskedRun(setting)
    for round in allRounds {
      // Of another run: refused by its digest. Of another round of this one: by its kind.
      for message in otherRun.sent { #expect(maskedRefusal { try fresh.aggregator.receive(message) } == .otherTask) }
      for (number, message) in run.sent.enumerated() where number / 4 + 1 != Int(round.rawValue) {
        guard case .wrongRound? = maskedRefusal({ try fresh.aggregator.receive(message) }) else {
          Issue.record("message \(number) in the round of \(round)")
          continue
        }
      }
      try fresh.play(until: round)
      for message in fresh.sent.suffix(4) {
        guard case .twice? = maskedRefusal({ try fresh.aggregator.receive(message) }) else {
          Issue.record("twice in the round of \(round)")
          continue
        }
      }
      if round != .unmasking {
        let answers = try fresh.close()
        for index in 0..<4 {
          try fresh.aggregator.receive(fresh.seats[index].answer(#require(answers[index])))
        }
        // What `play` would have sent is there by now.
        fresh.sent += run.sent[Int(round.rawValue) * 4..<Int(round.rawValue) * 4 + 4]
      }
    }
    #expect(try fresh.aggregator.sum().sum == setting.sum([0, 1, 2, 3]))
  }

  /// Who has left a round can't come back, and who was never in is not let in.
  @Test func latecomers() throws {
    let setting = try MaskedSetting(count: 5, threshold: 3)
    var run = try MaskedRun(setting)
    try run.play(leaving: [4: .input], until: .shares)
    let boxes = try run.close()
    let inputs = try (0..<5).map { try run.seats[$0].answer(#require(boxes[$0])) }
    for index in 0..<4 { try run.aggregator.receive(inputs[index]) }
    let survivors = try run.close()
    #expect(survivors.keys.sorted() == [0, 1, 2, 3])
    guard case .wrongRound? = maskedRefusal({ try run.aggregator.receive(inputs[4]) }) else {
      Issue.record("a late vector")
      return
    }
    // The latecomer signs what the others sign; the aggregator does not take it.
    #expect(
      maskedRefusal { _ = try run.seats[4].answer(#require(survivors[0])) }
        == .leftOut(contributor: "desk 4", round: .input))
    for index in 0..<4 { try run.aggregator.receive(run.seats[index].answer(#require(survivors[index]))) }
    let signatures = try run.close()
    for index in 0..<4 { try run.aggregator.receive(run.seats[index].answer(#require(signatures[index]))) }
    // The mask was taken off although its vector was late: it is not in the sum, and stays hidden by the self mask.
    #expect(try run.aggregator.sum() == (setting.sum([0, 1, 2, 3]), [0, 1, 2, 3]))
  }

  // MARK: Contributors who lie

  /// A vector above the maximum, or one that is not what the masks are for.
  @Test func vectorsOutOfRange() throws {
    let setting = try MaskedSetting(count: 3, threshold: 2, maximum: 100)
    var run = try MaskedRun(setting)
    try run.play { round, from, message in
      guard round == .input, from == 1 else { return message }
      return try setting.forged(message, by: 1) { $0[15] ^= 0x80 }
    }
    #expect(maskedRefusal { _ = try run.aggregator.sum() } == .sumOutOfRange(place: 1))
    var short = try MaskedRun(setting)
    let reason = maskedRefusal {
      try short.play { round, from, message in
        round == .input && from == 1 ? try setting.forged(message, by: 1) { $0.removeLast() } : message
      }
    }
    #expect(reason == .malformed("the masked vector has 3 numbers"))
  }

  /// Other shares than were dealt: as long as enough right ones follow one another, the sum stands.
  @Test func falseShares() throws {
    let setting = try MaskedSetting(count: 7, threshold: 4)
    for leaving in [[:], [6: MaskedSumRound.input]] {
      var run = try MaskedRun(setting)
      try run.play(leaving: leaving) { round, from, message in
        guard round == .unmasking, from == 2 else { return message }
        return try setting.forged(message, by: 2) { payload in
          for row in 0..<7 { payload[2 + row * 51 + 10] ^= 1 }
        }
      }
      let survivors = Array(0..<(leaving.isEmpty ? 7 : 6))
      #expect(try run.aggregator.sum() == (setting.sum(survivors), survivors))
    }
    // Too many, and the run is lost; of whose secret is said.
    var run = try MaskedRun(setting)
    try run.play { round, from, message in
      guard round == .unmasking, from % 2 == 0 else { return message }
      return try setting.forged(message, by: from) { $0[2 + 3 * 51 + 10] ^= 1 }
    }
    #expect(maskedRefusal { _ = try run.aggregator.sum() } == .sharesDisagree(of: "desk 3"))
  }

  @Test func sharesThatCannotBe() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    func reason(leaving: [Int: MaskedSumRound] = [:], _ alter: (inout [UInt8]) -> Void) throws -> MaskedSumError? {
      var run = try MaskedRun(setting)
      return maskedRefusal {
        try run.play(leaving: leaving) { round, from, message in
          round == .unmasking && from == 1 ? try setting.forged(message, by: 1, alter) : message
        }
        _ = try run.aggregator.sum()
      }
    }
    #expect(try reason { _ in } == nil)
    // The other secret of someone who stayed.
    #expect(try reason { $0[2 + 2 * 51 + 2] = 1 } == .wrongShare(from: "desk 1", of: "desk 2"))
    #expect(try reason { $0[2 + 2] = 2 } == .wrongShare(from: "desk 1", of: "desk 0"))
    #expect(
      try reason(leaving: [3: .input]) { $0[2 + 3 * 51 + 2] = 0 } == .wrongShare(from: "desk 1", of: "desk 3"))
    // A number that is no element of the field.
    #expect(
      try reason { $0.replaceSubrange(2 + 3..<2 + 3 + 16, with: [UInt8](repeating: 255, count: 16)) }
        == .malformed("a share holds a number that is no element of the field"))
    #expect(try reason { $0.removeLast() } == .malformed("a table has another length than it says"))
    #expect(try reason { $0 = [] } == .malformed("a table has no length"))
    #expect(try reason { $0[2] = 3 } == .malformed("a table is not in order"))
    #expect(try reason { $0[2 + 3 * 51] = 9 } == .noSuchContributor(9))
    // No share at all is one share less.
    #expect(try reason { $0 = [0, 0] } == nil)
    #expect(
      try reason(leaving: [3: .unmasking]) { $0 = [0, 0] } == .tooFewShares(of: "desk 0", has: 2, needs: 3))
    #expect(
      try reason(leaving: [3: .shares]) { $0[2 + 2 * 51] = 3 }
        == .notAmongThem(contributor: "desk 3", round: .unmasking))
  }

  /// Boxes that can't be opened cost their dealer shares, and the run only if too few are left.
  @Test func falseBoxes() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    func reason(_ receivers: [Int]) throws -> MaskedSumError? {
      var run = try MaskedRun(setting)
      return maskedRefusal {
        try run.play { round, from, message in
          guard round == .shares, from == 3 else { return message }
          return try setting.forged(message, by: 3) { payload in
            for receiver in receivers { payload[2 + receiver * 118 + 40] ^= 1 }
          }
        }
        #expect(try run.aggregator.sum() == (setting.sum([0, 1, 2, 3]), [0, 1, 2, 3]))
      }
    }
    #expect(try reason([]) == nil)
    #expect(try reason([1]) == nil)
    #expect(try reason([0, 1]) == .tooFewShares(of: "desk 3", has: 2, needs: 3))
    var run = try MaskedRun(setting)
    let missing = maskedRefusal {
      try run.play { round, from, message in
        round == .shares && from == 3
          ? try setting.forged(message, by: 3) { payload in
            payload[0] = 2
            payload.removeLast(118)
          } : message
      }
    }
    #expect(missing == .malformed("there is a box for each of the others who sent keys"))
  }

  @Test func otherSurvivors() throws {
    let setting = try MaskedSetting(count: 4, threshold: 3)
    var run = try MaskedRun(setting)
    let reason = maskedRefusal {
      try run.play { round, from, message in
        guard round == .consistency, from == 1 else { return message }
        return try setting.forged(message, by: 1) { payload in
          payload[0] = 3
          payload.removeLast(2)
        }
      }
    }
    #expect(reason == .otherSurvivors(contributor: "desk 1"))
  }

  /// Payloads of any kind, rightly signed: each is taken or refused, and the run goes on.
  @Test func arbitraryPayloads() throws {
    let setting = try MaskedSetting(count: 3, threshold: 2)
    var generator = SeededGenerator(state: 12), refused = 0
    func altered(_ payload: inout [UInt8]) {
      for _ in 0...generator.next() % 3 {
        let place = payload.isEmpty ? 0 : Int(generator.next() % UInt64(payload.count))
        switch generator.next() % 5 {
        case 0: payload = generator.bytes(Int(generator.next() % 300))
        case 1: payload.removeLast(payload.count - place)
        case 2: payload += generator.bytes(Int(generator.next() % 60))
        case 3: payload.insert(contentsOf: payload.suffix(from: place), at: place)
        default: if !payload.isEmpty { payload[place] = UInt8(truncatingIfNeeded: generator.next()) }
        }
      }
    }
    for round in allRounds {
      var run = try MaskedRun(setting)
      try run.play(
        until: round,
        before: { aggregator, played, from, message in
          guard played == round else { return }
          for _ in 0..<40 {
            // A copy: what it takes must not stand in the way of the right message.
            var copy = aggregator
            let forged = try setting.forged(message, by: from) { altered(&$0) }
            if maskedRefusal({ try copy.receive(forged) }) != nil { refused += 1 }
          }
        })
      guard round != .unmasking else { break }
      let answer = try #require(run.close()[0])
      for _ in 0..<12 {
        var payload = Array(answer[34...])
        altered(&payload)
        var twin = try MaskedRun(setting)
        try twin.play(until: round)
        if maskedRefusal({ _ = try twin.seats[0].answer(Array(answer[..<34]) + payload) }) != nil { refused += 1 }
      }
    }
    // Vectors and boxes of the right length are all that can be taken for another's.
    #expect(refused > 400, "\(refused)")
  }

  @Test func everyErrorSaysSomething() {
    let errors: [MaskedSumError] = [
      .badTask("the reason"), .noSuchContributor(7), .badVector, .badRandomness(3), .cannotSign("no key"),
      .malformed("it has no header"), .otherTask, .wrongRound(expected: "a", actual: "b"),
      .badSignature(contributor: "d"), .twice(contributor: "d"), .tooFew(round: .shares, has: 2, needs: 3),
      .notAmongThem(contributor: "d", round: .input), .leftOut(contributor: "d", round: .keys),
      .badKey(contributor: "d"), .otherSurvivors(contributor: "d"), .wrongShare(from: "d", of: "e"),
      .tooFewShares(of: "d", has: 1, needs: 2), .sharesDisagree(of: "d"), .sumOutOfRange(place: 4),
    ]
    #expect(Set(errors.map(\.description)).count == errors.count)
    #expect(errors[10].description == "2 contributors are left in the round of shares, and 3 are needed")
  }
}
