// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
package import ExecutionIR
internal import Feeds
internal import MarketModel
package import RunJournal

/// One signal that a contract asks of its contributors.
package struct WantedSignal: Hashable, Sendable {
  package let kind: SignalKind
  package let listing: TaskVenue
  package let quantum: ExactDecimal
  package let maximum: Int64

  package init(kind: SignalKind, listing: TaskVenue, quantum: ExactDecimal, maximum: Int64) {
    self.kind = kind
    self.listing = listing
    self.quantum = quantum
    self.maximum = maximum
  }
}

/// The buckets of time that a contribution is about: [start, start + buckets × bucket), nanoseconds UTC.
package struct SignalWindow: Hashable, Sendable {
  package let start: Int64
  package let bucket: Int64
  package let buckets: Int

  /// Refuses what no context can have.
  package init(start: Int64, bucket: Int64, buckets: Int) throws(RunError) {
    guard bucket > 0 else { throw .badInput("a bucket of \(bucket) ns: it must be above 0") }
    guard (1...SharedMarketContext.mostBuckets).contains(buckets) else {
      throw .badInput("\(buckets) buckets: 1 to \(SharedMarketContext.mostBuckets) are possible")
    }
    let (length, overflow) = bucket.multipliedReportingOverflow(by: Int64(buckets))
    guard !overflow, !start.addingReportingOverflow(length).overflow else {
      throw .badInput("the window that begins at \(start) ends after the year 2262")
    }
    self.start = start
    self.bucket = bucket
    self.buckets = buckets
  }

  package var end: Int64 { start + bucket * Int64(buckets) }
}

/// An own execution, for the signal participation.
package struct OwnExecution: Hashable, Sendable {
  package let listing: TaskVenue
  /// At the venue's own scale or coarser.
  package let quantity: ExactDecimal
  /// Nanoseconds UTC.
  package let time: Int64

  package init(listing: TaskVenue, quantity: ExactDecimal, time: Int64) {
    self.listing = listing
    self.quantity = quantity
    self.time = time
  }
}

/// What captures say of the signals that a contract wants.
package struct LocalSignalReader {
  /// In the order of what was wanted; one number per bucket, in quanta, within 0...maximum.
  package let quanta: [[Int64]]
  /// The receive times of the first and the last frame that was read: a capture that covers a part of the window only
  /// says less than was there.
  package let first: Int64
  package let last: Int64

  /// Reads the captures of `feeds` (`VENUE=ADAPTER:PATH[,key=value…]`, as `exprove run` takes them) up to the window's end.
  ///
  /// `opening` says where adapters are looked for and where they run. Trades and books count by receive time. Own executions are taken to be no part of the captures' tapes, since nobody
  /// fills an order against a capture, unless `isOwnOnTape` says that the venues printed them.
  package static func read(
    feeds: [String], wanted: [WantedSignal], window: SignalWindow, own: [OwnExecution] = [], isOwnOnTape: Bool = false,
    opening: FeedOpening
  ) throws(RunError) -> LocalSignalReader {
    guard !feeds.isEmpty else { throw .usage("no --feed given: local signals are read from captures") }
    for signal in wanted {
      guard signal.quantum.units > 0, signal.maximum > 0 else {
        throw .badInput(
          "\(signal.kind.rawValue) of \(signal.listing.venue) \(signal.listing.symbol): quantum and maximum must be above 0"
        )
      }
    }
    var opening = opening
    var lanes: [FeedLane] = []
    for (index, text) in feeds.enumerated() {
      let options: FeedOptions
      do throws(FeedError) { options = try FeedOptions(text) } catch { throw .feed(error) }
      lanes.append(try opening.open(options, index: index, seed: 0).0)
    }
    let input = MergedInput(lanes: lanes)
    var reading = SignalReading(wanted.map(\.listing), venues: lanes.map(\.venue), window, isOwnOnTape: isOwnOnTape)
    var batch = EventBatch(frames: 4096, events: 1 << 16, bytes: 8 << 20)
    while try input.fill(&batch, before: window.end) { reading.take(batch) }
    // What stood at the last frame stood on up to the next one; behind a capture's end nobody knows.
    let end = try input.nextTime() == nil ? reading.now : window.end
    try input.finish()
    return try LocalSignalReader(&reading, wanted, window, own, through: end)
  }

  private init(
    _ reading: inout SignalReading, _ wanted: [WantedSignal], _ window: SignalWindow, _ own: [OwnExecution],
    through end: Int64
  ) throws(RunError) {
    guard let first = reading.first, reading.now >= window.start else {
      throw .badInput(
        "the captures end at \(reading.now == .min ? "no frame" : String(reading.now)) (nanoseconds UTC), before the "
          + "window begins at \(window.start)")
    }
    self.first = first
    last = reading.now
    for execution in own {
      guard let listing = reading.listings.firstIndex(of: execution.listing) else { continue }
      let scale = try reading.scale(listing)
      guard let quantity = try? execution.quantity.units(atScale: scale) else {
        throw .badInput(
          "an own execution of \(execution.quantity) \(execution.listing.symbol) is finer than the \(scale) decimal places "
            + "of \(execution.listing.venue)")
      }
      reading.signals.fill(quantity, listing: listing, at: execution.time)
    }
    reading.signals.finish(at: end)
    var quanta: [[Int64]] = []
    for signal in wanted {
      guard let listing = reading.listings.firstIndex(of: signal.listing) else {
        throw .internalFault("a signal without its listing")
      }
      quanta.append(
        reading.signals.quanta(
          signal.kind, listing: listing, quantum: signal.quantum, maximum: signal.maximum,
          scale: try reading.scale(listing)))
    }
    self.quanta = quanta
  }
}

