// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionIR
import MarketModel
import Testing

@Suite("Several venues as one book")
struct ConsolidatedTests {
  private static let file = """
    {"format": "exprove-reference/1",
     "instruments": [
       {"name": "DEMO", "kind": "equity", "base": "DEMO", "quote": "EUR", "settlement": "EUR", "multiplier": "1"},
       {"name": "BTC-PERP", "kind": "perpetual", "base": "BTC", "quote": "USDT", "settlement": "USDT", "multiplier": "1"},
       {"name": "BTC-SPOT", "kind": "spot", "base": "BTC", "quote": "USDT", "settlement": "BTC", "multiplier": "1"}],
     "listings": [
       {"venue": "XSIA", "symbol": "DEMO", "instrument": "DEMO", "terms": [{"from": "2024-01-01"}]},
       {"venue": "XSIB", "symbol": "DEMO.B", "instrument": "DEMO", "terms": [{"from": "2024-01-01"}]},
       {"venue": "XSIC", "symbol": "DEMO", "instrument": "DEMO", "terms": [{"from": "2024-01-01"}]},
       {"venue": "SPOT", "symbol": "BTCUSDT", "instrument": "BTC-SPOT", "terms": [{"from": "2024-01-01"}]},
       {"venue": "USDM", "symbol": "BTCUSDT", "instrument": "BTC-PERP", "terms": [{"from": "2024-01-01"}]}],
     "fungible": [{"name": "demo", "listings": [
       {"venue": "XSIA", "symbol": "DEMO"}, {"venue": "XSIB", "symbol": "DEMO.B"}]}]}
    """

  private let first = TaskVenue(venue: "XSIA", symbol: "DEMO")
  private let second = TaskVenue(venue: "XSIB", symbol: "DEMO.B")

  private func reference() throws -> ReferenceData {
    try ReferenceData.parse(Array(ConsolidatedTests.file.utf8), file: "reference.json")
  }

  @Test("Best and depth name who shows how much, in one scale; stale and halted venues are left out")
  func view() throws {
    var market = Market(seed: 1)
    market.apply(definition(0, scale: 0), time: 0, feed: 0)
    market.apply(definition(1, scale: 2), time: 0, feed: 1)
    for (instrument, side, price, quantity) in [
      (0, Side.buy, Int64(100), Int64(5)), (0, .buy, 98, 1), (0, .sell, 103, 4), (1, .buy, 100, 250), (1, .buy, 99, 10),
      (1, .sell, 102, 700), (1, .sell, 103, 100),
    ] {
      market.apply(
        event(.level, instrument, side: side, price: price, quantity: quantity), time: 1, feed: UInt32(instrument))
    }
    let reference = try reference()
    let book = try ConsolidatedBook([first, second], instruments: [0, 1], reference: reference, market: market)
    #expect(book.scale == 2)
    let bid = book.best(.buy, in: market)
    #expect(bid?.price == 100)
    #expect(bid?.shares.map(\.member) == [0, 1])
    #expect(bid?.shares.map(\.quantity) == [500, 250])
    #expect(book.best(.sell, in: market)?.price == 102)
    #expect(book.depth(.buy, levels: 9, in: market).map(\.price) == [100, 99, 98])
    #expect(book.depth(.sell, levels: 9, in: market).map(\.quantity) == [700, 500])
    #expect(book.depth(.sell, levels: 1, in: market).map(\.price) == [102])
    #expect(book.leftOut(in: market) == [])

    market.apply(event(.gap, 1), time: 2, feed: 1)
    #expect(book.leftOut(in: market) == [1])
    #expect(book.best(.sell, in: market)?.price == 103)
    market.apply(event(.status, 0, level: 4), time: 3, feed: 0)
    #expect(book.best(.sell, in: market) == nil)
    #expect(book.depth(.buy, levels: 3, in: market) == [])
  }

  @Test("Listings that are not one thing are refused with the terms that differ")
  func refusal() throws {
    let reference = try reference()
    var market = Market(seed: 1)
    for number in 0..<2 { market.apply(definition(number), time: 0, feed: 0) }
    let spot = TaskVenue(venue: "SPOT", symbol: "BTCUSDT")
    let perpetual = TaskVenue(venue: "USDM", symbol: "BTCUSDT")
    do {
      _ = try ConsolidatedBook([spot, perpetual], instruments: [0, 1], reference: reference, market: market)
      Issue.record("spot and perpetual were taken as one")
    } catch {
      #expect("\(error)".contains("kind is spot and perpetual"))
      #expect("\(error)".contains("settlement is BTC and USDT"))
    }
    do {
      let third = TaskVenue(venue: "XSIC", symbol: "DEMO")
      _ = try ConsolidatedBook([first, third], instruments: [0, 1], reference: reference, market: market)
      Issue.record("a listing outside of the group was taken")
    } catch {
      #expect("\(error)".contains("no fungible group"))
    }
  }
}
