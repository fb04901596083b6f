// SPDX-License-Identifier: Apache-2.0

import EventFlow
import Testing
import VenueSimulator

/// The same rules in the plainest form: one array of orders in the order of arrival, searched from end to end.
private struct PlainBook {
  struct Order: Equatable {
    var reference: UInt64
    var side: Side
    var price: Int64
    var quantity: Int64
    var owner: UInt32
  }
  var orders: [Order] = []
  var next: UInt64 = 1
  var executions: [(resting: UInt64, taker: UInt64, price: Int64, quantity: Int64)] = []

  /// The resting order whose turn it is against an order on `side`.
  func turn(against side: Side, _ limit: Int64) -> Int? {
    var best: Int?
    for (index, order) in orders.enumerated() where order.side == side.opposite {
      guard side == .buy ? order.price <= limit : order.price >= limit else { continue }
      guard let other = best else {
        best = index
        continue
      }
      if side == .buy ? order.price < orders[other].price : order.price > orders[other].price { best = index }
    }
    return best
  }

  mutating func place(_ side: Side, _ price: Int64, _ quantity: Int64, rests: Bool, _ owner: UInt32) -> Int64 {
    let reference = next
    next += 1
    var left = quantity
    while left > 0, let index = turn(against: side, price) {
      let traded = min(left, orders[index].quantity)
      executions.append((orders[index].reference, reference, orders[index].price, traded))
      left -= traded
      orders[index].quantity -= traded
      if orders[index].quantity == 0 { orders.remove(at: index) }
    }
    if left > 0, rests {
      orders.append(Order(reference: reference, side: side, price: price, quantity: left, owner: owner))
    }
    return quantity - left
  }

  func levels(_ side: Side) -> [(price: Int64, quantity: Int64, count: Int)] {
    let prices = Set(orders.filter { $0.side == side }.map(\.price)).sorted { side == .buy ? $0 > $1 : $0 < $1 }
    return prices.map { price in
      let here = orders.filter { $0.side == side && $0.price == price }
      return (price, here.map(\.quantity).reduce(0, +), here.count)
    }
  }
}

@Suite struct MatchingEngineTests {
  private static let tick: Int64 = 10_000_000
  private static let lot: Int64 = 100

  private static func engine(maximumOrders: Int = 512, reductionKeepsPlace: Bool = true) -> MatchingEngine {
    MatchingEngine(
      rules: MatchingRules(
        tick: tick, lot: lot, maximumQuantity: 1_000_000, maximumOrders: maximumOrders,
        reductionKeepsPlace: reductionKeepsPlace))
  }

