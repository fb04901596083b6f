// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing

/// A context that a test changes in one place.
struct ContextFixture {
  var name = "xprv-desks"
  var contract = Digest(of: Array("contract".utf8))
  var revision: Int64 = 1
  var previous: Digest?
  var method = SharedMarketContext.Method.twoAggregators
  var batch = Digest(of: Array("batch".utf8))
  var contributors: Int64 = 12
  var refused: Int64 = 1
  var late: Int64 = 2
  var shares = [
    SharedMarketContext.Share(aggregator: "leader", digest: Samples.digest),
    SharedMarketContext.Share(aggregator: "helper", digest: Samples.digest),
  ]
  var windowStart: Int64 = 1_723_000_000_000_000_000
  var bucket: Int64 = 60_000_000_000
  var buckets = 3
  var issuedAt: Int64 = 1_723_000_180_000_000_000
  var appliesFrom: Int64 = 1_723_161_600_000_000_000
  var expiresAt: Int64 = 1_723_161_900_000_000_000
  var signals = [
    SharedSignal(
      kind: .volume, listing: ContextFixture.listing, quantum: ExactDecimal(units: 1, scale: 2), maximum: 1_000_000,
      noise: .none, privacy: nil, sums: [3, 0, 12_000_000]),
    SharedSignal(
      kind: .spread, listing: ContextFixture.listing, quantum: ExactDecimal(units: 5, scale: 3), maximum: 100,
      noise: .discreteGaussian(variance: 9), privacy: ContextFixture.privacy, sums: [-4, .max, .min]),
    SharedSignal(
      kind: .toxicity, listing: ContextFixture.listing, quantum: ExactDecimal(units: 1, scale: 6), maximum: 1_000_000,
      noise: .discreteLaplace(scale: 7), privacy: ContextFixture.privacy, sums: [1, 2, 3]),
  ]

  static let listing = TaskVenue(venue: "BINANCE", symbol: "BTCUSDT")
  static let privacy = SignalPrivacy(cost: 5, spent: 7, budget: 9, epsilon: 1_000_000, deltaExponent: 9)

  func context() throws -> SharedMarketContext {
    try SharedMarketContext(
      name: name, contract: contract, revision: revision, previous: previous, method: method, batch: batch,
      contributors: contributors, refused: refused, late: late, shares: shares, windowStart: windowStart,
      bucket: bucket, buckets: buckets, issuedAt: issuedAt, appliesFrom: appliesFrom, expiresAt: expiresAt,
      signals: signals)
  }

  /// The one after `context` under its contract.
  init(after context: SharedMarketContext) {
    revision = context.revision + 1
    previous = context.digest
    batch = Digest(of: Array("batch \(revision)".utf8))
    issuedAt = context.issuedAt + 60_000_000_000
    signals = context.signals
  }

  init() {}
}

extension SharedSignal {
  func with(
    kind: SignalKind? = nil, listing: TaskVenue? = nil, quantum: ExactDecimal? = nil, maximum: Int64? = nil,
    noise: SignalNoise? = nil, privacy: SignalPrivacy?? = nil, sums: [Int64]? = nil
  ) -> SharedSignal {
    SharedSignal(
      kind: kind ?? self.kind, listing: listing ?? self.listing, quantum: quantum ?? self.quantum,
      maximum: maximum ?? self.maximum, noise: noise ?? self.noise, privacy: privacy ?? self.privacy,
      sums: sums ?? self.sums)
  }
}

@Suite("Shared contexts")
struct SharedContextTests {
  @Test func contextsAndDeltasReadBackWhatTheyWrote() throws {
    let first = try ContextFixture().context()
    var next = ContextFixture(after: first)
    next.method = .oneAggregator
    next.shares = [next.shares[0]]
    let second = try next.context()
    for context in [first, second] {
      #expect(try SharedMarketContext(json: JSON.parse(context.json.canonical)) == context)
    }
    let delta = try first.delta(to: second)
    #expect(try SharedContextDelta(json: JSON.parse(delta.json.canonical)) == delta)
    #expect(try delta.apply(to: first) == second)
  }

