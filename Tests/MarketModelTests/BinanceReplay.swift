// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionIR
import MarketModel

/// The depth stream and snapshot of Binance as events, read independently of the adapter.
struct BinanceReplay: ~Copyable {
  var market = Market(seed: 7)
  var csv: BookCSV
  var out: [UInt8] = []
  private let every: Int
  private var updates = 0
  private var snapshot: Int64?
  private var waiting: [(time: Int64, json: JSON)] = []
  private static let scale = 8

  init(levels: Int, every: Int) {
    csv = BookCSV(levels: levels)
    self.every = every
    out.append(contentsOf: csv.header.utf8)
    market.apply(definition(0, scale: BinanceReplay.scale), time: 0, feed: 0)
  }

  mutating func apply(_ line: [UInt8]) throws {
    let space = line.firstIndex(of: 32)!
    let time = Int64(String(decoding: line[..<space], as: UTF8.self))!
    let json = try JSON.parse(Array(line[(space + 1)...]))
    if let id: Int64 = json["lastUpdateId"]?.integer() {
      snapshot = id
      market.apply(event(.clear, flags: []), time: time, feed: 0)
      try levels(json["bids"]!, .buy, time, [.snapshot])
      try levels(json["asks"]!, .sell, time, [.snapshot])
      market.apply(event(.notice), time: time, feed: 0)
      for update in waiting { try depth(update.json, update.time) }
      waiting = []
      return
    }
    let data = json["data"]!
    if data["e"]?.text == "depthUpdate" {
      if snapshot == nil { waiting.append((time, data)) } else { try depth(data, time) }
    } else if data["b"] != nil, data["B"] != nil {
      try quote(data["b"]!, data["B"]!, .buy, time, [])
      try quote(data["a"]!, data["A"]!, .sell, time, [.last])
    }
  }

  private mutating func depth(_ data: JSON, _ time: Int64) throws {
    guard let last: Int64 = data["u"]!.integer(), last > snapshot! else { return }
    let before = market.top(0, from: .book)
    try levels(data["b"]!, .buy, time, [])
    try levels(data["a"]!, .sell, time, [])
    // Nothing of a group shows before its end.
    precondition(market.top(0, from: .book) == before)
    market.apply(event(.notice), time: time, feed: 0)
    updates += 1
    if updates % every == 0 { csv.append(0, of: market, at: time, to: &out) }
  }

  private mutating func levels(_ rows: JSON, _ side: Side, _ time: Int64, _ flags: EventFlags) throws {
    for row in rows.elements! {
      let price = try FixedPoint.parse(row.elements![0].text!, scale: 9)
      let quantity = try FixedPoint.parse(row.elements![1].text!, scale: BinanceReplay.scale)
      market.apply(event(.level, side: side, price: price, quantity: quantity, flags: flags), time: time, feed: 0)
    }
  }

  private mutating func quote(_ price: JSON, _ size: JSON, _ side: Side, _ time: Int64, _ flags: EventFlags) throws {
    let price = try FixedPoint.parse(price.text!, scale: 9)
    let quantity = try FixedPoint.parse(size.text!, scale: BinanceReplay.scale)
    market.apply(event(.quote, side: side, price: price, quantity: quantity, flags: flags), time: time, feed: 0)
  }
}
