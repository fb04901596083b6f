// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import ExecutionSolver
import Testing

@Suite struct SolverTests {
  @Test(arguments: ["13x3-caps.json", "48x4.json"])
  func findsTheProvenOptimum(file: String) throws {
    guard let json = try SharedProblems.load(file) else { return }
    let problem = try ScheduleProblem(json: json)
    let solution = try problem.solve()
    let optimum: Int128 = try #require(json["optimum"]?.integer())
    #expect(solution.objective == optimum)
    #expect(solution.optimal)
    #expect(Exhaustive.cheapestExchange(problem, solution.quantities)?.cost == solution.runnerUp?.cost)
    let printed = solution.json(for: problem)
    #expect(printed["objective"]?.integer() == optimum)
    #expect(printed["optimal"] == .bool(true))
    let rows = try #require(printed["quantities"]?.elements)
    #expect(rows.count == problem.slices)
    #expect(rows.flatMap { $0.elements ?? [] }.compactMap { $0.integer(as: Int64.self) } == solution.quantities)
  }

  @Test func takesLessThanATwentiethOfTheReferenceTime() throws {
    guard let json = try SharedProblems.load("48x4.json") else { return }
    let problem = try ScheduleProblem(json: json)
    let clock = ContinuousClock()
    var best = Duration.seconds(1)
    var rounds = 0
    // The best of many: what else the machine does is no part of the figure.
    while rounds < 200 || (rounds < 50_000 && best > .microseconds(40)) {
      rounds += 1
      let start = clock.now
      let solution = try problem.solve()
      best = min(best, clock.now - start)
      #expect(solution.optimal)
    }
    print("48 x 4, 2000 lots: \(best)")
    // OSQP 1.1.3 takes 0.86 ms, setup included, for the form that suits it best; a twentieth of that is 43 µs.
    #expect(best < .microseconds(43))
  }

  /// Every schedule of small problems, with caps, floors, slice caps, targets, rebates and costs of 0.
  @Test func agreesWithEveryScheduleThereIs() throws {
    var random = Seeded(2)
    var solved = 0
    var refused = 0
    for _ in 0..<4_000 {
      let draft = Draft(slices: .random(in: 1...4, using: &random), venues: .random(in: 1...3, using: &random), &random)
      let all = Exhaustive.schedules(draft)
      do {
        let problem = try draft.problem()
        let solution = try problem.solve()
        let costs = try all.map { try problem.terms(of: $0).objective }.sorted()
        #expect(solution.objective == costs.first)
        #expect(solution.optimal)
        #expect(all.contains(solution.quantities))
        if costs.count > 1 {
          // The runner-up is the second cheapest of all schedules, and forcing it costs what was said.
          let exchange = try #require(solution.runnerUp)
          #expect(exchange.cost == costs[1] - costs[0])
          var forced = solution.quantities
          forced[exchange.from.slice * problem.venues + exchange.from.venue] -= 1
          forced[exchange.to.slice * problem.venues + exchange.to.venue] += 1
          #expect(try problem.terms(of: forced).objective - solution.objective == exchange.cost)
          let cell = exchange.to.slice * problem.venues + exchange.to.venue
          let insisted = try problem.insisting(on: exchange.to, quantity: forced[cell]).solve()
          #expect(insisted.objective - solution.objective == exchange.cost)
        } else {
          #expect(solution.runnerUp == nil)
        }
        solved += 1
      } catch is ScheduleError {
        #expect(all.isEmpty)
        refused += 1
      }
    }
    #expect(solved > 1_000 && refused > 100)
  }

  /// A cap's worth is what one lot more of room saves, by solving again.
  @Test func statesWhatBindingCapsAreWorth() throws {
    var random = Seeded(3)
    var found = 0
    for _ in 0..<1_000 {
      let draft = Draft(slices: .random(in: 1...6, using: &random), venues: .random(in: 1...4, using: &random), &random)
      guard let problem = try? draft.problem() else { continue }
      let solution = try problem.solve()
      let analysis = problem.analysis(of: solution)
      for slice in 0..<problem.slices {
        for venue in 0..<problem.venues {
          var wider = draft
          wider.cap[slice * problem.venues + venue] += 1
          let saved = solution.objective - (try wider.problem().solve().objective)
          let stated = analysis.bindings.first { $0.slice == slice && $0.venue == venue }
          #expect((stated?.worth ?? 0) == saved)
          if saved > 0 { found += 1 }
        }
        guard draft.sliceCap != nil else { continue }
        var wider = draft
        wider.sliceCap?[slice] += 1
        let saved = solution.objective - (try wider.problem().solve().objective)
        let stated = analysis.bindings.first { $0.slice == slice && $0.venue == nil }
        #expect((stated?.worth ?? 0) == saved)
      }
    }
    #expect(found > 200)
  }

  /// Larger problems against the criterion itself: no exchange of two cells lowers the objective.
  @Test func leavesNoImprovingExchange() throws {
    var random = Seeded(4)
    for round in 0..<60 {
      var draft = Draft(
        slices: .random(in: 5...30, using: &random), venues: .random(in: 1...6, using: &random), &random)
      draft.enlarge(by: .random(in: 10...5_000, using: &random), &random)
      guard let problem = try? draft.problem() else { continue }
      let solution = try problem.solve()
      let exchange = Exhaustive.cheapestExchange(problem, solution.quantities)
      #expect(exchange?.cost == solution.runnerUp?.cost, "round \(round)")
      #expect((exchange?.cost ?? 0) >= 0)
      #expect(try problem.terms(of: solution.quantities) == solution.terms)
    }
  }

