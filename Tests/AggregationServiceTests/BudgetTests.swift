// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Foundation
import Governance
import Testing

/// What was spent stays spent, whatever is restarted or restored.
struct BudgetTests {
  /// ρ = Δ² / (2σ²) = 3 · 1000² / (2 · 10⁷) = 0.15 a batch: two batches fit into 0.3.
  private func parties(budget: Int64 = 300_000_000_000) throws -> Parties {
    try Parties(noise: .discreteGaussian(variance: 10_000_000), budget: budget)
  }

  @Test func costsAreTold() throws {
    let parties = try parties()
    try parties.upload(0..<8)
    let context = try #require(try parties.advance(parties.closing(0)).released.first)
    let privacy = try #require(context.signals[0].privacy)
    #expect(privacy.cost == 150_000_000_000)
    #expect(privacy.spent == privacy.cost)
    // ε = ρ + 2·√(ρ·ln(10⁹)) = 3.676182…, in millionths and rounded up.
    #expect(privacy.epsilon == 3_676_183)
    // Two draws of σ ≈ 3162 each are on every sum: none is as far away as 12 of both together, and hardly one is exact.
    let exact = parties.sum(0..<8)
    var differing = 0
    for (signal, sums) in context.signals.map(\.sums).enumerated() {
      for (bucket, sum) in sums.enumerated() {
        #expect(abs(sum - exact[signal][bucket]) < 54_000)
        if sum != exact[signal][bucket] { differing += 1 }
      }
    }
    #expect(differing >= 5)
  }

  private func spendAll(_ parties: Parties) throws {
    for window in 0..<2 {
      try parties.upload(0..<6, window: window)
      #expect(try parties.advance(parties.closing(window)).released.count == 1)
    }
  }

  private func expectSpent(_ parties: Parties, window: Int) throws {
    try parties.upload(0..<6, window: window)
    let progress = try parties.advance(parties.closing(window))
    #expect(progress.released.isEmpty)
    #expect(progress.refused.count == 6 && progress.refused.values.allSatisfy { $0 == .budgetSpent })
  }

  @Test func spentBudgetsRefuse() throws {
    let parties = try parties()
    try spendAll(parties)
    try expectSpent(parties, window: 2)
    try parties.restart()
    try expectSpent(parties, window: 3)
    // Two who have kept theirs can go on, and are too few.
    try parties.upload(4..<8, window: 4)
    #expect(try parties.advance(parties.closing(4)).refused == [4: .budgetSpent, 5: .budgetSpent])
  }

  /// A backup of one aggregator, from before anything was spent, is brought up by what the other has signed.
  @Test(arguments: ["leader", "helper"]) func restoredBackupsAreBroughtUp(_ role: String) throws {
    let parties = try parties()
    try parties.scratch.copy(role, "backup")
    try spendAll(parties)
    let contexts = parties.leader.contexts
    parties.stop()
    try parties.scratch.copy("backup", role)
    try parties.restart()
    try expectSpent(parties, window: 2)
    #expect(parties.leader.contexts == contexts)
    #expect(parties.helper.contexts == contexts)
  }

  /// Where both backups are restored, either knows from its own anchor that something is missing, and does nothing.
  @Test(arguments: ["leader", "helper"]) func bothRestoredAreStopped(_ knowing: String) throws {
    let parties = try parties()
    try parties.scratch.copy("leader", "leader-backup")
    try parties.scratch.copy("helper", "helper-backup")
    try spendAll(parties)
    parties.stop()
    try parties.scratch.copy("leader-backup", "leader")
    try parties.scratch.copy("helper-backup", "helper")
    let other = knowing == "leader" ? "helper" : "leader"
    try FileManager.default.removeItem(atPath: parties.scratch.path + "/keys/\(other).anchor")
    try parties.restart()
    try parties.upload(0..<6, window: 2)
    let error = #expect(throws: ServiceError.self) { try parties.advance(parties.closing(2)) }
    #expect("\(error!)".contains("the \(knowing) has once closed 2 batches"), "\(error!)")
    #expect(parties.leader.contexts.isEmpty)
  }

