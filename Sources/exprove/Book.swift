// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CExProveABI
import EventFlow
import ExecutionRun
import Feeds
import MarketModel
import RunJournal

/// `exprove book`: the book as rows.
struct Book: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print an instrument's book as CSV: time, then ask price, ask size, bid price, bid size per level.",
    discussion: """
      A row for each message that changes the book, for every Nth one with --every, or one as of --at. A level that is not
      there is two empty fields. Crossed books are printed as they are, and counted on standard error. Until a venue's
      snapshot has come, the book holds what its updates told.

      EXAMPLE
        exprove book --instrument BTCUSDT --levels 5 --every 1000 --feed BINANCE=binance:spot.gz
      """)

  @Option(
    name: .customLong("feed"), help: ArgumentHelp("A capture: VENUE=ADAPTER:PATH[,key=value…].", valueName: "feed"))
  var feeds: [String] = []

  @Option(help: ArgumentHelp("The venue's symbol, or VENUE:SYMBOL.", valueName: "symbol"))
  var instrument: String

  @Option(help: "Levels per side.")
  var levels = 10

  @Option(help: ArgumentHelp("Only every Nth change.", valueName: "n"))
  var every: Int = 1

  @Option(help: ArgumentHelp("One row: the book as of this time, nanoseconds UTC.", valueName: "time"))
  var at: Int64?

  @OptionGroup var isolation: IsolationOption

  func validate() throws {
    guard !feeds.isEmpty else { throw ValidationError("no --feed given; see exprove book --help") }
    guard (1...1000).contains(levels) else { throw ValidationError("--levels is 1 to 1000") }
    guard every > 0 else { throw ValidationError("--every must be above 0") }
  }

  func run() throws {
    try Failure.exit {
      var opening = try FeedOpening(isolation: isolation.choice, admission: .standard())
      var lanes: [FeedLane] = []
      var setups: [FeedSetup] = []
      for (index, text) in feeds.enumerated() {
        let (lane, setup) = try opening.open(try FeedOptions(text), index: index, seed: 0)
        lanes.append(lane)
        setups.append(setup)
      }
      let input = MergedInput(lanes: lanes)
      let isFound = try rows(input)
      for incident in input.takeIncidents() { Console.note(incident: incident) }
      try input.finish()
      guard !isFound else { return }
      try UnknownCapture.check(lanes, setups)
      throw RunError.badInput("\(instrument) was never seen; exprove normalize --summary tells what the capture holds")
    }
  }

  /// - Returns: whether the instrument was seen.
  private func rows(_ input: MergedInput) throws -> Bool {
    var market = Market(seed: 0)
    var directory = InstrumentDirectory(venues: input.lanes.map(\.venue))
    var csv = BookCSV(levels: levels)
    var batch = EventBatch(frames: 4096, events: 1 << 16, bytes: 8 << 20)
    var wanted: Int? = nil
    var changes = 0
    var isChanged = false
    var now = Int64.min
    var out = Array(csv.header.utf8)
    var isDone = false
    while !isDone, try input.fill(&batch) {
      for index in 0..<batch.eventCount {
        let event = batch.event(at: index)
        let frame = batch.frame(at: Int(event.frame))
        let time = max(now, frame.receive_time)
        if let at, time > at {
          isDone = true
          break
        }
        now = time
        directory.learn(event, feed: Int(frame.feed))
        let applied = market.apply(event, time: now, feed: frame.feed)
        if wanted == nil { wanted = directory.instruments.firstIndex(where: matches) }
        if Int(event.instrument) == wanted, changesBook(event, applied) { isChanged = true }
        // A group shows when it is complete.
        guard let wanted, event.has(.last), isChanged, at == nil else { continue }
        isChanged = false
        changes += 1
        if changes % every == 0 { csv.append(wanted, of: market, at: now, to: &out) }
      }
      Console.write(out)
      out.removeAll(keepingCapacity: true)
    }
    guard let wanted else { return false }
    if let at {
      csv.append(wanted, of: market, at: at, to: &out)
      Console.write(out)
    }
    if csv.crossed + csv.locked > 0 { Console.note("\(csv.crossed) rows are crossed, \(csv.locked) locked") }
    return true
  }

  /// Orders and levels make the book; quotes, trades and states of the session don't.
  private func changesBook(_ event: Event, _ applied: Applied) -> Bool {
    (EventKind.orderAdd.rawValue...EventKind.clear.rawValue).contains(event.kind) && applied.effect != .unusable
  }

  private func matches(_ listed: ListedInstrument) -> Bool {
    instrument == listed.symbol || instrument == "\(listed.venue):\(listed.symbol)"
  }
}
