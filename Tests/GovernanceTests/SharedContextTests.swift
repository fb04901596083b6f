// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Governance
import Testing
import TransparencyLog

@Suite("Signed shared contexts, and what a policy takes of them")
struct SharedContextTests {
  private static let hour: Int64 = 3_600_000_000_000
  private static let listing = TaskVenue(venue: "SIM-A", symbol: "XPRV")

  private static func context(
    name: String = "desks", revision: Int64 = 1, previous: Digest? = nil, batch: String = "batch",
    method: SharedMarketContext.Method = .twoAggregators, contributors: Int64 = 12, contract: String = "contract",
    issued: Int64 = 10 * hour, expires: Int64 = 20 * hour, sum: Int64 = 5
  ) throws -> SharedMarketContext {
    let names = method == .twoAggregators ? ["leader", "helper"] : ["leader"]
    return try SharedMarketContext(
      name: name, contract: Digest(of: Array(contract.utf8)), revision: revision, previous: previous, method: method,
      batch: Digest(of: Array(batch.utf8)), contributors: contributors, refused: 0, late: 0,
      shares: names.map { .init(aggregator: $0, digest: Digest(of: Array($0.utf8))) }, windowStart: 0, bucket: hour,
      buckets: 2, issuedAt: issued, appliesFrom: 9 * hour, expiresAt: expires,
      signals: [
        SharedSignal(
          kind: .volume, listing: listing, quantum: ExactDecimal(units: 1, scale: 0), maximum: 1_000, noise: .none,
          privacy: nil, sums: [sum, 7])
      ])
  }

  private let leader: Identity
  private let helper: Identity
  private let stranger: Identity

  init() throws {
    leader = try Identity.ephemeral(name: "leader")
    helper = try Identity.ephemeral(name: "helper")
    stranger = try Identity.ephemeral(name: "stranger")
  }

  private func signed(_ context: SharedMarketContext) throws -> SignedContext {
    var signed = try SignedContext(context, signedBy: leader)
    try signed.addSignature(by: helper)
    return signed
  }

  private func policy(
    mode: String = "take", trusted: [String: [Identity]]? = nil, age: JSON = .wide(hour),
    contributors: JSON = .integer(5),
    methods: [String] = ["two_aggregators"]
  ) throws -> Policy {
    var members = try #require(Policy.builtIn.json.members)
    let keys = (trusted ?? ["desks": [leader, helper]]).mapValues { identities -> JSON in
      .array(identities.map { .string($0.publicVerifierKey) })
    }
    members["shared_context"] = .object([
      "mode": .string(mode), "trusted": .object(keys), "maximum_age": age, "minimum_contributors": contributors,
      "methods": .array(methods.map { .string($0) }),
    ])
    return try Policy.parse(JSON.object(members).canonical, file: "p.json")
  }

  // MARK: - The file

  @Test func whatIsSignedIsRead() throws {
    let made = try signed(Self.context())
    let read = try SignedContext(decoding: made.encoded)
    #expect(read == made && read.encoded == made.encoded)
    try read.verify(by: [leader.verifier, helper.verifier])
    try read.verify(by: [helper.verifier])
    let statement = try Statement(decoding: read.envelope.payload)
    #expect(statement.predicateType == "https://exprove.dev/shared-market-context/v1")
    #expect(statement.subjects == [.init(name: "desks", digest: made.context.digest)])
  }

  @Test func missingAndForgedSignaturesAreTold() throws {
    func refusal(_ signed: SignedContext, _ keys: [Identity]) -> ContextRefusal? {
      do throws(ContextRefusal) {
        try signed.verify(by: keys.map(\.verifier))
        return nil
      } catch { return error }
    }
    let context = try Self.context()
    let alone = try SignedContext(context, signedBy: leader)
    #expect(refusal(alone, [leader, helper]) == .unsigned(helper.verifier.shortName))
    let both = try signed(context)
    #expect(refusal(both, [leader, helper]) == nil)
    #expect(refusal(both, [leader, helper, stranger]) == .unsigned(stranger.verifier.shortName))
    guard case .unsigned = refusal(both, [stranger]) else {
      Issue.record("a stranger's key was found")
      return
    }
    // The leader's signature over another context, in the place of this one's.
    let foreign = try SignedContext(Self.context(sum: 6), signedBy: leader).envelope.signatures[0].bytes
    let own = alone.envelope.signatures[0].bytes
    let inner = String(decoding: alone.envelope.encoded, as: UTF8.self)
      .replacingOccurrences(of: Base64.encode(own), with: Base64.encode(foreign))
    let forged = JSON.object([
      "context": context.json, "signed": .string(Base64.encode(Array(inner.utf8))),
    ]).canonical
    guard case .forged = refusal(try SignedContext(decoding: forged), [leader, helper]) else {
      Issue.record("a false signature was taken")
      return
    }
  }

