// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// What the market could not make sense of. Nothing here stops it; all of it is shown in a run's summary.
package struct MarketCounters: Equatable, Sendable {
  /// Events on orders that were never added, or are gone.
  package var unknownOrders: Int64 = 0
  /// Adds under an id that lives already; the later statement holds.
  package var repeatedOrders: Int64 = 0
  /// More was taken off an order than it had left.
  package var overTaken: Int64 = 0
  /// No side where one is needed, or a quantity that isn't positive.
  package var unusable: Int64 = 0
  /// Sums beyond 64 bits at one price; the order or trade that led there was left out.
  package var overflows: Int64 = 0
  /// Events on instruments that were not defined.
  package var unknownInstruments: Int64 = 0
  /// Definitions that contradict an earlier one in their scale; the instrument stays stale for good.
  package var contradictions: Int64 = 0
  /// Levels removed that did not stand there.
  package var unknownLevels: Int64 = 0
  /// Breaks of trades that are not known, or too long ago, or broken before.
  package var unknownBreaks: Int64 = 0
  /// Trades under a match id that was used before; counted, but their break takes back the first one only.
  package var repeatedMatches: Int64 = 0
  /// Gaps that the venue's numbering showed.
  package var gaps: Int64 = 0

  package init() {}
}

/// What one event did.
package struct Applied: Sendable {
  package enum Effect: UInt8, Sendable {
    /// No effect on books or tape.
    case none
    /// Orders or levels changed.
    case book
    case quote
    /// Traded, and counted in the tape's volume; an order may have been executed with it.
    case trade
    /// Traded in an auction.
    case cross
    /// Executed, but without effect on the volume: non-printable, or without a known price.
    case executed
    /// A trade was taken back: `price` and `quantity` are the trade's.
    case broken
    case status
    case definition
    case gap
    /// Counted in `MarketCounters`.
    case unusable
  }
  package var effect: Effect
  /// Of trades: the aggressor's side where it is known.
  package var side: Side = .none
  /// Of trades: the resolved price, that of the resting order where the event says so.
  package var price: Int64 = 0
  package var quantity: Int64 = 0
}

/// All books of a run, by the global number of the instrument. A pure function of the events that were applied:
/// no clock, no randomness, no order that depends on hashes.
///
/// Within a group (events up to the one flagged LAST) `top` answers what held before the group. The other views show
/// the events so far; a reader who cares asks them between groups, as the engine does: batches and frames end groups.
package struct Market: ~Copyable {
  var books = Shelf<InstrumentBook>()
  /// The levels of each instrument, bids at twice its number and asks behind them: summed up from single orders, and as
  /// the venue sums them up. By index rather than by name, so that the side of an order is no branch.
  var orderSides = Shelf<Ladder>()
  var levelSides = Shelf<Ladder>()
  var orders: OrderTable
  var matches: MatchTable
  package internal(set) var counters = MarketCounters()
  /// Width of the buckets of `volume(of:from:to:)`, nanoseconds.
  package let bucketWidth: Int64

  /// Instruments within the group that is not complete yet.
  var open = Column<UInt32>(repeating: 0, count: 16)
  var openCount = 0
  var feeds = Column<FeedState>(repeating: FeedState(), count: 16)
  /// Keeps the reads that warm the cache.
  private var touched: UInt64 = 0

  struct FeedState: BitwiseCopyable {
    /// Gaps that concern every instrument of the feed.
    var gaps: UInt64 = 0
    var status = TradingStatus.unknown
  }

  /// The most feeds that one market takes.
  package static let maximumFeeds = 4096

  /// - Parameters:
  ///   - seed: chooses the hash functions, so that prepared ids cannot collide; without influence on any result.
  ///   - bucketWidth: nanoseconds, at least 1.
  ///   - tradeMemory: at least so many of the last trades can be broken.
  package init(seed: UInt64, bucketWidth: Int64 = 60_000_000_000, tradeMemory: Int = 1 << 19) {
    precondition(bucketWidth > 0)
    orders = OrderTable(seed: seed)
    matches = MatchTable(memory: tradeMemory, seed: seed)
    self.bucketWidth = bucketWidth
  }

  /// How many instruments are defined; their numbers are `0..<count`.
  package var count: Int { books.count }

  /// Whether the last event left a group open.
  package var isGroupOpen: Bool { openCount > 0 }

  /// Applies the events of a batch, each at its frame's receive time.
  package mutating func apply(_ batch: borrowing EventBatch) {
    let frames = batch.frames
    let events = batch.events
    var start = 0
    while start < events.count {
      let end = min(start + 16, events.count)
      // The slots of sixteen events are asked of memory at once, and not one after the other.
      var index = start
      while index < end {
        touched ^= orders.touch(events[index].order_id, events[index].instrument)
        index += 1
      }
      index = start
      while index < end {
        let frame = frames[Int(events[index].frame)]
        _ = apply(events[index], time: frame.receive_time, feed: frame.feed)
        index += 1
      }
      start = end
    }
  }
  /// Where the ladder of a side stands among `orderSides` and `levelSides`.
  @inline(__always)
  static func ladder(_ instrument: Int, _ side: Side) -> Int { instrument * 2 + (side == .sell ? 1 : 0) }

  /// The best prices as the events so far have them, complete group or not.
  func workingTop(_ instrument: Int) -> Top {
    books[instrument].hasOrders
      ? Top(bid: orderSides[instrument * 2].best, ask: orderSides[instrument * 2 + 1].best)
      : Top(bid: levelSides[instrument * 2].best, ask: levelSides[instrument * 2 + 1].best)
  }
}
