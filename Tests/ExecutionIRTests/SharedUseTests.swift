// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing

@Suite("What a decision takes of a shared context")
struct SharedUseTests {
  private static let reference = SharedContextReference(
    name: "desks", revision: 3, context: Samples.digest, batch: Digest(of: [7]))

  private static func terms(own: Bool = true) -> SharedVenueTerms {
    SharedVenueTerms(
      ownVolume: own ? OwnVolume(volume: [4, 5], source: .received(upTo: 9)) : nil, spreads: [10_000_000, 0],
      toxicity: [0, 1_000_000])
  }

  private static func context(
    source: VolumeSource = .shared(context: reference.context, revision: 3, batch: reference.batch),
    terms: SharedVenueTerms? = terms(), use: SharedUse? = .taken(reference)
  ) throws -> DecisionContext {
    let plain = try Samples.context()
    let first = plain.venues[0]
    return try DecisionContext(
      asOf: plain.asOf, computedLocally: true, scale: plain.scale, slices: 2, variance: plain.variance,
      reference: plain.reference,
      venues: [
        VenueContext(
          listing: first.listing, availability: first.availability, bid: first.bid, ask: first.ask,
          bidDepth: first.bidDepth, askDepth: first.askDepth, lot: first.lot, fees: first.fees, impact: first.impact,
          volume: [0, 9], volumeSource: source, shared: terms), plain.venues[1],
      ], shared: use)
  }

  @Test func contextsReadBackWhatTheyWrote() throws {
    for context in [
      try Self.context(), try Self.context(source: .received(upTo: 17), terms: Self.terms(own: false)),
      try Self.context(source: .received(upTo: 17), terms: nil, use: .notTaken(reason: "too old")),
    ] {
      #expect(try DecisionContext(json: JSON.parse(context.json.canonical)) == context)
      for (path, changed) in Mutations.of(context.json) where !path.hasPrefix("-") {
        #expect(throws: RecordError.self, "\(path)") { try DecisionContext(json: changed) }
      }
    }
    // Where none was given, nothing is said.
    #expect(try Samples.context().json["shared"] == nil)
  }

  @Test func withoutItStandsWhatTheDeskHas() throws {
    let context = try Self.context()
    let own = try #require(context.withoutShared)
    #expect(own.shared == nil && own.venues[0].shared == nil)
    #expect(own.venues[0].volume == [4, 5] && own.venues[0].volumeSource == .received(upTo: 9))
    #expect(own.venues[1] == context.venues[1] && own.asOf == context.asOf)
    #expect(try DecisionContext(json: own.json) == own)
    #expect(try Self.context(source: .received(upTo: 1), terms: nil, use: .notTaken(reason: "x")).withoutShared == nil)
    #expect(try Samples.context().withoutShared == nil)
  }

  @Test func whatDoesNotBelongTogetherIsRefused() throws {
    let other = Digest(of: [9])
    for build in [
      { try Self.context(use: nil) }, { try Self.context(use: .notTaken(reason: "x")) },
      { try Self.context(source: .shared(context: other, revision: 3, batch: Self.reference.batch)) },
      { try Self.context(source: .shared(context: Self.reference.context, revision: 4, batch: Self.reference.batch)) },
      { try Self.context(source: .shared(context: Self.reference.context, revision: 3, batch: other)) },
      { try Self.context(terms: nil) }, { try Self.context(terms: Self.terms(own: false)) },
      { try Self.context(source: .received(upTo: 17)) },
      {
        try Self.context(
          terms: SharedVenueTerms(
            ownVolume: OwnVolume(volume: [4], source: .received(upTo: 9)), spreads: nil, toxicity: nil))
      },
      {
        try Self.context(
          terms: SharedVenueTerms(
            ownVolume: OwnVolume(volume: [4, -1], source: .received(upTo: 9)), spreads: nil, toxicity: nil))
      },
      {
        try Self.context(
          terms: SharedVenueTerms(
            ownVolume: OwnVolume(
              volume: [4, 1],
              source: .shared(context: Self.reference.context, revision: 3, batch: Self.reference.batch)),
            spreads: nil, toxicity: nil))
      },
      {
        try Self.context(
          source: .received(upTo: 1), terms: SharedVenueTerms(ownVolume: nil, spreads: [-1, 0], toxicity: nil))
      },
      {
        try Self.context(
          source: .received(upTo: 1), terms: SharedVenueTerms(ownVolume: nil, spreads: [1], toxicity: nil))
      },
      {
        try Self.context(
          source: .received(upTo: 1), terms: SharedVenueTerms(ownVolume: nil, spreads: nil, toxicity: [0, 1_000_001]))
      },
    ] as [() throws -> DecisionContext] { #expect(throws: RecordError.self) { try build() } }
    let empty = JSON.object([:])
    #expect(throws: RecordError.self) { try SharedVenueTerms(json: empty, path: "shared") }
  }

  @Test func plansNameIt() throws {
    let before = Plan(slices: 3, venues: 2, scale: 8)
    let plain = Samples.delta(previous: before, next: before)
    func delta(_ unit: Int, _ fees: Int128) -> PlanDelta {
      let terms = PlanTerms(unit: unit, impact: 2, fees: fees, risk: 1, tracking: 99)
      return PlanDelta(
        sequence: 3, task: plain.task, context: plain.context, previousPlan: plain.previousPlan, plan: plain.plan,
        decidedAt: 1, currentSlice: 1, remaining: 7, unplaced: 1, lot: 1, changes: [], routing: [],
        terms: PlanTerms(unit: 12, impact: 1, fees: 2, risk: 3, tracking: 5), gap: 0, bindings: [], runnerUp: nil,
        explanation: ["because"],
        shared: PlanInfluence(
          context: Self.reference, plan: Samples.digest, unplaced: 2, terms: terms,
          changes: [PlanChange(slice: 1, venue: 0, quantity: -5)]))
    }
    let named = delta(15, 4)
    #expect(try PlanDelta(json: JSON.parse(named.json.canonical)) == named)
    #expect(plain.json["shared"] == nil)
    for (path, changed) in Mutations.of(named.json) where path.contains("shared") && path != "-shared" {
      #expect(throws: RecordError.self, "\(path)") { try PlanDelta(json: changed) }
    }
    // 6e-12 less 7e-15; the penalty of targets is no money.
    let (value, unit) = try #require(named.shared?.costDifference(of: named.terms))
    #expect(value == 5_993 && unit == 15)
    let coarse = delta(6, 4)
    let (less, places) = try #require(coarse.shared?.costDifference(of: coarse.terms))
    #expect(less == 6 - 7_000_000 && places == 12)
    #expect(delta(6, .max / 2).shared?.costDifference(of: named.terms) == nil)
  }
}
