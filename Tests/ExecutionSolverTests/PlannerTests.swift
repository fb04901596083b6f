// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import ExecutionSolver
import Testing

@Suite struct PlannerTests {
  /// Half a spread of 0.01 and 0.1 % of 61,900.00 on 12.5 units; twice 0.5 · (12.5/2)²/1 s of impact.
  @Test func statesExactMoney() throws {
    var fixture = PlannerFixture()
    fixture.scale = 5
    fixture.quantity = ExactDecimal(units: 125, scale: 1)
    fixture.slicing = .count(1)
    fixture.length = 1
    var venue = PlannerFixture.Venue()
    venue.bid = 61_899_990_000_000
    venue.ask = 61_900_000_000_000
    venue.takerRate = 1_000_000
    venue.takerPerUnit = 2_000_000_000
    venue.impact = ExactDecimal(units: 5, scale: 1)
    venue.depth = 1_000
    fixture.venues = [venue, venue]
    let terms = try fixture.plan().delta.terms
    // 12.5 · (0.005 + 2 + 61.9)
    #expect(FixedPoint.text(terms.fees, scale: terms.unit) == "798.8125")
    // 2 · 0.5 · 6.25²
    #expect(FixedPoint.text(terms.impact, scale: terms.unit) == "39.0625")
    #expect(terms.risk == 0 && terms.tracking == 0)
    // Selling takes the bid, and its fee: 12.5 · (0.005 + 2 + 61.89999).
    fixture.side = .sell
    let sold = try fixture.plan().delta.terms
    #expect(FixedPoint.text(sold.fees, scale: sold.unit) == "798.812375")
  }

  @Test func swappingFeesMovesSharesAsMarginalCostsPredict() throws {
    var fixture = PlannerFixture()
    fixture.quantity = ExactDecimal(units: 10_000, scale: 0)
    fixture.venues[0].takerPerUnit = 300_000_000
    fixture.venues[1].takerPerUnit = 100_000_000
    let before = try fixture.plan()
    // Marginal costs meet where f₀ + 2a·q₀ = f₁ + 2a·q₁: the cheaper one gets (f₀ − f₁) / 2a = 0.2 / 0.002 = 100 more.
    for slice in 0..<5 { #expect(before.plan[slice, 1] - before.plan[slice, 0] == 100) }
    fixture.venues.swapAt(0, 1)
    fixture.previous = before.plan
    let after = try fixture.plan()
    #expect(after.plan.shares == before.plan.shares.reversed())
    #expect(after.plan.totals == before.plan.totals)
    #expect(after.delta.changes.count == 10)
    #expect(try before.plan.applying(after.delta) == after.plan)
  }

  @Test func takingDepthAwayMovesTheNextPlan() throws {
    var fixture = PlannerFixture()
    let before = try fixture.plan()
    #expect(before.plan.shares == [500, 500])
    fixture.venues[0].depth = 250
    fixture.previous = before.plan
    fixture.currentSlice = 2
    fixture.remaining = 600
    let after = try fixture.plan()
    // A quarter of the depth, four times the impact: marginal costs meet at a fifth.
    for slice in 2..<5 { #expect(after.plan[slice, 0] == 40 && after.plan[slice, 1] == 160) }
    // What is past keeps its cells, and the delta names only what changed.
    #expect(after.plan[0, 0] == before.plan[0, 0])
    #expect(after.delta.changes.map(\.slice) == [2, 2, 3, 3, 4, 4])
    #expect(after.delta.routing == [PlanRoute(venue: 0, quantity: 40), PlanRoute(venue: 1, quantity: 160)])
    #expect(throws: RecordError.self) { try after.plan.applying(after.delta) }
  }

  @Test func forcingTheRunnerUpCostsTheStatedDifference() throws {
    var random = Seeded(7)
    for _ in 0..<200 {
      var fixture = PlannerFixture.random(&random)
      fixture.venues.indices.forEach { fixture.venues[$0].lot = 1 }
      let decision = try fixture.plan()
      guard let runnerUp = decision.delta.runnerUp else { continue }
      let problem = try #require(decision.problem)
      let solution = try #require(decision.solution)
      var forced = solution.quantities
      forced[runnerUp.fromSlice * problem.venues + runnerUp.fromVenue] -= 1
      forced[runnerUp.toSlice * problem.venues + runnerUp.toVenue] += 1
      #expect(try problem.terms(of: forced).objective - solution.objective == runnerUp.costsMore)
      let cell = ScheduleCell(slice: runnerUp.toSlice, venue: runnerUp.toVenue)
      let quantity = forced[runnerUp.toSlice * problem.venues + runnerUp.toVenue]
      let insisted = try problem.insisting(on: cell, quantity: quantity).solve()
      #expect(insisted.objective - solution.objective == runnerUp.costsMore)
      #expect(decision.delta.terms.objective == solution.objective)
    }
  }

  @Test func capsFollowParticipationExactly() throws {
    var fixture = PlannerFixture()
    fixture.participation = 100_000
    fixture.venues[0].volume = [900, 901, 899, 9, 8]
    fixture.venues[1].volume = [0, 0, 0, 0, 0]
    fixture.quantity = ExactDecimal(units: 1000, scale: 0)
    let decision = try fixture.plan()
    // 10⁶ · own ≤ 10⁵ · (others + own): at 900 of others 100 pass and 101 do not.
    #expect(decision.plan.shares == [300, 0])
    #expect((0..<5).map { decision.plan[$0, 0] } == [100, 100, 99, 1, 0])
    #expect(decision.delta.unplaced == 700)
    #expect(decision.delta.bindings.contains { $0.constraint == .capacity && $0.bound == 300 })
    // What is placed already in this slice counts.
    fixture.placed = [40, 0]
    #expect(try fixture.plan().plan[0, 0] == 60)
    fixture.placed = [4_000, 0]
    #expect(try fixture.plan().plan[0, 0] == 0)
    // At 100 % nothing is restricted.
    fixture.placed = nil
    fixture.participation = 1_000_000
    #expect(try fixture.plan().delta.unplaced == 0)
  }

  @Test func bindingCapsAreNamedWithTheirWorth() throws {
    var fixture = PlannerFixture()
    fixture.objective = .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 3))
    fixture.variance = ExactDecimal(units: 1, scale: 0)
    fixture.participation = 500_000
    fixture.venues = [PlannerFixture.Venue(volume: [200, 300, 300, 300, 300])]
    let decision = try fixture.plan()
    let binding = try #require(decision.delta.bindings.first { $0.constraint == .participation })
    #expect(binding.slice == 0 && binding.venue == 0 && binding.bound == 200)
    // The curve also shapes the impact, so that the cap is widened in the problem, not in the context.
    let problem = try #require(decision.problem)
    var cap = problem.cap
    cap[0] += 1
    let wider = try ScheduleProblem(
      slices: problem.slices, venues: problem.venues, lots: problem.lots, impact: problem.impact, fee: problem.fee,
      cap: cap, risk: problem.risk
    ).solve()
    #expect(decision.solution!.objective - wider.objective == binding.worth)
  }

