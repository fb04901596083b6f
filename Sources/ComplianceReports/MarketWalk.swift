// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow
internal import ExecutionIR
internal import MarketModel
internal import RunJournal

/// A question to the market at one place of the total order.
struct MidSample {
  enum Place {
    /// Before the first event at this time or later: what a decision at this time has seen.
    case before(Int64)
    /// After the last event at this time or earlier.
    case through(Int64)
    /// Before the event with this number.
    case event(UInt64)
  }
  let place: Place
  /// Index of one venue of the task; nil for the best prices over all of them.
  let venue: Int?
}

/// The answer: a doubled mid, or why there is none, and the number of the event before which it stood.
struct MidAnswer: Equatable {
  var mid: Int128?
  var reason: String?
  var sequence: UInt64 = 0
}

/// One pass over the journal: mids at the places asked for, and what others traded in the window.
struct MarketWalk {
  private(set) var answers: [MidAnswer]
  private(set) var volume: Int128 = 0
  private(set) var notional: Int128 = 0
  private(set) var trades = 0
  private(set) var events: UInt64 = 0
  private(set) var gaps: Int64 = 0
  /// Merge time of the last frame.
  private(set) var end = Int64.min
  /// Decimal places of `volume`.
  let scale: Int
  private let task: LocalExecutionTask
  private var instruments: [Int?]
  private var scales: [Int]
  private let own: Set<String>
  private var counted: [String: (price: Int64, quantity: Int128)] = [:]

  /// - Parameter own: the venue's ids of own executions that print on its tape, as `venue index/match`.
  init(
    _ directory: RunDirectory, _ description: RunDescription, samples: [MidSample], own: Set<String>, scale: Int
  ) throws(RunError) {
    task = description.task
    instruments = Array(repeating: nil, count: task.venues.count)
    scales = Array(repeating: 0, count: task.venues.count)
    answers = Array(repeating: MidAnswer(reason: "beyond the data"), count: samples.count)
    self.own = own
    self.scale = scale
    do throws(JournalError) { try walk(directory, description, samples) } catch {
      throw .badInput(error.description)
    }
  }

  private static func rank(_ place: MidSample.Place) -> (Int64, Int) {
    switch place {
    case .before(let time): (time, 0)
    case .through(let time): (time, 1)
    case .event: (0, 0)
    }
  }

  private mutating func walk(
    _ directory: RunDirectory, _ description: RunDescription, _ samples: [MidSample]
  ) throws(JournalError) {
    var timed: [Int] = []
    var numbered: [(UInt64, Int)] = []
    for (index, sample) in samples.enumerated() {
      if case .event(let sequence) = sample.place { numbered.append((sequence, index)) } else { timed.append(index) }
    }
    timed.sort { MarketWalk.rank(samples[$0].place) < MarketWalk.rank(samples[$1].place) }
    numbered.sort { $0 < $1 }
    var nextTimed = 0
    var nextNumbered = 0
    var market = Market(seed: description.seed)
    var names = InstrumentDirectory(venues: description.feeds.map(\.venue))
    var reader = try JournalReader(directory: directory.journal)
    var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
    while true {
      switch try reader.next(into: &batch) {
      case .input: continue
      case .end:
        while nextTimed < timed.count {
          let index = timed[nextTimed]
          if case .through(let time) = samples[index].place, time <= end { answer(index, samples[index], market) }
          nextTimed += 1
        }
        gaps = market.counters.gaps
        return
      case .batch: break
      }
      let all = batch.events
      let frames = batch.frames
      for index in all.indices {
        let event = all[index]
        let frame = frames[Int(event.frame)]
        end = max(end, frame.receive_time)
        while nextTimed < timed.count {
          let (time, isThrough) = MarketWalk.rank(samples[timed[nextTimed]].place)
          guard isThrough == 1 ? time < end : time <= end else { break }
          answer(timed[nextTimed], samples[timed[nextTimed]], market)
          nextTimed += 1
        }
        while nextNumbered < numbered.count, numbered[nextNumbered].0 == events {
          answer(numbered[nextNumbered].1, samples[numbered[nextNumbered].1], market)
          nextNumbered += 1
        }
        let applied = market.apply(event, time: end, feed: frame.feed)
        if event.kind == EventKind.text.rawValue || event.kind == EventKind.instrument.rawValue {
          names.learn(event, feed: Int(frame.feed))
          for (venue, listing) in task.venues.enumerated() where instruments[venue] == nil {
            instruments[venue] = names.number(venue: listing.venue, symbol: listing.symbol)
            if let number = instruments[venue] { scales[venue] = names.instruments[number].scale }
          }
        }
        if applied.effect == .trade || applied.effect == .broken { count(event, applied) }
        events += 1
      }
    }
  }

  private mutating func count(_ event: Event, _ applied: Applied) {
    guard let venue = instruments.firstIndex(where: { $0 == Int(event.instrument) }) else { return }
    let key = "\(venue)/\(event.aux)"
    if applied.effect == .broken {
      if let trade = counted.removeValue(forKey: key) { add(trade.price, -trade.quantity, -1) }
      return
    }
    guard end > task.window.start, end <= task.window.end, !own.contains(key) else { return }
    // The builder's scale is at least that of every venue's lot; a finer print rounds down.
    var quantity = Int128(applied.quantity)
    if scales[venue] <= scale {
      quantity *= Int128(FixedPoint.power(scale - scales[venue]))
    } else {
      quantity /= Int128(FixedPoint.power(scales[venue] - scale))
    }
    add(applied.price, quantity, 1)
    if event.aux != 0 { counted[key] = (applied.price, quantity) }
  }

  private mutating func add(_ price: Int64, _ quantity: Int128, _ number: Int) {
    volume += quantity
    notional += Int128(price) * quantity
    trades += number
  }

  private mutating func answer(_ index: Int, _ sample: MidSample, _ market: borrowing Market) {
    var bid: Int64?
    var ask: Int64?
    for (venue, instrument) in instruments.enumerated() where sample.venue == nil || sample.venue == venue {
      guard let instrument, instrument < market.count else { continue }
      let top = market.top(instrument)
      guard let itsBid = top.bid?.price, let itsAsk = top.ask?.price else { continue }
      bid = max(bid ?? itsBid, itsBid)
      ask = min(ask ?? itsAsk, itsAsk)
    }
    if let bid, let ask {
      answers[index] = MidAnswer(mid: Int128(bid) + Int128(ask), reason: nil, sequence: events)
    } else {
      answers[index] = MidAnswer(mid: nil, reason: "no two-sided book at this time", sequence: events)
    }
  }
}
