// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR

/// The book as `exprove book` prints it: one row per sample, `time` (nanoseconds since 1970) and then, for each level
/// from the best one on, ask price, ask size, bid price, bid size, which is LOBSTER's order of columns. Prices and sizes are
/// exact decimals. A level that a side does not have leaves both of its fields empty (LOBSTER writes ±9999999999 and 0
/// there). Crossed and locked books are printed as they are, and counted.
package struct BookCSV: Sendable {
  package let levels: Int
  package private(set) var rows: Int64 = 0
  package private(set) var crossed: Int64 = 0
  package private(set) var locked: Int64 = 0

  /// - Parameter levels: at least 1.
  package init(levels: Int) {
    precondition(levels > 0)
    self.levels = levels
  }

  /// The names of the columns, with a line end.
  package var header: String {
    var text = "time"
    for level in 1...levels {
      text += ",ask_price_\(level),ask_size_\(level),bid_price_\(level),bid_size_\(level)"
    }
    return text + "\n"
  }

  /// Appends the row of an instrument, as its book stands now, with a line end.
  package mutating func append(_ instrument: Int, of market: borrowing Market, at time: Int64, to out: inout [UInt8]) {
    let asks = market.depth(instrument, .sell, levels: levels)
    let bids = market.depth(instrument, .buy, levels: levels)
    let scale = market.quantityScale(instrument)
    out.append(contentsOf: String(time).utf8)
    for level in 0..<levels {
      BookCSV.append(level < asks.count ? asks[level] : nil, scale: scale, to: &out)
      BookCSV.append(level < bids.count ? bids[level] : nil, scale: scale, to: &out)
    }
    out.append(UInt8(ascii: "\n"))
    rows += 1
    let top = Top(bid: bids.first, ask: asks.first)
    if top.isCrossed { crossed += 1 }
    if top.isLocked { locked += 1 }
  }

  private static func append(_ level: PriceLevel?, scale: Int, to out: inout [UInt8]) {
    out.append(UInt8(ascii: ","))
    guard let level else {
      out.append(UInt8(ascii: ","))
      return
    }
    out.append(contentsOf: FixedPoint.text(level.price, scale: priceScale).utf8)
    out.append(UInt8(ascii: ","))
    out.append(contentsOf: FixedPoint.text(level.quantity, scale: scale).utf8)
  }
}
