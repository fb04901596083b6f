// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionEngine
import ExecutionIR
import Testing
import VenueSimulator

/// What the objective's definition says of shares: in each slice a lot goes where the next one costs least, so that marginal
/// costs end within a lot of each other. Exact integers, all in one unit, and nothing of the planner's in it.
private struct MarginalCosts {
  /// Half the spread and the fee of a lot at each venue, and the impact of its square.
  var linear: [Int128]
  var square: [Int128]

  func next(_ venue: Int, after lots: Int64) -> Int128 { linear[venue] + square[venue] * (2 * Int128(lots) + 1) }
  func last(_ venue: Int, of lots: Int64) -> Int128 { next(venue, after: lots - 1) }

  /// Whether no lot would be cheaper at another venue.
  func areEqualised(_ lots: [Int64]) -> Bool {
    lots.indices.allSatisfy { venue in
      lots[venue] == 0
        || lots.indices.allSatisfy { $0 == venue || last(venue, of: lots[venue]) <= next($0, after: lots[$0]) }
    }
  }

  /// Lot by lot to the cheapest venue.
  func shares(of lots: Int64) -> [Int64] {
    var shares = Array(repeating: Int64(0), count: linear.count)
    for _ in 0..<lots {
      let cheapest = shares.indices.min { next($0, after: shares[$0]) < next($1, after: shares[$1]) }
      shares[cheapest ?? 0] += 1
    }
    return shares
  }
}

@Suite("Marginal costs decide where lots go")
struct MarginalCostTests {
  /// f₀ + 2a·q₀ = f₁ + 2a·q₁: with a = 0.01 / 10 s the dearer venue gets (0.30 − 0.10) / 0.002 = 100 less of 1000.
  @Test("Two venues' fees, swapped in the reference data, swap their shares of the plan and of the fills")
  func swappedFees() throws {
    var scene = Scene()
    scene.venues[0].takerFee = "0.30"
    scene.venues[1].takerFee = "0.10"
    let before = try ModelRun.run(scene, opening(scene))
    scene.venues.swapAt(0, 1)
    let after = try ModelRun.run(scene, opening(scene))
    for (record, dear, cheap) in [(before, 0, 1), (after, 1, 0)] {
      for delta in try record.plans() {
        let routed = Dictionary(uniqueKeysWithValues: delta.routing.map { ($0.venue, $0.quantity) })
        #expect(routed[dear] == 450 && routed[cheap] == 550, "slice \(delta.currentSlice)")
      }
      let filled = try record.filled(venues: 2)
      #expect(filled[dear] == 1800 && filled[cheap] == 2200)
      // The fees paid are those of the reference data, whichever venue has them.
      let fees = try record.fills().reduce(Int128(0)) { $0 + $1.fee.amount }
      #expect(FixedPoint.text(fees, scale: Money.scale) == "760")
    }
    #expect(before.statements.count == after.statements.count)
  }

  @Test("Shares follow fees, spreads, impact and depth of many venues, before and after a swap")
  func randomVenues() throws {
    var random = RandomSource(seed: 11)
    var moved = 0
    for seed in 0..<80 {
      var terms = (0..<Int(2 + random.below(3))).map { _ in Terms(&random) }
      let lots = Int64(40 + random.below(160))
      let first = try shares(terms, lots: lots, "seed \(seed)")
      (terms[0].fee, terms[1].fee) = (terms[1].fee, terms[0].fee)
      let second = try shares(terms, lots: lots, "seed \(seed), swapped")
      // The venue whose fee fell gains, the other loses.
      let gains = terms[0].fee < terms[1].fee
      #expect(gains ? second[0] >= first[0] : second[0] <= first[0])
      #expect(gains ? second[1] <= first[1] : second[1] >= first[1])
      if second != first { moved += 1 }
    }
    #expect(moved > 40)
  }

  /// One venue's terms, so chosen that no cost has digits to be rounded off.
  private struct Terms {
    /// Of a cent.
    var fee: Int64
    var spread: Int64
    var depth: Int64
    var coefficient: Int64

    init(_ random: inout RandomSource) {
      fee = Int64(random.below(30))
      spread = 2 + 2 * Int64(random.below(4))
      depth = 1000 << Int64(random.below(4))
      coefficient = 1 + Int64(random.below(9))
    }
  }