  @Test func leavesOutVenuesAndSaysWhy() throws {
    var fixture = PlannerFixture()
    fixture.venues[0].availability = .closed(reason: "halted")
    var decision = try fixture.plan()
    #expect(decision.plan.shares == [0, 1000])
    #expect(decision.delta.bindings.first?.reason == "V0 is left out: halted")
    fixture.venues[0] = PlannerFixture.Venue(bid: nil)
    #expect(try fixture.plan().plan.shares == [0, 1000])
    fixture.venues[0] = PlannerFixture.Venue(depth: 0)
    #expect(try fixture.plan().plan.shares == [0, 1000])
    // Beyond the limit only the current slice is left out.
    fixture.venues[0] = PlannerFixture.Venue(ask: 100_020_000_001)
    fixture.limit = 100_020_000_000
    decision = try fixture.plan()
    #expect(decision.plan[0, 0] == 0 && decision.plan[1, 0] > 0)
    #expect(decision.delta.bindings.first?.constraint == .venue)
    fixture.venues[0].ask = 100_020_000_000
    #expect(try fixture.plan().plan[0, 0] > 0)
    // With no venue left nothing is planned, and nothing fails.
    fixture.venues = [PlannerFixture.Venue(availability: .closed(reason: "stale"))]
    decision = try fixture.plan()
    #expect(decision.delta.unplaced == 1000 && decision.delta.routing.isEmpty && decision.problem == nil)
  }

