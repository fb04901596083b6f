// SPDX-License-Identifier: Apache-2.0

/// What several desks and venues know together and none of them alone: sums of signals over contributors, which nobody,
/// the aggregators included, can take apart. One version of it, named by its digest.
///
/// The sums are in quanta (`SharedSignal.quantum`), each contributor's part clipped to `SharedSignal.maximum`, with
/// noise where the signal's contract says so.
public struct SharedMarketContext: Hashable, Sendable {
  /// Of this encoding.
  public static let currentVersion: Int64 = 1
  public static let mostSignals = 64
  public static let mostBuckets = 4_096

  /// How contributions were kept from those who added them up.
  public enum Method: String, CaseIterable, Sendable {
    /// Prio3 (draft-irtf-cfrg-vdaf): two aggregators, of which one honest one keeps contributions private.
    case twoAggregators = "two_aggregators"
    /// Bonawitz et al. 2017: one aggregator and masks between contributors. No contribution is proven to be in range.
    case oneAggregator = "one_aggregator"
  }

  /// What one aggregator put in.
  public struct Share: Hashable, Sendable {
    public let aggregator: String
    /// Of its share of all sums, as it was revealed.
    public let digest: Digest

    public init(aggregator: String, digest: Digest) {
      self.aggregator = aggregator
      self.digest = digest
    }
  }

  public let version: Int64
  /// The contract under which it was made: its name, and the digest of its canonical encoding.
  public let name: String
  public let contract: Digest
  /// Counts the contexts of a contract, from 1.
  public let revision: Int64
  /// The digest of the one before; nil for the first.
  public let previous: Digest?
  public let method: Method
  /// Names the set of reports that went into it. No report goes into two batches, so two contexts that name one batch
  /// are versions of the same.
  public let batch: Digest
  /// How many contributors' reports are in the sums; how many were refused, and how many came too late.
  public let contributors: Int64
  public let refused: Int64
  public let late: Int64
  /// In the order of the aggregators.
  public let shares: [Share]
  /// What was observed: [start, start + buckets × bucket), in nanoseconds UTC.
  public let windowStart: Int64
  /// Nanoseconds, above 0.
  public let bucket: Int64
  public let buckets: Int
  /// When it was signed. Nothing decides with it before.
  public let issuedAt: Int64
  /// Bucket i speaks for [appliesFrom + i × bucket, appliesFrom + (i + 1) × bucket); nanoseconds UTC.
  public let appliesFrom: Int64
  /// Nothing decides with it at or after this.
  public let expiresAt: Int64
  public let signals: [SharedSignal]

  /// Checks all that can be checked without the contract.
  public init(
    name: String, contract: Digest, revision: Int64, previous: Digest?, method: Method, batch: Digest,
    contributors: Int64, refused: Int64, late: Int64, shares: [Share], windowStart: Int64, bucket: Int64, buckets: Int,
    issuedAt: Int64, appliesFrom: Int64, expiresAt: Int64, signals: [SharedSignal]
  ) throws(RecordError) {
    version = SharedMarketContext.currentVersion
    self.name = name
    self.contract = contract
    self.revision = revision
    self.previous = previous
    self.method = method
    self.batch = batch
    self.contributors = contributors
    self.refused = refused
    self.late = late
    self.shares = shares
    self.windowStart = windowStart
    self.bucket = bucket
    self.buckets = buckets
    self.issuedAt = issuedAt
    self.appliesFrom = appliesFrom
    self.expiresAt = expiresAt
    self.signals = signals
    try check()
  }