  /// Runs a task of four slices, and holds its plans and fills against the prediction; returns the shares of a slice.
  private func shares(_ terms: [Terms], lots: Int64, _ comment: Comment) throws -> [Int64] {
    var scene = Scene()
    scene.quantity = ExactDecimal(units: 4 * lots, scale: 0)
    scene.venues = terms.map { term in
      var venue = Scene.Venue()
      venue.takerFee = FixedPoint.text(term.fee, scale: 4)
      venue.impact = FixedPoint.text(term.coefficient, scale: 3)
      venue.impactDepth = "1000"
      return venue
    }
    let market = terms.indices.map { venue in
      MarketFrame(
        Scene.start - second, venue,
        definition(venue) + [
          level(venue, .buy, 100 * one - terms[venue].spread / 2 * cent, 8000),
          level(venue, .sell, 100 * one + terms[venue].spread / 2 * cent, terms[venue].depth),
        ])
    }
    // In 1/160,000,000: half a spread of s cents is s · 800,000, a fee of f ten-thousandths f · 16,000, and
    // c/1000 · (1000/depth) / 10 s is c · 16,000 · 1000/depth.
    let costs = MarginalCosts(
      linear: terms.map { Int128($0.spread) * 800_000 + Int128($0.fee) * 16_000 },
      square: terms.map { Int128($0.coefficient) * 16_000 * 1000 / Int128($0.depth) })
    let record = try ModelRun.run(scene, market)
    var planned = Array(repeating: Int64(0), count: terms.count)
    for delta in try record.plans() {
      var routed = Array(repeating: Int64(0), count: terms.count)
      for route in delta.routing { routed[route.venue] = route.quantity }
      #expect(routed.reduce(0, +) == lots, comment)
      #expect(costs.areEqualised(routed), comment)
      let predicted = costs.shares(of: lots)
      #expect(zip(routed, predicted).allSatisfy { abs($0 - $1) <= 1 }, comment)
      for venue in planned.indices { planned[venue] += routed[venue] }
    }
    #expect(try record.filled(venues: terms.count) == planned, comment)
    return planned.map { $0 / 4 }
  }

  @Test("Depth taken away in mid-run changes the next plan as its impact says, and nothing before it")
  func depthTakenAway() throws {
    let scene = Scene()
    let market = opening(scene)
    let steady = try ModelRun.run(scene, market)
    // Behind the last look of slice 1: a quarter of the depth is left at V0, so each lot has four times the impact there.
    let change = MarketFrame(scene.look(1, 7) + second, 0, [level(0, .sell, 10_001 * cent, 2_500)])
    let thinner = try ModelRun.run(scene, market + [change])
    let before = try steady.plans()
    let after = try thinner.plans()
    #expect(
      before.map(\.routing).allSatisfy {
        $0 == [PlanRoute(venue: 0, quantity: 500), PlanRoute(venue: 1, quantity: 500)]
      })
    #expect(after[0] == before[0] && after[1] == before[1])
    #expect(after[2] != before[2])
    // 4·q₀ = q₁ where q₀ + q₁ = 1000.
    let moved = [PlanRoute(venue: 0, quantity: 200), PlanRoute(venue: 1, quantity: 800)]
    #expect(after[2].routing == moved && after[3].routing == moved)
    #expect(after[2].changes.allSatisfy { $0.slice >= 2 && ($0.venue == 0) == ($0.quantity < 0) })
    #expect(try thinner.filled(venues: 2) == [1400, 2600])
    // Every leaf up to the plan of slice 2, whose context is the first to tell of it, is the same to the byte.
    let same = zip(steady.lines, thinner.lines).prefix { $0 == $1 }.count
    #expect(thinner.statements[same].subject == "context/2")
    #expect(try thinner.contexts()[2].venues[0].askDepth == 2_500)
  }

  @Test("A buy does not care for the depth of bids, nor a sell for that of asks")
  func depthOfTheOtherSide() throws {
    for side in OrderSide.allCases {
      var scene = Scene()
      scene.side = side
      let market = opening(scene)
      let own: (Int64, Int64) = side == .buy ? (9_999, 10_001) : (10_001, 9_999)
      func plans(_ price: Int64, _ which: Bool) throws -> [[PlanRoute]] {
        let book = (side == .buy) == which
        let change = MarketFrame(
          scene.look(1, 7) + second, 0, [level(0, book ? .buy : .sell, price * cent, 2_500)])
        return try ModelRun.run(scene, market + [change]).plans().map(\.routing)
      }
      let steady = try ModelRun.run(scene, market).plans().map(\.routing)
      #expect(try plans(own.0, true) == steady)
      let moved = try plans(own.1, false)
      #expect(moved[1] == steady[1] && moved[2].first == PlanRoute(venue: 0, quantity: 200))
    }
  }
}
