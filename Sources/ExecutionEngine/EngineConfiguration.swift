// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import Governance

/// What a run's fills are; every leaf, row and chart says so.
package enum FillSource: String, CaseIterable, Sendable {
  /// Decisions only: nothing is sent, nothing fills.
  case shadow
  /// A named, deterministic model over the captured market.
  case model
  /// A simulated venue that matches orders.
  case simulated

  package var isSimulated: Bool { self != .shadow }
}

/// The clock that stamped a feed's receive times.
package struct FeedClock: Equatable, Sendable {
  /// Nil: the one that all feeds without a name for theirs share.
  package let name: String?
  /// By how many nanoseconds it may be wrong, either way; nil where nobody said.
  package let uncertainty: Int64?

  package init(name: String? = nil, uncertainty: Int64? = nil) {
    self.name = name
    self.uncertainty = uncertainty
  }
}

/// One feed as the engine knows it, by its number.
package struct EngineFeed: Equatable, Sendable {
  package let venue: String
  /// It informs and is never routed to.
  package let isReference: Bool
  /// What stamped its receive times; nil for a fill model, whose times follow from those of the market.
  package let clock: FeedClock?

  package init(venue: String, isReference: Bool, clock: FeedClock? = FeedClock()) {
    self.venue = venue
    self.isReference = isReference
    self.clock = clock
  }
}

/// A volume curve of an earlier day: expected volume per slice, by the task's venues, at the engine's scale.
package struct PriorVolume: Equatable, Sendable {
  package let date: String
  package let digest: Digest
  /// One curve per venue of the task, one number per slice.
  package let curves: [[Int64]]

  package init(date: String, digest: Digest, curves: [[Int64]]) {
    self.date = date
    self.digest = digest
    self.curves = curves
  }
}

/// All that a run is a function of, beside its inputs.
package struct EngineConfiguration: Sendable {
  package let task: LocalExecutionTask
  package let reference: ReferenceData
  package let policy: Policy
  package let feeds: [EngineFeed]
  package let fills: FillSource
  package let prior: PriorVolume?
  /// Versions of one shared context, each of which the policy has taken.
  package let shared: [SharedMarketContext]
  /// Their names; a digest is made once, for all decisions.
  let sharedReferences: [SharedContextReference]
  /// Chooses the hash functions of lookup tables, without influence on any result.
  package let seed: UInt64

  package init(
    task: LocalExecutionTask, reference: ReferenceData, policy: Policy, feeds: [EngineFeed], fills: FillSource,
    prior: PriorVolume?, shared: [SharedMarketContext] = [], seed: UInt64
  ) {
    self.task = task
    self.reference = reference
    self.policy = policy
    self.feeds = feeds
    self.fills = fills
    self.prior = prior
    self.shared = shared
    sharedReferences = shared.map(SharedContextReference.init)
    self.seed = seed
  }

  /// Children are numbered from here.
  package static let firstChild: UInt64 = 1
  /// Between two looks at the working orders of a slice lies an eighth of it.
  package static let looksPerSlice = 8
  /// At this look what is still passive is taken off, to be taken from the other side.
  package static let sweepLook = 6
  /// A venue has this long to answer an order or a cancel before it is asked again. Nanoseconds.
  package static let patience: Int64 = 2_000_000_000
  /// After so many cancels without an answer an order is given up: what is open of it counts on, and its venue is
  /// worked further.
  package static let mostCancels = 3
  /// After the window's end, venues have this long to answer the last cancels. Nanoseconds.
  package static let settling: Int64 = 5_000_000_000
}
