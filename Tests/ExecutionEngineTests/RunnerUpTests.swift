// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionEngine
import ExecutionIR
import ExecutionSolver
import Testing
import VenueSimulator

@Suite("A delta's own account of itself")
struct RunnerUpTests {
  /// A task and a market of a few lots, so that every schedule can be tried.
  private func scene(_ random: inout RandomSource, lotsDiffer: Bool) -> Scene {
    var scene = Scene()
    scene.side = random.below(2) == 0 ? .buy : .sell
    scene.slices = 1 + Int(random.below(3))
    scene.length = Int64(scene.slices) * Int64(4 + random.below(20)) * second + Int64(random.below(1000))
    scene.quantity = ExactDecimal(units: 1 + Int64(random.below(lotsDiffer ? 30 : 9)), scale: 0)
    scene.venues = (0..<(1 + random.below(3))).map { _ in venue(&random, lotsDiffer: lotsDiffer) }
    // The whole of a task with one venue has to be lots of that venue.
    if scene.venues.count == 1 { scene.venues[0].lot = "1" }
    switch random.below(3) {
    case 0: scene.objective = .twap
    case 1: scene.objective = .vwap
    default:
      scene.objective = .implementationShortfall(
        riskAversion: ExactDecimal(units: Int64(random.below(500)), scale: 4))
      scene.variance = FixedPoint.text(Int64(random.below(900)), scale: 3)
    }
    if random.below(2) == 0 {
      scene.participation = 1 + Int64(random.below(999_999))
      scene.prior = PriorVolume(
        date: "2024-08-08", digest: Digest(of: [7]),
        curves: scene.venues.map { _ in (0..<scene.slices).map { _ in Int64(random.below(40)) } })
    }
    if random.below(4) == 0 { scene.limit = (9_995 + Int64(random.below(10))) * cent }
    return scene
  }

  private func venue(_ random: inout RandomSource, lotsDiffer: Bool) -> Scene.Venue {
    var venue = Scene.Venue()
    venue.lot = lotsDiffer ? String(1 + random.below(3)) : "1"
    venue.takerFee = FixedPoint.text(Int64(random.below(400)) - 150, scale: 4)
    venue.takerRate = FixedPoint.text(Int64(random.below(200)) - 60, scale: 6)
    venue.impact = FixedPoint.text(Int64(random.below(3000)), scale: 5)
    venue.impactDepth = String(1 + random.below(90))
    return venue
  }

  private func market(_ scene: Scene, _ random: inout RandomSource) -> [MarketFrame] {
    var market: [MarketFrame] = []
    for venue in scene.venues.indices {
      let bid = (9_990 + Int64(random.below(9))) * cent
      let ask = (9_999 + Int64(random.below(9))) * cent
      market.append(
        MarketFrame(
          Scene.start - second, venue,
          definition(venue) + [
            level(venue, .buy, bid, 1 + Int64(random.below(200))),
            level(venue, .sell, ask, 1 + Int64(random.below(200))),
          ]))
      for slice in 1..<max(2, scene.slices) where slice < scene.slices {
        market.append(
          MarketFrame(
            scene.look(slice, 0) - 1, venue,
            [
              level(
                venue, random.below(2) == 0 ? .buy : .sell, random.below(2) == 0 ? bid : ask, Int64(random.below(90)))
            ]))
      }
    }
    return market.sorted { $0.time < $1.time }
  }

  /// Counts what was seen, so that a test which saw nothing fails.
  private struct Seen {
    var plans = 0
    var runnersUp = 0
    var acrossSlices = 0
    var exhaustive = 0
    var gaps = 0
    var shared = 0
  }

