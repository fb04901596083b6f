// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Foundation
import Governance
import Testing
import TransparencyLog

/// The sum with one aggregator alone, and what may go wrong on the way to it.
struct SoleAggregatorTests {
  private func check(
    _ play: MaskedPlay, _ numbers: [Int], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let parties = play.parties
    let signed = try #require(parties.aggregator.contexts.last, sourceLocation: sourceLocation)
    let context = signed.context
    #expect(
      context.signals.map(\.sums) == parties.sum(numbers, window: play.window), sourceLocation: sourceLocation)
    #expect(context.contributors == Int64(numbers.count), sourceLocation: sourceLocation)
    #expect(context.method == .oneAggregator && context.shares.count == 1, sourceLocation: sourceLocation)
    #expect(try parties.contract.faults(of: signed).isEmpty, sourceLocation: sourceLocation)
    for (desk, seen) in play.released { #expect(seen == context, "desk \(desk)", sourceLocation: sourceLocation) }
  }

  @Test func sumIsExact() throws {
    let parties = try MaskedParties()
    let play = try MaskedPlay(parties, desks: 0..<6)
    try play.run()
    try check(play, Array(0..<6))
    #expect(play.released.count == 6 && play.errors.isEmpty)
    // The next window follows it.
    let next = try MaskedPlay(parties, window: 1, desks: 0..<6)
    try next.run()
    try check(next, Array(0..<6))
    let contexts = parties.aggregator.contexts.map(\.context)
    #expect(contexts.map(\.revision) == [1, 2] && contexts[1].previous == contexts[0].digest)
    #expect(contexts[0].batch != contexts[1].batch)
  }

