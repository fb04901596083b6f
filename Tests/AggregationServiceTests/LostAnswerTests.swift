// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Governance
import Testing

/// The helper has done what it was asked, and its answer is lost together with one of the two processes: at each request
/// of a batch, for each that can be killed.
@Suite struct LostAnswerTests {
  enum Killed: CaseIterable { case nobody, leader, helper, both }

  @Test(arguments: Killed.allCases) func nothingIsLostWithAnAnswer(killed: Killed) throws {
    var request = 0
    while try !goesOn(withoutAnswer: request, killed) { request += 1 }
    // Greeting, the job, closing, revealing and publishing at least.
    #expect(request >= 5)
  }

  /// Whether the batch had no such request any more.
  private func goesOn(withoutAnswer lost: Int, _ killed: Killed) throws -> Bool {
    let parties = try Parties()
    try parties.upload(0..<6)
    let now = parties.closing(0)
    var number = 0
    var isLost = false
    var found: [AggregationProgress] = []
    let call: HelperCall = { request throws(ServiceError) in
      defer { number += 1 }
      let answer = try parties.helper.answer(request, now: now)
      guard number == lost else { return answer }
      isLost = true
      throw .unreachable("the answer is lost")
    }
    do throws(ServiceError) {
      try parties.leader.advance(now: now, helper: call) { found.append($0) }
    } catch {
      guard case .unreachable = error else { throw error }
    }
    switch killed {
    case .nobody: break
    case .leader: try parties.restartLeader()
    case .helper: try parties.restartHelper()
    case .both: try parties.restart()
    }
    _ = try parties.advance(now)
    let contexts = parties.leader.contexts.map(\.context)
    #expect(contexts.map { $0.signals.map(\.sums) } == [parties.sum(0..<6)], "request \(lost)")
    #expect(parties.helper.contexts.map(\.context) == contexts)
    // And the next window after it.
    try parties.upload(0..<5, window: 1)
    _ = try parties.advance(parties.closing(1))
    #expect(parties.leader.contexts.last?.context.signals.map(\.sums) == parties.sum(0..<5, window: 1))
    return !isLost
  }
}