  private func check() throws(RecordError) {
    func refuse(_ path: String, _ reason: String) -> RecordError { RecordError(path: path, reason: reason) }
    guard (1...256).contains(name.utf8.count) else { throw refuse("name", "1 to 256 bytes of text are expected here") }
    guard revision >= 1 else { throw refuse("revision", "must be 1 or more") }
    guard (revision == 1) == (previous == nil) else {
      throw refuse("previous", "the first revision has none before it, and every other has one")
    }
    guard contributors >= 1, refused >= 0, late >= 0 else {
      throw refuse("contributors", "at least one contributor, and no count below 0")
    }
    guard shares.count == (method == .twoAggregators ? 2 : 1) else {
      throw refuse("shares", "\(method.rawValue) has \(method == .twoAggregators ? "two shares" : "one share")")
    }
    for (index, share) in shares.enumerated() {
      guard (1...256).contains(share.aggregator.utf8.count) else {
        throw refuse("shares[\(index)].aggregator", "1 to 256 bytes of text are expected here")
      }
      guard !shares[..<index].contains(where: { $0.aggregator.utf8.elementsEqual(share.aggregator.utf8) }) else {
        throw refuse("shares[\(index)].aggregator", "\(share.aggregator) stands twice")
      }
    }
    guard (1...SharedMarketContext.mostBuckets).contains(buckets) else {
      throw refuse("buckets", "must be 1 to \(SharedMarketContext.mostBuckets)")
    }
    guard bucket > 0 else { throw refuse("bucket", "must be above 0") }
    let (length, overflow) = bucket.multipliedReportingOverflow(by: Int64(buckets))
    guard !overflow, !windowStart.addingReportingOverflow(length).overflow,
      !appliesFrom.addingReportingOverflow(length).overflow
    else { throw refuse("bucket", "the window ends after the year 2262") }
    guard issuedAt >= windowStart + length else { throw refuse("issued_at", "is before the end of what was observed") }
    guard expiresAt > issuedAt, expiresAt > appliesFrom else {
      throw refuse("expires_at", "is before it is issued, or before it applies")
    }
    guard (1...SharedMarketContext.mostSignals).contains(signals.count) else {
      throw refuse("signals", "must be 1 to \(SharedMarketContext.mostSignals)")
    }
    for (index, signal) in signals.enumerated() {
      try signal.check(buckets: buckets, path: "signals[\(index)]")
      // Two aggregators prove each part to be in range; noise may lead out of it.
      if method == .twoAggregators, signal.noise == .none {
        let most = Int128(contributors) * Int128(signal.maximum)
        guard signal.sums.allSatisfy({ $0 >= 0 && Int128($0) <= most }) else {
          throw refuse("signals[\(index)].sums", "a sum is not within 0 to \(contributors) × \(signal.maximum)")
        }
      }
      guard !signals[..<index].contains(where: { $0.isAboutTheSame(as: signal) }) else {
        throw refuse("signals[\(index)]", "\(signal.kind.rawValue) of \(signal.listing.symbol) stands twice")
      }
    }
  }

  /// The signal of this kind about a listing.
  public func signal(_ kind: SignalKind, of listing: TaskVenue) -> SharedSignal? {
    signals.first { $0.kind == kind && $0.listing == listing }
  }

  /// Whether a decision at `time` may use it.
  public func holds(at time: Int64) -> Bool {
    time >= issuedAt && time < expiresAt
  }

  /// The bucket that speaks for `time`; nil where none does.
  public func bucket(at time: Int64) -> Int? {
    guard time >= appliesFrom else { return nil }
    let (distance, overflow) = time.subtractingReportingOverflow(appliesFrom)
    guard !overflow, distance / bucket < Int64(buckets) else { return nil }
    return Int(distance / bucket)
  }
}

/// What a signal tells of a listing in a bucket of time.
public enum SignalKind: String, CaseIterable, Sendable {
  /// Quantity, in units of the instrument. The sum is the volume of all contributors.
  case volume
  /// Best ask less best bid, averaged over the bucket's time, in the listing's currency. The mean is sum / contributors.
  case spread
  /// How one-sided trading was, from 0 to 1: |bought − sold| / (bought + sold) of what aggressors took. The mean is
  /// sum / contributors.
  case toxicity
  /// Own executed quantity / all traded quantity, from 0 to 1. The mean is sum / contributors.
  case participation
}

