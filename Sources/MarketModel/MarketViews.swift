// SPDX-License-Identifier: Apache-2.0

package import EventFlow

/// What the market shows. `instrument` is a global number below `count`; any other is a mistake of the caller.
extension Market {
  /// The best prices that the venue has published, as of the last complete group.
  package func top(_ instrument: Int, from source: TopSource = .best) -> Top {
    let takesQuote =
      switch source {
      case .best: !books[instrument].hasOrders && books[instrument].hasQuotes
      case .book: false
      case .quote: true
      }
    if takesQuote { return books[instrument].publishedQuote }
    return books[instrument].isHeld ? books[instrument].heldTop : workingTop(instrument)
  }

  /// Fills `out` with the levels of a side, best first, and returns how many there were.
  package func depth(_ instrument: Int, _ side: Side, into out: inout MutableSpan<PriceLevel>) -> Int {
    var filled = 0
    withLadder(instrument, side) { ladder in
      var cursor = ladder.first
      while filled < out.count, let level = ladder.next(&cursor) {
        out[filled] = level
        filled += 1
      }
    }
    return filled
  }

  /// At most `levels` levels of a side, best first. Allocates: not for the path of every event.
  package func depth(_ instrument: Int, _ side: Side, levels: Int) -> [PriceLevel] {
    var result: [PriceLevel] = []
    withLadder(instrument, side) { ladder in
      var cursor = ladder.first
      while result.count < levels, let level = ladder.next(&cursor) { result.append(level) }
    }
    return result
  }

  /// How many levels a side has.
  package func levelCount(_ instrument: Int, _ side: Side) -> Int {
    var count = 0
    withLadder(instrument, side) { count = $0.count }
    return count
  }

  /// What is displayed on a side at prices no worse than `limit`, for who would trade against it: the asks up to it
  /// or the bids down to it. Own size is in it where the venue shows it.
  package func displayed(_ instrument: Int, _ side: Side, within limit: Int64) -> Int128 {
    var sum: Int128 = 0
    withLadder(instrument, side) { ladder in
      var cursor = ladder.first
      while let level = ladder.next(&cursor) {
        guard side == .buy ? level.price >= limit : level.price <= limit else { break }
        sum += Int128(level.quantity)
      }
    }
    return sum
  }

  /// What is displayed on a side at exactly `price`.
  package func displayed(_ instrument: Int, _ side: Side, at price: Int64) -> Int64 {
    var quantity: Int64 = 0
    withLadder(instrument, side) { quantity = $0.quantity(at: price) }
    return quantity
  }

  /// Live orders, where the venue shows single ones.
  package func liveOrders(_ instrument: Int) -> Int { books[instrument].liveOrders }

  /// The remaining quantity of a live order; nil when it isn't there.
  package func order(_ instrument: Int, id: UInt64) -> (side: Side, price: Int64, quantity: Int64)? {
    let slot = orders.find(id, UInt32(instrument), generation: books[instrument].generation)
    guard slot >= 0 else { return nil }
    let order = orders[slot]
    return (order.side, order.price, order.quantity)
  }

  /// The decimal places of the instrument's quantities.
  package func quantityScale(_ instrument: Int) -> Int { books[instrument].quantityScale }
  /// As the venue defined it, 0 when it didn't say; reference data decides what orders use.
  package func tick(_ instrument: Int) -> Int64 { books[instrument].tick }
  package func roundLot(_ instrument: Int) -> Int64 { books[instrument].roundLot }

  /// The instrument's own status.
  package func status(_ instrument: Int) -> TradingStatus { books[instrument].status }

  /// What the feed said of all its instruments at once.
  package func sessionStatus(_ instrument: Int) -> TradingStatus {
    let feed = books[instrument].feed
    return feed >= 0 ? feeds[Int(feed)].status : .unknown
  }

  /// Whether the instrument, or its whole venue, does not trade now.
  package func isHalted(_ instrument: Int) -> Bool {
    status(instrument).stopsTrading || sessionStatus(instrument).stopsTrading
  }

  /// Whether messages are missing since the last snapshot or definition, or the definitions contradict each other.
  package func isStale(_ instrument: Int) -> Bool {
    if books[instrument].hasGap || books[instrument].isContradictory { return true }
    let feed = books[instrument].feed
    return feed >= 0 && books[instrument].knownGaps != feeds[Int(feed)].gaps
  }

  /// When the book, and when the quote last changed, by receive time; nil before the first time.
  package func lastUpdate(_ instrument: Int) -> Int64? {
    books[instrument].lastUpdate == .min ? nil : books[instrument].lastUpdate
  }
  package func lastQuote(_ instrument: Int) -> Int64? {
    books[instrument].lastQuote == .min ? nil : books[instrument].lastQuote
  }

  package func hasOrders(_ instrument: Int) -> Bool { books[instrument].hasOrders }
  package func hasLevels(_ instrument: Int) -> Bool { books[instrument].hasLevels }
  package func hasQuotes(_ instrument: Int) -> Bool { books[instrument].hasQuotes }

  /// What was traded so far, as far as it counts.
  package func tape(_ instrument: Int) -> TapeTotals { books[instrument].tape.totals }

  /// The volume received in the buckets that begin in `start..<end`; exact where both are multiples of the width.
  package func volume(of instrument: Int, from start: Int64, to end: Int64) -> Int128 {
    guard start < end else { return 0 }
    let first = bucket(of: start)
    let begins = start == first.multipliedReportingOverflow(by: bucketWidth).partialValue
    let last = bucket(of: end - 1)
    return books[instrument].tape.volume(buckets: begins ? first : first + 1, through: last)
  }

  private func withLadder(_ instrument: Int, _ side: Side, _ body: (borrowing Ladder) -> Void) {
    guard side != .none else { return }
    let index = Market.ladder(instrument, side)
    if books[instrument].hasOrders { body(orderSides[index]) } else { body(levelSides[index]) }
  }
}