  /// Coefficients that need 128 bits give the schedule that the same problem in small ones gives.
  @Test func widensWhereSixtyFourBitsDoNotHold() throws {
    var random = Seeded(5)
    for _ in 0..<200 {
      let draft = Draft(slices: .random(in: 2...8, using: &random), venues: .random(in: 1...4, using: &random), &random)
      guard let problem = try? draft.problem() else { continue }
      let factor: Int128 = 1_000_000_000_000_000_000_000
      let wide = try ScheduleProblem(
        slices: problem.slices, venues: problem.venues, lots: problem.lots, impact: problem.impact.map { $0 * factor },
        fee: problem.fee.map { $0 * factor }, cap: problem.cap, floor: problem.floor,
        risk: problem.risk.map { $0 * factor }, sliceCap: problem.sliceCap, target: problem.target,
        tracking: problem.tracking * factor)
      let narrow = try problem.solve()
      let solution = try wide.solve()
      #expect(solution.quantities == narrow.quantities)
      #expect(solution.objective == narrow.objective * factor)
    }
  }

  @Test func refusesWhatDoesNotFitInsteadOfWrapping() throws {
    #expect(throws: ScheduleError.overflow) {
      try ScheduleProblem(
        slices: 2, venues: 1, lots: 1 << 40, impact: [Int128.max >> 2, 1], fee: [0, 0], cap: [1 << 40, 1 << 40],
        risk: [0, 0]
      ).solve()
    }
    #expect(throws: ScheduleError.overflow) {
      try ScheduleProblem(
        slices: 1, venues: 1, lots: 1 << 40, impact: [1 << 80], fee: [Int128.min], cap: [1 << 40], risk: [0]
      ).solve()
    }
    #expect(throws: ScheduleError.infeasible(lots: 9, least: 0, most: 8)) {
      try ScheduleProblem(slices: 2, venues: 1, lots: 9, impact: [1, 1], fee: [0, 0], cap: [4, 4], risk: [0, 0])
    }
  }

  @Test func readsWideIntegersAndNamesWhatIsWrong() throws {
    func read(_ text: String) throws -> ScheduleProblem { try ScheduleProblem(json: JSON.parse(Array(text.utf8))) }
    let problem = try read(
      """
      {"slices": 1, "venues": 2, "lots": 3, "impact": [["170141183460469231731687303", 2]], "fee": [1, -1],
       "cap": [[3, "3"]], "risk": 0}
      """)
    #expect(problem.impact[0] == 170_141_183_460_469_231_731_687_303)
    #expect(try problem.solve().quantities == [0, 3])
    func path(_ text: String) -> String? {
      do {
        _ = try read(text)
        return nil
      } catch let ScheduleError.invalid(path, _) {
        return path
      } catch { return "\(error)" }
    }
    let start = #"{"slices": 2, "venues": 1, "lots": 3, "risk": 0, "fee": [0], "#
    #expect(path(start + #""impact": [[1], [1]], "cap": [[3], [3]]}"#) == nil)
    #expect(path(start + #""impact": [[1], ["x"]], "cap": [[3], [3]]}"#) == "impact[1][0]")
    #expect(path(start + #""impact": [[1], [-1]], "cap": [[3], [3]]}"#) == "impact")
    #expect(path(start + #""impact": [[1], [1]], "cap": [[3]]}"#) == "cap")
    #expect(path(start + #""impact": [[1], [1]], "cap": [[3], [3, 3]]}"#) == "cap[1]")
    #expect(path(start + #""impact": [[1], [1]]}"#) == "cap")
    #expect(path(start + #""impact": [[1], [1]], "cap": [[3], [3]], "colour": 1}"#) == "colour")
  }

  /// A guess that is worthless, because some costs are nothing beside others, must not make the work unbounded.
  @Test(
    arguments: [
      (30, 3, 12_500_000), (390, 10, 1 << 40), (48, 4, 1 << 30), (4_096, 2, 100_000), (1, 64, 1 << 50), (60, 4, 3),
    ] as [(Int, Int, Int64)])
  func boundedWorkWhateverTheCosts(slices: Int, venues: Int, lots: Int64) throws {
    var random = Seeded(6)
    let cells = slices * venues
    for shift in [0, 10, 40] {
      for riskShift in [0, 20, 60] {
        let problem = try ScheduleProblem(
          slices: slices, venues: venues, lots: lots,
          impact: (0..<cells).map { _ in
            Int128.random(in: 0...9_999, using: &random) << Int.random(in: 0...shift, using: &random)
          },
          fee: (0..<cells).map { _ in
            Int128.random(in: -9_999...99_999, using: &random) << Int.random(in: 0...shift, using: &random)
          },
          cap: (0..<cells).map { _ in lots / .random(in: 1...Int64(slices), using: &random) + 1 },
          risk: (0..<slices).map { _ in Int128(1) << Int.random(in: 0...riskShift, using: &random) })
        let start = ContinuousClock.now
        let solution = try problem.solve()
        let time = ContinuousClock.now - start
        #expect(solution.optimal)
        #expect(try problem.terms(of: solution.quantities) == solution.terms)
        if cells <= 400 {
          #expect(Exhaustive.cheapestExchange(problem, solution.quantities)?.cost == solution.runnerUp?.cost)
        }
        #expect(time < .seconds(4))
      }
    }
  }
}
