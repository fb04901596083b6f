// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionIR
import Foundation
import MarketModel
import Testing

@Suite("Books of real captures", .enabled(if: Captures.areHere))
struct CaptureBookTests {
  @Test("The ITCH capture ends in the state that an independent reading found")
  func itch() throws {
    var translator = ItchTranslator()
    let events = translator.events(try Captures.bytes("itch50/aapl-20200130-10k.bin"))
    var market = Market(seed: 1)
    var last: Applied?
    for (index, event) in events.enumerated() {
      let applied = market.apply(event, time: Int64(index), feed: 0)
      if event.eventKind == .orderExecute { last = applied }
    }
    let words = String(decoding: try Captures.bytes("itch50/end-state.txt"), as: UTF8.self).split(separator: " ")
    func figure(_ name: String, _ offset: Int = 1) -> String {
      String(words[words.firstIndex { $0 == name }! + offset])
    }
    #expect(market.liveOrders(0) == Int(figure("live")))
    var sides: [Side] = []
    for id in translator.live.keys.sorted() {
      if let order = market.order(0, id: id) { sides.append(order.side) }
    }
    #expect(sides.count { $0 == .buy } == Int(figure("bids")))
    #expect(sides.count { $0 == .sell } == Int(figure("asks")))
    let top = market.top(0)
    #expect(FixedPoint.text(try #require(top.bid).price, scale: 9) == figure("bid"))
    #expect(top.bid?.quantity == 25)
    #expect(FixedPoint.text(try #require(top.ask).price, scale: 9) == figure("ask"))
    #expect(top.ask?.quantity == 100)
    let tape = market.tape(0)
    #expect(translator.executions == 849)
    #expect(tape.volume - tape.hiddenVolume == 56_086)
    #expect(tape.hiddenVolume == 25_470)
    #expect(last?.price == Int64(320_200_000_000))
    #expect(last?.quantity == 100)
    #expect(market.counters == MarketCounters())
    #expect(tape.trades == 849 + 240)
  }

  @Test("LOBSTER's book follows from its messages, row for row", arguments: [UInt64(1), 99])
  func lobster(seed: UInt64) throws {
    let name = "lobster/AAPL_2012-06-21_34200000_57600000"
    let messages = try Captures.lines("\(name)_message_10.csv").map { $0.split(separator: ",").map(String.init) }
    let rows = try Captures.lines("\(name)_orderbook_10.csv").map { $0.split(separator: ",").map { Int64($0)! } }
    #expect(messages.count == rows.count)
    var replay = LobsterReplay(seed: seed)
    for (index, message) in messages.enumerated() {
      let known = replay.apply(message, isFirst: index == 0, row: rows[index])
      // All of the ten levels are known, but for one that comes into view from below.
      if index > 0 { #expect(known >= 9, "row \(index + 1)") }
      let wrong = replay.firstDifference(from: rows[index])
      #expect(wrong == nil, "row \(index + 1): \(wrong ?? "")")
    }
    #expect(replay.checked > 19_000)
    #expect(replay.market.counters.unknownOrders == 0)
  }

  @Test(
    "Binance's books agree with an independent program at each sample",
    arguments: ["binance/spot_btcusdt_20240808.gz", "binance/usdm_btcusdt_20240808.gz"])
  func binance(path: String) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Independent/l2_book.py").path
    let expected = try Captures.run(["python3", script, Captures.root + "/" + path, "20", "50"])
    let lines = try Captures.run(["gzip", "-dc", Captures.root + "/" + path])
    var replay = BinanceReplay(levels: 20, every: 50)
    for (index, line) in lines.split(separator: UInt8(ascii: "\n")).enumerated() {
      // Quotes and trades are many and don't touch the book; a few show that they don't.
      let head = String(decoding: line.prefix(100), as: UTF8.self)
      guard head.contains("@depth") || head.contains("lastUpdateId") || index % 200 == 0 else { continue }
      try replay.apply(Array(line))
    }
    #expect(replay.csv.rows > 60)
    #expect(replay.csv.crossed == 0)
    #expect(replay.market.top(0, from: .quote).bid != nil)
    let identical = replay.out == expected
    #expect(identical)
    if !identical {
      let left = String(decoding: replay.out, as: UTF8.self).split(separator: "\n")
      let right = String(decoding: expected, as: UTF8.self).split(separator: "\n")
      let index =
        zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(left.count, right.count)
      Issue.record("first difference in row \(index) of \(left.count) and \(right.count)")
    }
  }
}
