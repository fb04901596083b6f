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

/// An execution of the run's own, as the venue's tape names it.
struct OwnPrint: Hashable {
  /// Index of the task's venue.
  let venue: Int
  let match: UInt64
}

/// One pass over the part of the journal that the ledger commits to: mids at the places asked for, and what others traded
/// in the window.
struct MarketWalk {
  private(set) var answers: [MidAnswer]
  private(set) var tape: IntervalTape
  private(set) var events: UInt64 = 0
  private(set) var gaps: Int64 = 0
  /// Number of the event behind the last one of the window.
  private(set) var windowEnd: UInt64 = 0
  /// By venue: decimal places of its quantities, 0 where it was never seen.
  private(set) var scales: [Int]
  /// Merge time of the last event.
  private var now = Int64.min
  private let task: LocalExecutionTask
  private let samples: [MidSample]
  private let own: Set<OwnPrint>
  private let feeds: Int
  private var instruments: [Int?]
  private var names: InstrumentDirectory
  // Indices of the samples in the order in which the walk meets them, and how many were met.
  private var timed: [Int] = []
  private var numbered: [(sequence: UInt64, index: Int)] = []
  private var nextTimed = 0
  private var nextNumbered = 0

  /// - Parameters:
  ///   - records: how many of the journal's records are read.
  ///   - own: executions that print on their venue's tape.
  init(
    _ directory: RunDirectory, _ description: RunDescription, records: UInt64, samples: [MidSample], own: Set<OwnPrint>
  ) throws {
    task = description.task
    self.samples = samples
    self.own = own
    feeds = description.feeds.count
    answers = Array(repeating: MidAnswer(reason: "beyond the data"), count: samples.count)
    instruments = Array(repeating: nil, count: task.venues.count)
    scales = Array(repeating: 0, count: task.venues.count)
    tape = IntervalTape(venues: task.venues.count)
    names = InstrumentDirectory(venues: description.feeds.map(\.venue))
    for (index, sample) in samples.enumerated() {
      if case .event(let sequence) = sample.place { numbered.append((sequence, index)) } else { timed.append(index) }
    }
    timed.sort { MarketWalk.rank(samples[$0].place) < MarketWalk.rank(samples[$1].place) }
    numbered.sort { ($0.sequence, $0.index) < ($1.sequence, $1.index) }
    try walk(directory, description, records)
  }

  private static func rank(_ place: MidSample.Place) -> (time: Int64, isThrough: Int) {
    switch place {
    case .before(let time): (time, 0)
    case .through(let time): (time, 1)
    case .event: (0, 0)
    }
  }

  private mutating func walk(_ directory: RunDirectory, _ description: RunDescription, _ records: UInt64) throws {
    var market = Market(seed: description.seed)
    var reader = try JournalReader(directory: directory.journal)
    var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
    while reader.position.records < records {
      switch try reader.next(into: &batch) {
      case .input: continue
      case .batch: try take(batch, &market)
      case .end:
        throw RunError.badInput("\(directory.journal): ends before record \(records), which the ledger commits to")
      }
    }
    for index in timed[nextTimed...] {
      if case .through(let time) = samples[index].place, time <= now { answer(index, market) }
    }
    gaps = market.counters.gaps
  }

  private mutating func take(_ batch: borrowing EventBatch, _ market: inout Market) throws {
    let all = batch.events
    let frames = batch.frames
    for index in all.indices {
      let event = all[index]
      let frame = frames[Int(event.frame)]
      guard Int(frame.feed) < feeds else {
        throw RunError.badInput("the journal: a frame of feed \(frame.feed), which run.json does not name")
      }
      now = max(now, frame.receive_time)
      answerDue(market)
      let applied = market.apply(event, time: now, feed: frame.feed)
      if event.kind == EventKind.text.rawValue || event.kind == EventKind.instrument.rawValue {
        learn(event, feed: Int(frame.feed))
      }
      if applied.effect == .trade || applied.effect == .broken { try count(event, applied) }
      events += 1
      if now <= task.window.end { windowEnd = events }
    }
  }

  /// Answers what was asked for at places before the next event, which is at `now`.
  private mutating func answerDue(_ market: borrowing Market) {
    while nextTimed < timed.count {
      let (time, isThrough) = MarketWalk.rank(samples[timed[nextTimed]].place)
      guard isThrough == 1 ? time < now : time <= now else { break }
      answer(timed[nextTimed], market)
      nextTimed += 1
    }
    while nextNumbered < numbered.count, numbered[nextNumbered].sequence == events {
      answer(numbered[nextNumbered].index, market)
      nextNumbered += 1
    }
  }

  private mutating func learn(_ event: Event, feed: Int) {
    names.learn(event, feed: feed)
    for (venue, listing) in task.venues.enumerated() where instruments[venue] == nil {
      guard let number = names.number(venue: listing.venue, symbol: listing.symbol) else { continue }
      instruments[venue] = number
      scales[venue] = names.instruments[number].scale
    }
  }

  private mutating func count(_ event: Event, _ applied: Applied) throws(MetricOverflow) {
    guard let venue = instruments.firstIndex(where: { $0 == Int(event.instrument) }) else { return }
    if applied.effect == .broken { return try tape.broken(venue: venue, match: event.aux) }
    guard now > task.window.start, now <= task.window.end,
      !own.contains(OwnPrint(venue: venue, match: event.aux))
    else { return }
    try tape.trade(venue: venue, match: event.aux, price: applied.price, quantity: applied.quantity)
  }

  private mutating func answer(_ index: Int, _ market: borrowing Market) {
    var bid: Int64?
    var ask: Int64?
    let wanted = samples[index].venue
    for (venue, instrument) in instruments.enumerated() where wanted == nil || wanted == venue {
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