  @Test(arguments: [true, false]) func agreesWithThePlainBook(keeps: Bool) throws {
    for seed in 0..<200 {
      var random = RandomSource(seed: UInt64(seed))
      var engine = Self.engine(reductionKeepsPlace: keeps)
      var plain = PlainBook()
      var handles: [OrderHandle] = []
      var entered: Int64 = 0
      var gone: Int64 = 0
      for step in 0..<400 {
        let side: Side = random.below(2) == 0 ? .buy : .sell
        let price = (1000 + Int64(random.below(12)) - 6) * Self.tick
        let quantity = (1 + Int64(random.below(9))) * Self.lot
        let owner = UInt32(step)
        let pick = handles.isEmpty ? nil : handles[Int(random.below(UInt64(handles.count)))]
        engine.clearChanges()
        plain.executions.removeAll()
        switch random.below(10) {
        case 0..<5:
          let immediate = random.below(4) == 0
          let placement = try engine.add(
            side: side, price: price, quantity: quantity, condition: immediate ? .immediateOrCancel : .day,
            owner: owner)
          let filled = plain.place(side, price, quantity, rests: !immediate, owner)
          #expect(placement.filled == filled)
          #expect(placement.cancelled == (immediate ? quantity - filled : 0))
          #expect((placement.resting != nil) == (!immediate && filled < quantity))
          entered += quantity
          gone += 2 * filled + placement.cancelled
          if let handle = placement.resting { handles.append(handle) }
        case 5:
          // Post-only is refused exactly when somebody stands in the way.
          let crosses = plain.turn(against: side, price) != nil
          if crosses {
            #expect(throws: MatchingRefusal.wouldCross) {
              try engine.add(side: side, price: price, quantity: quantity, condition: .postOnly, owner: owner)
            }
          } else {
            let placement = try engine.add(
              side: side, price: price, quantity: quantity, condition: .postOnly, owner: owner)
            _ = plain.place(side, price, quantity, rests: true, owner)
            handles.append(try #require(placement.resting))
            entered += quantity
          }
        case 6, 7:
          guard let pick else { continue }
          let index = plain.orders.firstIndex { $0.reference == pick.reference }
          guard let index else {
            #expect(engine.order(pick) == nil)
            #expect(throws: MatchingRefusal.unknownOrder) { try engine.cancel(pick) }
            continue
          }
          let part = random.below(2) == 0 ? nil : Optional(quantity)
          let taken = try engine.cancel(pick, quantity: part)
          #expect(taken == min(part ?? .max, plain.orders[index].quantity))
          gone += taken
          plain.orders[index].quantity -= taken
          if plain.orders[index].quantity == 0 { plain.orders.remove(at: index) }
        default:
          guard let pick, let index = plain.orders.firstIndex(where: { $0.reference == pick.reference }) else {
            continue
          }
          let old = plain.orders[index]
          let placement = try engine.replace(pick, price: price, quantity: quantity, owner: owner)
          if keeps, price == old.price, quantity <= old.quantity {
            plain.orders[index].quantity = quantity
            plain.orders[index].owner = owner
            #expect(placement.resting == pick)
            gone += old.quantity - quantity
          } else {
            plain.orders.remove(at: index)
            let filled = plain.place(old.side, price, quantity, rests: true, owner)
            #expect(placement.filled == filled)
            gone += old.quantity + 2 * filled
            entered += quantity
            if let handle = placement.resting { handles.append(handle) }
          }
        }
        // Executions come one for one, in price-time order, at the resting price.
        let executed = engine.changes.filter { $0.kind == .executed }
        #expect(executed.map(\.reference) == plain.executions.map(\.resting))
        #expect(executed.map(\.counterpart) == plain.executions.map(\.taker))
        #expect(executed.map(\.price) == plain.executions.map(\.price))
        #expect(executed.map(\.quantity) == plain.executions.map(\.quantity))
        // The books agree order by order, and never stand crossed.
        for side in [Side.buy, .sell] {
          let levels = engine.levels(side)
          let expected = plain.levels(side)
          #expect(levels.map(\.price) == expected.map(\.price))
          #expect(levels.map(\.quantity) == expected.map(\.quantity))
          #expect(levels.map { Int($0.count) } == expected.map(\.count))
        }
        if let bid = engine.best(.buy), let ask = engine.best(.sell) { #expect(bid.price < ask.price) }
        #expect(engine.orderCount == plain.orders.count)
        let standing = plain.orders.map(\.quantity).reduce(0, +)
        #expect(entered - gone == standing, "quantity is neither made nor lost")
      }
      for side in [Side.buy, .sell] {
        for level in engine.levels(side) {
          let queue = engine.queue(side, at: level.price)
          let expected = plain.orders.filter { $0.side == side && $0.price == level.price }
          #expect(queue.map(\.reference) == expected.map(\.reference))
          #expect(queue.map(\.quantity) == expected.map(\.quantity))
          #expect(queue.map(\.owner) == expected.map(\.owner))
        }
      }
    }
  }

  @Test func refusesWhatItsRulesForbid() throws {
    var engine = Self.engine(maximumOrders: 2)
    func add(_ price: Int64, _ quantity: Int64, _ condition: MatchingCondition = .day) throws(MatchingRefusal) {
      _ = try engine.add(side: .buy, price: price, quantity: quantity, condition: condition, owner: 0)
    }
    #expect(throws: MatchingRefusal.price) { try add(Self.tick + 1, 100) }
    #expect(throws: MatchingRefusal.price) { try add(0, 100) }
    #expect(throws: MatchingRefusal.price) { try add(-Self.tick, 100) }
    #expect(throws: MatchingRefusal.price) { try add(.max / Self.tick * Self.tick, 100) }
    #expect(throws: MatchingRefusal.quantity) { try add(Self.tick, 150) }
    #expect(throws: MatchingRefusal.quantity) { try add(Self.tick, 0) }
    #expect(throws: MatchingRefusal.quantity) { try add(Self.tick, 1_000_100) }
    try add(Self.tick, 1_000_000)
    try add(Self.tick, 100)
    #expect(throws: MatchingRefusal.full) { try add(Self.tick, 100) }
    engine.phase = .halted
    #expect(throws: MatchingRefusal.halted) { try add(Self.tick, 100) }
    engine.phase = .closed
    #expect(throws: MatchingRefusal.closed) { try add(Self.tick, 100) }
    engine.phase = .open
    #expect(engine.quantity(.buy, at: Self.tick) == 1_000_100)
  }

  /// A full book still replaces, and a replaced order is told as one change unless it trades.
  @Test func replacementsAreTold() throws {
    var engine = Self.engine(maximumOrders: 2, reductionKeepsPlace: false)
    let first = try engine.add(side: .buy, price: 10 * Self.tick, quantity: 300, condition: .day, owner: 1)
    _ = try engine.add(side: .sell, price: 12 * Self.tick, quantity: 100, condition: .day, owner: 2)
    engine.clearChanges()
    let second = try engine.replace(#require(first.resting), price: 11 * Self.tick, quantity: 300)
    #expect(engine.changes.map(\.kind) == [.replaced])
    #expect(engine.changes[0].counterpart == first.reference)
    #expect(engine.changes[0].reference == second.reference)
    engine.clearChanges()
    let third = try engine.replace(#require(second.resting), price: 12 * Self.tick, quantity: 300)
    #expect(engine.changes.map(\.kind) == [.removed, .executed, .added])
    #expect(third.filled == 100)
    #expect(engine.order(try #require(third.resting))?.quantity == 200)
    #expect(engine.order(try #require(second.resting)) == nil)
  }
}