  /// The helper is restored between the close of a batch and its end: its share is gone, the batch is lost, what it has
  /// cost stays spent, and the next one goes on.
  @Test func shareThatIsLostIsNotDrawnAgain() throws {
    let parties = try parties()
    try parties.upload(0..<6)
    parties.stop()
    try parties.scratch.copy("helper", "backup")
    try parties.restart()
    let now = parties.closing(0)
    _ = try? parties.advance(now) { request throws(ServiceError) in
      guard request[0] != 3 else { throw .unreachable("killed before the shares are shown") }
      return try parties.helper.answer(request, now: now)
    }
    parties.stop()
    try parties.scratch.copy("backup", "helper")
    try parties.restart()
    let progress = try parties.advance(now)
    guard case .lost(window: 0) = try #require(progress.last) else {
      Issue.record("\(progress)")
      return
    }
    #expect(parties.leader.contexts.isEmpty && parties.helper.contexts.isEmpty)
    try parties.upload(0..<6, window: 1)
    let context = try #require(try parties.advance(parties.closing(1)).released.first)
    #expect(context.signals[0].privacy?.spent == 300_000_000_000)
    try expectSpent(parties, window: 2)
  }

  /// A leader that was restored to before it has drawn noise does not get a second draw for the same batch.
  @Test func noiseIsDrawnOnce() throws {
    let parties = try parties()
    try parties.upload(0..<6)
    parties.stop()
    try parties.scratch.copy("leader", "backup")
    try parties.restart()
    let now = parties.closing(0)
    _ = try? parties.advance(now) { request throws(ServiceError) in
      let answer = try parties.helper.answer(request, now: now)
      guard request[0] != 2 else { throw .unreachable("the answer to the close is lost") }
      return answer
    }
    parties.stop()
    try parties.scratch.copy("backup", "leader")
    try parties.restart()
    let progress = try parties.advance(now)
    #expect(progress.released.isEmpty)
    #expect(parties.leader.contexts.isEmpty && parties.helper.contexts.isEmpty)
    try parties.upload(0..<6, window: 1)
    #expect(try parties.advance(parties.closing(1)).released.first?.signals[0].privacy?.spent == 300_000_000_000)
  }

  /// A second contract over the same signal and time is not served; one that begins after it replaces it for good.
  @Test func contractsDoNotOverlap() throws {
    let parties = try Parties()
    try parties.upload(0..<5)
    #expect(try parties.advance(parties.closing(0)).released.count == 1)
    parties.stop()
    func serve(_ contract: AggregationContract) throws {
      _ = try Leader(
        contract, keys: parties.leaderKeys,
        files: .open(
          directory: parties.scratch.path + "/other", anchor: parties.scratch.path + "/keys/\(contract.digest).anchor"))
    }
    func later(by: Int64, _ kind: SignalKind? = nil) throws -> AggregationContract {
      guard case .object(var members) = parties.contract.json else { throw ServiceError.refused("") }
      members["first"] = .wide(parties.contract.first + by)
      if let kind {
        members["signals"] = .array(
          [parties.contract.signals[0]].map {
            guard case .object(var signal) = $0.json else { return .null }
            signal["kind"] = .string(kind.rawValue)
            return .object(signal)
          })
      }
      return try AggregationContract(json: .object(members))
    }
    let error = #expect(throws: ServiceError.self) { try serve(try later(by: 1)) }
    #expect("\(error!)".contains("would show what one of them has contributed"))
    try serve(try later(by: 1, .participation))
    try parties.restartLeader()
    parties.stop()
    try FileManager.default.removeItem(atPath: parties.scratch.path + "/other")
    try serve(try later(by: parties.contract.windowLength))
    let replaced = #expect(throws: ServiceError.self) { try parties.restartLeader() }
    #expect("\(replaced!)".contains("was replaced"))
  }
}
