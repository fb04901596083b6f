// SPDX-License-Identifier: Apache-2.0

package import EventFlow

/// Best bid and best ask, each nil when that side is empty. A crossed or locked pair is shown as it is.
package struct Top: Equatable, Sendable {
  package var bid: PriceLevel?
  package var ask: PriceLevel?

  package init(bid: PriceLevel? = nil, ask: PriceLevel? = nil) {
    self.bid = bid
    self.ask = ask
  }

  /// bid + ask, twice the mid, so that it stays an integer; nil without two sides.
  package var doubledMid: Int128? {
    guard let bid, let ask else { return nil }
    return Int128(bid.price) + Int128(ask.price)
  }

  /// ask − bid, negative when crossed; nil without two sides.
  package var spread: Int128? {
    guard let bid, let ask else { return nil }
    return Int128(ask.price) - Int128(bid.price)
  }

  package var isCrossed: Bool { spread.map { $0 < 0 } ?? false }
  package var isLocked: Bool { spread == 0 }

  package subscript(side: Side) -> PriceLevel? {
    switch side {
    case .buy: bid
    case .sell: ask
    case .none: nil
    }
  }
}

/// What `STATUS` events say; `exprove_trading_status` of `event.h`.
package enum TradingStatus: UInt16, Sendable, CaseIterable, BitwiseCopyable {
  case unknown, closed, preOpen, open, halted, paused, quoteOnly, auction, postClose, restricted

  /// Whether no continuous trading can follow from an order sent now.
  package var stopsTrading: Bool {
    switch self {
    case .closed, .halted, .paused, .quoteOnly, .postClose: true
    case .unknown, .preOpen, .open, .auction, .restricted: false
    }
  }
}

/// Which of a venue's statements the best prices are taken from.
package enum TopSource: Sendable {
  /// Orders where the venue shows them; else its quotes, which arrive sooner than its levels; else its levels.
  case best
  /// Orders or levels.
  case book
  /// Quotes.
  case quote
}

/// One instrument on one venue: the book by order or by level, the quote, the status and the tape.
struct InstrumentBook: ~Copyable {
  // Order by order; the orders themselves lie in the market's one table.
  var orderBids = Ladder(side: .buy)
  var orderAsks = Ladder(side: .sell)
  /// Moves on when all orders go at once; 30 bits, never 0 so that no order's mark is 0.
  var generation: UInt32 = 1
  var liveOrders = 0
  var hasOrders = false

  // By level, as the venue sums it up.
  var levelBids = Ladder(side: .buy)
  var levelAsks = Ladder(side: .sell)
  var hasLevels = false

  var quote = Top()
  var publishedQuote = Top()
  var hasQuotes = false

  /// The best prices before the group that is not complete yet.
  var heldTop = Top()
  var isHeld = false

  var status = TradingStatus.unknown
  var lastUpdate: Int64?
  var lastQuote: Int64?

  /// The feed of the last statement about the book, and how many feed-wide gaps of it are accounted for.
  var feed: Int = -1
  var knownGaps: UInt64 = 0
  var hasGap = false
  var isContradictory = false

  let quantityScale: Int
  var tick: Int64
  var roundLot: Int64
  var tape = Tape()

  init(quantityScale: Int, tick: Int64, roundLot: Int64) {
    self.quantityScale = quantityScale
    self.tick = tick
    self.roundLot = roundLot
  }

  /// The best prices as the events so far have them, complete group or not.
  var workingTop: Top {
    hasOrders
      ? Top(bid: orderBids.best, ask: orderAsks.best)
      : Top(bid: levelBids.best, ask: levelAsks.best)
  }

  mutating func clear() {
    orderBids.removeAll()
    orderAsks.removeAll()
    levelBids.removeAll()
    levelAsks.removeAll()
    quote = Top()
    generation = generation == 0x3FFF_FFFF ? 1 : generation + 1
    liveOrders = 0
  }
}
