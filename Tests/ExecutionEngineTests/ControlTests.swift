// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionEngine
import ExecutionIR
import Governance
import Testing

/// A moment at which an order is decided: at a control's limit, or one past it. What the control must then say.
private struct Edge {
  var atLimit: EngineOutput
  var pastLimit: EngineOutput
  /// The limit and what is held against it, at the limit and past it.
  var limit: (String, String)
  var observed: (String, String)
}

@Suite("Pre-trade controls, through the engine")
struct ControlTests {
  /// One venue, one slice of 40 s with a look every 5 s, 1000 to buy; the book is 99.99 to 100.01.
  private static func scene(_ change: (inout Scene) -> Void = { _ in }) -> Scene {
    var scene = Scene()
    scene.venues = [Scene.Venue()]
    scene.slices = 1
    scene.quantity = ExactDecimal(units: 1000, scale: 0)
    change(&scene)
    return scene
  }

  /// The bench with its book, before the window.
  private static func bench(
    bid: Int64 = 9_999 * cent, ask: Int64 = 10_001 * cent, at time: Int64 = Scene.start - second,
    _ change: (inout Scene) -> Void = { _ in }
  ) throws -> Bench {
    let scene = scene(change)
    var bench = try Bench(scene)
    for frame in opening(scene, bid: bid, ask: ask) { try bench.step(MarketFrame(time, frame.feed, frame.events)) }
    return bench
  }

  /// The first look of the window.
  private static func first(
    bid: Int64 = 9_999 * cent, ask: Int64 = 10_001 * cent, _ change: (inout Scene) -> Void = { _ in }
  ) throws -> EngineOutput {
    var bench = try bench(bid: bid, ask: ask, change)
    return try bench.decide()
  }

  private static func taking(_ quantity: Int64, _ price: Int64 = 10_001 * cent) -> ChildTerms {
    ChildTerms(venue: 0, price: price, quantity: quantity, isPassive: false, slice: 0)
  }

  private static func own(_ kind: EventKind, _ id: UInt64, _ quantity: Int64 = 0, at time: Int64) -> MarketFrame {
    MarketFrame(time, 1, [event(kind, 0, id: id, quantity: quantity, aux: id + 100)], flags: .simulated)
  }

  /// The second look, behind a first order that the venue rejected and whatever `between` tells of the market.
  private static func again(
    at time: Int64 = Scene.start - second, _ between: [Event] = [],
    _ change: (inout Scene) -> Void = { _ in }
  ) throws -> EngineOutput {
    var bench = try bench(at: time, change)
    try bench.decide()
    try bench.step(own(.ownRejected, 1, at: Scene.start + 1))
    if !between.isEmpty { try bench.step(MarketFrame(Scene.start + 2, 0, between)) }
    return try bench.decide()
  }

  /// The taking order of the last look, while the house has a sell order of another run at `price`.
  private static func sweep(besideSellAt price: Int64) throws -> EngineOutput {
    var bench = try bench()
    try bench.step(
      MarketFrame(
        Scene.start - 1, 1,
        [event(.ownAcknowledged, 0, id: 900, side: .sell, price: price, quantity: 10, aux: 77)]))
    try bench.decide()
    try bench.step(own(.ownAcknowledged, 1, at: Scene.start + 1))
    try bench.decide(through: bench.scene.look(0, 6))
    try bench.step(own(.ownCancelled, 1, 1000, at: bench.scene.look(0, 6) + 1))
    return try bench.decide()
  }

