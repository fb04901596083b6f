// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import MarketModel
import Testing

@Suite("What events do to the market")
struct MarketTests {
  private func market(_ instruments: Int = 1) -> Market {
    var market = Market(seed: 5)
    for number in 0..<instruments { market.apply(definition(number), time: 0, feed: 0) }
    return market
  }

  @Test("Volume counts by the flags, and a break takes back what it counted")
  func tape() {
    var market = market()
    market.apply(event(.orderAdd, id: 1, side: .sell, price: 100, quantity: 50), time: 1, feed: 0)
    // At the resting order's price; the aggressor bought.
    let first = market.apply(
      event(.orderExecute, id: 1, quantity: 10, aux: 71, flags: [.last, .volume, .restingPrice]), time: 2, feed: 0)
    #expect(first.effect == .trade && first.price == 100 && first.quantity == 10 && first.side == .buy)
    // At a price of its own.
    let second = market.apply(
      event(.orderExecute, id: 1, price: 99, quantity: 5, aux: 72, flags: [.last, .volume]), time: 3, feed: 0)
    #expect(second.effect == .trade && second.price == 99)
    // Non-printable: the book changes, the volume doesn't.
    let third = market.apply(event(.orderExecute, id: 1, price: 98, quantity: 5, aux: 73), time: 4, feed: 0)
    #expect(third.effect == .executed)
    #expect(market.top(0).ask == PriceLevel(price: 100, quantity: 30))
    // Hidden: the volume counts, the book stays.
    market.apply(event(.trade, price: 97, quantity: 3, aux: 74, flags: [.last, .volume, .hidden]), time: 5, feed: 0)
    #expect(market.top(0).ask == PriceLevel(price: 100, quantity: 30))
    // Crosses stand apart.
    let cross = market.apply(
      event(.trade, price: 96, quantity: 1000, aux: 75, flags: [.last, .volume, .cross]), time: 6, feed: 0)
    #expect(cross.effect == .cross)
    // An execution of an order that nobody knows has a volume and no price.
    market.apply(
      event(.orderExecute, id: 9, quantity: 7, aux: 76, flags: [.last, .volume, .restingPrice]), time: 7, feed: 0)

    var expected = TapeTotals()
    expected.volume = 18
    expected.notional = 10 * 100 + 5 * 99 + 3 * 97
    expected.trades = 3
    expected.hiddenVolume = 3
    expected.crossVolume = 1000
    expected.crossNotional = 96_000
    expected.crosses = 1
    expected.unpricedVolume = 7
    expected.unpriced = 1
    expected.lastPrice = 97
    expected.lastQuantity = 3
    expected.lastTime = 5
    #expect(market.tape(0) == expected)

    for (match, effect) in [
      (71, Applied.Effect.broken), (71, .unusable), (74, .broken), (75, .broken), (73, .unusable),
    ] {
      #expect(market.apply(event(.tradeBreak, aux: UInt64(match)), time: 8, feed: 0).effect == effect)
    }
    #expect(market.counters.unknownBreaks == 2)
    #expect(market.counters.unknownOrders == 1)
    #expect(market.tape(0).volume == 5)
    #expect(market.tape(0).notional == 5 * 99)
    #expect(market.tape(0).hiddenVolume == 0)
    #expect(market.tape(0).crossVolume == 0)
    #expect(market.tape(0).broken == 3)
    #expect(market.volume(of: 0, from: 0, to: 60_000_000_000) == 5)
  }

  @Test("Volume in time, and breaks in the bucket where the trade stood")
  func buckets() {
    var market = Market(seed: 1, bucketWidth: 10)
    market.apply(definition(0), time: -100, feed: 0)
    for (index, time) in [Int64(-15), -5, 0, 9, 10, 35, 39].enumerated() {
      let trade = event(.trade, price: 1, quantity: 1 << index, aux: UInt64(index + 1), flags: [.last, .volume])
      market.apply(trade, time: time, feed: 0)
    }
    #expect(market.volume(of: 0, from: -20, to: -10) == 1)
    #expect(market.volume(of: 0, from: -10, to: 0) == 2)
    #expect(market.volume(of: 0, from: 0, to: 10) == 12)
    #expect(market.volume(of: 0, from: 0, to: 40) == 124)
    #expect(market.volume(of: 0, from: 20, to: 30) == 0)
    #expect(market.volume(of: 0, from: 3, to: 40) == 112)
    market.apply(event(.tradeBreak, aux: 4), time: 40, feed: 0)
    #expect(market.volume(of: 0, from: 0, to: 10) == 4)
    // A caller whose time runs backwards: the last bucket takes it, and gives it back.
    market.apply(event(.trade, price: 1, quantity: 1000, aux: 50, flags: [.last, .volume]), time: 1, feed: 0)
    #expect(market.volume(of: 0, from: 30, to: 40) == 1096)
    market.apply(event(.tradeBreak, aux: 50), time: 41, feed: 0)
    #expect(market.volume(of: 0, from: 30, to: 40) == 96)
    #expect(market.volume(of: 0, from: 0, to: 10) == 4)
  }

