// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import ArgumentParser
import EventFlow
import ExecutionIR
import ExecutionRun
import RunJournal
import Feeds

/// `exprove normalize`: what a capture says, in the canonical form.
struct Normalize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the normalized events of captures or of a run, or count them.",
    discussion: """
      The events of a run are those that its journal holds, its own orders' among them; no adapter runs.

      EXAMPLES
        exprove normalize --summary --json \\
          --feed BINANCE=binance:spot.gz
        exprove normalize --format csv --limit 20 \\
          --feed XNAS=nasdaq-itch50:day.bin,date=2020-01-30,zone=America/New_York,time=venue+0ns
        exprove normalize --run run-1 --format jsonl
      """)

  @Option(
    name: .customLong("feed"), help: ArgumentHelp("A capture: VENUE=ADAPTER:PATH[,key=value…].", valueName: "feed"))
  var feeds: [String] = []

  @Option(
    name: .customLong("run"), help: ArgumentHelp("A run directory, in place of captures.", valueName: "directory"))
  var directory: String?

  @Option(help: "jsonl or csv.")
  var format: EventLines.Format = .jsonl

  @Option(help: ArgumentHelp("Stop after so many events.", valueName: "count"))
  var limit: Int = .max

  @OptionGroup var isolation: IsolationOption

  @Flag(help: "Count the whole capture and print one JSON object.")
  var summary = false

  @Flag(help: "One JSON object on standard output; with --summary this is the default form.")
  var json = false

  func validate() throws {
    guard feeds.isEmpty != (directory == nil) else {
      throw ValidationError("give either --feed or --run; see exprove normalize --help")
    }
    guard directory == nil || !summary else {
      throw ValidationError("--summary counts captures; exprove verify DIR --json counts what a run holds")
    }
    guard limit >= 0 else { throw ValidationError("--limit must not be negative") }
  }

  func run() throws {
    try Failure.exit {
      if let directory { return try list(run: directory) }
      var opening = try FeedOpening(isolation: isolation.choice, admission: .standard())
      var lanes: [FeedLane] = []
      var setups: [FeedSetup] = []
      for (index, text) in feeds.enumerated() {
        let (lane, setup) = try opening.open(try FeedOptions(text), index: index, seed: 0)
        lanes.append(lane)
        setups.append(setup)
      }
      let input = MergedInput(lanes: lanes)
      var batch = EventBatch(frames: 4096, events: 1 << 16, bytes: 8 << 20)
      if summary {
        var counts = StreamSummary()
        while try input.fill(&batch) { counts.add(batch) }
        try Console.printJSON(try SummaryReport.make(counts, input: input, setups: setups))
      } else {
        try list(input, &batch)
      }
      for incident in input.takeIncidents() { Console.note(incident: incident) }
      try input.finish()
      if summary { try UnknownCapture.check(lanes, setups) }
    }
  }

  private func list(_ input: MergedInput, _ batch: inout EventBatch) throws {
    var listing = Listing(format, feeds: input.lanes.map(\.venue), limit: limit)
    while listing.left > 0, try input.fill(&batch) { listing.print(batch) }
  }

  private func list(run path: String) throws {
    let journal = try RunEvents(RunDirectory(path))
    var listing = Listing(format, feeds: journal.feeds, limit: limit)
    let torn = try journal.forEach { batch in
      listing.print(batch)
      return listing.left > 0
    }
    if torn > 0 { Console.note("\(path): the journal ends with \(torn) bytes of an unfinished record, left out") }
  }

  /// Rows on standard output, up to a limit.
  private struct Listing {
    private(set) var left: Int
    private var lines: EventLines
    private var out: [UInt8] = []

    init(_ format: EventLines.Format, feeds: [String], limit: Int) {
      left = limit
      lines = EventLines(format: format, feeds: feeds)
      if format == .csv { Console.write(Array((EventLines.columns.joined(separator: ",") + "\n").utf8)) }
    }

    mutating func print(_ batch: borrowing EventBatch) {
      out.removeAll(keepingCapacity: true)
      left -= lines.write(batch, limit: left, to: &out)
      Console.write(out)
    }
  }
}

extension EventLines.Format: ExpressibleByArgument {}
