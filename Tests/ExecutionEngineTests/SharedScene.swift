// SPDX-License-Identifier: Apache-2.0

import ExecutionEngine
import ExecutionIR
import Governance
import VenueSimulator

/// Shared contexts for scenes. The engine takes them as they are: that they are signed is asked before.
extension Scene {
  /// A policy that takes contexts of the contract "desks", not older than `age`.
  static func policy(_ mode: SharedContextDemand.Mode, age: Int64 = 3_600 * second) -> Policy {
    Policy(
      name: "test", version: "1", priceCollar: nil, maximumOrderValue: nil, maximumOrderQuantity: nil,
      participation: nil, restricted: [], messageRate: nil, preventsOwnCrossing: true, maximumBookAge: nil,
      sharedContext: SharedContextDemand(
        mode: mode, trusted: [], maximumAge: age, minimumContributors: 1, methods: [.twoAggregators]))
  }

  /// What `signals` say, in `buckets` buckets over the window, issued a minute before it unless said otherwise.
  func shared(
    _ signals: [SharedSignal], buckets: Int, revision: Int64 = 1, previous: Digest? = nil,
    issued: Int64 = Scene.start - 60 * second, applies: Int64 = Scene.start, expires: Int64? = nil,
    contributors: Int64 = 10
  ) throws -> SharedMarketContext {
    let bucket = (length + Int64(buckets) - 1) / Int64(buckets)
    return try SharedMarketContext(
      name: "desks", contract: Digest(of: [1]), revision: revision, previous: previous, method: .twoAggregators,
      batch: Digest(of: [2, UInt8(revision)]), contributors: contributors, refused: 0, late: 0,
      shares: ["a", "b"].map { .init(aggregator: $0, digest: Digest(of: Array($0.utf8))) },
      windowStart: issued - bucket * Int64(buckets), bucket: bucket, buckets: buckets, issuedAt: issued,
      appliesFrom: applies, expiresAt: expires ?? Scene.start + length + 60 * second, signals: signals)
  }

  func signal(_ kind: SignalKind, _ venue: Int, _ sums: [Int64], quantum: String = "1") throws -> SharedSignal {
    SharedSignal(
      kind: kind, listing: names[venue], quantum: try ExactDecimal(quantum), maximum: 1 << 40,
      noise: .discreteLaplace(scale: 1),
      privacy: SignalPrivacy(cost: 1, spent: 1, budget: 1, epsilon: 1, deltaExponent: 6), sums: sums)
  }

  /// The same scene with a context of random signals about some of its venues.
  mutating func shareAtRandom(_ random: inout RandomSource) throws {
    let buckets = 1 + Int(random.below(7))
    var signals: [SharedSignal] = []
    for venue in venues.indices {
      for (kind, quantum, most) in [
        (SignalKind.volume, "1", UInt64(60)), (.spread, "0.001", 900), (.toxicity, "0.0001", 110_000),
      ] where random.below(3) > 0 {
        signals.append(
          try signal(kind, venue, (0..<buckets).map { _ in Int64(random.below(most)) - 4 }, quantum: quantum))
      }
    }
    guard !signals.isEmpty else { return }
    policy = Scene.policy(.require)
    shared = [try shared(signals, buckets: buckets)]
  }
}
