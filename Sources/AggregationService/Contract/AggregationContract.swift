// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
internal import SecureAggregation
package import TransparencyLog

/// What contributors and aggregators have agreed on: who takes part, which signals are added up over which windows of
/// time, how far a contribution can reach, and what noise keeps it from showing. All parties hold the same bytes; its digest
/// stands in every report, job and context.
package struct AggregationContract: Equatable, Sendable {
  package static let mostContributors = 65_536
  package static let mostWindows = 1_048_576
  /// The most buckets × bits of all signals, which bounds a report's size.
  package static let mostBits = 1 << 20
  /// Where one aggregator adds up, each contributor sends each of the others a share of its secrets.
  package static let mostMasked = 1_024
  /// A day, in nanoseconds.
  private static let longestRound: Int64 = 86_400_000_000_000

  /// One of those who add up.
  package struct Aggregator: Equatable, Sendable {
    /// Signs contexts and key lists.
    package let verifier: VerifierKey
    /// The X25519 public key from which both aggregators derive what contributors may not know.
    package let agreement: [UInt8]
    /// `https://host:port`, and the digest of the certificate that answers there.
    package let address: String
    package let certificate: Digest

    package init(verifier: VerifierKey, agreement: [UInt8], address: String, certificate: Digest) {
      self.verifier = verifier
      self.agreement = agreement
      self.address = address
      self.certificate = certificate
    }
  }

  /// A signal and what one contributor's part of it can be.
  package struct Signal: Equatable, Sendable {
    package let kind: SignalKind
    package let listing: TaskVenue
    package let quantum: ExactDecimal
    /// Contributions are clipped to this many quanta a bucket, and proven to be so; 1 to 2³² − 1.
    package let maximum: Int64
    package let noise: SignalNoise
    /// How much ρ (10⁻¹²) a contributor may spend on it, and at which δ = 10⁻ᵏ that is told as ε; 0 without noise.
    package let budget: Int64
    package let deltaExponent: Int

    package init(
      kind: SignalKind, listing: TaskVenue, quantum: ExactDecimal, maximum: Int64, noise: SignalNoise, budget: Int64,
      deltaExponent: Int
    ) {
      self.kind = kind
      self.listing = listing
      self.quantum = quantum
      self.maximum = maximum
      self.noise = noise
      self.budget = budget
      self.deltaExponent = deltaExponent
    }
  }

  /// How the rounds of a masked sum are run, where there is one aggregator alone.
  package struct Rounds: Equatable, Sendable {
    /// With fewer contributors in a round the run is given up, and nothing is shown.
    package let threshold: Int
    /// How long the aggregator waits for a round's messages. Nanoseconds.
    package let lasts: Int64

    package init(threshold: Int, lasts: Int64) {
      self.threshold = threshold
      self.lasts = lasts
    }

    /// More than two thirds of the contributors, and no fewer than the minimum.
    package static func threshold(contributors: Int, minimum: Int) -> Int { max(2 * contributors / 3 + 1, minimum) }
  }

  package let name: String
  /// The first of two aggregators, or the only one.
  package let leader: Aggregator
  package let helper: Aggregator?
  /// With one aggregator alone.
  package let rounds: Rounds?
  /// Who may contribute, once per window each.
  package let contributors: [VerifierKey]
  /// Window i is [first + i × period, + buckets × bucket), nanoseconds UTC; windows do not overlap.
  package let first: Int64
  package let period: Int64
  package let windows: Int
  package let bucket: Int64
  package let buckets: Int
  /// Fewer valid contributions than this are never added up for anybody.
  package let minimum: Int
  /// A window's batch closes this long after its end, or as soon as so many reports are there. Nanoseconds.
  package let closesAfter: Int64
  package let closesAt: Int?
  /// By how much the parties' clocks may differ. Nanoseconds.
  package let clockTolerance: Int64
  /// A context speaks for the time this long after its window, and holds for so long after it was signed. Nanoseconds.
  package let appliesAfter: Int64
  package let holdsFor: Int64
  package let signals: [Signal]

  package init(
    name: String, leader: Aggregator, helper: Aggregator?, rounds: Rounds? = nil, contributors: [VerifierKey],
    first: Int64, period: Int64, windows: Int, bucket: Int64, buckets: Int, minimum: Int, closesAfter: Int64,
    closesAt: Int?, clockTolerance: Int64, appliesAfter: Int64, holdsFor: Int64, signals: [Signal]
  ) throws(RecordError) {
    self.name = name
    self.leader = leader
    self.helper = helper
    self.rounds = rounds
    self.contributors = contributors
    self.first = first
    self.period = period
    self.windows = windows
    self.bucket = bucket
    self.buckets = buckets
    self.minimum = minimum
    self.closesAfter = closesAfter
    self.closesAt = closesAt
    self.clockTolerance = clockTolerance
    self.appliesAfter = appliesAfter
    self.holdsFor = holdsFor
    self.signals = signals
    try check()
    digest = json.digest
  }

  /// Of the canonical encoding.
  package private(set) var digest = Digest(of: [])

  /// Who signs batches and contexts, the leader first.
  package var aggregators: [Aggregator] { helper.map { [leader, $0] } ?? [leader] }
  package var method: SharedMarketContext.Method { helper == nil ? .oneAggregator : .twoAggregators }

  package var windowLength: Int64 { bucket * Int64(buckets) }
  package func windowStart(_ window: Int) -> Int64 { first + Int64(window) * period }
  package func windowEnd(_ window: Int) -> Int64 { windowStart(window) + windowLength }
  /// When the batch of a window closes at the latest.
  package func closing(_ window: Int) -> Int64 { windowEnd(window) + closesAfter }

  /// The newest window that has ended; nil where none has.
  package func lastEnded(at time: Int64) -> Int? {
    let (distance, overflow) = time.subtractingReportingOverflow(first + windowLength)
    guard !overflow, distance >= 0 else { return nil }
    return Int(min(distance / period, Int64(windows - 1)))
  }
}