  private func check(
    _ task: LocalExecutionTask, _ context: DecisionContext, _ delta: PlanDelta, _ plan: Plan, _ seen: inout Seen,
    _ comment: Comment
  ) {
    let evaluator = PlanEvaluator(task, context, delta)
    let quantities = evaluator.quantities(plan)
    let terms = evaluator.terms(quantities)
    seen.plans += 1
    #expect(quantities.reduce(0, +) == evaluator.lots, comment)
    #expect(zip(quantities, evaluator.caps).allSatisfy { $0 <= $1 }, comment)
    #expect(
      [terms.impact, terms.fees, terms.risk, terms.tracking]
        == [delta.terms.impact, delta.terms.fees, delta.terms.risk, delta.terms.tracking], comment)
    if delta.gap > 0 { seen.gaps += 1 }
    if let runnerUp = delta.runnerUp {
      var forced = plan
      forced[runnerUp.fromSlice, runnerUp.fromVenue] -= runnerUp.quantity
      forced[runnerUp.toSlice, runnerUp.toVenue] += runnerUp.quantity
      let cost = evaluator.terms(evaluator.quantities(forced)).objective - terms.objective
      #expect(cost == runnerUp.costsMore, comment)
      seen.runnersUp += 1
      if runnerUp.fromSlice != runnerUp.toSlice { seen.acrossSlices += 1 }
    }
    guard evaluator.lots > 0, context.venues.allSatisfy({ $0.lot == delta.lot }) else { return }
    let cheapest = evaluator.twoCheapest()
    #expect(cheapest.first == terms.objective && delta.gap == 0, comment)
    #expect(cheapest.second.map { $0 - cheapest.first } == delta.runnerUp?.costsMore, comment)
    seen.exhaustive += 1
  }

  @Test("Through the engine: terms, optimum and the runner-up's price are those of an independent evaluator")
  func throughTheEngine() throws {
    var random = RandomSource(seed: 3)
    var seen = Seen()
    for seed in 0..<400 {
      var scene = scene(&random, lotsDiffer: seed % 4 == 3)
      if seed % 3 == 1 {
        var shares = RandomSource(seed: UInt64(seed))
        try scene.shareAtRandom(&shares)
      }
      let record = try ModelRun.run(scene, market(scene, &random))
      let task = try scene.task()
      let deltas = try record.plans()
      let contexts = try record.contexts()
      let plans = try record.plans(after: deltas, slices: scene.slices, venues: scene.venues.count, scale: 0)
      #expect(deltas.count == scene.slices)
      for index in deltas.indices {
        #expect(deltas[index].context == contexts[index].digest && deltas[index].task == task.digest)
        check(task, contexts[index], deltas[index], plans[index], &seen, "seed \(seed), plan \(index)")
        if deltas[index].shared != nil { seen.shared += 1 }
      }
    }
    #expect(seen.shared > 150)
    #expect(seen.plans > 700 && seen.runnersUp > 400 && seen.acrossSlices > 40 && seen.exhaustive > 350)
  }

  @Test("The planner alone: the same, at any slice and with any quantity left")
  func plannerAlone() throws {
    var random = RandomSource(seed: 4)
    var seen = Seen()
    for seed in 0..<400 {
      let scene = scene(&random, lotsDiffer: seed % 4 == 3)
      let task = try scene.task()
      guard let context = try ModelRun.run(scene, market(scene, &random)).contexts().first else { continue }
      let slice = Int(random.below(UInt64(scene.slices)))
      let decision = try Planner.plan(
        task: task, context: context, previous: Plan(slices: scene.slices, venues: scene.venues.count, scale: 0),
        sequence: 0, decidedAt: context.asOf, currentSlice: slice, remaining: Int64(random.below(10)))
      check(task, context, decision.delta, decision.plan, &seen, "seed \(seed)")
    }
    #expect(seen.plans > 350 && seen.runnersUp > 150 && seen.exhaustive > 120)
  }

  @Test("A plan says that it is priced as taken, and what a lot would cost that rests")
  func pricedAsTaken() throws {
    var scene = Scene()
    scene.venues[0].takerFee = "0.003"
    scene.venues[0].makerFee = "-0.002"
    let delta = try #require(try ModelRun.run(scene, opening(scene)).plans().first)
    // Half of the spread of 0.02 and the taker's fee; the maker's rebate less half the spread.
    let line = try #require(delta.explanation.first { $0.hasPrefix("V0: ") })
    #expect(
      line.hasPrefix(
        "V0: half the spread and the taker fee cost 0.013 EUR a lot of 1; one that rests and fills would cost -0.012 EUR; "
      ))
    #expect(
      delta.explanation.contains(
        "every lot is priced as taken from the other side, because no input says how much will rest and fill"))
    // The dearer venue gets 0.75 of a lot less than half of 1000: 4 · (499 · 0.013 + 501 · 0.01).
    #expect(FixedPoint.text(delta.terms.fees, scale: delta.terms.unit) == "45.988")
  }
}