/// A market with the signals beside it, while captures are read.
private struct SignalReading: ~Copyable {
  /// Each once.
  let listings: [TaskVenue]
  var signals: LocalSignals
  var first: Int64?
  var now = Int64.min
  private var market = Market(seed: 0)
  private var directory: InstrumentDirectory
  /// By listing: its number in the market.
  private var numbers: [Int?]

  init(_ wanted: [TaskVenue], venues: [String], _ window: SignalWindow, isOwnOnTape: Bool) {
    var listings: [TaskVenue] = []
    for listing in wanted where !listings.contains(listing) { listings.append(listing) }
    self.listings = listings
    signals = LocalSignals(
      listings: listings.count, start: window.start, bucket: window.bucket, buckets: window.buckets,
      isOwnOnTape: isOwnOnTape)
    directory = InstrumentDirectory(venues: venues)
    numbers = Array(repeating: nil, count: listings.count)
  }

  mutating func take(_ batch: borrowing EventBatch) {
    let frames = batch.frames
    let events = batch.events
    if first == nil, frames.count > 0 { first = frames[0].receive_time }
    var time = now
    for index in events.indices {
      let event = events[index]
      let frame = frames[Int(event.frame)]
      time = max(time, frame.receive_time)
      let applied = market.apply(event, time: time, feed: frame.feed)
      let known = directory.instruments.count
      directory.learn(event, feed: Int(frame.feed))
      if directory.instruments.count > known {
        for (listing, name) in listings.enumerated() {
          numbers[listing] = directory.number(venue: name.venue, symbol: name.symbol)
        }
      }
      for (listing, number) in numbers.enumerated() {
        guard let number, number < market.count else { continue }
        signals.take(event, applied, listing: listing, instrument: number, time: time, market: market)
      }
    }
    // A frame may have no event, and is heard all the same.
    for index in frames.indices { now = max(now, frames[index].receive_time) }
  }

  /// Of the listing's quantities.
  func scale(_ listing: Int) throws(RunError) -> Int {
    guard let number = numbers[listing] else {
      let name = listings[listing]
      throw .badInput(
        "\(name.symbol) was never seen on \(name.venue); exprove normalize --summary tells what the capture holds")
    }
    return market.quantityScale(number)
  }
}
