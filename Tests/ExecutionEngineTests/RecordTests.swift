// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionEngine
import ExecutionIR
import Governance
import Testing

@Suite("What the leaves tell")
struct RecordTests {
  /// A touch that moves each few seconds, so that orders follow it.
  private func record(_ fills: FillSource = .model) throws -> (Scene, Record) {
    var scene = Scene()
    scene.fills = fills
    scene.length = 80 * second
    var market = opening(scene)
    for step in 1..<30 {
      let time = Scene.start + Int64(step) * 3 * second - second
      market.append(
        MarketFrame(
          time, 0,
          [
            level(0, .buy, (9_998 + Int64(step % 3)) * cent, step % 2 == 0 ? 40 : 0),
            level(0, .buy, 9_999 * cent, Int64(step)),
          ]))
    }
    return (scene, try ModelRun.run(scene, market))
  }

  @Test("Every order leaf has parent and child ids, its replace chain, account, capacity, algorithm and version")
  func orders() throws {
    let (scene, record) = try record()
    let task = try scene.task()
    let bodies = record.bodies(.order)
    var chains: [UInt64: [UInt64]] = [:]
    for body in bodies {
      let leaf = try #require(body["order"])
      #expect(leaf["parent"]?.text == task.digest.description)
      #expect(leaf["account"]?.text == "DESK-7" && leaf["capacity"]?.text == "agency")
      #expect(leaf["algorithm"]?["name"]?.text == "schedule" && leaf["algorithm"]?["version"]?.text == "9")
      #expect(leaf["simulated"]?.boolean == true && body["fills"]?.text == "model")
      #expect(body["policy"]?.text == scene.policy.digest.description)
      let id = try #require(leaf["id"]?.integer(as: UInt64.self))
      let chain = try #require(leaf["chain"]?.integer(as: UInt64.self))
      if let replaced = leaf["replaces"]?.integer(as: UInt64.self) {
        // It goes on from the last one of its chain.
        #expect(chains[chain]?.last == replaced)
      } else {
        #expect(chain == id)
      }
      chains[chain, default: []].append(id)
    }
    #expect(bodies.count > 10 && chains.values.contains { $0.count > 2 })
    // Statement and intent tell of the same order.
    let sent = record.intents.filter { $0.action == .new }
    #expect(try record.orders().map(\.id) == sent.map(\.id))
    #expect(try record.orders().map(\.quantity) == sent.map(\.quantity))
    #expect(try record.orders().map(\.createdAt) == sent.map(\.time))
  }

  @Test("Every cancel leaf leads to its order, its chain and who answers for it")
  func cancels() throws {
    let (_, record) = try record()
    let orders = try record.orders()
    let cancels = record.bodies(.cancel)
    #expect(cancels.count > 5)
    for cancel in cancels {
      let order = try #require(orders.first { String($0.id) == cancel["order"]?.text })
      #expect(cancel["chain"]?.text == String(order.chain) && cancel["parent"]?.text == order.parent.description)
      #expect(cancel["account"]?.text == "DESK-7" && cancel["capacity"]?.text == "agency")
      #expect(cancel["algorithm"] == .object(["name": .string("schedule"), "version": .string("9")]))
      #expect(cancel["attempt"]?.integer() == 1)
    }
  }

  @Test("Plans name what they were made from, and orders the plan that they follow from")
  func digests() throws {
    let (scene, record) = try record()
    let deltas = try record.plans()
    let contexts = try record.contexts()
    #expect(deltas.count == 4)
    for (delta, context) in zip(deltas, contexts) {
      #expect(delta.context == context.digest && delta.context == context.json.digest)
      #expect(context.reference == (try scene.reference()).digest)
    }
    _ = try record.plans(after: deltas, slices: 4, venues: 2, scale: 0)
    for order in try record.orders() {
      #expect(order.decision == deltas[order.slice].digest)
      #expect(order.createdAt >= deltas[order.slice].decidedAt)
    }
  }

  @Test("No two statements have one subject, and no two orders one number, sent, denied or in a shadow run")
  func unique() throws {
    for fills in FillSource.allCases {
      let (_, record) = try record(fills == .simulated ? .model : fills)
      #expect(Dictionary(grouping: record.statements, by: \.subject).allSatisfy { $0.value.count == 1 })
      let ids = try record.orders().map(\.id)
      #expect(ids == ids.sorted() && Dictionary(grouping: ids) { $0 }.count == ids.count)
      if fills == .shadow {
        #expect(record.intents.isEmpty && ids.count == 8)
        #expect(record.bodies(.order).allSatisfy { $0["fills"]?.text == "shadow" })
      }
    }
    var scene = Scene()
    scene.policy = Scene.policy(size: "499")
    scene.venues[1].takerFee = "0.1"
    var bench = try Bench(scene)
    for frame in opening(scene) { try bench.step(frame) }
    try bench.decide(through: scene.look(0, 2))
    let numbers = try bench.record.denials().map(\.order.id) + bench.record.orders().map(\.id)
    #expect(numbers.count > 3 && Dictionary(grouping: numbers) { $0 }.count == numbers.count)
  }

