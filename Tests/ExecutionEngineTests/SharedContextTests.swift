// SPDX-License-Identifier: Apache-2.0

import ExecutionEngine
import ExecutionIR
import ExecutionSolver
import Governance
import Testing
import VenueSimulator

@Suite("Shared contexts in decisions")
struct SharedContextTests {
  private func scene(_ objective: TaskObjective = .vwap) -> Scene {
    var scene = Scene()
    scene.objective = objective
    scene.policy = Scene.policy(.take)
    return scene
  }

  /// Four slices of which the shared curve gives 10, 20, 30 and 40 % of the volume, and the desk's own file 25 % each.
  @Test func theSharedCurveWinsOverTheDesksOwn() throws {
    var scene = scene()
    let own = PriorVolume(
      date: "2024-08-08", digest: Digest(of: [9]),
      curves: scene.venues.map { _ in Array(repeating: 5_000, count: 4) })
    scene.prior = own
    let context = try scene.shared(
      [
        scene.signal(.volume, 0, [1_000, 2_000, 3_000, 4_000], quantum: "10"),
        scene.signal(.volume, 1, [1_000, 2_000, 3_000, 4_000], quantum: "10"),
      ], buckets: 4)
    scene.shared = [context]
    let record = try ModelRun.run(scene, opening(scene))
    let plans = try record.plans()
    #expect(plans.map { $0.routing.reduce(0) { $0 + $1.quantity } } == [400, 800, 1200, 1600])
    for (decision, context) in zip(plans, try record.contexts()) {
      let name = SharedContextReference(scene.shared[0])
      #expect(context.shared == .taken(name) && decision.shared?.context == name)
      for venue in context.venues {
        #expect(venue.volume == [10_000, 20_000, 30_000, 40_000])
        #expect(
          venue.volumeSource == .shared(context: name.context, revision: 1, batch: scene.shared[0].batch))
        #expect(venue.shared?.ownVolume?.volume == [5_000, 5_000, 5_000, 5_000])
        #expect(venue.shared?.ownVolume?.source == .priorFile(date: "2024-08-08", digest: own.digest))
      }
    }
    // Without it a quarter would go into the first slice: 500 to each of both venues.
    #expect(
      plans[0].shared?.changes == [
        PlanChange(slice: 0, venue: 0, quantity: -300), PlanChange(slice: 0, venue: 1, quantity: -300),
      ])
    let text = plans[0].explanation.joined(separator: "\n")
    for line in [
      "shared context: desks revision 1, \(context.digest), from batch \(context.batch)",
      "V0 takes from it: volume curve", "without it this slice would get 500 to V0, 500 to V1",
      "it changes this slice by 300 less to V0, 300 less to V1", "volume curve of the shared context's revision 1",
    ] { #expect(text.contains(line), "\(text)") }
    scene.shared = []
    let alone = try ModelRun.run(scene, opening(scene)).plans()
    #expect(plans[0].shared?.plan == alone[0].plan && plans[0].shared?.terms == alone[0].terms)
    #expect(alone.map { $0.routing.reduce(0) { $0 + $1.quantity } } == [1000, 1000, 1000, 1000])
  }

  /// At each venue 2a·(q₀ − q₁) is by how much a lot is dearer later: 9 cents, half of 20 less half of 2, with a = 0.001.
  @Test func dearerSlicesGetLess() throws {
    for (kind, sums, quantum) in [
      (SignalKind.spread, [0, 200, 200, 200] as [Int64], "0.01"), (.toxicity, [0, 10, 10, 10], "1"),
    ] {
      var scene = scene(.implementationShortfall(riskAversion: ExactDecimal(units: 0, scale: 0)))
      scene.variance = "0"
      scene.shared = [
        try scene.shared(
          scene.venues.indices.map { try scene.signal(kind, $0, sums, quantum: quantum) }, buckets: 4)
      ]
      let record = try ModelRun.run(scene, opening(scene))
      let plan = try #require(record.plans().first)
      let whole = try record.plans(after: record.plans(), slices: 4, venues: 2, scale: 0)[0]
      let perSlice = (0..<4).map { whole[$0, 0] + whole[$0, 1] }
      #expect(perSlice[0] > perSlice[1] && perSlice.reduce(0, +) == 4000)
      #expect(abs(perSlice[1] - perSlice[2]) <= 2 && abs(perSlice[2] - perSlice[3]) <= 2)
      if kind == .toxicity {
        // Twice as dear: q₀ = 2 q₁, where q₀ + 3 q₁ = 4000.
        #expect(perSlice == [1600, 800, 800, 800])
      } else {
        #expect(abs(perSlice[0] - perSlice[1] - 90) <= 4)
      }
      #expect(plan.explanation.contains { $0.contains(kind == .spread ? "mean spread" : "toxicity") })
      #expect(plan.explanation.contains { $0.hasPrefix("impact, fees and risk are expected to cost") })
    }
  }

  /// Toxicity counts now, too; the spread now is the touch's.
  @Test func theCurrentSliceKeepsTheTouch() throws {
    var scene = scene(.implementationShortfall(riskAversion: ExactDecimal(units: 0, scale: 0)))
    scene.variance = "0"
    scene.shared = [try scene.shared([scene.signal(.spread, 0, [900, 0, 0, 0], quantum: "0.01")], buckets: 4)]
    let with = try #require(ModelRun.run(scene, opening(scene)).contexts().first)
    #expect(with.venues[0].shared?.spreads == [900_000_000, 0, 0, 0])
    #expect(with.venues[1].shared == nil)
    let task = try scene.task()
    func terms(_ spread: Int64) throws -> PlanTerms {
      var now = scene
      now.shared = [try scene.shared([scene.signal(.spread, 0, [spread, 3, 3, 3], quantum: "0.01")], buckets: 4)]
      let context = try #require(ModelRun.run(now, opening(now)).contexts().first)
      return try Planner.plan(
        task: task, context: context, previous: Plan(slices: 4, venues: 2, scale: 0), sequence: 0,
        decidedAt: Scene.start, currentSlice: 0, remaining: 4000
      ).delta.terms
    }
    #expect(try terms(0) == terms(900))
  }

  // MARK: - Which one is used

  @Test func eachDecisionGoesByTheNewestThatHolds() throws {
    var scene = scene()
    func curve(_ sums: [Int64]) throws -> [SharedSignal] {
      try scene.venues.indices.map { try scene.signal(.volume, $0, sums) }
    }
    let first = try scene.shared(curve([1, 1, 1, 1]), buckets: 4)
    // Issued a nanosecond behind the second decision.
    let second = try scene.shared(
      curve([1, 1, 1, 3]), buckets: 4, revision: 2, previous: first.digest, issued: scene.look(1, 0) + 1)
    let third = try scene.shared(
      curve([1, 1, 1, 9]), buckets: 4, revision: 3, previous: second.digest, issued: scene.look(3, 0))
    scene.shared = [first, second, third]
    let record = try ModelRun.run(scene, opening(scene))
    #expect(try record.plans().map { $0.shared?.context.revision } == [1, 1, 2, 3])
    // No look-ahead: what is issued later leaves every earlier leaf as it is.
    scene.shared = [first, second]
    let earlier = try ModelRun.run(scene, opening(scene))
    let same = zip(record.lines, earlier.lines).prefix { $0 == $1 }.count
    #expect(record.statements[same].subject == "context/3")
    // The order in which they are given says nothing.
    scene.shared = [third, first, second]
    #expect(try ModelRun.run(scene, opening(scene)).lines == record.lines)
  }

  @Test func whatIsTooOldIsNotUsedAndSaidSo() throws {
    for mode in [SharedContextDemand.Mode.take, .require] {
      var scene = scene()
      scene.policy = Scene.policy(mode, age: 70 * second)
      scene.shared = [
        try scene.shared(scene.venues.indices.map { try scene.signal(.volume, $0, [1, 2, 3, 4]) }, buckets: 4)
      ]
      // The slices begin 60, 70, 80 and 90 seconds after it was issued.
      let record = try ModelRun.run(scene, opening(scene))
      let plans = try record.plans()
      #expect(plans.map { $0.shared?.context.revision } == [1, 1, nil, nil])
      let reason = "context r1 is 80 s old, the policy takes 70 s"
      #expect(try record.contexts()[2].shared == .notTaken(reason: reason))
      #expect(plans[2].explanation.contains("shared context: none is used: \(reason)"))
      let controls = record.bodies(.control)
      let sent = try Set(record.orders().map(\.slice))
      if mode == .take {
        #expect(controls.isEmpty && sent == [0, 1, 2, 3])
      } else {
        #expect(controls.map { $0["verdict"]?.text } == ["allow", "allow", "deny", "deny"])
        #expect(controls.map { $0["decision"]?.text } == plans.map { $0.digest.description })
        let result = try #require(controls[2]["controls"]?.elements?.first)
        #expect(result["control"]?.text == "shared_context" && result["verdict"]?.text == "deny")
        #expect(result["reason"]?.text == reason)
        #expect(sent == [0, 1])
        #expect(record.bodies(.summary).first?["denied_decisions"] == .integer(2))
      }
    }
  }

  @Test func whatSaysNothingIsNotUsed() throws {
    var scene = scene()
    func use(_ context: SharedMarketContext) throws -> [SharedUse?] {
      scene.shared = [context]
      return try ModelRun.run(scene, opening(scene)).contexts().map(\.shared)
    }
    let signals = try scene.venues.indices.map { try scene.signal(.volume, $0, [1, 2, 3, 4]) }
    let silent = SharedUse.notTaken(reason: "context r1 has no signal about the task's venues")
    let stranger = SharedSignal(
      kind: .volume, listing: TaskVenue(venue: "V0", symbol: "OTHER"), quantum: ExactDecimal(units: 1, scale: 0),
      maximum: 9, noise: .none, privacy: nil, sums: [1, 2, 3, 4])
    #expect(try use(scene.shared([stranger], buckets: 4)) == Array(repeating: silent, count: 4))
    #expect(
      try use(scene.shared([scene.signal(.participation, 0, [1, 2, 3, 4])], buckets: 4))
        == Array(repeating: silent, count: 4))
    // Its buckets begin with the third slice; and end a nanosecond before the window does.
    let short = SharedUse.notTaken(reason: "context r1 does not speak for every slice that is left")
    let late = try use(scene.shared(signals, buckets: 4, applies: scene.look(2, 0)))
    #expect(late[0] == short && late[1] == short && late[2] != short && late[3] != short)
    #expect(
      try use(scene.shared(signals, buckets: 4, applies: Scene.start - 1)) == Array(repeating: short, count: 4))
    let gone = try use(scene.shared(signals, buckets: 4, expires: Scene.start + 1))
    guard case .notTaken(let reason) = gone[1] else {
      Issue.record("an expired context was used")
      return
    }
    #expect(gone[0] != nil && reason.contains("r1 expired at \(Scene.start + 1)"))
  }

  /// A sum below 0, which noise can make, counts as 0.
  @Test func noiseBelowNothingIsNothing() throws {
    var scene = scene()
    scene.shared = [
      try scene.shared(scene.venues.indices.map { try scene.signal(.volume, $0, [-50, 1, 1, -1]) }, buckets: 4)
    ]
    let plans = try ModelRun.run(scene, opening(scene)).plans()
    #expect(plans.map { $0.routing.reduce(0) { $0 + $1.quantity } } == [0, 2000, 2000, 0])
  }

  /// Without any of it nothing of a run's bytes is other than before.
  @Test func withoutContextsNothingIsSaid() throws {
    let scene = Scene()
    let record = try ModelRun.run(scene, opening(scene))
    #expect(record.bodies(.context).allSatisfy { $0["shared"] == nil })
    #expect(record.bodies(.plan).allSatisfy { $0["shared"] == nil } && record.bodies(.control).isEmpty)
    #expect(record.bodies(.summary).first?["denied_decisions"] == nil)
    // Nor where a policy takes them and none is given, but for the policy's digest.
    var open = scene
    open.policy = Scene.policy(.take)
    #expect(try ModelRun.run(open, opening(open)).bodies(.context) == record.bodies(.context))
  }

  /// A plan is a function of what its record holds.
  @Test func plansFollowFromTheirRecords() throws {
    var random = RandomSource(seed: 3)
    for _ in 0..<20 {
      var scene = scene(
        [.vwap, .twap, .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 5))][Int(random.below(3))])
      scene.variance = "0.01"
      scene.participation = 300_000
      try scene.shareAtRandom(&random)
      let record = try ModelRun.run(scene, opening(scene))
      var previous = Plan(slices: 4, venues: 2, scale: 0)
      for (body, delta) in zip(record.bodies(.context), try record.plans()) {
        let context = try DecisionContext(json: JSON.parse(body.canonical))
        let again = try Planner.plan(
          task: scene.task(), context: context, previous: previous, sequence: delta.sequence,
          decidedAt: delta.decidedAt, currentSlice: delta.currentSlice, remaining: delta.remaining)
        #expect(again.delta == delta && again.delta.json.canonical == delta.json.canonical)
        previous = again.plan
      }
    }
  }
}
