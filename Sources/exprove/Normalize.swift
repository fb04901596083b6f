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
    abstract: "Print the normalized events of captures, or count them.",
    discussion: """
      EXAMPLES
        exprove normalize --summary --json \\
          --feed BINANCE=binance:spot.gz
        exprove normalize --format csv --limit 20 \\
          --feed XNAS=nasdaq-itch50:day.bin,date=2020-01-30,zone=America/New_York,time=venue+0ns
      """)

  @Option(
    name: .customLong("feed"), help: ArgumentHelp("A capture: VENUE=ADAPTER:PATH[,key=value…].", valueName: "feed"))
  var feeds: [String] = []

  @Option(help: "jsonl or csv.")
  var format: EventLines.Format = .jsonl

  @Option(help: ArgumentHelp("Stop after so many events.", valueName: "count"))
  var limit: Int = .max

  @Flag(help: "Count the whole capture and print one JSON object.")
  var summary = false

  @Flag(help: "One JSON object on standard output; with --summary this is the default form.")
  var json = false

  func validate() throws {
    guard !feeds.isEmpty else { throw ValidationError("no --feed given; see exprove normalize --help") }
    guard limit >= 0 else { throw ValidationError("--limit must not be negative") }
  }

  func run() throws {
    try Failure.exit {
      var opening = FeedOpening()
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
      if let damage = lanes.compactMap(\.damage).first { throw RunError.feed(damage) }
      if summary { try UnknownCapture.check(lanes, setups) }
    }
  }

  private func list(_ input: MergedInput, _ batch: inout EventBatch) throws {
    var lines = EventLines(format: format, feeds: input.lanes.map(\.venue))
    if format == .csv { Console.write(Array((EventLines.columns.joined(separator: ",") + "\n").utf8)) }
    var left = limit
    var out: [UInt8] = []
    while left > 0, try input.fill(&batch) {
      out.removeAll(keepingCapacity: true)
      left -= lines.write(batch, limit: left, to: &out)
      Console.write(out)
    }
  }
}

extension EventLines.Format: ExpressibleByArgument {}