  /// The digest was checked with Python's json and hashlib.
  @Test func theEncodingIsFixed() throws {
    let context = try ContextFixture().context()
    let text = String(decoding: context.json.canonical, as: UTF8.self)
    #expect(text.hasPrefix(#"{"applies_from":"1723161600000000000","batch":"#))
    #expect(context.digest == Digest(of: Array(text.utf8)))
    #expect(context.digest.description == "123fb6c60623fd9543ac79d2a2f5f117313b3336250968a75b93801544d599fe")
  }

  @Test func contextsAndDeltasAreStrict() throws {
    let first = try ContextFixture().context()
    var next = ContextFixture(after: first)
    next.signals[0] = next.signals[0].with(sums: [3, 1, 12_000_000])
    let second = try next.context()
    func refuses(_ json: JSON, _ read: (JSON) throws -> Void) throws {
      try read(json)
      for (path, changed) in Mutations.of(json) {
        #expect(throws: RecordError.self, "\(path)") { try read(changed) }
      }
    }
    try refuses(second.json) { _ = try SharedMarketContext(json: $0) }
    try refuses(first.delta(to: second).json) { _ = try SharedContextDelta(json: $0) }
    // Numbers in another form than their own, and members that say the same.
    for (key, value) in [("contributors", JSON.string("12")), ("issued_at", .integer(5)), ("version", .string("1"))] {
      var members = try #require(first.json.members)
      members[key] = value
      #expect(throws: RecordError.self) { try SharedMarketContext(json: .object(members)) }
    }
    var members = try #require(first.json.members)
    members["version"] = .integer(2)
    #expect(throws: RecordError.self) { try SharedMarketContext(json: .object(members)) }
    members = try #require(first.delta(to: second).json.members)
    members["version"] = .integer(2)
    #expect(throws: RecordError.self) { try SharedContextDelta(json: .object(members)) }
  }

