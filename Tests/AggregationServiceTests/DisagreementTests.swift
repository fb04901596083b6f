// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Foundation
import Governance
import Testing

/// An aggregator that lies or stops is found out and named, nothing is shown because of it, and when it keeps to the
/// protocol again the batch comes to its end.
struct DisagreementTests {
  /// The first byte of a request tells its kind.
  private enum Kind: UInt8 { case job = 1, close, reveal, publish, catchUp, greet, restart }

  /// What a lying helper does to its answers.
  enum Lie: CaseIterable {
    case refusesWhatIsProven, otherMessages, otherBatch, otherCommitment, otherShare, otherSalt, otherContext, cutShort
    case nothing, longer

    fileprivate var kind: UInt8 {
      switch self {
      case .refusesWhatIsProven, .otherMessages, .cutShort, .nothing, .longer: 1
      case .otherBatch, .otherCommitment: 2
      case .otherShare, .otherSalt, .otherContext: 3
      }
    }

    /// An answer is one byte of kind and the body behind its length: 5 bytes stand before the body.
    func apply(_ answer: [UInt8]) -> [UInt8] {
      var answer = answer
      switch self {
      case .refusesWhatIsProven: answer = [0, 0, 0, 0, 9, 0, 0, 0, 5, 12, 12, 12, 12, 12]
      case .otherMessages: answer[5 + 4 + 1 + 4 + 3] ^= 1
      case .otherBatch: answer[5 + 4 + 40] ^= 1
      case .otherCommitment: answer[answer.count - 1] ^= 1
      case .otherShare: answer[5 + 32 + 4 + 7] ^= 1
      case .otherSalt: answer[5] ^= 1
      case .otherContext: answer[answer.count - 30] ^= 1
      case .cutShort: answer.removeLast(7)
      case .nothing: answer = []
      case .longer: answer.append(0)
      }
      return answer
    }
  }