extension AggregationContract {
  private func check() throws(RecordError) {
    func refuse(_ path: String, _ reason: String) -> RecordError { RecordError(path: path, reason: reason) }
    guard (1...256).contains(name.utf8.count) else { throw refuse("name", "1 to 256 bytes of text are expected here") }
    for (path, aggregator) in zip(["leader", "helper"], aggregators) {
      // With a point of small order everybody would agree on the same key, the contributors too.
      guard AgreementKey.isFit(aggregator.agreement) else {
        throw refuse(
          "\(path).agreement", "an X25519 public key of 32 bytes is expected here, and no point of small order")
      }
      guard aggregator.address.utf8.count <= 256, aggregator.address.hasPrefix("https://") else {
        throw refuse("\(path).address", "https://host:port is expected here")
      }
    }
    guard leader.verifier != helper?.verifier, leader.agreement != helper?.agreement else {
      throw refuse("helper", "the leader and the helper must be two parties with keys of their own")
    }
    guard (2...AggregationContract.mostContributors).contains(contributors.count) else {
      throw refuse("contributors", "must be 2 to \(AggregationContract.mostContributors)")
    }
    guard Set(contributors).count == contributors.count else { throw refuse("contributors", "one stands twice") }
    guard Set(contributors.map(\.publicKey)).count == contributors.count else {
      throw refuse("contributors", "two names have one key, and would count twice")
    }
    try checkTime(refuse)
    // With three in a batch, one who knows their own part knows the sum of two others'.
    guard minimum >= 4, minimum <= contributors.count else {
      throw refuse("minimum", "must be 4 or more, and not more than there are contributors")
    }
    if let closesAt, closesAt < minimum || closesAt > contributors.count {
      throw refuse("closes_at", "must be at least the minimum, and not more than there are contributors")
    }
    try checkMethod(refuse)
    guard (1...SharedMarketContext.mostSignals).contains(signals.count) else {
      throw refuse("signals", "must be 1 to \(SharedMarketContext.mostSignals)")
    }
    var bits = 0
    for (index, signal) in signals.enumerated() {
      try check(signal, path: "signals[\(index)]")
      guard !signals[..<index].contains(where: { $0.kind == signal.kind && $0.listing == signal.listing }) else {
        throw refuse("signals[\(index)]", "\(signal.kind.rawValue) of \(signal.listing.symbol) stands twice")
      }
      bits += buckets * (Int64.bitWidth - signal.maximum.leadingZeroBitCount)
    }
    guard bits <= AggregationContract.mostBits else {
      throw refuse(
        "signals", "a contribution would have \(bits) bits; at most \(AggregationContract.mostBits) are taken")
    }
  }

