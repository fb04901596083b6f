// SPDX-License-Identifier: Apache-2.0

import EventFlow
import MarketModel

/// Replays LOBSTER's messages on a book whose beginning nobody recorded. LOBSTER records only what happens within ten
/// levels: what stood before the first message, and each level that comes into view, is taken from the row as one order
/// of a made-up id; a level that leaves the ten is forgotten. All else must follow from the messages.
struct LobsterReplay: ~Copyable {
  var market: Market
  private(set) var checked = 0
  private var levelOf: [UInt64: (side: Side, price: Int64)] = [:]
  private var madeUp: UInt64 = 1 << 63
  private var standIn: [Side: [Int64: UInt64]] = [.buy: [:], .sell: [:]]
  private var time: Int64 = 0
  private let scale: Int64 = 100_000

  init(seed: UInt64) {
    market = Market(seed: seed)
    market.apply(definition(0), time: 0, feed: 0)
  }

  private mutating func send(_ event: Event) {
    time += 1
    market.apply(event, time: time, feed: 0)
  }

  /// Returns how many levels of the thinner known side were there before the row filled up the rest.
  mutating func apply(_ message: [String], isFirst: Bool, row: [Int64]) -> Int {
    let (id, quantity, price) = (UInt64(message[2])!, Int64(message[3])!, Int64(message[4])! * scale)
    let side: Side = message[5] == "1" ? .buy : .sell
    switch message[1] {
    case "1":
      levelOf[id] = (side, price)
      send(event(.orderAdd, id: id, side: side, price: price, quantity: quantity))
    case "2", "3", "4":
      let target = levelOf[id] != nil ? id : standIn[side]![price] ?? 0
      if message[1] == "4" {
        send(event(.orderExecute, id: target, quantity: quantity, flags: [.last, .volume, .restingPrice]))
      } else {
        send(event(.orderReduce, id: target, quantity: quantity))
      }
    default: break
    }
    var known = 10
    for side in [Side.sell, .buy] {
      forgetBeyondTen(side)
      let offset = side == .sell ? 0 : 2
      let depth = market.depth(0, side, levels: 10)
      known = min(known, depth.count)
      for level in depth.count..<10 { reveal(side, row[level * 4 + offset] * scale, row[level * 4 + offset + 1]) }
      if isFirst {
        // Only the first row may also put levels before those that are known.
        for level in 0..<10 {
          let price = row[level * 4 + offset] * scale
          if market.displayed(0, side, at: price) == 0 { reveal(side, price, row[level * 4 + offset + 1]) }
        }
        forgetBeyondTen(side)
      }
    }
    return known
  }

  private mutating func reveal(_ side: Side, _ price: Int64, _ quantity: Int64) {
    madeUp += 1
    standIn[side]![price] = madeUp
    let standing = market.displayed(0, side, at: price)
    if quantity > standing {
      send(event(.orderAdd, id: madeUp, side: side, price: price, quantity: quantity - standing))
    }
  }

  private mutating func forgetBeyondTen(_ side: Side) {
    for level in market.depth(0, side, levels: 32).dropFirst(10) {
      for (id, place) in levelOf where place.side == side && place.price == level.price {
        levelOf[id] = nil
        if market.order(0, id: id) != nil { send(event(.orderDelete, id: id)) }
      }
      if let id = standIn[side]![level.price] {
        standIn[side]![level.price] = nil
        if market.order(0, id: id) != nil { send(event(.orderDelete, id: id)) }
      }
    }
  }

  mutating func firstDifference(from row: [Int64]) -> String? {
    let asks = market.depth(0, .sell, levels: 10)
    let bids = market.depth(0, .buy, levels: 10)
    for level in 0..<10 {
      let expected = row[level * 4..<level * 4 + 4]
      let found = [
        asks[level].price / scale, asks[level].quantity, bids[level].price / scale, bids[level].quantity,
      ]
      guard Array(expected) == found else { return "level \(level + 1) is \(found), not \(Array(expected))" }
      checked += 2
    }
    return nil
  }
}