  @Test("At least the promised number of trades can be broken, and not many more are kept")
  func tradeMemory() {
    var market = Market(seed: 1, tradeMemory: 1000)
    market.apply(definition(0), time: 0, feed: 0)
    for id in 1...20_000 {
      market.apply(
        event(.trade, price: 1, quantity: 1, aux: UInt64(id), flags: [.last, .volume]), time: 0, feed: 0)
    }
    for id in 19_001...20_000 {
      #expect(market.apply(event(.tradeBreak, aux: UInt64(id)), time: 0, feed: 0).effect == .broken)
    }
    #expect(market.apply(event(.tradeBreak, aux: 10_000), time: 0, feed: 0).effect == .unusable)
    #expect(market.tape(0).volume == 19_000)
  }

  @Test("A group shows at its end, for each instrument and for quotes")
  func groups() {
    var market = market(2)
    market.apply(event(.level, 0, side: .buy, price: 10, quantity: 1), time: 1, feed: 0)
    let before = market.top(0)
    market.apply(event(.clear, 0, flags: []), time: 2, feed: 0)
    market.apply(event(.level, 0, side: .buy, price: 12, quantity: 5, flags: []), time: 2, feed: 0)
    market.apply(event(.level, 1, side: .sell, price: 13, quantity: 5, flags: []), time: 2, feed: 0)
    #expect(market.isGroupOpen == true)
    #expect(market.top(0) == before)
    #expect(market.top(1) == Top())
    market.apply(event(.level, 0, side: .sell, price: 11, quantity: 6), time: 2, feed: 0)
    #expect(market.isGroupOpen == false)
    #expect(market.top(0) == Top(bid: PriceLevel(price: 12, quantity: 5), ask: PriceLevel(price: 11, quantity: 6)))
    // Crossed, and shown as it is.
    #expect(market.top(0).isCrossed == true)
    #expect(market.top(0).spread == -1)
    #expect(market.top(0).doubledMid == 23)
    #expect(market.top(1).ask == PriceLevel(price: 13, quantity: 5))

    market.apply(event(.quote, 1, side: .buy, price: 8, quantity: 3, flags: []), time: 3, feed: 0)
    #expect(market.top(1, from: .quote) == Top())
    market.apply(event(.quote, 1, side: .sell, price: 8, quantity: 4), time: 3, feed: 0)
    #expect(market.top(1) == Top(bid: PriceLevel(price: 8, quantity: 3), ask: PriceLevel(price: 8, quantity: 4)))
    #expect(market.top(1).isLocked == true)
    #expect(market.top(1, from: .book).ask == PriceLevel(price: 13, quantity: 5))
    market.apply(event(.quote, 1, side: .buy, quantity: 0), time: 4, feed: 0)
    #expect(market.top(1).bid == nil)
    #expect(market.lastQuote(1) == 4)
    #expect(market.lastUpdate(1) == 2)
  }

  @Test("A gap makes the books of its feed stale until a snapshot or a definition")
  func gaps() {
    var market = market(1)
    market.apply(definition(1), time: 0, feed: 1)
    market.apply(event(.gap, 0), time: 1, feed: 0)
    #expect(market.isStale(0) == true)
    #expect(market.isStale(1) == false)
    market.apply(event(.clear, 0), time: 2, feed: 0)
    #expect(market.isStale(0) == false)
    market.apply(event(.gap, -1), time: 3, feed: 1)
    #expect(market.isStale(0) == false)
    #expect(market.isStale(1) == true)
    market.apply(event(.level, 1, side: .buy, price: 1, quantity: 1), time: 4, feed: 1)
    #expect(market.isStale(1) == true)
    market.apply(definition(1), time: 5, feed: 1)
    #expect(market.isStale(1) == false)
    #expect(market.counters.gaps == 2)
    // Told by another feed that lost messages before: nobody knows which.
    market.apply(event(.gap, -1), time: 6, feed: 2)
    market.apply(event(.level, 0, side: .buy, price: 1, quantity: 1), time: 7, feed: 2)
    #expect(market.isStale(0) == true)
    // A definition that contradicts the first is never mended.
    market.apply(definition(1, scale: 3), time: 8, feed: 1)
    market.apply(event(.clear, 1), time: 9, feed: 1)
    #expect(market.isStale(1) == true)
    #expect(market.counters.contradictions == 1)
  }

  @Test("Halts are of an instrument or of a feed")
  func status() {
    var market = market(2)
    #expect(market.status(0) == .unknown)
    #expect(market.isHalted(0) == false)
    market.apply(event(.status, 0, level: 4), time: 1, feed: 0)
    #expect(market.status(0) == .halted)
    #expect(market.isHalted(0) == true)
    #expect(market.isHalted(1) == false)
    market.apply(event(.status, 0, level: 3), time: 2, feed: 0)
    #expect(market.status(0) == .open)
    #expect(market.isHalted(0) == false)
    market.apply(event(.status, -1, level: 1), time: 3, feed: 0)
    #expect(market.isHalted(0) == true)
    #expect(market.isHalted(1) == true)
    #expect(market.sessionStatus(1) == .closed)
    market.apply(event(.status, 0, level: 99), time: 3, feed: 0)
    #expect(market.counters.unusable == 1)
    let stopping = TradingStatus.allCases.filter(\.stopsTrading)
    #expect(stopping == [.closed, .halted, .paused, .quoteOnly, .postClose])
  }

