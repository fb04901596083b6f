// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionEngine
import ExecutionIR
import Testing
import VenueSimulator

@Suite("What must hold whatever venues do")
struct InvariantTests {
  private func scene(_ random: inout RandomSource) -> Scene {
    var scene = Scene()
    scene.fills = .simulated
    scene.side = random.below(2) == 0 ? .buy : .sell
    scene.slices = 3
    scene.length = 24 * second
    scene.quantity = ExactDecimal(units: 20 + Int64(random.below(280)), scale: 0)
    scene.participation = [1_000_000, 500_000, 200_000, 60_000][Int(random.below(4))]
    if random.below(3) == 0 {
      scene.limit = UnreliableVenue.price(scene.side == .buy ? 7 + Int(random.below(3)) : 6 + Int(random.below(3)))
    }
    scene.seed = random.next()
    switch random.below(3) {
    case 0: scene.objective = .twap
    case 1: scene.objective = .vwap
    default:
      scene.objective = .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 3))
      scene.variance = "0.01"
    }
    for venue in scene.venues.indices {
      scene.venues[venue].lot = ["1", "1", "2", "5"][Int(random.below(4))]
      scene.venues[venue].takerFee = FixedPoint.text(Int64(random.below(40)), scale: 4)
      scene.venues[venue].impactDepth = "100"
    }
    return scene
  }

  @Test("Lost, doubled, late and overtaking messages overfill nothing, and every order is within every bound")
  func unreliableVenues() throws {
    var counts = WorldCounts()
    for seed in UInt64(0)..<5_000 {
      var random = RandomSource(seed: seed, stream: 1)
      let scene = scene(&random)
      let world = try run(scene, Mishaps.all(&random), seed)
      counts += world.counts
      try checkRecord(world.record, scene, world.knowledge, "seed \(seed)")
      if seed % 10 == 0 { try checkOtherCuts(scene, world.inputs, world.record, &random, "seed \(seed)") }
    }
    // The test would prove little if nothing had gone wrong, and nothing had gone to its limit.
    #expect(counts.orders > 30_000 && counts.fills > 15_000 && counts.lost > 15_000 && counts.doubled > 8_000)
    #expect(counts.fillsBeforeAcknowledgement > 3_000 && counts.cancelsAgain > 15_000 && counts.broken > 4_000)
    #expect(counts.atCap > 3_000)
  }

  private func run(
    _ scene: Scene, _ mishaps: Mishaps, _ seed: UInt64,
    look: @escaping (borrowing UnreliableWorld, EngineOutput) throws -> Void = { _, _ in }
  ) throws -> (record: Record, inputs: [Bench.Input], counts: WorldCounts, knowledge: Knowledge) {
    var world = try UnreliableWorld(scene, mishaps: mishaps, seed: seed, look: look)
    try world.run()
    return try world.finished()
  }

  /// Prices within the parent's limit, whole lots, decisions named by their digest, chains that hold together, and sums that
  /// are those of an independent listener.
  private func checkRecord(_ record: Record, _ scene: Scene, _ knowledge: Knowledge, _ comment: Comment) throws {
    var decision = try scene.task().digest
    var subjects: [String: Bool] = [:]
    var orders: [UInt64: ChildOrder] = [:]
    var successors: [UInt64: Bool] = [:]
    for statement in record.statements {
      #expect(subjects.updateValue(true, forKey: statement.subject) == nil, comment)
      if statement.kind == .plan { decision = statement.body.digest }
      guard statement.kind == .order else { continue }
      let order = try ChildOrder(json: statement.body["order"] ?? .null)
      #expect(order.decision == decision, comment)
      if let limit = scene.limit {
        #expect(scene.side == .buy ? order.limit ?? .max <= limit : order.limit ?? 0 >= limit, comment)
      }
      let lot = try #require(Int64(scene.venues[Int(order.listing.venue.dropFirst()) ?? 0].lot))
      #expect(order.quantity > 0 && order.quantity % lot == 0, comment)
      if let replaced = order.replaces {
        let before = try #require(orders[replaced], comment)
        // One successor each, at the same venue and in the same slice.
        #expect(successors.updateValue(true, forKey: replaced) == nil, comment)
        #expect(before.listing == order.listing && before.slice == order.slice && before.chain == order.chain, comment)
      } else {
        #expect(order.chain == order.id, comment)
      }
      orders[order.id] = order
    }
    // What is proposed keeps to limit, participation and parent by itself; the controls are the second line.
    #expect(record.bodies(.denial).isEmpty, comment)
    let summary = try #require(record.bodies(.summary).first)
    #expect(summary["filled"]?.text == String(knowledge.filled), comment)
    #expect(summary["working"]?.text == String(knowledge.open), comment)
    #expect(record.intents.count { $0.action == .new } == orders.count, comment)
    var filled = try record.fills().reduce(0) { $0 + $1.quantity }
    for report in record.bodies(.report) where report["report"]?.text == "broken" {
      filled -= Int64(report["quantity"]?.text ?? "") ?? 0
    }
    #expect(filled == knowledge.filled, comment)
  }

  /// The same inputs in other batches give the same statements, to the byte, and the same orders.
  private func checkOtherCuts(
    _ scene: Scene, _ inputs: [Bench.Input], _ record: Record, _ random: inout RandomSource, _ comment: Comment
  ) throws {
    for most in [1, 7, 60] as [UInt64] {
      var bench = try Bench(scene)
      var batch: [MarketFrame] = []
      var room = Int(1 + random.below(most))
      for input in inputs {
        if case .frame(let frame) = input {
          batch.append(frame)
          if batch.count < room { continue }
        }
        if !batch.isEmpty { try bench.step(batch) }
        batch = []
        room = Int(1 + random.below(most))
        if case .clock = input { try bench.decide() }
      }
      #expect(bench.record.lines == record.lines, comment)
      #expect(bench.record.intents == record.intents, comment)
    }
  }

  @Test("Own size is taken out of what is displayed, where single orders are shown and where levels are")
  func ownSizeTakenOut() throws {
    var exact = 0
    var behindOwn = 0
    for seed in UInt64(0)..<700 {
      var random = RandomSource(seed: seed, stream: 2)
      var scene = scene(&random)
      // The far touch moves across the limit, so that orders go on resting while slices begin.
      scene.limit = UnreliableVenue.price(scene.side == .buy ? 8 : 7)
      var mishaps = Mishaps.none
      mishaps.unsolicited = 100_000
      _ = try run(scene, mishaps, seed) { world, output in
        guard world.isQuiet else { return }
        for statement in output.statements where statement.kind == .context {
          let context = try DecisionContext(json: statement.body)
          for (number, venue) in context.venues.enumerated() {
            for side in [Side.buy, .sell] {
              if check(venue, world.venues[number], side, "seed \(seed)") { exact += 1 }
              if (side == .buy) == (scene.side == .buy) {
                behindOwn += world.venues[number].displayedTicks(side).prefix(5)
                  .count { world.venues[number].ownDisplayed(side, $0) > 0 }
              }
            }
          }
        }
        // An order that rests goes to the best price of others, never to that of an own order alone.
        for intent in output.intents where intent.action == .new && intent.isPassive {
          let venue = world.venues[intent.venue]
          let others = venue.others(world.bench.engine.side)
          #expect(others[UnreliableVenue.tick(intent.price)] > 0, "seed \(seed)")
        }
      }
    }
    #expect(exact > 2_000 && behindOwn > 100)
  }

  @Test("An order that is alone at the best price follows the others", arguments: [true, false])
  func follows(_ tellsOrders: Bool) throws {
    var scene = Scene()
    scene.fills = .simulated
    scene.venues = [Scene.Venue()]
    var bench = try Bench(scene)
    func shown(_ id: UInt64, _ price: Int64, _ quantity: Int64, own: Int64 = 0) -> Event {
      if !tellsOrders { return level(0, .buy, price, quantity + own) }
      return event(.orderAdd, 0, id: id, side: .buy, price: price, quantity: quantity + own)
    }
    let ask =
      tellsOrders
      ? event(.orderAdd, 0, id: 9, side: .sell, price: 10_001 * cent, quantity: 50)
      : level(0, .sell, 10_001 * cent, 50)
    try bench.step(
      MarketFrame(
        Scene.start - second, 0, definition(0) + [shown(1, 9_999 * cent, 30), shown(2, 9_998 * cent, 40), ask]))
    #expect(try bench.decide().intents.map(\.price) == [9_999 * cent])
    // It stands in the book beside the others: still at their price.
    try bench.step([
      MarketFrame(Scene.start + 1, 1, [event(.ownAcknowledged, 0, id: 1, aux: 77)]),
      MarketFrame(
        Scene.start + 1, 0,
        [tellsOrders ? shown(77, 9_999 * cent, 0, own: 1000) : shown(0, 9_999 * cent, 30, own: 1000)]),
    ])
    #expect(try bench.decide().intents.isEmpty)
    // They leave, and it follows them down rather than taking itself for the touch.
    let left = tellsOrders ? event(.orderDelete, 0, id: 1) : shown(0, 9_999 * cent, 0, own: 1000)
    try bench.step(MarketFrame(bench.engine.now + 1, 0, [left]))
    #expect(try bench.decide().intents.map(\.action) == [.cancel])
    let gone = tellsOrders ? event(.orderDelete, 0, id: 77) : shown(0, 9_999 * cent, 0)
    try bench.step([
      MarketFrame(bench.engine.now + 1, 1, [event(.ownCancelled, 0, id: 1, quantity: 1000)]),
      MarketFrame(bench.engine.now + 1, 0, [gone]),
    ])
    #expect(try bench.decide().intents.map(\.price) == [9_998 * cent])
  }

  /// Touch and depth of others, from the venue's own books.
  private func check(_ context: VenueContext, _ venue: UnreliableVenue, _ side: Side, _ comment: Comment) -> Bool {
    let others = venue.others(side)
    let ticks = venue.displayedTicks(side)
    let depth = ticks.prefix(5).reduce(Int64(0)) { $0 + others[$1] }
    #expect((side == .buy ? context.bidDepth : context.askDepth) == depth, comment)
    let best = ticks.first { others[$0] > 0 }
    let touch = best.map { Touch(price: UnreliableVenue.price($0), quantity: others[$0]) }
    #expect((side == .buy ? context.bid : context.ask) == touch, comment)
    return touch != nil
  }

  @Test("A venue that fills what it had cancelled is counted and flagged, and then nothing more is sent")
  func breaches() throws {
    var counts = WorldCounts()
    var flagged: Int64 = 0
    for seed in UInt64(0)..<300 {
      var random = RandomSource(seed: seed, stream: 3)
      let scene = scene(&random)
      var mishaps = Mishaps.none
      mishaps.fillsCancelled = 300_000
      mishaps.delay = [0, 500 * millisecond][Int(random.below(2))]
      let world = try run(scene, mishaps, seed)
      counts += world.counts
      try checkRecord(world.record, scene, world.knowledge, "seed \(seed)")
      let here = world.record.bodies(.fill).reduce(Int64(0)) { $0 + (Int64($1["beyond_open"]?.text ?? "0") ?? 0) }
      #expect(here == world.knowledge.beyond, "seed \(seed)")
      flagged += here
    }
    #expect(flagged > 1_000 && counts.breaches > 1_000)
  }
}
