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

/// What is known of one instrument on one venue beside its levels. What each message reads stands first.
struct InstrumentBook: ~Copyable {
  /// Moves on when all orders go at once; 30 bits, never 0 so that no order's mark is 0.
  var generation: UInt32 = 1
  /// The feed of the last statement about the book, −1 before the first one.
  var feed: Int32 = -1
  var lastUpdate: Int64 = .min
  var liveOrders = 0
  var hasOrders = false
  var hasLevels = false
  var hasQuotes = false
  /// Whether a group about it is not complete yet; `heldTop` then holds the best prices before the group.
  var isHeld = false
  var hasGap = false
  var isContradictory = false
  var status = TradingStatus.unknown
  /// How many feed-wide gaps are accounted for.
  var knownGaps: UInt64 = 0

  var tape = Tape()
  var heldTop = Top()
  var quote = Top()
  var publishedQuote = Top()
  var lastQuote: Int64 = .min

  let quantityScale: Int
  var tick: Int64
  var roundLot: Int64

  init(quantityScale: Int, tick: Int64, roundLot: Int64) {
    self.quantityScale = quantityScale
    self.tick = tick
    self.roundLot = roundLot
  }
}
