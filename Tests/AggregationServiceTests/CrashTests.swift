// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Foundation
import Governance
import Testing

/// Parties that are killed anywhere go on where they were, and nothing is added up twice.
struct CrashTests {
  private struct Lost: Error {}

  /// Lets every request to the helper in turn be lost on its way, or its answer; both parties are killed then. The sum is
  /// the same to the unit, and there is one context.
  @Test(arguments: [false, true]) func everyMessageCanBeLost(answerIsLost: Bool) throws {
    let undisturbed = try Parties(desks: 70, buckets: 1, signals: 1)
    try undisturbed.upload(0..<70)
    var count = 0
    try undisturbed.advance(undisturbed.closing(0)) { request throws(ServiceError) in
      count += 1
      return try undisturbed.helper.answer(request, now: undisturbed.closing(0))
    }
    #expect(count >= 6)
    for lost in 0..<count {
      let parties = try Parties(desks: 70, buckets: 1, signals: 1)
      try parties.upload(0..<70)
      var number = 0
      let now = parties.closing(0)
      let call: HelperCall = { request throws(ServiceError) in
        number += 1
        if number == lost + 1 {
          if answerIsLost { _ = try parties.helper.answer(request, now: now) }
          throw .unreachable("lost")
        }
        return try parties.helper.answer(request, now: now)
      }
      // The last one, publishing, is not needed for a context.
      _ = try? parties.advance(now, helper: call)
      try parties.restart()
      try parties.advance(now + 1)
      #expect(parties.leader.contexts.count == 1)
      let context = try #require(parties.leader.contexts.first).context
      #expect(context.signals.map(\.sums) == parties.sum(0..<70), "lost \(lost)")
      #expect(parties.helper.contexts.map(\.context) == [context], "lost \(lost)")
      try parties.upload(0..<10, window: 1)
      #expect(try parties.advance(parties.closing(1)).released.map(\.previous) == [context.digest])
    }
  }

  /// A log that was cut anywhere within its last record opens with all before it; the reports that are missing are sent
  /// again, and count once.
  @Test func tornRecordsAreCutOff() throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    let path = parties.scratch.path + "/leader/window-0000000.log"
    parties.stop()
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    try parties.scratch.copy("leader", "kept")
    var generator = Generator(state: 7)
    for cut in (0..<24).map({ _ in Int.random(in: 0..<whole.count, using: &generator) }) + [0, 1, 25, 57, 58] {
      try parties.scratch.copy("kept", "leader")
      try whole.prefix(cut).write(to: URL(fileURLWithPath: path))
      try? FileManager.default.removeItem(atPath: parties.scratch.path + "/helper")
      try? FileManager.default.removeItem(atPath: parties.scratch.path + "/keys")
      try parties.restart()
      // The same bytes can't be made again, so those whose report is kept are told that they have one.
      let answers = try (0..<5).map {
        try parties.leader.upload([parties.report($0, parties.values($0))], now: parties.reporting(0))[0]
      }
      #expect(answers.allSatisfy { $0 == nil || $0 == .second })
      let context = try #require(try parties.advance(parties.closing(0)).released.first)
      #expect(context.signals.map(\.sums) == parties.sum(0..<5), "cut at \(cut)")
      parties.stop()
    }
  }

  /// A log that was altered in what was filed long ago is not gone on with.
  @Test func damageIsNamed() throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    let path = parties.scratch.path + "/leader/window-0000000.log"
    parties.stop()
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for place in [10, 40, 70, 300] {
      var altered = whole
      altered[place] ^= 4
      try altered.write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: ServiceError.self) { try parties.restartLeader() }
      #expect("\(error!)".contains("window-0000000.log"), "\(error!)")
    }
  }

  /// Two processes never work with one directory.
  @Test func oneProcessHoldsTheDirectory() throws {
    let parties = try Parties()
    let error = #expect(throws: ServiceError.self) {
      _ = try Leader(
        parties.contract, keys: parties.leaderKeys,
        files: .open(directory: parties.scratch.path + "/leader", anchor: nil))
    }
    #expect("\(error!)".contains("another process"))
  }
}