  private func checkMethod(_ refuse: (String, String) -> RecordError) throws(RecordError) {
    guard helper == nil else {
      guard rounds == nil else {
        throw refuse("threshold", "two aggregators need no rounds: leave out threshold and round_lasts, or the helper")
      }
      return
    }
    guard let rounds else { throw refuse("round_lasts", "is needed where there is one aggregator alone") }
    let count = contributors.count
    guard count <= AggregationContract.mostMasked else {
      throw refuse("contributors", "one aggregator alone can serve \(AggregationContract.mostMasked) at most")
    }
    for (index, contributor) in contributors.enumerated() where contributor.name.utf8.count > 255 {
      throw refuse("contributors[\(index)]", "a name of at most 255 bytes is expected here")
    }
    guard rounds.threshold > count / 2, rounds.threshold >= minimum, rounds.threshold <= count else {
      throw refuse(
        "threshold", "must be more than half of the \(count) contributors, at least the minimum, and at most all")
    }
    if let closesAt, closesAt < rounds.threshold { throw refuse("closes_at", "must be at least the threshold") }
    guard (1...AggregationContract.longestRound).contains(rounds.lasts) else {
      throw refuse("round_lasts", "must be above 0, and a day at most")
    }
    for (index, signal) in signals.enumerated() where signal.noise != .none {
      throw refuse("signals[\(index)].noise", "must be none: one aggregator alone adds no noise, and says so")
    }
  }

  private func checkTime(_ refuse: (String, String) -> RecordError) throws(RecordError) {
    guard (1...SharedMarketContext.mostBuckets).contains(buckets) else {
      throw refuse("buckets", "must be 1 to \(SharedMarketContext.mostBuckets)")
    }
    guard (1...AggregationContract.mostWindows).contains(windows) else {
      throw refuse("windows", "must be 1 to \(AggregationContract.mostWindows)")
    }
    for (path, value) in [
      ("bucket", bucket), ("period", period), ("closes_after", closesAfter), ("holds_for", holdsFor),
    ] where value <= 0 { throw refuse(path, "must be above 0") }
    for (path, value) in [("clock_tolerance", clockTolerance), ("applies_after", appliesAfter)] where value < 0 {
      throw refuse(path, "must not be below 0")
    }
    let length = Int128(bucket) * Int128(buckets)
    guard length <= Int128(period) else { throw refuse("period", "is shorter than a window, so that windows overlap") }
    let end =
      Int128(first) + Int128(period) * Int128(windows) + Int128(closesAfter) + Int128(clockTolerance)
      + Int128(appliesAfter) + Int128(holdsFor)
    guard first >= 0, end < Int128(Int64.max) else { throw refuse("windows", "the last one ends after the year 2262") }
  }

  private func check(_ signal: Signal, path: String) throws(RecordError) {
    func refuse(_ key: String, _ reason: String) -> RecordError { RecordError(path: "\(path).\(key)", reason: reason) }
    guard (1...256).contains(signal.listing.venue.utf8.count), (1...256).contains(signal.listing.symbol.utf8.count)
    else { throw refuse("listing", "a venue and a symbol of 1 to 256 bytes are expected here") }
    guard signal.quantum.units > 0 else { throw refuse("quantum", "must be above 0") }
    guard (1...Int64(UInt32.max)).contains(signal.maximum) else { throw refuse("maximum", "must be 1 to 2^32 - 1") }
    guard case .none = signal.noise else {
      guard signal.budget > 0 else { throw refuse("budget", "must be above 0 where there is noise") }
      guard (1...18).contains(signal.deltaExponent) else { throw refuse("delta_exponent", "must be 1 to 18") }
      return
    }
    guard signal.budget == 0, signal.deltaExponent == 0 else {
      throw refuse("budget", "there is no noise, and so nothing to account for: leave it out")
    }
  }
}