/// What keeps one contributor from showing in a sum.
public enum SignalNoise: Hashable, Sendable {
  /// Nothing but the others' contributions.
  case none
  /// Each aggregator has added discrete Gaussian noise of this variance (quanta²) to each bucket.
  case discreteGaussian(variance: Int64)
  /// Each aggregator has added discrete Laplace noise of this scale (quanta) to each bucket.
  case discreteLaplace(scale: Int64)
}

/// What a batch has cost a contributor, in zero-concentrated differential privacy (Bun and Steinke 2016).
public struct SignalPrivacy: Hashable, Sendable {
  /// ρ, in units of 10⁻¹², rounded up: of this batch; of all batches so far, of the contributor who has spent most; and
  /// how much a contributor may spend.
  public let cost: Int64
  public let spent: Int64
  public let budget: Int64
  /// What `spent` is as (ε, 10⁻ᵏ)-differential privacy: ε in millionths, rounded up, and k.
  public let epsilon: Int64
  public let deltaExponent: Int

  public init(cost: Int64, spent: Int64, budget: Int64, epsilon: Int64, deltaExponent: Int) {
    self.cost = cost
    self.spent = spent
    self.budget = budget
    self.epsilon = epsilon
    self.deltaExponent = deltaExponent
  }
}

/// One signal, summed over contributors.
public struct SharedSignal: Hashable, Sendable {
  public let kind: SignalKind
  public let listing: TaskVenue
  /// What one quantum means, in the unit of the kind; above 0.
  public let quantum: ExactDecimal
  /// The most that one contributor's part of a bucket can be, in quanta; above 0.
  public let maximum: Int64
  public let noise: SignalNoise
  /// Nil where there is no noise.
  public let privacy: SignalPrivacy?
  /// Per bucket, in quanta. Noise can make one negative.
  public let sums: [Int64]

  public init(
    kind: SignalKind, listing: TaskVenue, quantum: ExactDecimal, maximum: Int64, noise: SignalNoise,
    privacy: SignalPrivacy?, sums: [Int64]
  ) {
    self.kind = kind
    self.listing = listing
    self.quantum = quantum
    self.maximum = maximum
    self.noise = noise
    self.privacy = privacy
    self.sums = sums
  }

  func isAboutTheSame(as other: SharedSignal) -> Bool { kind == other.kind && listing == other.listing }

  func check(buckets: Int, path: String) throws(RecordError) {
    func refuse(_ key: String, _ reason: String) -> RecordError { RecordError(path: "\(path).\(key)", reason: reason) }
    guard (1...256).contains(listing.venue.utf8.count), (1...256).contains(listing.symbol.utf8.count) else {
      throw refuse("listing", "a venue and a symbol of 1 to 256 bytes are expected here")
    }
    guard quantum.units > 0 else { throw refuse("quantum", "must be above 0") }
    guard maximum > 0 else { throw refuse("maximum", "must be above 0") }
    guard sums.count == buckets else { throw refuse("sums", "\(sums.count) buckets, not \(buckets)") }
    switch noise {
    case .none: guard privacy == nil else { throw refuse("privacy", "there is no noise to account for") }
    case .discreteGaussian(let amount), .discreteLaplace(let amount):
      guard amount > 0 else { throw refuse("noise", "must be above 0") }
      guard let privacy else { throw refuse("privacy", "missing, and there is noise to account for") }
      guard privacy.cost > 0, privacy.spent >= privacy.cost, privacy.budget >= privacy.spent, privacy.epsilon > 0,
        (1...18).contains(privacy.deltaExponent)
      else { throw refuse("privacy", "0 < cost ≤ spent ≤ budget, ε above 0, and δ from 10⁻¹ to 10⁻¹⁸") }
    }
  }
}