  @Test("What cannot be is counted and changes nothing")
  func hostile() {
    var market = market()
    let wrong = [
      event(.orderAdd, id: 1, side: .none, price: 1, quantity: 1), event(.orderAdd, id: 1, side: .buy, price: 1),
      event(.orderAdd, id: 1, side: .buy, price: 1, quantity: -1),
      event(.level, side: .buy, price: 1, quantity: -1), event(.level, side: .none, price: 1, quantity: 1),
      event(.quote, side: .buy, price: 1, quantity: .min), event(.trade, price: 1, quantity: 0),
      event(.trade, price: 1, quantity: .min), event(.instrument, 1, level: 19),
    ]
    for event in wrong { #expect(market.apply(event, time: 0, feed: 0).effect == .unusable) }
    #expect(market.counters.unusable == Int64(wrong.count))
    for kind in EventKind.allCases {
      var stranger = event(kind, 7)
      stranger.quantity = 1
      stranger.side = 1
      market.apply(stranger, time: 0, feed: UInt32.max)
    }
    #expect(market.counters.unknownInstruments > 8)
    // The sum at one price would leave 64 bits: the second order is left out, and the first stays whole.
    market.apply(event(.orderAdd, id: 2, side: .buy, price: .max, quantity: .max), time: 0, feed: 0)
    market.apply(event(.orderAdd, id: 3, side: .buy, price: .max, quantity: 1), time: 0, feed: 0)
    market.apply(event(.orderAdd, id: 4, side: .sell, price: .min, quantity: .max), time: 0, feed: 0)
    #expect(market.counters.overflows == 1)
    #expect(market.liveOrders(0) == 2)
    #expect(market.top(0).bid == PriceLevel(price: .max, quantity: .max))
    #expect(market.top(0).ask == PriceLevel(price: .min, quantity: .max))
    #expect(market.top(0).spread == Int128(Int64.min) - Int128(Int64.max))
    #expect(market.displayed(0, .buy, within: .min) == Int128(Int64.max))
    // Notionals beyond 128 bits: the third trade is left out.
    for match in 1...3 {
      market.apply(
        event(.trade, price: .max, quantity: .max, aux: UInt64(match), flags: [.last, .volume]), time: .max, feed: 0)
    }
    #expect(market.tape(0).trades == 1 || market.tape(0).trades == 2)
    #expect(market.counters.overflows >= 2)
    // No kind of event, and no value, traps.
    var random = Seeded(9)
    for _ in 0..<20_000 {
      let kind = EventKind.allCases.randomElement(using: &random)!
      let values: [Int64] = [.min, -1, 0, 1, .max]
      var any = event(
        kind, Int.random(in: -1...2, using: &random), id: .random(in: 0...5, using: &random),
        price: values.randomElement(using: &random)!, quantity: values.randomElement(using: &random)!,
        aux: .random(in: 0...5, using: &random), level: .random(in: 0...20, using: &random),
        flags: EventFlags(rawValue: .random(in: 0...0xFFFF, using: &random)))
      any.side = .random(in: 0...255, using: &random)
      market.apply(any, time: values.randomElement(using: &random)!, feed: UInt32.random(in: 0...3, using: &random))
    }
    #expect(market.count >= 1)
  }

  @Test("Samples are exact decimals, with empty fields for what is missing")
  func samples() {
    var market = Market(seed: 1)
    market.apply(definition(0, scale: 3), time: 0, feed: 0)
    market.apply(event(.level, side: .sell, price: 10_010_000_000, quantity: 1500), time: 0, feed: 0)
    market.apply(event(.level, side: .buy, price: 9_990_000_001, quantity: 7), time: 0, feed: 0)
    market.apply(event(.level, side: .buy, price: -1, quantity: 20), time: 0, feed: 0)
    var csv = BookCSV(levels: 2)
    #expect(
      csv.header
        == "time,ask_price_1,ask_size_1,bid_price_1,bid_size_1,ask_price_2,ask_size_2,bid_price_2,bid_size_2\n")
    var out: [UInt8] = []
    csv.append(0, of: market, at: 42, to: &out)
    market.apply(event(.level, side: .buy, price: 10_010_000_000, quantity: 1), time: 0, feed: 0)
    csv.append(0, of: market, at: 43, to: &out)
    market.apply(event(.level, side: .buy, price: 10_020_000_000, quantity: 1), time: 0, feed: 0)
    csv.append(0, of: market, at: 44, to: &out)
    let lines = String(decoding: out, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "42,10.01,1.5,9.990000001,0.007,,,-0.000000001,0.02")
    #expect(lines[2] == "44,10.01,1.5,10.02,0.001,,,10.01,0.001")
    #expect(csv.rows == 3 && csv.locked == 1 && csv.crossed == 1)
  }
}
