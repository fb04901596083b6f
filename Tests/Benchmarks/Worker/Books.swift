// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BenchmarkLimits
internal import CExProveABI
internal import DurableFiles
internal import EventFlow
internal import Feeds
internal import MarketModel

/// A batch that a list can hold.
final class HeldBatch {
  var batch: EventBatch
  init(_ frames: [Frame], _ events: [Event]) {
    batch = EventBatch(frames: max(1, frames.count), events: max(1, events.count), bytes: 1)
    let nothing: [UInt8] = []
    for frame in frames { batch.append(frame: frame, bytes: nothing.span) }
    for event in events { batch.append(event) }
  }
}

extension Event {
  /// The instrument's book is empty from here on.
  fileprivate init(clearing instrument: UInt32) {
    self.init(kind: .clear)
    self.instrument = instrument
    flags = EventFlags.last.rawValue
  }
}

/// Decoded events that books are built from.
struct BookInput {
  var batches: [(frames: [Frame], events: [Event])]
  var instruments: Int

  /// The capture again and again, each time from an empty book and under new ids, as on a longer day.
  static func itch(_ inputs: Inputs) throws -> BookInput {
    let once = try HostPath.events(inputs.capture)
    var input = BookInput(batches: [], instruments: 1)
    for repeated in 0..<50 {
      for (number, batch) in once.enumerated() {
        var events = batch.events.map { renumbered($0) { $0 + UInt64(repeated) << 40 } }
        if number == 0, repeated > 0 {
          events.removeAll { [.text, .instrument].contains($0.eventKind) }
          events.insert(Event(clearing: 0), at: 0)
        }
        input.batches.append((batch.frames, events))
      }
    }
    return input
  }

  /// The event with other ids of orders and matches.
  private static func renumbered(_ event: Event, _ number: (UInt64) -> UInt64) -> Event {
    var event = event
    event.order_id = number(event.order_id)
    // Of these kinds it is an order's or a match's id too.
    if [.orderReplace, .orderExecute, .trade].contains(event.eventKind) { event.aux = number(event.aux) }
    return event
  }

  /// The spot and the futures market, each an instrument of one market.
  static func binance(_ inputs: Inputs) throws -> BookInput {
    var second = try HostPath.events(inputs.usdm, feed: 1)
    for batch in second.indices {
      for index in second[batch].events.indices {
        guard second[batch].events[index].eventKind != .text,
          second[batch].events[index].instrument != noInstrument
        else { continue }
        second[batch].events[index].instrument += 1
      }
    }
    return BookInput(batches: try HostPath.events(inputs.spot) + second, instruments: 2)
  }

  /// The capture as if so many stocks had its flow at once, order ids in one count, as a venue gives them.
  static func interleaved(_ inputs: Inputs, symbols: Int) throws -> BookInput {
    let one = try HostPath.events(inputs.capture).flatMap { batch in
      batch.events.map { (batch.frames[Int($0.frame)], $0) }
    }
    var batches: [(frames: [Frame], events: [Event])] = []
    var (frames, events): ([Frame], [Event]) = ([], [])
    for (frame, event) in one where event.eventKind != .text {
      for symbol in 0..<symbols {
        var next = renumbered(event) { $0 * UInt64(symbols) + UInt64(symbol) }
        next.instrument = UInt32(symbol)
        next.frame = UInt32(frames.count)
        frames.append(frame)
        events.append(next)
        if events.count == 4096 {
          batches.append((frames, events))
          (frames, events) = ([], [])
        }
      }
    }
    return BookInput(batches: batches + [(frames, events)], instruments: symbols)
  }

  var count: Int { batches.reduce(0) { $0 + $1.events.count } }
}

/// Our books.
final class MarketBooks: Contestant {
  private let input: BookInput
  private let batches: [HeldBatch]

  init(_ input: BookInput) throws {
    self.input = input
    batches = input.batches.map { HeldBatch($0.frames, $0.events) }
  }

  func pass() throws -> Pass {
    var watch = Stopwatch()
    var market = Market(seed: 1)
    for held in batches { watch.measure { market.apply(held.batch) } }
    guard market.counters.unknownOrders == 0, market.counters.repeatedOrders == 0 else {
      throw BenchmarkError("the books don't follow the stream: \(market.counters)")
    }
    let answer = (0..<min(2, input.instruments)).map { BookText.top(market.top($0, from: .book)) }
    return Pass(units: input.count, nanoseconds: watch.nanoseconds, answer: answer.joined(separator: "; "))
  }
}

/// A textbook's.
final class MapBooks: Contestant {
  private let input: BookInput

  init(_ input: BookInput) throws { self.input = input }

  func pass() throws -> Pass {
    var watch = Stopwatch()
    let books = unsafe limits_books_create(UInt32(input.instruments))
    defer { unsafe limits_books_destroy(books) }
    for batch in input.batches {
      watch.measure { unsafe limits_books_apply(books, batch.events, UInt64(batch.events.count)) }
    }
    let answer = (0..<min(2, input.instruments)).map { instrument in
      var top: [Int64] = [0, 0, 0, 0]
      unsafe limits_books_top(books, UInt32(instrument), &top)
      return BookText.top(top[0], top[1], top[2], top[3])
    }
    return Pass(units: input.count, nanoseconds: watch.nanoseconds, answer: answer.joined(separator: "; "))
  }
}

/// From the capture's bytes in memory to the book: framing by the capture's lengths, decoding, book.
final class BytesToBook: Contestant {
  private let options: FeedOptions
  private let adapter: LoadedAdapter

  init(_ inputs: Inputs) throws {
    options = inputs.capture
    adapter = try HostPath.adapter(options)
  }

  func pass() throws -> Pass {
    var watch = Stopwatch()
    var (units, answer) = (0, "")
    for _ in 0..<50 {
      var path = try HostPath(options, adapter)
      var market = Market(seed: 1)
      while try watch.measure({ try path.read() }) {
        try watch.measure {
          try path.decode()
          market.apply(path.batch)
        }
        units += path.batch.frameCount
      }
      answer = BookText.top(market.top(0, from: .book))
    }
    return Pass(units: units, nanoseconds: watch.nanoseconds, answer: answer)
  }
}

enum BookText {
  static func top(_ top: Top) -> String {
    self.top(top.bid?.price ?? 0, top.bid?.quantity ?? 0, top.ask?.price ?? 0, top.ask?.quantity ?? 0)
  }

  /// Prices at 1e-9, quantities at the instrument's scale.
  static func top(_ bid: Int64, _ bidSize: Int64, _ ask: Int64, _ askSize: Int64) -> String {
    "\(bidSize) at \(bid), \(askSize) at \(ask)"
  }
}