  @Test(arguments: Lie.allCases) func lyingHelperIsFound(_ lie: Lie) throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    let now = parties.closing(0)
    // It lies each time it is asked.
    let error = #expect(throws: ServiceError.self) {
      try parties.advance(now) { request throws(ServiceError) in
        let answer = try parties.helper.answer(request, now: now)
        // One that refuses what it has proven is found out when the batch is closed.
        return request[0] == lie.kind && lie != .refusesWhatIsProven ? lie.apply(answer) : answer
      }
      if lie == .refusesWhatIsProven { throw ServiceError.refused("see refusingHelperIsFound") }
    }
    #expect(lie == .refusesWhatIsProven || parties.leader.contexts.isEmpty, "\(error!)")
    if lie == .otherMessages || lie == .otherShare || lie == .otherSalt {
      #expect("\(error!)".hasPrefix("example.org/helper does not keep to the protocol"), "\(error!)")
    }
    // It is mended, and the same batch comes to its end.
    try parties.restart()
    guard lie != .otherCommitment else { return try loses(parties) }
    try parties.advance(now)
    #expect(parties.leader.contexts.first?.context.signals.map(\.sums) == parties.sum(0..<5), "\(lie)")
  }

  /// A commitment that was false can't be mended: the batch is lost, and the next one goes on.
  private func loses(_ parties: Parties) throws {
    let now = parties.closing(0)
    for _ in 0..<2 {
      let error = #expect(throws: ServiceError.self) { try parties.advance(now) }
      #expect("\(error!)".contains("not the one that it has committed to"))
    }
    guard case .lost(window: 0)? = try parties.advance(now).last else {
      Issue.record("the batch is not given up")
      return
    }
    #expect(parties.leader.contexts.isEmpty && parties.helper.contexts.isEmpty)
    try parties.upload(0..<5, window: 1)
    #expect(try parties.advance(parties.closing(1)).released.map(\.revision) == [1])
  }

  /// A helper that says of proven reports that they are not: the window is done anew, and then it is right.
  @Test(arguments: [1, 1000]) func refusingHelperIsFound(times: Int) throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    let now = parties.closing(0)
    var jobs = 0
    let progress = try parties.advance(now) { request throws(ServiceError) in
      let answer = try parties.helper.answer(request, now: now)
      guard request[0] == Kind.job.rawValue else { return answer }
      jobs += 1
      return jobs <= times ? Lie.refusesWhatIsProven.apply(answer) : answer
    }
    let differences = progress.compactMap {
      if case .differs(0, let leader, let helper, let isGivenUp) = $0 { (leader, helper, isGivenUp) } else { nil }
    }
    #expect(differences.first ?? (-1, -1, true) == (0, 5, false))
    if times == 1 {
      #expect(differences.count == 1)
      #expect(progress.released.first?.signals.map(\.sums) == parties.sum(0..<5))
    } else {
      // It goes on lying: nothing is shown, and the next window is not held up.
      #expect(differences.map(\.2) == [false, true])
      #expect(progress.released.isEmpty)
      try parties.upload(0..<5, window: 1)
      #expect(try parties.advance(parties.closing(1)).released.count == 1)
    }
  }

  /// A helper that leaves one of six out: what the leader had drawn over five is not shown with the sum of six.
  @Test func shareIsDrawnAnew() throws {
    let parties = try Parties()
    try parties.upload(0..<6)
    let now = parties.closing(0)
    var hasLied = false
    let progress = try parties.advance(now) { request throws(ServiceError) in
      let answer = try parties.helper.answer(request, now: now)
      guard request[0] == Kind.job.rawValue, !hasLied else { return answer }
      hasLied = true
      // Kind (1), length (4), count (4); a proven report is a zero, a length (4) and a message of 32 bytes per signal.
      let proven = 1 + 4 + 32 * parties.contract.signals.count
      return [0] + Self.length(answer.count - 5 - proven + 1) + answer[5..<9] + [ReportRefusal.notProven.rawValue]
        + answer[(9 + proven)...]
    }
    let differences = progress.compactMap {
      if case .differs(0, let leader, let helper, let isGivenUp) = $0 {
        [leader, helper, isGivenUp ? 1 : 0]
      } else {
        nil
      }
    }
    #expect(differences == [[5, 6, 0]])
    #expect(progress.released.first?.signals.map(\.sums) == parties.sum(0..<6))
  }

  private static func length(_ count: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
  }

  /// A helper that signs another context than the shares give, as well as it can.
  @Test func otherContextIsFound() throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    let now = parties.closing(0)
    let error = #expect(throws: ServiceError.self) {
      try parties.advance(now) { request throws(ServiceError) in
        let answer = try parties.helper.answer(request, now: now)
        guard request[0] == Kind.reveal.rawValue else { return answer }
        // Kind (1), length (4), salt (32), the share behind its length, the context behind its length.
        let share = answer[37..<41].reduce(0) { $0 << 8 | Int($1) }
        let head = Array(answer[5..<41 + share])
        do {
          let signed = try SignedContext(decoding: Array(answer[(45 + share)...]))
          guard case .object(var members) = signed.context.json else { return [] }
          members["late"] = .integer(7)
          let other = try SignedContext(
            SharedMarketContext(json: .object(members)), signedBy: parties.helperKeys.identity
          ).encoded
          let body = head + Self.length(other.count) + other
          return [0] + Self.length(body.count) + body
        } catch {
          throw .refused("\(error)")
        }
      }
    }
    #expect("\(error!)".contains("it has signed another context than the two shares give"), "\(error!)")
    #expect(parties.leader.contexts.isEmpty)
    #expect(try parties.advance(now).released.count == 1)
  }

  /// A context that only the helper has signed is not taken up from its book.
  @Test func contextsNeedBothSignatures() throws {
    let parties = try Parties()
    try parties.scratch.copy("leader", "backup")
    try parties.upload(0..<5)
    let now = parties.closing(0)
    #expect(try parties.advance(now).released.count == 1)
    let whole = parties.leader.contexts[0]
    let half = try SignedContext(whole.context, signedBy: parties.helperKeys.identity)
    parties.stop()
    try parties.scratch.copy("backup", "leader")
    try parties.restart()
    let error = #expect(throws: ServiceError.self) {
      try parties.advance(now) { request throws(ServiceError) in
        let answer = try parties.helper.answer(request, now: now)
        guard answer[0] == 2 else { return answer }
        // The context ends the answer, behind its length.
        let head = Array(answer.dropLast(whole.encoded.count + 4))
        return head + Self.length(half.encoded.count) + half.encoded
      }
    }
    #expect("\(error!)".contains("does not keep to the protocol"), "\(error!)")
    #expect(parties.leader.contexts.isEmpty)
    try parties.advance(now)
    #expect(parties.leader.contexts == [whole])
  }

  /// A second leader, with the keys of the first and other jobs for the same window: the helper takes no contributor
  /// twice, and no job in place of another.
  @Test func jobsAreNotExchanged() throws {
    let parties = try Parties(desks: 70, buckets: 1, signals: 1)
    let now = parties.closing(0)
    func jobs(_ numbers: [Int], _ directory: String) throws -> [[UInt8]] {
      let leader = try Leader(
        parties.contract, keys: parties.leaderKeys,
        files: .open(directory: parties.scratch.path + "/" + directory, anchor: nil))
      let helper = try Helper(
        parties.contract, keys: parties.helperKeys,
        files: .open(directory: parties.scratch.path + "/" + directory + "-helper", anchor: nil))
      let reports = try numbers.map { try parties.report($0, parties.values($0)) }
      #expect(try leader.upload(reports, now: parties.reporting(0)).allSatisfy { $0 == nil })
      var found: [[UInt8]] = []
      try leader.advance(
        now: now,
        helper: { request throws(ServiceError) in
          if request[0] == Kind.job.rawValue { found.append(request) }
          return try helper.answer(request, now: now)
        }, progress: { _ in })
      return found
    }
    let first = try jobs(Array(0..<70), "first")
    let second = try jobs(Array((0..<70).reversed()), "second")
    #expect(first.count == 2 && second.count == 2)
    let answer = try parties.helper.answer(first[0], now: now)
    #expect(answer[0] == 0)
    #expect(try parties.helper.answer(first[0], now: now) == answer)
    // Another job of the same number.
    #expect(try parties.helper.answer(second[0], now: now)[0] == 1)
    // The second leader's job 1 has desks 5 to 0, which all were in the first one's job 0.
    let twice = try parties.helper.answer(second[1], now: now)
    #expect(Array(twice.dropFirst(9)) == [UInt8](repeating: ReportRefusal.second.rawValue, count: 6))
  }

  /// What a lying leader sends is refused by the helper, whose share stays hidden.
  @Test(arguments: [
    (2, -2, "commitment"), (2, 120, "batch"), (3, 85, "salt"), (3, 130, "share"), (1, 40, "contract"),
    (3, 9, "contract"),
  ])
  func lyingLeaderIsFound(kind: UInt8, place: Int, name: String) throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    let now = parties.closing(0)
    var shown = false
    var altered = false
    _ = try? parties.advance(now) { request throws(ServiceError) in
      var request = request
      if request[0] == kind {
        // After the kind come the contract (32), the standing (40) and the window (4).
        request[place < 0 ? request.count + place : place] ^= 1
        altered = true
      }
      let answer = try parties.helper.answer(request, now: now)
      if request[0] == 3, answer[0] == 0 { shown = true }
      return answer
    }
    #expect(altered)
    #expect(!shown && parties.helper.contexts.isEmpty, "\(name)")
  }

  /// Nothing of a batch that is not closed, or too small, is shown to a leader who asks for it.
  @Test func earlyRevealIsRefused() throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    var requests: [[UInt8]] = []
    try parties.advance(parties.closing(0)) { request throws(ServiceError) in
      requests.append(request)
      return try parties.helper.answer(request, now: parties.closing(0))
    }
    let reveal = requests.first { $0[0] == 3 }!
    let other = try Parties()
    for request in requests { #expect(try other.helper.answer(request, now: other.closing(0))[0] == 1) }
    // A helper that has forgotten all gets the same requests in any order but the right one.
    parties.stop()
    try FileManager.default.removeItem(atPath: parties.scratch.path + "/helper")
    try FileManager.default.removeItem(atPath: parties.scratch.path + "/keys/helper.anchor")
    try parties.restartHelper()
    #expect(try parties.helper.answer(reveal, now: parties.closing(0))[0] != 0)
    let jobs = requests.filter { $0[0] == 1 }
    for job in jobs { #expect(try parties.helper.answer(job, now: parties.closing(0))[0] == 0) }
    #expect(try parties.helper.answer(reveal, now: parties.closing(0))[0] != 0)
    #expect(parties.helper.contexts.isEmpty)
  }

  /// Clocks that are further apart than the contract allows are named; when they are set right, the batch goes on.
  @Test func clocksApartAreNamed() throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    let error = #expect(throws: ServiceError.self) {
      try parties.advance(parties.closing(0)) { request throws(ServiceError) in
        try parties.helper.answer(request, now: parties.contract.windowEnd(0) - 2 * Parties.second)
      }
    }
    #expect("\(error!)".contains("set the clocks right"), "\(error!)")
    #expect(try parties.advance(parties.closing(0)).released.count == 1)
  }

  /// Bytes of any kind never stop a party, and change nothing.
  @Test func anyBytesAreAnswered() throws {
    let parties = try Parties(signals: 1)
    try parties.upload(0..<5)
    let now = parties.closing(0)
    var generator = Generator(state: 11)
    var mutants = 0
    let progress = try parties.advance(now) { request throws(ServiceError) in
      for _ in 0..<150 {
        var mutant = request
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
          mutant[Int.random(in: 0..<mutant.count, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
        case 1: mutant.removeLast(Int.random(in: 1...mutant.count, using: &generator))
        case 2: mutant.replaceSubrange(72..<76, with: [0xFF, 0xFF, 0xFF, 0xFF])
        default: mutant += [UInt8](repeating: 0xA5, count: Int.random(in: 1...9, using: &generator))
        }
        // What a request of this leader can do is its own affair: here only kinds that change nothing are let through.
        guard mutant.count < 110 || mutant[0] != 7, mutant.first != 5, mutant.first != 7, mutant.first != 2 else {
          continue
        }
        if mutant.first == request[0], request[0] == 1 || request[0] == 3 { continue }
        _ = try parties.helper.answer(mutant, now: now)
        mutants += 1
      }
      return try parties.helper.answer(request, now: now)
    }
    #expect(mutants > 200)
    #expect(progress.released.first?.signals.map(\.sums) == parties.sum(0..<5))
    for size in [0, 1, 4, 100, 5000] {
      let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(try parties.leader.upload([noise], now: now) == [.malformed])
      #expect(try parties.helper.answer(noise, now: now)[0] == 1)
    }
  }
}
