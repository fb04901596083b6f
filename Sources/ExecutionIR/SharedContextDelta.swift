// SPDX-License-Identifier: Apache-2.0

/// What changes from one shared context to the next of its contract, so that who has the one needs not be sent the whole
/// of the other. It names both by digest: applied to anything else, or leading to anything else, it is refused.
public struct SharedContextDelta: Hashable, Sendable {
  /// Of this encoding.
  public static let currentVersion: Int64 = 1

  public let version: Int64
  /// The digest of the context that it is applied to, and of the one that it leads to.
  public let base: Digest
  public let result: Digest
  /// Everything of the new context that is not in its signals, as it stands there.
  public let header: SharedContextHeader
  /// One per signal of the new context, in its order.
  public let signals: [SharedSignalDelta]

  init(base: Digest, result: Digest, header: SharedContextHeader, signals: [SharedSignalDelta]) {
    version = SharedContextDelta.currentVersion
    self.base = base
    self.result = result
    self.header = header
    self.signals = signals
  }
}

/// What a context says besides name, contract, revision and previous, which follow from the one before, and its signals.
public struct SharedContextHeader: Hashable, Sendable {
  public let method: SharedMarketContext.Method
  public let batch: Digest
  public let contributors: Int64
  public let refused: Int64
  public let late: Int64
  public let shares: [SharedMarketContext.Share]
  public let windowStart: Int64
  public let bucket: Int64
  public let buckets: Int
  public let issuedAt: Int64
  public let appliesFrom: Int64
  public let expiresAt: Int64

  init(_ context: SharedMarketContext) {
    method = context.method
    batch = context.batch
    contributors = context.contributors
    refused = context.refused
    late = context.late
    shares = context.shares
    windowStart = context.windowStart
    bucket = context.bucket
    buckets = context.buckets
    issuedAt = context.issuedAt
    appliesFrom = context.appliesFrom
    expiresAt = context.expiresAt
  }
}

/// How a signal's sums come from those of the signal about the same in the context before.
public struct SharedSignalDelta: Hashable, Sendable {
  public enum Sums: Hashable, Sendable {
    /// The base has no such signal of as many buckets, or more than half of its buckets change.
    case whole([Int64])
    /// By how much buckets change, in their order; the others stay.
    case changes([Change])
  }

  public struct Change: Hashable, Sendable {
    public let bucket: Int
    /// In quanta; not 0.
    public let difference: Int64

    public init(bucket: Int, difference: Int64) {
      self.bucket = bucket
      self.difference = difference
    }
  }

  public let kind: SignalKind
  public let listing: TaskVenue
  public let quantum: ExactDecimal
  public let maximum: Int64
  public let noise: SignalNoise
  public let privacy: SignalPrivacy?
  public let sums: Sums
}

extension SharedMarketContext {
  /// What leads from this context to `next`, which must be the one after it under the same contract.
  public func delta(to next: SharedMarketContext) throws(RecordError) -> SharedContextDelta {
    guard next.name.utf8.elementsEqual(name.utf8), next.contract == contract else {
      throw RecordError(path: "contract", reason: "the contexts were made under different contracts")
    }
    let (following, overflow) = revision.addingReportingOverflow(1)
    guard !overflow, next.revision == following, next.previous == digest else {
      throw RecordError(
        path: "previous", reason: "revision \(next.revision) is not the one after this revision \(revision)")
    }
    let signals = next.signals.map { signal in
      SharedSignalDelta(
        kind: signal.kind, listing: signal.listing, quantum: signal.quantum, maximum: signal.maximum,
        noise: signal.noise, privacy: signal.privacy,
        sums: SharedMarketContext.sums(of: signal, from: self.signal(signal.kind, of: signal.listing)))
    }
    return SharedContextDelta(
      base: digest, result: next.digest, header: SharedContextHeader(next), signals: signals)
  }

  private static func sums(of signal: SharedSignal, from base: SharedSignal?) -> SharedSignalDelta.Sums {
    guard let base, base.sums.count == signal.sums.count else { return .whole(signal.sums) }
    var changes: [SharedSignalDelta.Change] = []
    for (bucket, sum) in signal.sums.enumerated() where sum != base.sums[bucket] {
      let (difference, overflow) = sum.subtractingReportingOverflow(base.sums[bucket])
      if overflow { return .whole(signal.sums) }
      changes.append(SharedSignalDelta.Change(bucket: bucket, difference: difference))
    }
    return changes.count * 2 > signal.sums.count ? .whole(signal.sums) : .changes(changes)
  }
}

extension SharedContextDelta {
  /// The context after `context`. Refused where it was made from another one, and where it leads to another one than it
  /// names.
  public func apply(to context: SharedMarketContext) throws(RecordError) -> SharedMarketContext {
    guard context.digest == base else {
      throw RecordError(path: "base", reason: "the delta was made from another context than \(context.digest)")
    }
    let (revision, overflow) = context.revision.addingReportingOverflow(1)
    guard !overflow else { throw RecordError(path: "base", reason: "is the last revision that there can be") }
    var signals: [SharedSignal] = []
    for (index, delta) in self.signals.enumerated() {
      let base = context.signal(delta.kind, of: delta.listing)
      signals.append(try delta.applied(to: base, path: "signals[\(index)]"))
    }
    let next = try SharedMarketContext(
      name: context.name, contract: context.contract, revision: revision, previous: base, method: header.method,
      batch: header.batch, contributors: header.contributors, refused: header.refused, late: header.late,
      shares: header.shares, windowStart: header.windowStart, bucket: header.bucket, buckets: header.buckets,
      issuedAt: header.issuedAt, appliesFrom: header.appliesFrom, expiresAt: header.expiresAt, signals: signals)
    guard next.digest == result else {
      throw RecordError(path: "result", reason: "the changes lead to another context than the one that is named")
    }
    return next
  }
}

extension SharedSignalDelta {
  fileprivate func applied(to base: SharedSignal?, path: String) throws(RecordError) -> SharedSignal {
    var result: [Int64]
    switch sums {
    case .whole(let sums): result = sums
    case .changes(let changes):
      guard let base else {
        throw RecordError(path: "\(path).changes", reason: "the base has no \(kind.rawValue) of \(listing.symbol)")
      }
      result = base.sums
      for change in changes {
        guard result.indices.contains(change.bucket) else {
          throw RecordError(path: "\(path).changes", reason: "the base has no bucket \(change.bucket)")
        }
        let (sum, overflow) = result[change.bucket].addingReportingOverflow(change.difference)
        guard !overflow else {
          throw RecordError(path: "\(path).changes", reason: "bucket \(change.bucket) leaves 64 bits")
        }
        result[change.bucket] = sum
      }
    }
    return SharedSignal(
      kind: kind, listing: listing, quantum: quantum, maximum: maximum, noise: noise, privacy: privacy, sums: result)
  }
}