  @Test func whatCannotBeIsRefusedAtItsPlace() throws {
    func refused(_ path: String, _ change: (inout ContextFixture) -> Void) {
      var fixture = ContextFixture()
      change(&fixture)
      do {
        _ = try fixture.context()
        Issue.record("\(path) was taken")
      } catch let error as RecordError { #expect(error.path == path, "\(error)") } catch { Issue.record("\(error)") }
    }
    refused("name") { $0.name = "" }
    refused("name") { $0.name = String(repeating: "x", count: 257) }
    refused("revision") { $0.revision = 0 }
    refused("previous") { $0.revision = 2 }
    refused("previous") { $0.previous = Samples.digest }
    refused("contributors") { $0.contributors = 0 }
    refused("contributors") { $0.refused = -1 }
    refused("contributors") { $0.late = -1 }
    refused("shares") { $0.shares.removeLast() }
    refused("shares") { $0.method = .oneAggregator }
    refused("shares[1].aggregator") { $0.shares[1] = $0.shares[0] }
    refused("shares[0].aggregator") { $0.shares[0] = .init(aggregator: "", digest: Samples.digest) }
    refused("buckets") { $0.buckets = 0 }
    refused("buckets") { $0.buckets = SharedMarketContext.mostBuckets + 1 }
    refused("bucket") { $0.bucket = 0 }
    refused("bucket") { $0.bucket = .max }
    refused("bucket") { $0.windowStart = .max }
    refused("bucket") { $0.appliesFrom = .max }
    refused("issued_at") { $0.issuedAt = $0.windowStart + 180_000_000_000 - 1 }
    refused("expires_at") { $0.expiresAt = $0.issuedAt }
    refused("expires_at") { $0.expiresAt = $0.appliesFrom }
    refused("signals") { $0.signals = [] }
    refused("signals") { fixture in
      fixture.signals = (0...SharedMarketContext.mostSignals).map {
        fixture.signals[0].with(listing: TaskVenue(venue: "V\($0)", symbol: "S"))
      }
    }
    refused("signals[3]") { $0.signals.append($0.signals[0]) }
    refused("signals[0].listing") { $0.signals[0] = $0.signals[0].with(listing: TaskVenue(venue: "", symbol: "S")) }
    refused("signals[0].quantum") { $0.signals[0] = $0.signals[0].with(quantum: ExactDecimal(units: 0, scale: 0)) }
    refused("signals[0].maximum") { $0.signals[0] = $0.signals[0].with(maximum: 0) }
    refused("signals[0].sums") { $0.signals[0] = $0.signals[0].with(sums: [1, 2]) }
    refused("signals[0].sums") { $0.signals[0] = $0.signals[0].with(sums: [1, 2, -1]) }
    refused("signals[0].sums") { $0.signals[0] = $0.signals[0].with(sums: [1, 2, 12_000_001]) }
    refused("signals[0].privacy") { $0.signals[0] = $0.signals[0].with(privacy: ContextFixture.privacy) }
    refused("signals[1].privacy") { $0.signals[1] = $0.signals[1].with(privacy: .some(nil)) }
    refused("signals[1].noise") { $0.signals[1] = $0.signals[1].with(noise: .discreteLaplace(scale: 0)) }
    let bad = [
      SignalPrivacy(cost: 0, spent: 7, budget: 9, epsilon: 1, deltaExponent: 9),
      SignalPrivacy(cost: 8, spent: 7, budget: 9, epsilon: 1, deltaExponent: 9),
      SignalPrivacy(cost: 5, spent: 10, budget: 9, epsilon: 1, deltaExponent: 9),
      SignalPrivacy(cost: 5, spent: 7, budget: 9, epsilon: 0, deltaExponent: 9),
      SignalPrivacy(cost: 5, spent: 7, budget: 9, epsilon: 1, deltaExponent: 0),
      SignalPrivacy(cost: 5, spent: 7, budget: 9, epsilon: 1, deltaExponent: 19),
    ]
    for privacy in bad {
      refused("signals[1].privacy") { $0.signals[1] = $0.signals[1].with(privacy: privacy) }
    }
    // One aggregator proves no range: what it cannot rule out is not refused.
    var single = ContextFixture()
    single.method = .oneAggregator
    single.shares.removeLast()
    single.signals[0] = single.signals[0].with(sums: [1, 2, 12_000_001])
    #expect(throws: Never.self) { try single.context() }
  }

  @Test func itHoldsWhenItSays() throws {
    let context = try ContextFixture().context()
    #expect(!context.holds(at: context.issuedAt - 1) && context.holds(at: context.issuedAt))
    #expect(context.holds(at: context.expiresAt - 1) && !context.holds(at: context.expiresAt))
    #expect(context.bucket(at: context.appliesFrom - 1) == nil && context.bucket(at: context.appliesFrom) == 0)
    #expect(context.bucket(at: context.appliesFrom + 3 * context.bucket - 1) == 2)
    #expect(context.bucket(at: context.appliesFrom + 3 * context.bucket) == nil)
    #expect(context.bucket(at: .min) == nil && context.bucket(at: .max) == nil)
    #expect(context.signal(.spread, of: ContextFixture.listing)?.maximum == 100)
    #expect(context.signal(.participation, of: ContextFixture.listing) == nil)
  }

  // MARK: - Deltas

  /// Of random contexts, one after another: what is applied is what was made, and a delta is no longer than it has to be.
  @Test func chainsOfDeltasLeadToTheSame() throws {
    var random = Lehmer(state: 5)
    var context = try ContextFixture().context()
    var whole = 0
    var parts = 0
    for _ in 0..<200 {
      var next = ContextFixture(after: context)
      next.buckets = random.below(4) == 0 ? 1 + Int(random.below(6)) : context.buckets
      next.signals = (0..<1 + Int(random.below(5))).map { number in
        let known = context.signals.first { $0.listing.venue == "V\(number)" }
        let keeps = known != nil && next.buckets == context.buckets
        let sums = (0..<next.buckets).map { bucket -> Int64 in
          keeps && random.below(3) > 0 ? known!.sums[bucket] : Int64(bitPattern: random.below(1 << 40)) - (1 << 39)
        }
        return SharedSignal(
          kind: .spread, listing: TaskVenue(venue: "V\(number)", symbol: "S"),
          quantum: ExactDecimal(units: 1, scale: 2),
          maximum: 1 << 40, noise: .discreteLaplace(scale: 3), privacy: ContextFixture.privacy, sums: sums)
      }
      let made = try next.context()
      let delta = try SharedContextDelta(json: JSON.parse(context.delta(to: made).json.canonical))
      #expect(try delta.apply(to: context) == made)
      for signal in delta.signals {
        if case .changes(let changes) = signal.sums {
          parts += 1
          #expect(changes.count * 2 <= made.buckets)
        } else {
          whole += 1
        }
      }
      context = made
    }
    #expect(whole > 50 && parts > 50)
  }

  @Test func deltasRefuseOtherBasesAndOtherResults() throws {
    let first = try ContextFixture().context()
    var next = ContextFixture(after: first)
    next.signals[0] = next.signals[0].with(sums: [4, 0, 12_000_000])
    let second = try next.context()
    let third = try ContextFixture(after: second).context()
    let delta = try first.delta(to: second)
    #expect(throws: RecordError.self) { try delta.apply(to: second) }
    #expect(throws: RecordError.self) { try first.delta(to: third) }
    #expect(throws: RecordError.self) { try second.delta(to: first) }
    #expect(throws: RecordError.self) { try first.delta(to: first) }
    for change: (inout ContextFixture) -> Void in [
      { $0.name = "other" }, { $0.contract = Samples.digest }, { $0.previous = Samples.digest },
    ] {
      var other = next
      change(&other)
      #expect(throws: RecordError.self) { try first.delta(to: other.context()) }
    }
    // Whatever is changed in a delta leads to something else than it names.
    func altered(_ change: (inout [String: JSON]) -> Void) throws -> SharedContextDelta {
      var members = try #require(delta.json.members)
      change(&members)
      return try SharedContextDelta(json: .object(members))
    }
    func header(_ key: String, _ value: JSON) throws -> SharedContextDelta {
      try altered { members in
        var header = members["header"]!.members!
        header[key] = value
        members["header"] = .object(header)
      }
    }
    let lies = try [
      altered { $0["result"] = .string(Samples.digest.description) }, altered { $0["signals"] = .array([]) },
      altered { $0["signals"] = .array(Array($0["signals"]!.elements!.reversed())) },
      header("contributors", .integer(13)), header("batch", .string(Samples.digest.description)),
      header("buckets", .integer(4)), header("issued_at", .wide(next.issuedAt + 1)),
    ]
    for lie in lies { #expect(throws: RecordError.self) { try lie.apply(to: first) } }
    // Changes that do not fit the base, or are not in order.
    func changes(_ changes: [(Int64, Int64)], _ listing: String = "BTCUSDT") throws -> SharedContextDelta {
      try altered { members in
        var signal = members["signals"]!.elements![0].members!
        signal["changes"] = .array(
          changes.map { .object(["bucket": .integer($0.0), "difference": .wide($0.1)]) })
        signal["listing"] = .object(["venue": .string("BINANCE"), "symbol": .string(listing)])
        members["signals"] = .array([.object(signal)])
      }
    }
    for bad in [[(3, 1)], [(0, .max)], [(0, 2)]] as [[(Int64, Int64)]] {
      #expect(throws: RecordError.self) { try changes(bad).apply(to: first) }
    }
    #expect(throws: RecordError.self) { try changes([(0, 1)], "other").apply(to: first) }
    for bad in [[(0, 0)], [(1, 1), (1, 1)], [(1, 1), (0, 1)], [(-1, 1)], [(4096, 1)]] as [[(Int64, Int64)]] {
      #expect(throws: RecordError.self) { try changes(bad) }
    }
  }
}

/// A multiplicative congruential generator (Park and Miller), so that a failure can be repeated.
struct Lehmer {
  var state: UInt64
  mutating func below(_ limit: UInt64) -> UInt64 {
    var value: UInt64 = 0
    for _ in 0..<3 {
      state = state * 48_271 % 2_147_483_647
      value = value << 21 ^ state
    }
    return value % limit
  }
}