  /// Each control's own edge. A new control does not compile until its edge is here.
  private static func edge(of control: PolicyControl) throws -> Edge {
    switch control {
    case .parentQuantity:
      var whole = try bench()
      var more = try bench()
      return Edge(
        atLimit: try whole.submit(taking(1000), at: Scene.start),
        pastLimit: try more.submit(taking(1001), at: Scene.start),
        limit: ("1000", "1000"), observed: ("1000", "1001"))
    case .parentLimit:
      // A locked book, so that the own side's touch can be at the limit.
      let price = 10_001 * cent
      var past = try bench { $0.limit = price }
      return Edge(
        atLimit: try first(bid: price, ask: price) { $0.limit = price },
        pastLimit: try past.submit(taking(1000, price + 1), at: Scene.start), limit: ("100.01", "100.01"),
        observed: ("100.01", "100.010000001"))
    case .priceCollar:
      let collar = Policy.Collar(basisPoints: 100, reference: .mid)
      return Edge(
        atLimit: try first(bid: 99 * one, ask: 101 * one) { $0.policy = Scene.policy(collar: collar) },
        pastLimit: try first(bid: 99 * one - 1, ask: 101 * one) { $0.policy = Scene.policy(collar: collar) },
        limit: ("99 to 101", "99 to 100.999999999"), observed: ("99", "98.999999999"))
    case .orderValue:
      return Edge(
        atLimit: try first { $0.policy = Scene.policy(value: "99990") },
        pastLimit: try first(bid: 9_999 * cent + 1) { $0.policy = Scene.policy(value: "99990") },
        limit: ("99990 EUR", "99990 EUR"), observed: ("99990 EUR", "99990.000001 EUR"))
    case .orderQuantity:
      return Edge(
        atLimit: try first { $0.policy = Scene.policy(size: "1000") },
        pastLimit: try first {
          $0.policy = Scene.policy(size: "1000")
          $0.quantity = ExactDecimal(units: 1001, scale: 0)
        }, limit: ("1000", "1000"), observed: ("1000", "1001"))
    case .participation:
      // Others traded 909 since the window began: a tenth of 909 + 101 is 101, and the engine asks for that by itself.
      func traded() throws -> Bench {
        var bench = try bench { $0.participation = 100_000 }
        #expect(try bench.decide().intents.isEmpty)
        try bench.step(MarketFrame(Scene.start + 1, 0, [trade(0, 100 * one, 909)]))
        return bench
      }
      var within = try traded()
      var past = try traded()
      return Edge(
        atLimit: try within.decide(), pastLimit: try past.submit(taking(102), at: Scene.start + 1),
        limit: ("101", "101"),
        observed: ("101", "102"))
    case .restricted:
      return Edge(
        atLimit: try first { $0.policy = Scene.policy(restricted: ["OTHER"]) },
        pastLimit: try first { $0.policy = Scene.policy(restricted: ["SEC"]) }, limit: ("1 entries", "1 entries"),
        observed: ("SEC, V0 S", "SEC, V0 S"))
    case .messageRate:
      // One message a second: a nanosecond decides.
      func next(after wait: Int64) throws -> EngineOutput {
        var bench = try bench {
          $0.policy = Scene.policy(rate: Policy.MessageRate(messages: 1, window: second))
        }
        #expect(try bench.submit(taking(10), at: Scene.start).intents.count == 1)
        return try bench.submit(taking(10), at: Scene.start + wait)
      }
      return Edge(
        atLimit: try next(after: second),
        pastLimit: try next(after: second - 1), limit: ("1", "1"), observed: ("1", "2"))
    case .ownCrossing:
      return Edge(
        atLimit: try sweep(besideSellAt: 10_001 * cent + 1), pastLimit: try sweep(besideSellAt: 10_001 * cent),
        limit: ("below 100.010000001", "below 100.01"), observed: ("100.01", "100.01"))
    case .halted:
      let open = UInt16(EXPROVE_TRADING_OPEN.rawValue)
      let halted = UInt16(EXPROVE_TRADING_HALTED.rawValue)
      return Edge(
        atLimit: try again([event(.status, 0, level: Int(open))]),
        pastLimit: try again([event(.status, 0, level: Int(halted))]), limit: ("trading", "trading"),
        observed: ("trading", "halted"))
    case .staleBook:
      // The book is of a second before the window, and the second look five seconds into it.
      let most = 6 * second
      let before = Scene.start - second
      return Edge(
        atLimit: try again(at: before) { $0.policy = Scene.policy(age: most) },
        pastLimit: try again(at: before - 1) { $0.policy = Scene.policy(age: most) },
        limit: ("6000000000 ns", "6000000000 ns"), observed: ("6000000000 ns", "6000000001 ns"))
    case .sharedContext: preconditionFailure("is asked of decisions: see SharedContextTests")
    }
  }

