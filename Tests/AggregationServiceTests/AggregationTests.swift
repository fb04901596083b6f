// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Governance
import SecureAggregation
import Testing
import TransparencyLog

/// The whole way from contributions to a context that both aggregators have signed.
struct AggregationTests {
  @Test func sumsAreExact() throws {
    let parties = try Parties()
    try parties.upload(0..<6)
    #expect(try parties.advance(parties.reporting(0)).isEmpty)
    let progress = try parties.advance(parties.closing(0))
    let context = try #require(progress.released.first)
    #expect(context.signals.map(\.sums) == parties.sum(0..<6))
    #expect(context.contributors == 6)
    #expect(context.revision == 1)
    #expect(context.previous == nil)
    #expect(context.windowStart == parties.contract.windowStart(0))
    let signed = parties.leader.contexts[0]
    try signed.verify(by: parties.contract.aggregators.map(\.verifier))
    // Both have the same, with both signatures.
    #expect(parties.helper.contexts == [signed])
    // And the next window's follows it.
    try parties.upload(1..<8, window: 1)
    let next = try #require(try parties.advance(parties.closing(1)).released.first)
    #expect(next.previous == context.digest)
    #expect(next.revision == 2)
    #expect(next.signals.map(\.sums) == parties.sum(1..<8, window: 1))
  }

  /// Whatever a contributor tries is refused with its reason, and changes no sum.
  @Test func misconductIsRefused() throws {
    let parties = try Parties(desks: 6 + Misconduct.allCases.count)
    try parties.upload(0..<6)
    for (offset, misconduct) in Misconduct.allCases.enumerated() {
      let number = 6 + offset
      let report = try parties.contributor(number).report(
        parties.values(number), window: 0, leader: parties.leaderKeys.list.newest,
        helper: parties.helperKeys.list.newest, misconduct: misconduct
      ).encoded
      _ = try parties.leader.upload([report], now: parties.reporting(0))
    }
    let progress = try parties.advance(parties.closing(0))
    let context = try #require(progress.released.first)
    #expect(context.signals.map(\.sums) == parties.sum(0..<6))
    #expect(context.contributors == 6)
    #expect(context.refused == Int64(Misconduct.allCases.count))
    for (offset, misconduct) in Misconduct.allCases.enumerated() {
      #expect(progress.refused[6 + offset] == misconduct.refusal, "\(misconduct)")
    }
  }