  @Test func otherBytesAreRefused() throws {
    func refusal(_ bytes: [UInt8]) -> ContextRefusal? {
      do throws(ContextRefusal) {
        _ = try SignedContext(decoding: bytes)
        return nil
      } catch { return error }
    }
    func isMalformed(_ bytes: [UInt8], _ text: String) {
      guard case .malformed(let reason) = refusal(bytes), text.isEmpty || reason.contains(text) else {
        Issue.record("\(text): \(String(describing: refusal(bytes)))")
        return
      }
    }
    let made = try signed(Self.context())
    let bytes = made.encoded
    for count in stride(from: 0, to: bytes.count, by: 7) { isMalformed(Array(bytes[..<count]), "") }
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1 << UInt8(index % 7)
      // Signatures are checked later; what they are over is not another context.
      if let read = try? SignedContext(decoding: changed) {
        #expect(read.context == made.context)
        #expect(throws: ContextRefusal.self) { try read.verify(by: [leader.verifier, helper.verifier]) }
      }
    }
    isMalformed(bytes + [0x0A], "not in its one encoding")
    isMalformed(Array("{ ".utf8) + bytes.dropFirst(), "not in its one encoding")
    isMalformed([UInt8](repeating: 0x20, count: SignedContext.largestFile + 1), "more than")
    func file(_ context: JSON, _ envelope: [UInt8]) -> [UInt8] {
      JSON.object(["context": context, "signed": .string(Base64.encode(envelope))]).canonical
    }
    let other = try Self.context(sum: 6)
    #expect(
      refusal(file(other.json, made.envelope.encoded))
        == .otherContext(signed: made.context.digest, given: other.digest))
    // A statement of another type over the same context, and one that tells something else of it.
    let statement = SignedContext.statement(of: made.context)
    let report = Statement(
      subjects: statement.subjects, predicateType: Statement.predicateType("report"), predicate: statement.predicate)
    isMalformed(file(made.context.json, try report.signed(by: leader).encoded), "something else")
    var members = try #require(statement.predicate.members)
    members["revision"] = .integer(2)
    let lie = Statement(
      subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(members))
    isMalformed(file(made.context.json, try lie.signed(by: leader).encoded), "something else")
    let renamed = Statement(
      subjects: [.init(name: "others", digest: made.context.digest)], predicateType: statement.predicateType,
      predicate: statement.predicate)
    isMalformed(file(made.context.json, try renamed.signed(by: leader).encoded), "something else")
    isMalformed(JSON.object(["context": made.context.json, "signed": .string("?")]).canonical, "base 64")
    isMalformed(JSON.object(["context": made.context.json]).canonical, "signed: missing")
    isMalformed(JSON.object(["context": .null, "signed": .string("")]).canonical, "context")
  }

  // MARK: - The policy

  @Test func policiesSayWhatTheyTake() throws {
    let asked = try policy()
    #expect(asked.sharedContext?.mode == .take && asked.sharedContext?.maximumAge == Self.hour)
    #expect(asked.sharedContext?.trusted.map(\.contract) == ["desks"])
    #expect(asked.digest != Policy.builtIn.digest && Policy.builtIn.json["shared_context"] == nil)
    #expect(try Policy.parse(asked.json.canonical, file: "again") == asked)
    #expect(try policy(mode: "off", trusted: [:]).sharedContext?.mode == .off)
    for (build, place) in [
      ({ try policy(mode: "perhaps") }, "shared_context.mode"),
      ({ try policy(trusted: [:]) }, "shared_context.trusted: name at least one contract"),
      ({ try policy(trusted: ["desks": []]) }, "shared_context.trusted.desks: name at least one"),
      ({ try policy(trusted: ["desks": [leader, leader]]) }, "shared_context.trusted.desks: "),
      ({ try policy(age: .integer(0)) }, "shared_context.maximum_age"),
      ({ try policy(age: .string("1 h")) }, "shared_context.maximum_age"),
      ({ try policy(contributors: .integer(0)) }, "shared_context.minimum_contributors"),
      ({ try policy(methods: []) }, "shared_context.methods: name at least one"),
      ({ try policy(methods: ["guess"]) }, "shared_context.methods[0]"),
      ({ try policy(methods: ["one_aggregator", "two_aggregators"]) }, "shared_context.methods: each once"),
      ({ try policy(methods: ["one_aggregator", "one_aggregator"]) }, "shared_context.methods: each once"),
    ] as [(() throws -> Policy, String)] {
      do {
        _ = try build()
        Issue.record("\(place) was taken")
      } catch {
        #expect("\(error)".hasPrefix("p.json: \(place)"), "\(error)")
      }
    }
  }

  @Test func eachRefusalSaysWhyAndTheWayOut() throws {
    let made = try signed(Self.context())
    #expect(try policy().refusal(of: made) == nil && policy(mode: "require").refusal(of: made) == nil)
    func refused(_ policy: Policy, _ signed: SignedContext, _ texts: String...) {
      let refusal = policy.refusal(of: signed) ?? "none"
      for text in texts { #expect(refusal.contains(text), "\(refusal)") }
    }
    refused(.builtIn, made, "the policy takes none", "shared_context", "leave --shared-context out")
    refused(try policy(mode: "off"), made, "the policy takes none")
    refused(
      try policy(), try signed(Self.context(name: "others")), "others", "trusts nobody", "shared_context.trusted")
    refused(try policy(trusted: ["desks": [leader]]), made, "one key", "name both")
    refused(
      try policy(), try SignedContext(Self.context(), signedBy: leader), "is not signed by \(helper.verifier.shortName)"
    )
    refused(
      try policy(trusted: ["desks": [leader, stranger]]), made, "is not signed by \(stranger.verifier.shortName)")
    refused(try policy(contributors: .integer(13)), made, "sums 12 contributors", "13")
    #expect(try policy(contributors: .integer(12)).refusal(of: made) == nil)
    let single = try SignedContext(Self.context(method: .oneAggregator), signedBy: leader)
    refused(try policy(trusted: ["desks": [leader]]), single, "one_aggregator", "shared_context.methods")
    #expect(
      try policy(trusted: ["desks": [leader]], methods: ["two_aggregators", "one_aggregator"]).refusal(of: single)
        == nil)
  }

  @Test func versionsUnderOneContractGoTogether() throws {
    let first = try Self.context()
    let second = try Self.context(revision: 2, previous: first.digest, batch: "second", issued: 11 * Self.hour)
    let fourth = try Self.context(revision: 4, previous: Digest(of: [4]), batch: "fourth", issued: 12 * Self.hour)
    #expect(SignedContext.conflict(among: []) == nil && SignedContext.conflict(among: [first]) == nil)
    #expect(SignedContext.conflict(among: [fourth, second, first]) == nil)
    for (contexts, text) in try [
      ([first, first], "is given twice"), ([first, Self.context(sum: 6)], "name the same batch"),
      ([first, Self.context(batch: "other")], "are two contexts of one revision"),
      ([first, Self.context(revision: 2, previous: first.digest)], "name the same batch"),
      (
        [first, Self.context(revision: 2, previous: fourth.digest, batch: "second")], "names another context before it"
      ),
      ([first, Self.context(name: "others", batch: "x")], "different contracts"),
      ([first, Self.context(batch: "x", contract: "other")], "different contracts"),
    ] as [([SharedMarketContext], String)] {
      for order in [contexts, contexts.reversed()] {
        #expect(SignedContext.conflict(among: order)?.contains(text) == true, "\(text)")
      }
    }
  }

  @Test func theNewestThatHoldsIsUsed() throws {
    let hour = Self.hour
    let first = try Self.context()
    let second = try Self.context(
      revision: 2, previous: first.digest, batch: "second", issued: 11 * hour, expires: 13 * hour)
    let policy = try policy(age: .wide(2 * hour))
    func use(_ time: Int64) -> (Int64?, String)? {
      policy.sharedContext(of: [second, first], at: time).map { ($0.context?.revision, $0.reason) }
    }
    #expect(use(10 * hour - 1)?.0 == nil && use(10 * hour - 1)?.1.contains("r1 is issued at") == true)
    #expect(use(10 * hour)?.0 == 1 && use(11 * hour - 1)?.0 == 1)
    #expect(use(11 * hour)?.0 == 2 && use(13 * hour - 1)?.0 == 2)
    // The second has expired, and the first is too old by then.
    #expect(use(13 * hour)?.0 == nil && use(13 * hour)?.1 == "context r1 is 3 h old, the policy takes 2 h")
    #expect(policy.sharedContext(of: [first], at: 12 * hour)?.context != nil)
    #expect(
      policy.sharedContext(of: [first], at: 12 * hour + 1)?.reason
        == "context r1 is 7200.000000001 s old, the policy takes 2 h")
    #expect(
      policy.sharedContext(of: [first], at: 12 * hour + 60_000_000_000)?.reason
        == "context r1 is 121 min old, the policy takes 2 h")
    #expect(use(20 * hour)?.1.contains("r2 expired at") == true)
    #expect(policy.sharedContext(of: [], at: 11 * hour) == nil)
    #expect(Policy.builtIn.sharedContext(of: [first], at: 11 * hour) == nil)
  }

  @Test func requiringDeniesWithout() throws {
    let required = try policy(mode: "require")
    let taken = SharedUse.taken(SharedContextReference(try Self.context()))
    let pass = try #require(required.control(of: taken))
    #expect(pass.passes && pass.control == .sharedContext && pass.observed == "desks r1")
    for use in [SharedUse.notTaken(reason: "context r3 is 2 h old, the policy takes 1 h"), nil] {
      let denied = try #require(required.control(of: use))
      #expect(!denied.passes && denied.limit == "a context no older than 1 h")
    }
    #expect(
      required.control(of: .notTaken(reason: "context r3 is 2 h old, the policy takes 1 h"))?.reason
        == "context r3 is 2 h old, the policy takes 1 h")
    #expect(try policy().control(of: nil) == nil && Policy.builtIn.control(of: taken) == nil)
    // It is no control of orders.
    #expect(PolicyControl.ofOrders.count == PolicyControl.allCases.count - 1)
    #expect(!PolicyControl.ofOrders.contains(.sharedContext))
  }
}