  @Test(
    "Each control passes at its limit and denies one past it, and a denial sends nothing",
    arguments: PolicyControl.ofOrders)
  func edges(_ control: PolicyControl) throws {
    let edge = try Self.edge(of: control)
    let sent = try #require(edge.atLimit.statements.last { $0.kind == .order || $0.kind == .denial })
    #expect(sent.kind == .order)
    let controls = try #require(sent.body["controls"]?.elements)
    #expect(controls.compactMap { $0["control"]?.text } == PolicyControl.ofOrders.map(\.rawValue))
    #expect(controls.allSatisfy { $0["verdict"]?.text == "pass" })
    let result = try #require(controls.first { $0["control"]?.text == control.rawValue })
    #expect(result["limit"]?.text == edge.limit.0 && result["observed"]?.text == edge.observed.0)
    let order = try ChildOrder(json: try #require(sent.body["order"]))
    #expect(edge.atLimit.intents.count { $0.action == .new && $0.id == order.id } == 1)

    #expect(!edge.pastLimit.statements.contains { $0.kind == .order })
    #expect(edge.pastLimit.intents.isEmpty)
    let denied = try #require(edge.pastLimit.statements.last { $0.kind == .denial })
    let denial = try DenialRecord(json: try #require(denied.body["denial"]))
    #expect(
      denial.reasons == [
        DenialRecord.Reason(control: control.rawValue, measured: edge.observed.1, limit: edge.limit.1)
      ])
    #expect(denied.body["controls"]?.elements?.count == PolicyControl.ofOrders.count)
  }

  @Test("Filled, live, in flight and pending cancel all count towards the parent order")
  func everyState() throws {
    func prepared() throws -> Bench {
      var bench = try Self.bench()
      let time = Scene.start - millisecond
      for quantity in [100, 200, 300, 150] as [Int64] {
        _ = try bench.submit(Self.taking(quantity), at: time)
      }
      try bench.step(Self.own(.ownFilled, 1, 100, at: time))
      try bench.step(Self.own(.ownAcknowledged, 2, at: time))
      try bench.step(Self.own(.ownAcknowledged, 4, at: time))
      // What is live and away from the touch is cancelled: child 2 and 4, of which 4 loses 50 at once.
      let output = try bench.decide()
      #expect(output.intents.map(\.id) == [2, 4] && output.intents.allSatisfy { $0.action == .cancel })
      try bench.step(Self.own(.ownCancelled, 4, 50, at: time))
      return bench
    }
    // 100 filled, 300 in flight, 200 and 100 pending cancel: 300 are left.
    var whole = try prepared()
    var more = try prepared()
    #expect(try whole.submit(Self.taking(300), at: Scene.start).intents.count == 1)
    let denied = try more.submit(Self.taking(301), at: Scene.start)
    #expect(denied.intents.isEmpty)
    let denial = try DenialRecord(json: try #require(denied.statements.last?.body["denial"]))
    #expect(denial.reasons == [DenialRecord.Reason(control: "parent_quantity", measured: "1001", limit: "1000")])
  }

  @Test("The lower of the task's and the policy's participation counts")
  func twoCaps() throws {
    for (task, policy) in [(100_000, 200_000), (200_000, 100_000)] as [(Int64, Int64)] {
      var bench = try Self.bench {
        $0.participation = task
        $0.policy = Scene.policy(participation: policy)
      }
      try bench.decide()
      try bench.step(MarketFrame(Scene.start + 1, 0, [trade(0, 100 * one, 90)]))
      #expect(try bench.decide().intents.map(\.quantity) == [10])
    }
  }

  @Test("Beyond the message rate an order waits for the next look; cancels count and are never held back")
  func ratePasses() throws {
    var scene = Self.scene { $0.policy = Scene.policy(rate: Policy.MessageRate(messages: 2, window: second)) }
    scene.venues = [Scene.Venue(), Scene.Venue(), Scene.Venue()]
    var bench = try Bench(scene)
    for frame in opening(scene) { try bench.step(frame) }
    func acknowledged(_ id: UInt64, _ venue: Int, at time: Int64) -> MarketFrame {
      MarketFrame(time, 3, [event(.ownAcknowledged, venue, id: id, aux: id)])
    }
    let first = try bench.decide()
    #expect(first.intents.map(\.venue) == [0, 1])
    #expect(first.statements.last?.kind == .denial)
    try bench.step([acknowledged(1, 0, at: Scene.start + 1), acknowledged(2, 1, at: Scene.start + 1)])
    let next = try bench.decide()
    #expect(next.intents.map(\.venue) == [2] && next.intents.map(\.id) == [4])
    try bench.step(acknowledged(4, 2, at: Scene.start + 6 * second))
    try bench.step((0..<3).map { MarketFrame(Scene.start + 7 * second, $0, [level($0, .buy, 100 * one, 5)]) })
    #expect(try bench.decide().intents.map(\.action) == [.cancel, .cancel, .cancel])
    let late = try bench.submit(
      ChildTerms(venue: 2, price: 100 * one, quantity: 1, isPassive: false, slice: 0), at: Scene.start + 10 * second)
    #expect(late.intents.isEmpty && late.statements.last?.kind == .denial)
  }

  @Test("A book with missing messages is stale, whatever its age")
  func gap() throws {
    let output = try Self.again([event(.gap, 0, aux: 3)])
    let denial = try DenialRecord(json: try #require(output.statements.last?.body["denial"]))
    #expect(denial.reasons == [DenialRecord.Reason(control: "stale_book", measured: "gap", limit: "complete")])
    // A snapshot mends it.
    let mended = try Self.again([
      event(.gap, 0, aux: 3), event(.clear, 0), level(0, .buy, 9_999 * cent, 5, .snapshot),
      level(0, .sell, 10_001 * cent, 5, .snapshot),
    ])
    #expect(mended.intents.count == 1)
  }
}
