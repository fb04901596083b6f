// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import MarketModel
import Testing

/// Random streams, held against a book that is written with dictionaries.
@Suite("Books against a naive book")
struct PropertyTests {
  /// Few prices make deep queues, many make more blocks of levels than one.
  @Test(
    "Orders", arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8], [(prices: 12, live: 40), (prices: 4000, live: 3000)])
  func orders(seed: UInt64, shape: (prices: Int, live: Int)) {
    var random = Seeded(seed)
    var market = Market(seed: seed)
    var twin = Market(seed: ~seed)
    var naive = [NaiveBook(), NaiveBook()]
    for number in 0..<2 { market.apply(definition(number), time: 0, feed: 0) }
    for number in 0..<2 { twin.apply(definition(number), time: 0, feed: 0) }
    var unknown: Int64 = 0
    var repeated: Int64 = 0
    var over: Int64 = 0
    let steps = shape.live * 8 + 2000
    for step in 1...steps {
      let number = Int.random(in: 0..<2, using: &random)
      // The same ids live in both instruments, as venues with ids per instrument have them.
      let id = UInt64.random(in: 0..<UInt64(shape.live), using: &random)
      let price = Int64.random(in: -3..<Int64(shape.prices), using: &random) * 10_000_000
      let quantity = Int64.random(in: 1...500, using: &random)
      let side: Side = Bool.random(using: &random) ? .buy : .sell
      let held = naive[number].orders[id]
      var next: Event
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<50:
        next = event(.orderAdd, number, id: id, side: side, price: price, quantity: quantity)
        if held != nil { repeated += 1 }
        naive[number].orders[id] = .init(side: side, price: price, quantity: quantity)
      case 50..<60:
        next = event(.orderDelete, number, id: id)
        if held == nil { unknown += 1 }
        naive[number].orders[id] = nil
      case 60..<70:
        next = event(.orderReduce, number, id: id, quantity: quantity)
        if let held { over += quantity > held.quantity ? 1 : 0 } else { unknown += 1 }
        naive[number].take(id, quantity)
      case 70..<80:
        next = event(.orderExecute, number, id: id, quantity: quantity, flags: [.last, .restingPrice, .volume])
        if let held { over += quantity > held.quantity ? 1 : 0 } else { unknown += 1 }
        naive[number].take(id, quantity)
      case 80..<88:
        next = event(.orderModify, number, id: id, price: price, quantity: quantity)
        if let held {
          naive[number].orders[id] = .init(side: held.side, price: price, quantity: quantity)
        } else {
          unknown += 1
        }
      case 88..<99:
        let fresh = UInt64.random(in: 0..<UInt64(shape.live), using: &random)
        next = event(.orderReplace, number, id: fresh, price: price, quantity: quantity, aux: id)
        if let held {
          naive[number].orders[id] = nil
          if naive[number].orders[fresh] != nil { repeated += 1 }
          naive[number].orders[fresh] = .init(side: held.side, price: price, quantity: quantity)
        } else {
          unknown += 1
        }
      default:
        next = event(.notice, number)
        if step % 7 == 0 {
          next = event(.clear, number)
          naive[number] = NaiveBook()
        }
      }
      market.apply(next, time: Int64(step), feed: 0)
      twin.apply(next, time: Int64(step), feed: 0)
      if step % 50 == 0 || step == steps {
        for number in 0..<2 { check(market, twin, number, naive[number], orders: true, "seed \(seed) step \(step)") }
      }
    }
    #expect(market.counters == twin.counters)
    #expect(market.counters.unknownOrders == unknown)
    #expect(market.counters.repeatedOrders == repeated)
    #expect(market.counters.overTaken == over)
    #expect(market.counters.overflows == 0)
  }

  @Test("Levels", arguments: [UInt64(1), 2, 3, 4], [5, 60, 5000])
  func levels(seed: UInt64, prices: Int) {
    var random = Seeded(seed)
    var market = Market(seed: seed)
    var twin = Market(seed: ~seed)
    market.apply(definition(0), time: 0, feed: 0)
    twin.apply(definition(0), time: 0, feed: 0)
    var naive = NaiveBook()
    for step in 1...(prices * 6 + 1000) {
      let side: Side = Bool.random(using: &random) ? .buy : .sell
      let price = Int64.random(in: 0..<Int64(prices), using: &random) * 1_000_000_000 - 7_000_000_000
      // Towards the end mostly removals, so that blocks run empty.
      let gone = Int.random(in: 0..<100, using: &random) < (step > prices * 4 ? 80 : 30)
      let quantity = gone ? 0 : Int64.random(in: 1...1000, using: &random)
      naive.levels[side]![price] = quantity == 0 ? nil : quantity
      var next = event(.level, side: side, price: price, quantity: quantity)
      if step % 997 == 0 {
        next = event(.clear)
        naive = NaiveBook()
      }
      market.apply(next, time: Int64(step), feed: 0)
      twin.apply(next, time: Int64(step), feed: 0)
      if step % 100 == 0 { check(market, twin, 0, naive, orders: false, "seed \(seed) step \(step)") }
    }
    check(market, twin, 0, naive, orders: false, "seed \(seed) end")
  }

  private func check(
    _ market: borrowing Market, _ twin: borrowing Market, _ number: Int, _ naive: NaiveBook, orders: Bool,
    _ place: String
  ) {
    for side in [Side.buy, .sell] {
      let expected = orders ? naive.depth(side) : naive.levelDepth(side)
      let found = market.depth(number, side, levels: .max)
      #expect(found == expected, "\(place)")
      #expect(found == twin.depth(number, side, levels: .max), "\(place)")
      #expect(market.levelCount(number, side) == expected.count)
      #expect(market.top(number)[side] == expected.first)
      let some = expected.dropFirst(expected.count / 3).first ?? PriceLevel(price: 5, quantity: 0)
      #expect(market.displayed(number, side, at: some.price) == some.quantity)
      let within = expected.prefix { side == .buy ? $0.price >= some.price : $0.price <= some.price }
      #expect(market.displayed(number, side, within: some.price) == within.reduce(0) { $0 + Int128($1.quantity) })
    }
    if orders {
      #expect(market.liveOrders(number) == naive.orders.count)
      for (id, order) in naive.orders {
        let found = market.order(number, id: id)
        #expect(found?.side == order.side && found?.price == order.price && found?.quantity == order.quantity)
      }
    }
  }

  @Test("A million levels from the worst end up and down again stay affordable")
  func manyLevels() {
    var market = Market(seed: 1)
    market.apply(definition(0), time: 0, feed: 0)
    let count: Int64 = 1_000_000
    for price in 0..<count {
      market.apply(event(.level, side: .sell, price: price, quantity: 1), time: 0, feed: 0)
      market.apply(event(.level, side: .buy, price: -price, quantity: 1), time: 0, feed: 0)
    }
    #expect(market.levelCount(0, .sell) == 1_000_000)
    #expect(market.levelCount(0, .buy) == 1_000_000)
    #expect(market.displayed(0, .sell, within: count) == Int128(count))
    for price in 0..<count {
      market.apply(event(.level, side: .sell, price: price, quantity: 0), time: 0, feed: 0)
    }
    #expect(market.levelCount(0, .sell) == 0)
    #expect(market.top(0).ask == nil)
    #expect(market.counters.unknownLevels == 0)
  }

  @Test("Clearing a full book again and again costs no walk through its orders")
  func manyClears() {
    var market = Market(seed: 1)
    market.apply(definition(0), time: 0, feed: 0)
    market.apply(definition(1), time: 0, feed: 0)
    for id in 0..<200_000 {
      market.apply(event(.orderAdd, 1, id: UInt64(id), side: .buy, price: 1, quantity: 1), time: 0, feed: 0)
    }
    for round in 0..<1_000_000 {
      market.apply(event(.orderAdd, id: UInt64(round), side: .sell, price: 2, quantity: 1), time: 0, feed: 0)
      market.apply(event(.clear), time: 0, feed: 0)
    }
    #expect(market.liveOrders(0) == 0)
    #expect(market.liveOrders(1) == 200_000)
    #expect(market.displayed(1, .buy, at: 1) == 200_000)
    #expect(market.order(0, id: 999_999) == nil)
  }
}
