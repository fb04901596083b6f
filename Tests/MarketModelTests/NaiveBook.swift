// SPDX-License-Identifier: Apache-2.0

import EventFlow
import MarketModel

/// The book as one would write it without a thought for speed: what the real one is held against.
struct NaiveBook {
  struct Order {
    var side: Side
    var price: Int64
    var quantity: Int64
  }
  var orders: [UInt64: Order] = [:]
  var levels: [Side: [Int64: Int64]] = [.buy: [:], .sell: [:]]

  /// Aggregated levels of a side, best first.
  func depth(_ side: Side) -> [PriceLevel] {
    var sums: [Int64: Int64] = [:]
    for order in orders.values where order.side == side { sums[order.price, default: 0] += order.quantity }
    return NaiveBook.sorted(sums, side)
  }

  func levelDepth(_ side: Side) -> [PriceLevel] { NaiveBook.sorted(levels[side]!, side) }

  private static func sorted(_ sums: [Int64: Int64], _ side: Side) -> [PriceLevel] {
    sums.map { PriceLevel(price: $0.key, quantity: $0.value) }
      .sorted { side == .buy ? $0.price > $1.price : $0.price < $1.price }
  }

  mutating func take(_ id: UInt64, _ quantity: Int64) {
    guard let order = orders[id] else { return }
    if quantity >= order.quantity { orders[id] = nil } else { orders[id]!.quantity -= quantity }
  }
}