  /// Who leaves before the masked input is not in the sum; who leaves after it is. Nobody else is worse off.
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt8])
  func whoDropsOutHarmsNobody(_ round: UInt8) throws {
    let parties = try MaskedParties(desks: 9)
    let play = try MaskedPlay(parties, desks: 0..<9)
    play.alter = { desk, sent, request in desk % 4 == 1 && sent == round ? nil : request }
    try play.run()
    let left = [1, 5]
    try check(play, round > 3 ? Array(0..<9) : (0..<9).filter { !left.contains($0) })
    #expect(play.released.count == 7)
  }

  /// The aggregator is killed before or after each of its answers, which is lost then: the sum is the same.
  @Test func killsChangeNothing() throws {
    let undisturbed = try MaskedPlay(MaskedParties(desks: 5), desks: 0..<5)
    var requests = 0
    undisturbed.alter = {
      requests += 1
      return $2
    }
    try undisturbed.run()
    #expect(requests > 25)
    for lost in stride(from: 0, to: requests, by: 3) {
      let parties = try MaskedParties(desks: 5)
      let play = try MaskedPlay(parties, desks: 0..<5)
      var count = 0
      play.alter = { _, _, request in
        defer { count += 1 }
        guard count == lost else { return request }
        // The answer is lost with the process; then it is asked again.
        _ = try? parties.ask(request, now: play.now)
        try parties.restart()
        return request
      }
      try play.run()
      try check(play, Array(0..<5))
      #expect(play.released.count == 5 && parties.progress.runs == 1, "request \(lost)")
    }
  }

  @Test func runWithTooFewIsRepeated() throws {
    let parties = try MaskedParties(desks: 6, threshold: 5)
    let play = try MaskedPlay(parties, desks: 0..<6)
    // Two are silent in the second round of the first run, and come back for the next.
    var silent = 0
    play.alter = { desk, round, request in
      guard desk < 2, round == 2, silent < 2 else { return request }
      silent += 1
      return nil
    }
    for _ in 0..<6 {
      try play.turn()
      play.now += MaskedParties.second
    }
    for number in 0..<2 { play.desks[number] = try parties.desk(number) }
    try play.run()
    #expect(parties.progress.runs == 2)
    try check(play, Array(0..<6))
    #expect(play.released.count == 6)
  }

  @Test func windowWithTooFewIsOver() throws {
    let parties = try MaskedParties(desks: 6, threshold: 5)
    let play = try MaskedPlay(parties, desks: 0..<4)
    try play.run()
    #expect(play.over.count == 4 && parties.aggregator.contexts.isEmpty)
    #expect(parties.progress.runs == SoleAggregator.mostRuns)
    #expect(parties.aggregator.closedBatches == 1)
    try parties.restart()
    let again = try MaskedPlay(parties, desks: 0..<6)
    try again.run()
    #expect(again.over.count == 6)
    // The next one is as good as ever.
    let next = try MaskedPlay(parties, window: 1, desks: 0..<6)
    try next.run()
    try check(next, Array(0..<6))
  }

  /// Once contributors were asked to unmask, too few of them end the window: there is no second set.
  @Test func tooFewSharesEndTheWindow() throws {
    let parties = try MaskedParties(desks: 6, threshold: 5)
    let play = try MaskedPlay(parties, desks: 0..<6)
    play.alter = { desk, round, request in desk < 2 && round == 5 ? nil : request }
    try play.run()
    #expect(play.over.count == 4 && play.released.isEmpty)
    #expect(parties.progress.runs == 1 && parties.aggregator.closedBatches == 1)
    #expect(parties.aggregator.contexts.isEmpty)
  }

  @Test func closesAtACount() throws {
    let parties = try MaskedParties(desks: 6, threshold: 4, closesAt: 5)
    let play = try MaskedPlay(parties, desks: 0..<6)
    try play.run()
    try check(play, Array(0..<5))
    let context = try #require(parties.aggregator.contexts.last?.context)
    // The last one came when the round was full, counts as late, and gets the context like anybody.
    #expect(context.late == 1 && context.refused == 0 && play.released.count == 6)
  }

  @Test func windowsHaveTheirTime() throws {
    let parties = try MaskedParties()
    let early = try MaskedPlay(parties, desks: 0..<1)
    early.now = parties.contract.windowEnd(0) - 2 * MaskedParties.second
    try early.turn()
    #expect(early.desks.count == 1 && parties.aggregator.openRound == nil)
    let late = try MaskedPlay(parties, desks: 1..<2)
    late.now = parties.contract.closing(0)
    try late.turn()
    #expect(late.over.count == 1)
    // A later window is closed: an earlier one is never begun.
    let second = try MaskedPlay(parties, window: 1, desks: 0..<0)
    for number in 2..<6 { second.desks[number] = try parties.desk(number, window: 1) }
    try second.run()
    early.now = parties.reporting(0)
    try early.turn()
    #expect(early.over.count == 1)
  }

  // MARK: What the disk says

  @Test func restoredBackupIsFound() throws {
    let parties = try MaskedParties()
    parties.stop()
    try parties.scratch.copy("sole", "backup")
    try parties.restart()
    let play = try MaskedPlay(parties, desks: 0..<6)
    try play.run()
    #expect(play.released.count == 6)
    parties.stop()
    try parties.scratch.copy("backup", "sole")
    let error = #expect(throws: ServiceError.self) { try parties.restart() }
    guard case .restored? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// What stays beside the context: each survivor's signature under who is in the sum.
  @Test func survivorsAreSigned() throws {
    let parties = try MaskedParties(desks: 7)
    let play = try MaskedPlay(parties, desks: 0..<7)
    play.alter = { desk, round, request in desk == 3 && round == 3 ? nil : request }
    try play.run()
    try parties.restart()
    let (survivors, signatures) = try #require(parties.aggregator.signedSurvivors(0))
    let expected = [0, 1, 2, 4, 5, 6]
    // A table: the count, then the places, lowest byte first, behind version, kind and the task's digest.
    #expect(Array(survivors[34...]) == [6, 0] + expected.flatMap { [UInt8($0), 0] })
    for (index, number) in expected.enumerated() {
      let row = Array(signatures[(36 + index * 66)..<(36 + (index + 1) * 66)])
      #expect(row[..<2] == [UInt8(number), 0])
      let body = [1, 4] + survivors[2..<34] + [UInt8(number), 0] + survivors[34...]
      #expect(
        parties.desks[number].verifier.isValid(Array(row[2...]), over: Array("exprove masked sum 1\n".utf8) + body))
    }
  }

  // MARK: Bad input

  @Test func nonsenseIsRefused() throws {
    let parties = try MaskedParties()
    let request = try parties.desk(0).request()
    let now = parties.reporting()
    for length in 0..<request.count {
      #expect(throws: ServiceError.self) { try parties.ask(Array(request[..<length]), now: now) }
    }
    for place in 0..<request.count {
      var altered = request
      altered[place] ^= 0x41
      #expect(throws: ServiceError.self, "byte \(place)") { try parties.ask(altered, now: now) }
    }
    let other = try MaskedParties()
    #expect(throws: ServiceError.self) { try other.ask(request, now: now) }
    #expect(parties.aggregator.openRound == nil)
    // And for the contributor: whatever an answer is, it ends in a step or an error.
    var generator = Generator(state: 7)
    let desk = try parties.desk(1)
    for _ in 0..<2_000 {
      var bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      if !bytes.isEmpty { bytes[0] %= 7 }
      _ = try? desk.take(bytes)
    }
    #expect(!desk.hasUnmasked)
  }

  /// Any byte of any request may be other, where the sender is known: the others' sum is unharmed.
  @Test func alteredMessagesAreRefused() throws {
    var generator = Generator(state: 3)
    for round in 1...5 as ClosedRange<UInt8> {
      let parties = try MaskedParties(desks: 7)
      let play = try MaskedPlay(parties, desks: 0..<7)
      play.alter = { desk, sent, request in
        guard desk == 2, sent == round else { return request }
        let range = MaskedPlay.message(request)
        for _ in 0..<20 {
          var message = Array(request[range])
          message[Int.random(in: 0..<message.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
          _ = try parties.ask(parties.wrapped(message, in: request, by: 2), now: play.now)
        }
        return nil
      }
      try play.run()
      try check(play, round > 3 ? Array(0..<7) : [0, 1, 3, 4, 5, 6])
      #expect(parties.progress.refused[2] != nil, "round \(round)")
      #expect(parties.aggregator.contexts.last?.context.refused == (round > 3 ? 0 : 1))
    }
  }

  @Test func twoAggregatorsAreForOthers() throws {
    let two = try Parties()
    let one = try MaskedParties()
    let files = two.scratch.path
    #expect(throws: ServiceError.self) {
      try SoleAggregator(two.contract, keys: two.leaderKeys, files: .open(directory: files + "/a", anchor: nil))
    }
    #expect(throws: ServiceError.self) {
      try Leader(one.contract, keys: one.keys, files: .open(directory: files + "/b", anchor: nil))
    }
    #expect(throws: ServiceError.self) {
      try Helper(one.contract, keys: one.keys, files: .open(directory: files + "/c", anchor: nil))
    }
    #expect(throws: ServiceError.self) { try Contributor(one.contract, identity: one.desks[0]) }
    #expect(throws: ServiceError.self) {
      try MaskedContribution(
        two.contract, identity: two.desks[0], window: 0, values: two.values(0),
        memory: .open(directory: files + "/d", contract: two.contract))
    }
  }
}
