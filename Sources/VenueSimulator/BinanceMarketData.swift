// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// Market data as "WebSocket Streams for Binance" and "Public Rest API for Binance" (spot) lay it out: combined
/// streams, prices and quantities as strings with eight decimals, times in milliseconds.
struct BinanceMarketData {
  let symbol: String
  let stream: String
  let quantityScale: Int
  /// Counts changes of price levels, one by one.
  private(set) var updateID: UInt64 = 1_000_000
  private var sentID: UInt64 = 1_000_000
  /// Levels that changed since the last depth update.
  private var changed: [(side: Side, price: Int64)] = []
  private var quote = Quote()
  /// Nothing is said before the snapshot.
  private(set) var live = false

  private struct Quote: Equatable {
    var bid: Int64 = 0
    var bidSize: Int64 = 0
    var ask: Int64 = 0
    var askSize: Int64 = 0
  }

  init(_ configuration: SimulatedVenueConfiguration) {
    symbol = configuration.symbol
    stream = configuration.symbol.lowercased()
    quantityScale = configuration.quantityScale
  }

  /// Whether a depth update is due.
  var hasChanges: Bool { live && !changed.isEmpty }

  func appendPrice(_ price: Int64, to bytes: inout [UInt8]) {
    bytes.append("\"")
    bytes.appendDecimal(price / 10, scale: 8, places: 8)
    bytes.append("\"")
  }

  func appendQuantity(_ quantity: Int64, to bytes: inout [UInt8]) {
    bytes.append("\"")
    bytes.appendDecimal(quantity, scale: quantityScale, places: 8)
    bytes.append("\"")
  }

  private func appendLevels(_ levels: [(price: Int64, quantity: Int64)], to bytes: inout [UInt8]) {
    bytes.append("[")
    for (index, level) in levels.enumerated() {
      bytes.append(index == 0 ? "[" : ",[")
      appendPrice(level.price, to: &bytes)
      bytes.append(",")
      appendQuantity(level.quantity, to: &bytes)
      bytes.append("]")
    }
    bytes.append("]")
  }

  private func wrapped(_ name: String, _ body: (inout [UInt8]) -> Void) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append("{\"stream\":\"\(stream)@\(name)\",\"data\":{")
    body(&bytes)
    bytes.append("}}")
    return bytes
  }

  /// The depth as the REST interface answers it; the streams follow from here.
  mutating func snapshot(_ engine: MatchingEngine) -> [UInt8] {
    live = true
    changed.removeAll()
    sentID = updateID
    var bytes: [UInt8] = []
    bytes.append("{\"lastUpdateId\":\(updateID),\"bids\":")
    appendLevels(engine.levels(.buy, limit: 5_000).map { ($0.price, $0.quantity) }, to: &bytes)
    bytes.append(",\"asks\":")
    appendLevels(engine.levels(.sell, limit: 5_000).map { ($0.price, $0.quantity) }, to: &bytes)
    bytes.append("}")
    return bytes
  }

  /// Notes a change; returns the message of a trade. An order is never replaced in one here, so that the
  /// change's own price is the only one concerned.
  mutating func take(_ change: BookChange, _ time: Int64) -> [UInt8]? {
    updateID += 1
    guard live else { return nil }
    changed.append((change.side, change.price))
    guard change.kind == .executed else { return nil }
    let milliseconds = time / 1_000_000
    return wrapped("trade") { bytes in
      bytes.append("\"e\":\"trade\",\"E\":\(milliseconds),\"s\":\"\(symbol)\",\"t\":\(change.match),\"p\":")
      appendPrice(change.price, to: &bytes)
      bytes.append(",\"q\":")
      appendQuantity(change.quantity, to: &bytes)
      // The change's side is the resting order's.
      bytes.append(",\"T\":\(milliseconds),\"m\":\(change.side == .buy),\"M\":true")
    }
  }

  /// The best prices, if they changed. A side without orders has price and size zero.
  mutating func bookTicker(_ engine: MatchingEngine) -> [UInt8]? {
    let bid = engine.best(.buy)
    let ask = engine.best(.sell)
    let now = Quote(
      bid: bid?.price ?? 0, bidSize: bid?.quantity ?? 0, ask: ask?.price ?? 0, askSize: ask?.quantity ?? 0)
    guard live, now != quote else { return nil }
    quote = now
    return wrapped("bookTicker") { bytes in
      bytes.append("\"u\":\(updateID),\"s\":\"\(symbol)\",\"b\":")
      appendPrice(now.bid, to: &bytes)
      bytes.append(",\"B\":")
      appendQuantity(now.bidSize, to: &bytes)
      bytes.append(",\"a\":")
      appendPrice(now.ask, to: &bytes)
      bytes.append(",\"A\":")
      appendQuantity(now.askSize, to: &bytes)
    }
  }

  /// What the changed levels hold now.
  mutating func depthUpdate(_ engine: MatchingEngine, _ time: Int64) -> [UInt8] {
    let first = sentID + 1
    sentID = updateID
    var sides: [[(price: Int64, quantity: Int64)]] = []
    for side in [Side.buy, .sell] {
      // Best first, each price once.
      let prices = changed.filter { $0.side == side }.map(\.price).sorted { side == .buy ? $0 > $1 : $0 < $1 }
      var levels: [(price: Int64, quantity: Int64)] = []
      for price in prices where levels.last?.price != price {
        levels.append((price, engine.quantity(side, at: price)))
      }
      sides.append(levels)
    }
    changed.removeAll(keepingCapacity: true)
    return wrapped("depth@100ms") { bytes in
      bytes.append(
        "\"e\":\"depthUpdate\",\"E\":\(time / 1_000_000),\"s\":\"\(symbol)\",\"U\":\(first),\"u\":\(sentID),\"b\":")
      appendLevels(sides[0], to: &bytes)
      bytes.append(",\"a\":")
      appendLevels(sides[1], to: &bytes)
    }
  }
}