  @Test func twapAndVwapMeetTheirTargets() throws {
    var fixture = PlannerFixture()
    fixture.quantity = ExactDecimal(units: 1003, scale: 0)
    fixture.venues[1].takerPerUnit = 500_000_000
    let twap = try fixture.plan()
    #expect(twap.plan.totals == [200, 201, 200, 201, 201])
    #expect(twap.delta.terms.tracking == 0)
    fixture.objective = .vwap
    fixture.venues[0].volume = [10, 20, 30, 20, 10]
    fixture.venues[1].volume = [10, 20, 30, 20, 10]
    fixture.quantity = ExactDecimal(units: 900, scale: 0)
    #expect(try fixture.plan().plan.totals == [100, 200, 300, 200, 100])
    // A shorter last slice gets less.
    fixture.objective = .twap
    fixture.slicing = .duration(2_000_000_000)
    fixture.venues = [PlannerFixture.Venue(), PlannerFixture.Venue()]
    #expect(try fixture.plan().plan.totals == [360, 360, 180])
    // What is placed of the current slice counts towards its target.
    fixture.slicing = .count(5)
    fixture.remaining = 840
    fixture.placed = [60, 0]
    #expect(try fixture.plan().plan.totals == [120, 180, 180, 180, 180])
  }

  @Test func lotsThatDifferAreSolvedWithAStatedGap() throws {
    var random = Seeded(8)
    var gaps = 0
    for _ in 0..<300 {
      var fixture = PlannerFixture.random(&random)
      fixture.slicing = .count(2)
      fixture.venues = Array(fixture.venues.prefix(2))
      fixture.venues.indices.forEach { fixture.venues[$0].volume = nil }
      fixture.venues[0].lot = [1, 2, 3].randomElement(using: &random)!
      fixture.venues[1].lot = [2, 3, 4].randomElement(using: &random)!
      fixture.quantity = ExactDecimal(units: .random(in: 1...18, using: &random), scale: 0)
      let decision = try fixture.plan()
      let remaining = fixture.quantity.units
      for (venue, share) in fixture.venues.enumerated() {
        for slice in 0..<2 { #expect(decision.plan[slice, venue] % share.lot == 0) }
      }
      #expect(decision.plan.totals.reduce(0, +) + decision.delta.unplaced == remaining)
      guard let problem = decision.problem, let solution = decision.solution else { continue }
      // Every schedule of whole lots that places as much: none is below the stated bound.
      var cheapest: Int128?
      let step = decision.delta.lot
      let placed = remaining - decision.delta.unplaced
      let open = try ScheduleProblem(
        slices: 2, venues: 2, lots: problem.lots, impact: problem.impact, fee: problem.fee,
        cap: [Int64](repeating: problem.lots, count: 4), risk: problem.risk, target: problem.target,
        tracking: problem.tracking)
      for first in stride(from: 0, through: placed, by: Int(fixture.venues[0].lot)) {
        for second in stride(from: 0, through: placed - first, by: Int(fixture.venues[1].lot)) {
          for third in stride(from: 0, through: placed - first - second, by: Int(fixture.venues[0].lot)) {
            let last = placed - first - second - third
            guard last % fixture.venues[1].lot == 0 else { continue }
            let objective = try open.terms(of: [first, second, third, last].map { $0 / step }).objective
            cheapest = min(cheapest ?? objective, objective)
          }
        }
      }
      let best = try #require(cheapest)
      #expect(solution.objective >= best)
      #expect(solution.objective - decision.delta.gap <= best)
      if decision.delta.gap > 0 { gaps += 1 }
    }
    #expect(gaps > 20)
  }

  @Test func refusesInputsThatDoNotBelongTogether() throws {
    let fixture = PlannerFixture()
    let task = try fixture.task()
    let context = try fixture.context()
    let plan = Plan(slices: 5, venues: 2, scale: 0)
    func refuses(_ change: (inout PlannerFixture) -> Void) throws -> Bool {
      var other = fixture
      change(&other)
      do {
        _ = try Planner.plan(
          task: other.task(), context: context, previous: other.previous ?? plan, sequence: 0,
          decidedAt: PlannerFixture.start, currentSlice: other.currentSlice, remaining: other.remaining ?? 1000,
          placed: other.placed)
        return false
      } catch is PlannerError { return true }
    }
    #expect(try !refuses { _ in })
    #expect(try refuses { $0.venues.append(PlannerFixture.Venue()) })
    #expect(try refuses { $0.slicing = .count(4) })
    #expect(try refuses { $0.currentSlice = 5 })
    #expect(try refuses { $0.currentSlice = -1 })
    #expect(try refuses { $0.remaining = -1 })
    #expect(try refuses { $0.placed = [0] })
    #expect(try refuses { $0.previous = Plan(slices: 5, venues: 2, scale: 1) })
    #expect(try refuses { $0.objective = .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 0)) })
    // No look-ahead: the context may not be of later than the decision.
    #expect(throws: PlannerError.self) {
      try Planner.plan(
        task: task, context: context, previous: plan, sequence: 0, decidedAt: PlannerFixture.start - 1,
        currentSlice: 0, remaining: 1000)
    }
  }

