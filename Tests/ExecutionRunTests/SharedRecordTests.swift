// SPDX-License-Identifier: Apache-2.0

import ExecutionEngine
import ExecutionIR
import ExecutionRun
import Foundation
import Governance
import RunJournal
import Testing

/// Runs whose own key has signed what no honest recorder writes: verification holds contexts against policy and leaves by
/// itself.
@Suite("Shared contexts that a run should not have")
struct SharedRecordTests {
  private let desk: Identity
  private let leader: Identity
  private let helper: Identity

  init() throws {
    desk = try Identity.ephemeral(name: "desk")
    leader = try Identity.ephemeral(name: "leader")
    helper = try Identity.ephemeral(name: "helper")
  }

  private func context(_ revision: Int64, previous: Digest?, batch: UInt8, sum: Int64 = 1) throws -> SignedContext {
    let context = try SharedMarketContext(
      name: "desks", contract: Digest(of: [1]), revision: revision, previous: previous, method: .twoAggregators,
      batch: Digest(of: [batch]), contributors: 9, refused: 0, late: 0,
      shares: ["leader", "helper"].map { .init(aggregator: $0, digest: Digest(of: Array($0.utf8))) }, windowStart: 0,
      bucket: 10, buckets: 1, issuedAt: 10, appliesFrom: 0, expiresAt: 100,
      signals: [
        SharedSignal(
          kind: .volume, listing: TaskVenue(venue: "SIM-A", symbol: "XPRV"), quantum: ExactDecimal(units: 1, scale: 0),
          maximum: 9, noise: .none, privacy: nil, sums: [sum])
      ])
    var signed = try SignedContext(context, signedBy: leader)
    try signed.addSignature(by: helper)
    return signed
  }

  private func policy(_ mode: SharedContextDemand.Mode?, _ keys: [Identity]) -> Policy {
    Policy(
      name: "test", version: "1", priceCollar: nil, maximumOrderValue: nil, maximumOrderQuantity: nil,
      participation: nil, restricted: [], messageRate: nil, preventsOwnCrossing: true, maximumBookAge: nil,
      sharedContext: mode.map {
        SharedContextDemand(
          mode: $0, trusted: [.init(contract: "desks", keys: keys.map(\.publicVerifierKey))], maximumAge: 5,
          minimumContributors: 5, methods: [.twoAggregators])
      })
  }

  /// Begins a run, signs its first checkpoint, and returns what verification finds.
  private func findings(
    _ policy: Policy, named: [SignedContext], leaves: [SignedContext]? = nil, objects: [SignedContext] = []
  ) throws -> [String] {
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-shared-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    var opening = try Adapters.opening()
    let configuration = try SimulatedRun.open(.demo(seed: 1), seed: 1, &opening).configuration
    let reference = configuration.reference.json.canonical
    var description = RunDescription(
      started: 5, identity: desk.name, verifier: desk.publicVerifierKey, origin: "desk/runs/test", fills: .simulated,
      fillsDetail: "test", seed: 1, task: configuration.task, policy: policy, reference: Digest(of: reference),
      prior: nil, feeds: [])
    description.shared = named.map(GivenContext.init)
    try {
      let recorder = try RunRecorder.begin(
        RunDirectory(scratch), proposed: description, identity: desk, adapters: [], reference: reference,
        certificates: objects.map(\.encoded), shared: leaves ?? named)
      var output = EngineOutput()
      output.isPublishing = true
      try recorder.record(output)
    }()
    return try RunVerifier.verify(RunDirectory(scratch), key: desk.verifier).findings
  }

  @Test func verificationAsksForItself() throws {
    let first = try context(1, previous: nil, batch: 1)
    let second = try context(2, previous: first.context.digest, batch: 2)
    let take = policy(.take, [leader, helper])
    #expect(try findings(take, named: []) == [] && findings(take, named: [first, second]) == [])
    func fails(_ text: String, _ found: [String]) {
      #expect(found.contains { $0.contains(text) }, "\(text): \(found)")
    }
    fails("takes none", try findings(policy(nil, []), named: [first]))
    fails("is not signed by", try findings(policy(.take, [leader, desk]), named: [first]))
    fails("requires a shared context", try findings(policy(.require, [leader, helper]), named: []))
    // The same batch summed twice, and a second revision that follows another first one.
    let again = try context(2, previous: first.context.digest, batch: 1, sum: 2)
    fails("name the same batch", try findings(take, named: [first, again]))
    let stray = try context(2, previous: Digest(of: [8]), batch: 2)
    fails("names another context before it", try findings(take, named: [first, stray]))
    // Leaves that are not those of the contexts.
    fails("is not that of the shared context", try findings(take, named: [first], leaves: [], objects: [first]))
    fails("names 0 shared contexts, run.json 1", try findings(take, named: [first], leaves: [], objects: [first]))
    fails(
      "is not that of the shared context",
      try findings(take, named: [first, second], leaves: [second, first]))
    fails("names 1 shared contexts, run.json 0", try findings(take, named: [], leaves: [first]))
    // A file that is not there.
    fails("is missing", try findings(take, named: [first], leaves: []))
  }
}