  /// What an upload is refused for at once.
  @Test func uploadsAreChecked() throws {
    let parties = try Parties()
    let other = try Parties()
    let now = parties.reporting(0)
    let good = try parties.report(0, parties.values(0))
    let stranger = try other.report(0, other.values(0))
    var altered = good
    altered[altered.count - 100] ^= 1
    var longer = good
    longer.append(0)
    #expect(try parties.leader.upload([good], now: parties.contract.windowEnd(0) - 2 * Parties.second) == [.tooEarly])
    #expect(
      try parties.leader.upload([stranger, altered, longer, [], Array(good.dropLast())], now: now)
        == [.otherContract, .notSigned, .malformed, .malformed, .malformed])
    // The same bytes again are the same report; other bytes are a second one.
    #expect(try parties.leader.upload([good, good], now: now) == [nil, nil])
    #expect(try parties.leader.upload([good], now: now) == [nil])
    #expect(try parties.leader.upload([parties.report(0, parties.values(0))], now: now) == [.second])
    try parties.upload(1..<5)
    #expect(try parties.leader.upload([parties.report(5, parties.values(5))], now: parties.closing(0)) == [.late])
    let context = try #require(try parties.advance(parties.closing(0)).released.first)
    #expect(context.signals.map(\.sums) == parties.sum(0..<5))
    #expect(context.late == 1)
    // A report of a batch that was shown counts never again.
    #expect(try parties.leader.upload([good], now: parties.closing(0)) == [.counted])
    try parties.restart()
    #expect(try parties.leader.upload([good], now: now) == [.counted])
    #expect(try parties.leader.upload([parties.report(6, parties.values(6))], now: now) == [.late])
  }

  /// Fewer than the minimum are shown to nobody, also when the rest was refused.
  @Test func tooFewAreNotShown() throws {
    let parties = try Parties()
    try parties.upload(0..<3)
    let liar = try parties.contributor(3).report(
      parties.values(3), window: 0, leader: parties.leaderKeys.list.newest, helper: parties.helperKeys.list.newest,
      misconduct: .hugeValue)
    _ = try parties.leader.upload([liar.encoded], now: parties.reporting(0))
    let progress = try parties.advance(parties.closing(0))
    #expect(progress.released.isEmpty)
    #expect(progress.refused == [3: .notProven])
    guard case .tooFew(window: 0, contributors: 3, refused: _) = try #require(progress.last) else {
      Issue.record("\(progress)")
      return
    }
    #expect(parties.leader.contexts.isEmpty && parties.helper.contexts.isEmpty)
    try parties.upload(0..<4, window: 1)
    #expect(try parties.advance(parties.closing(1)).released.map(\.revision) == [1])
  }

  /// A batch closes when enough reports are there, before its time.
  @Test func batchesCloseByCount() throws {
    let parties = try Parties(closesAt: 5)
    try parties.upload(0..<4)
    #expect(try parties.advance(parties.reporting(0)).isEmpty)
    try parties.upload(4..<5)
    #expect(try parties.advance(parties.reporting(0)).released.map(\.contributors) == [5])
  }

  /// Keys that are rotated between two reports of one batch open both; a key that nobody has any more opens none.
  @Test func keysRotateWithinABatch() throws {
    let parties = try Parties()
    let old = parties.helperKeys
    try parties.upload(0..<3)
    parties.helperKeys = try old.rotated()
    parties.leaderKeys = try parties.leaderKeys.rotated()
    try parties.restart()
    try parties.upload(3..<6)
    #expect(
      try parties.advance(parties.closing(0)).released.first?.signals.map(\.sums) == parties.sum(0..<6))
    // A contributor who seals to a key that the helper has lost is told so.
    try parties.upload(0..<5, window: 1)
    parties.helperKeys = old
    try parties.restartHelper()
    let progress = try parties.advance(parties.closing(1))
    #expect(progress.refused.values.allSatisfy { $0 == .unknownKey } && progress.refused.count == 5)
  }

  /// Many reports go to the helper in several jobs.
  @Test func jobsFollowEachOther() throws {
    let parties = try Parties(desks: 150, buckets: 1, signals: 1)
    try parties.upload(0..<150)
    let progress = try parties.advance(parties.closing(0))
    #expect(progress.released.first?.signals.map(\.sums) == parties.sum(0..<150))
    let checked = progress.compactMap { if case .checked(_, let count, _) = $0 { count } else { nil } }
    #expect(checked == [64, 128, 150])
  }

  /// The public shares must be the parts that the two aggregators have found, or one would refuse what the other has added.
  @Test func partsMustBeTheAggregatorsOwn() throws {
    let parties = try Parties()
    let sums = try SignalSums(parties.contract)
    let header = ReportHeader(
      contract: parties.contract.digest, window: 0, id: Array(repeating: 3, count: 16), contributor: 0)
    let shares = try sums.shard(parties.values(0), window: 0, nonce: header.id)
    let key = SecretBytes.random(count: 32)
    func verifiers(_ aggregator: Int, _ bytes: [UInt8]) throws -> [UInt8] {
      try sums.prepare(
        verifyKey: key, aggregator: aggregator, header: header, publicShares: shares.publicShares,
        inputShares: SecretBytes(copying: bytes)
      ).verifierShares
    }
    let leader = try verifiers(0, shares.leader)
    let helper = try verifiers(1, shares.helper)
    _ = try sums.messages(leader: leader, helper: helper, publicShares: shares.publicShares, window: 0)
    for place in shares.publicShares.indices {
      var other = shares.publicShares
      other[place] ^= 1
      let error = #expect(throws: ReportRefusalError.self) {
        try sums.messages(leader: leader, helper: helper, publicShares: other, window: 0)
      }
      #expect(error?.refusal == .notProven)
    }
  }
}