  /// Whatever the context says within its bounds, the planner answers or refuses; it never traps.
  @Test func extremeNumbersAreRefusedNotWrapped() throws {
    var random = Seeded(9)
    var planned = 0
    var refused = 0
    for _ in 0..<2_000 {
      var fixture = PlannerFixture.random(&random)
      fixture.scale = .random(in: 0...18, using: &random)
      let shift = Int.random(in: 0...60, using: &random)
      fixture.variance = ExactDecimal(units: .random(in: 0...Int64.max, using: &random), scale: 4)
      for venue in fixture.venues.indices {
        fixture.venues[venue].ask = .random(in: Int64.min...Int64.max, using: &random)
        fixture.venues[venue].bid = .random(in: Int64.min...Int64.max, using: &random)
        fixture.venues[venue].takerRate = .random(in: Int64.min...Int64.max, using: &random)
        fixture.venues[venue].takerPerUnit = .random(in: Int64.min...Int64.max, using: &random)
        fixture.venues[venue].impact = ExactDecimal(units: .random(in: 0...Int64.max, using: &random), scale: 18)
        fixture.venues[venue].depth = .random(in: 0...Int64.max, using: &random)
        fixture.venues[venue].lot = .random(in: 1...Int64.max, using: &random) >> shift
        fixture.venues[venue].lot = max(1, fixture.venues[venue].lot)
        fixture.venues[venue].volume = nil
        if Bool.random(using: &random) {
          fixture.venues[venue].volume = (0..<5).map { _ in .random(in: 0...Int64.max, using: &random) >> 3 }
        }
      }
      fixture.slicing = .count(5)
      fixture.remaining = .random(in: 0...ScheduleProblem.mostLots, using: &random) >> shift
      fixture.quantity = ExactDecimal(units: 1, scale: 0)
      do {
        _ = try fixture.plan()
        planned += 1
      } catch is PlannerError {
        refused += 1
      }
    }
    #expect(planned > 50 && refused > 50)
  }

  @Test func theSameInputsGiveTheSameBytes() throws {
    var random = Seeded(10)
    for _ in 0..<50 {
      let fixture = PlannerFixture.random(&random)
      let first = try fixture.plan().delta
      #expect(try fixture.plan().delta.json.canonical == first.json.canonical)
      #expect(try PlanDelta(json: JSON.parse(first.json.canonical)) == first)
    }
  }
}

extension PlannerFixture {
  /// A plausible task: one to three venues, any objective, two to six slices.
  static func random(_ random: inout Seeded) -> PlannerFixture {
    var fixture = PlannerFixture()
    let count = Int.random(in: 2...6, using: &random)
    fixture.slicing = .count(count)
    fixture.side = Bool.random(using: &random) ? .buy : .sell
    fixture.variance = ExactDecimal(units: .random(in: 0...1_000, using: &random), scale: 2)
    let riskAversion = ExactDecimal(units: .random(in: 0...1_000, using: &random), scale: 5)
    fixture.objective = [.twap, .vwap, .implementationShortfall(riskAversion: riskAversion)]
      .randomElement(using: &random)!
    fixture.quantity = ExactDecimal(units: .random(in: 1...5_000, using: &random), scale: 0)
    fixture.participation = [100_000, 500_000, 1_000_000].randomElement(using: &random)!
    fixture.venues = (0..<Int.random(in: 2...3, using: &random)).map { _ in
      var venue = Venue()
      venue.ask = 100_000_000_000 + .random(in: 0...90_000_000, using: &random)
      venue.takerPerUnit = .random(in: -3_000_000...9_000_000, using: &random)
      venue.takerRate = .random(in: 0...100_000, using: &random)
      venue.depth = .random(in: 1...3_000, using: &random)
      venue.impact = ExactDecimal(units: .random(in: 1...9_999, using: &random), scale: 6)
      if Bool.random(using: &random) { venue.volume = (0..<count).map { _ in .random(in: 0...900, using: &random) } }
      return venue
    }
    return fixture
  }
}