  @Test("A venue's largest order, smallest order and smallest value are kept")
  func venueBounds() throws {
    func first(_ change: (inout Scene.Venue) -> Void) throws -> [Int64] {
      var scene = Scene()
      scene.venues = [Scene.Venue()]
      change(&scene.venues[0])
      var bench = try Bench(scene)
      for frame in opening(scene) { try bench.step(frame) }
      return try bench.decide().intents.map(\.quantity)
    }
    #expect(try first { _ in } == [1000])
    #expect(try first { $0.maximumQuantity = "1000" } == [1000])
    #expect(try first { $0.maximumQuantity = "999.9" } == [999])
    #expect(
      try first {
        $0.maximumQuantity = "999"
        $0.lot = "10"
      } == [990])
    #expect(try first { $0.minimumQuantity = "1000" } == [1000])
    #expect(try first { $0.minimumQuantity = "1001" } == [])
    // 1000 at 99.99.
    #expect(try first { $0.minimumNotional = "99990" } == [1000])
    #expect(try first { $0.minimumNotional = "99990.01" } == [])
  }

  @Test("The volume that is expected is that of others; own prints are on a simulated venue's tape and nowhere else")
  func expectedVolume() throws {
    for fills in [FillSource.simulated, .model] {
      var scene = Scene()
      scene.fills = fills
      scene.venues = [Scene.Venue()]
      var bench = try Bench(scene)
      for frame in opening(scene) { try bench.step(frame) }
      try bench.decide()
      let time = Scene.start + second
      try bench.step([
        MarketFrame(time, 0, [trade(0, 9_999 * cent, 60, match: 1), trade(0, 9_999 * cent, 500, match: 2)]),
        MarketFrame(time, 1, [event(.ownFilled, 0, id: 1, price: 9_999 * cent, quantity: 500, aux: 2)]),
      ])
      try bench.decide(through: scene.look(1, 0))
      // Eleven seconds from the definition, slices of ten.
      let others: Int64 = fills == .simulated ? 60 : 560
      #expect(try bench.record.contexts()[1].venues[0].volume == Array(repeating: others * 10 / 11, count: 4))
    }
  }

  /// Sums are kept as they change: were they walked, this would take minutes.
  @Test("A blotter of two hundred thousand children answers as fast as one of ten")
  func manyChildren() {
    var blotter = OrderBlotter(venues: 2)
    let start = ContinuousClock.now
    for id in UInt64(1)...200_000 {
      let terms = ChildTerms(venue: Int(id % 2), price: one, quantity: 10, isPassive: true, slice: 0)
      blotter.send(
        ChildState(id: id, terms: terms, sentAt: 0, replaces: nil, chain: id, printedBefore: 0))
      #expect(blotter.totals.working == 10)
      if case .filled = blotter.report(event(.ownFilled, 0, id: id, price: one, quantity: 4, aux: id), quantity: 4) {}
      _ = blotter.report(event(.ownCancelled, 0, id: id, quantity: 6), quantity: 6)
      #expect(blotter.openChildren.isEmpty && blotter.lastChild(venue: Int(id % 2))?.id == id)
    }
    #expect(blotter.totals.filled == 800_000 && blotter.totals(venue: 0).filled == 400_000)
    #expect(ContinuousClock.now - start < .seconds(20))
  }
}

@Suite("What a run refuses to begin with")
struct BeginningTests {
  private func refusal(_ scene: Scene, without field: String? = nil) throws -> String? {
    var reference = try scene.reference()
    if let field {
      let text = String(decoding: reference.json.canonical, as: UTF8.self)
      let members = try #require(reference.json["listings"]?.elements?[0]["terms"]?.elements?[0].members)
      let value = try #require(members[field])
      let stated = "\"\(field)\":" + String(decoding: value.canonical, as: UTF8.self) + ","
      #expect(text.contains(stated))
      reference = try ReferenceData.parse(Array(text.split(separator: stated).joined().utf8), file: "reference.json")
    }
    let plain = try scene.configuration()
    do throws(EngineError) {
      _ = try Engine.begin(
        EngineConfiguration(
          task: plain.task, reference: reference, policy: plain.policy, feeds: plain.feeds, fills: plain.fills,
          prior: nil, seed: 1))
      return nil
    } catch {
      return error.description
    }
  }

  @Test(
    "A value that an order will need and the reference data does not state is named before anything is written",
    arguments: ["lot", "maker_fee", "taker_fee", "fee_currency", "impact", "minimum_quantity", "minimum_notional"])
  func missing(_ field: String) throws {
    #expect(try refusal(Scene()) == nil)
    let text = try #require(try refusal(Scene(), without: field))
    #expect(text.contains("reference.json: V0 S: \(field)"))
  }

  @Test("The variance that an objective needs, and lots that do not fit the quantity")
  func variance() throws {
    var scene = Scene()
    scene.objective = .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 3))
    #expect(try #require(try refusal(scene)).contains("needs the variance of SEC"))
    scene.variance = "0"
    #expect(try refusal(scene) == nil)
    scene.venues = [Scene.Venue()]
    scene.venues[0].lot = "3"
    #expect(try #require(try refusal(scene)).contains("is no multiple of the lot 3 of V0 S"))
  }
}
