// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Foundation
import Governance
import SecureAggregation
import Testing

/// What contributors and the only aggregator can and cannot do to each other.
struct MaskedTrustTests {
  // MARK: A contributor unmasks one set of a window

  /// An aggregator that has forgotten what it has shown asks for another sum: everyone who has unmasked refuses.
  @Test func noSecondSetIsUnmasked() throws {
    let parties = try MaskedParties()
    let play = try MaskedPlay(parties, desks: 0..<6)
    try play.run()
    #expect(play.released.count == 6)
    let sum = parties.aggregator.contexts
    parties.stop()
    try FileManager.default.removeItem(atPath: parties.scratch.path + "/sole")
    try FileManager.default.removeItem(atPath: parties.scratch.path + "/keys")
    try parties.restart()
    let again = try MaskedPlay(parties, desks: 0..<6)
    try again.run()
    #expect(again.errors.count == 6 && again.released.isEmpty)
    for error in again.errors.values {
      guard case .lies(let aggregator, _) = error else {
        Issue.record("\(error)")
        continue
      }
      #expect(aggregator == "example.com/sole")
    }
    #expect(sum.count == 1 && parties.aggregator.contexts.isEmpty)
  }

  /// Killed in any round, a desk starts anew with what it has kept: never twice into one run, and into another one only where
  /// it has not unmasked.
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt8])
  func restartedDeskKeepsItsWord(_ round: UInt8) throws {
    let parties = try MaskedParties(desks: 6)
    let play = try MaskedPlay(parties, desks: 0..<6)
    var restarted = false
    play.alter = { desk, sent, request in
      guard desk == 2, sent == round, !restarted else { return request }
      restarted = true
      play.desks[2] = nil
      return nil
    }
    while !restarted { try play.turn() }
    let desk = try parties.desk(2)
    #expect(desk.hasUnmasked == (round == 5))
    play.desks[2] = desk
    var joined: [[UInt8]] = []
    play.alter = { number, sent, request in
      if number == 2, sent == 1 { joined.append(Array(request[65..<97])) }
      return request
    }
    try play.run()
    #expect(joined.isEmpty, "the run's name was known before")
    #expect(play.released.count == 6)
    let context = try #require(parties.aggregator.contexts.last?.context)
    #expect(context.contributors == (round > 3 ? 6 : 5))
  }

  @Test func memoryIsHeldAlone() throws {
    let parties = try MaskedParties()
    let desk = try parties.desk(0)
    #expect(throws: ServiceError.self) { try parties.desk(0) }
    #expect(!desk.hasUnmasked)
  }

  // MARK: An aggregator that lies

  /// Half of the desks are told of one set of survivors, and half of another: nobody unmasks.
  @Test func twoSurvivorSetsUnmaskNothing() throws {
    let parties = try MaskedParties(desks: 6, threshold: 4)
    let play = try MaskedPlay(parties, desks: 0..<6)
    var unmasked: Set<Int> = []
    play.alter = { desk, round, request in
      if round == 5 { unmasked.insert(desk) }
      return request
    }
    play.answered = { desk, answer in
      // Behind the answer's kind and length: version, kind (0x83: after the input), digest, count of survivors.
      guard desk < 3, answer.count > 41, answer[0] == 2, answer[6] == 0x83 else { return answer }
      var bytes = Array(answer[5...])
      #expect(bytes[34] == 6)
      bytes[34] = 5
      bytes.removeLast(2)
      return [2, 0, 0, 0, UInt8(bytes.count)] + bytes
    }
    try play.run()
    #expect(play.released.isEmpty && parties.aggregator.contexts.isEmpty)
    // Those who were told otherwise have signed it, and the aggregator has no use for that.
    for desk in 0..<3 { #expect(parties.progress.refused[desk] != nil) }
    #expect(unmasked.isEmpty)
  }

  /// The set is shown with signatures of too few, or with one that does not hold.
  @Test func unsignedSurvivorsUnmaskNothing() throws {
    for isShort in [true, false] {
      let parties = try MaskedParties(desks: 5, threshold: 4)
      let play = try MaskedPlay(parties, desks: 0..<5)
      play.answered = { _, answer in
        guard answer.count > 41, answer[0] == 2, answer[6] == 0x84 else { return answer }
        var bytes = Array(answer[5...])
        if isShort {
          bytes[34] = 3
          bytes.removeLast(2 * 66)
        } else {
          bytes[bytes.count - 1] ^= 1
        }
        let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) }
        return [2] + length + bytes
      }
      try play.run()
      #expect(play.errors.count == 5)
      for error in play.errors.values {
        guard case .lies = error else {
          Issue.record("\(error)")
          continue
        }
      }
      for number in 0..<5 { #expect(try !parties.desk(number).hasUnmasked) }
    }
  }

  /// A context of another batch than the one that was signed, of another window, or with altered sums.
  @Test func otherContextIsRefused() throws {
    let parties = try MaskedParties()
    let play = try MaskedPlay(parties, desks: 0..<6)
    play.alter = { desk, round, request in desk == 5 && round == 4 ? nil : request }
    try play.run()
    #expect(play.released.count == 5)
    let first = try #require(parties.aggregator.contexts.first)
    func answer(_ bytes: [UInt8]) -> [UInt8] {
      [4] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: bytes.count >> $0) } + bytes
    }
    let other = try MaskedParties()
    let otherPlay = try MaskedPlay(other, desks: 0..<6)
    try otherPlay.run()
    let stranger = try #require(other.aggregator.contexts.first)
    let next = try MaskedPlay(parties, window: 1, desks: 0..<6)
    try next.run()
    let second = try #require(parties.aggregator.contexts.last)
    #expect(try parties.desk(0).take(answer(first.encoded)) == .released(first))
    for wrong in [stranger, second] {
      #expect(throws: ServiceError.self) { try parties.desk(0).take(answer(wrong.encoded)) }
    }
    // Signed by the aggregator, of the right window, and of another set.
    let context = first.context
    let forged = try SignedContext(
      SharedMarketContext(
        name: context.name, contract: context.contract, revision: 1, previous: nil, method: .oneAggregator,
        batch: second.context.batch, contributors: context.contributors, refused: 0, late: 0, shares: context.shares,
        windowStart: context.windowStart, bucket: context.bucket, buckets: context.buckets,
        issuedAt: context.issuedAt, appliesFrom: context.appliesFrom, expiresAt: context.expiresAt,
        signals: context.signals), signedBy: parties.keys.identity)
    #expect(try parties.contract.faults(of: forged).isEmpty)
    #expect(throws: ServiceError.self) { try parties.desk(0).take(answer(forged.encoded)) }
    // Who has not unmasked has nothing to hold against it.
    #expect(try parties.desk(5).take(answer(forged.encoded)) == .released(forged))
  }

  // MARK: Contributors who lie

  /// Beyond what all could give together: the window is lost, and who did it can't be told.
  @Test(arguments: [(1, 4), (2, 1), (7, 1)] as [(Int, UInt8)])
  func absurdValueSpoilsTheWindow(_ byte: Int, _ added: UInt8) throws {
    let parties = try MaskedParties()
    let play = try MaskedPlay(parties, desks: 0..<6)
    // The fourth number is the first of the second signal, whose maximum is a tenth of the vector's.
    play.alter = { desk, round, request in
      guard desk == 4, round == 3 else { return request }
      return try parties.forged(request, by: 4) { $0[3 * 8 + byte] &+= added }
    }
    try play.run()
    #expect(play.over.count == 6 && play.released.isEmpty && parties.aggregator.contexts.isEmpty)
    #expect(play.over.values.allSatisfy { $0.contains("spread") && !$0.contains("desk-") })
    try parties.restart()
    #expect(parties.aggregator.closedBatches == 1 && parties.aggregator.contexts.isEmpty)
  }

  /// Out of range, and nobody can notice. This is what PRIVACY.md warns of: were it refused, the page would be wrong.
  @Test func smallLieShiftsTheSum() throws {
    let parties = try MaskedParties(maximum: 1000)
    let play = try MaskedPlay(parties, desks: 0..<6)
    play.alter = { desk, round, request in
      guard desk == 4, round == 3 else { return request }
      return try parties.forged(request, by: 4) { $0[0] = $0[0] &+ 1 }
    }
    try play.run()
    let sums = try #require(parties.aggregator.contexts.last?.context.signals.map(\.sums))
    let exact = parties.sum(0..<6)
    #expect(sums[0][0] == exact[0][0] + 1 || sums[0][0] == exact[0][0] - 255)
    #expect(sums[1] == exact[1])
  }

  /// Each is refused under the liar's name, and the others' sum is right.
  @Test(arguments: MaskedMisconduct.allCases)
  func misconductIsMet(_ misconduct: MaskedMisconduct) throws {
    let parties = try MaskedParties(desks: 7)
    let play = try MaskedPlay(parties, desks: 0..<7)
    play.alter = { desk, _, request in
      desk == 6 ? try misconduct.request(request, by: parties.desks[6], parties.contract) : request
    }
    try play.run()
    let context = try #require(parties.aggregator.contexts.last?.context)
    let isIn = misconduct.isInTheSum
    #expect(context.signals.map(\.sums) == parties.sum(isIn ? 0..<7 : 0..<6))
    #expect((parties.progress.refused[6] != nil) == misconduct.isNamed)
    #expect(context.refused == (isIn ? 0 : 1))
    for desk in 0..<6 { #expect(play.released[desk] == context) }
  }
}
