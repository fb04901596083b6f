// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import ComplianceReports
import EventFlow
import ExecutionEngine
import ExecutionIR
import ExecutionRun
import Foundation
import Governance
import RunJournal

/// A run directory in a temporary place, made by the rooms themselves: the real engine over a market that a test scripts,
/// recorded as any run is. It goes away with the value.
final class ScriptedRun {
  static let second: Int64 = 1_000_000_000
  /// 2023-11-14T22:13:20Z; the window begins 10 seconds later and lasts 10.
  static let base: Int64 = 1_700_000_000 * second
  static let start = base + 10 * second
  static let end = base + 20 * second

  let directory: RunDirectory
  let identity: Identity
  private let scratch: String

  /// What is to be run.
  struct Script {
    struct Listing {
      var venue: String
      var symbol: String
      /// Decimal places of the venue's quantities.
      var scale = 0
    }
    /// A frame of a feed: the listings' in their order, then that of the reports on own orders.
    struct Frame {
      var time: Int64
      var feed: Int
      var events: [Event]
    }

    var id = "vector"
    var account = "DESK-1"
    var side = OrderSide.buy
    var quantity = "1000"
    var slices = 1
    var limit: Int64?
    var fills = FillSource.model
    var listings = [Listing(venue: "AAA", symbol: "XPRV")]
    var lot = "1"
    var multiplier = "1"
    var fee = #"{"per_unit":"0.003"}"#
    var feeCurrency = "USD"
    var settlement = "USD"
    var policy = Policy.permissive
    var market: [Frame] = []
    /// The venue's answers to an order or a cancel, each so many nanoseconds after it was sent.
    var answers: (OrderIntent) -> [(delay: Int64, event: Event)] = { _ in [] }
    /// Interrupted before the first frame at this time or later.
    var stopsAt: Int64?
  }

  init(_ script: Script) throws {
    scratch = NSTemporaryDirectory() + "exprove-report-" + UUID().uuidString
    directory = RunDirectory(scratch + "/run")
    identity = try Identity.ephemeral(name: "desk")
    try run(script)
  }

  deinit { try? FileManager.default.removeItem(atPath: scratch) }

  func path(_ name: String) -> String { scratch + "/" + name }

  // MARK: - Running

  private func run(_ script: Script) throws {
    let reference = try ReferenceData.parse(Array(script.reference.utf8), file: "reference.json")
    let description = try script.description(identity, reference)
    let recorder = try RunRecorder.begin(
      directory, proposed: description, identity: identity, adapters: [], reference: reference.json.canonical)
    var engine = try RunDriver.begin(description.engine(reference, shared: []))
    var batch = EventBatch(frames: 8, events: 4096, bytes: 1 << 16)
    var output = EngineOutput()
    var waiting = script.definitions + script.market
    waiting.sort { $0.time < $1.time }
    func deliver() throws {
      try recorder.record(output)
      for intent in output.intents {
        for answer in script.answers(intent) {
          var event = answer.event
          event.instrument = UInt32(intent.venue)
          event.order_id = intent.id
          event.flags |= EventFlags.simulated.rawValue
          let time = intent.time + answer.delay
          let place = waiting.firstIndex { $0.time > time } ?? waiting.count
          waiting.insert(.init(time: time, feed: script.listings.count, events: [event]), at: place)
        }
      }
      output.removeAll()
    }
    while let decision = engine.nextDecision {
      guard let next = waiting.first else {
        try recorder.record(input: RunInputs.end(.inputEnded))
        engine.finish(reason: RunInputs.End.inputEnded.rawValue, into: &output)
        try deliver()
        break
      }
      if let stop = script.stopsAt, next.time >= stop { return try recorder.suspend() }
      if next.time >= decision {
        try recorder.record(input: RunInputs.clock(decision))
        try engine.decide(into: &output)
      } else {
        waiting.removeFirst()
        batch.removeAll()
        var frame = Frame()
        frame.receive_time = next.time
        frame.feed = UInt32(next.feed)
        if next.feed == script.listings.count { frame.flags = FrameFlags.simulated.rawValue }
        batch.append(frame: frame, bytes: Array("frame".utf8).span)
        for event in next.events { batch.append(event) }
        try recorder.record(batch)
        try engine.step(batch, into: &output)
      }
      try deliver()
    }
  }

  // MARK: - Asking

  func verification() throws -> VerificationReport { try RunVerifier.verify(directory, key: nil) }

  func report() throws -> ExecutionReport { try ReportBuilder.build(directory, verification: try verification()) }

  /// Files `bytes` as the report command does.
  func file(_ bytes: [UInt8], _ format: ReportFormat) throws -> (report: FiledReport, isNew: Bool) {
    let filing = try ReportFiling(directory, try directory.require().0, identity: identity)
    let report = try ReportBuilder.build(directory, verification: try filing.settle(key: nil).report)
    return try filing.file(
      bytes, format, leaves: report.basis.leaves, root: report.basis.root, filed: report.filed)
  }

  /// The run's events as `normalize --run` prints them.
  func exportEvents(to path: String) throws {
    let events = try RunEvents(directory)
    var lines = EventLines(format: .jsonl, feeds: events.feeds)
    var out: [UInt8] = []
    _ = try events.forEach { batch in
      _ = lines.write(batch, limit: .max, to: &out)
      return true
    }
    try Data(out).write(to: URL(fileURLWithPath: path))
  }

  /// Every file of the run with its bytes.
  func tree() throws -> [String: Data] {
    var found: [String: Data] = [:]
    let files = FileManager.default.enumerator(atPath: directory.path)
    while let name = files?.nextObject() as? String {
      let url = URL(fileURLWithPath: directory.path + "/" + name)
      if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
        found[name] = try Data(contentsOf: url)
      }
    }
    return found
  }
}

extension Policy {
  /// Every control off but those that cannot be.
  static let permissive = Policy(
    name: "open", version: "1", priceCollar: nil, maximumOrderValue: nil, maximumOrderQuantity: nil, participation: nil,
    restricted: [], messageRate: nil, preventsOwnCrossing: true, maximumBookAge: nil)
}

extension ScriptedRun.Script {
  private func quoted(_ text: String) -> String { String(decoding: JSON.string(text).canonical, as: UTF8.self) }

  /// Every listing of one instrument, all of them fungible.
  fileprivate var reference: String {
    let terms = """
      {"from":"2020-01-01","ticks":[{"from":"0","tick":"0.01"}],"lot":"\(lot)","minimum_quantity":"\(lot)",\
      "minimum_notional":"0","maker_fee":\(fee),"taker_fee":\(fee),"fee_currency":"\(feeCurrency)",\
      "impact":{"coefficient":"0.000001","depth":"1000","source":"chosen","date":"2020-01-01"}}
      """
    let rows = listings.map {
      "{\"venue\":\(quoted($0.venue)),\"symbol\":\(quoted($0.symbol)),\"instrument\":\"XPRV\",\"terms\":[\(terms)]}"
    }
    let names = listings.map { "{\"venue\":\(quoted($0.venue)),\"symbol\":\(quoted($0.symbol))}" }
    return """
      {"format":"exprove-reference/1","instruments":[{"name":"XPRV","kind":"equity","base":"XPRV","quote":"USD",\
      "settlement":"\(settlement)","multiplier":"\(multiplier)"}],"listings":[\(rows.joined(separator: ","))],\
      "fungible":[{"name":"all","listings":[\(names.joined(separator: ","))]}]}
      """
  }

  fileprivate func description(_ identity: Identity, _ reference: ReferenceData) throws -> RunDescription {
    let task = try LocalExecutionTask(
      id: id, account: account, capacity: .agency, instrument: "XPRV", currency: "USD", side: side,
      quantity: ExactDecimal(quantity),
      window: TaskWindow(start: ScriptedRun.start, end: ScriptedRun.end, zone: "UTC", zoneDigest: nil),
      objective: .twap, slicing: .count(slices), participation: LocalExecutionTask.wholeParticipation, limit: limit,
      venues: listings.map { TaskVenue(venue: $0.venue, symbol: $0.symbol) }, referenceVenues: [],
      algorithm: RunSetup.algorithm)
    var feeds = listings.map {
      FeedDescription(
        venue: $0.venue, isReference: false, source: "model", option: "", container: "event", adapter: nil)
    }
    feeds.append(
      FeedDescription(
        venue: "OWN", isReference: false, source: "model", option: "", container: "event", adapter: nil))
    return RunDescription(
      started: 0, identity: identity.name, verifier: identity.publicVerifierKey, origin: "desk/runs/scripted",
      fills: fills, fillsDetail: "scripted by a test", seed: 1, task: task, policy: policy,
      reference: Digest(of: reference.json.canonical), prior: nil, feeds: feeds)
  }

  /// Each feed introduces its symbol and defines its instrument, a second before anything else.
  fileprivate var definitions: [Frame] {
    listings.enumerated().map { number, listing in
      var definition = Event(kind: .instrument)
      definition.instrument = UInt32(number)
      definition.level = UInt16(listing.scale)
      definition.flags = EventFlags.last.rawValue
      return Frame(
        time: ScriptedRun.base + Int64(number), feed: number, events: [Event.text(0, listing.symbol), definition])
    }
  }
}

extension Event {
  /// The first and only record of a text of fewer than 40 bytes.
  static func text(_ id: UInt32, _ text: String) -> Event {
    let bytes = Array(text.utf8)
    precondition(bytes.count < 40, "one record")
    var words = [UInt64](repeating: 0, count: 5)
    for (index, byte) in bytes.enumerated() { words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8) }
    var event = Event(kind: .text)
    event.venue_sequence = words[0]
    event.order_id = words[1]
    event.price = Int64(bitPattern: words[2])
    event.quantity = Int64(bitPattern: words[3])
    event.aux = words[4]
    event.instrument = id
    event.level = UInt16(bytes.count)
    return event
  }

  static func of(
    _ kind: EventKind, _ instrument: Int = 0, id: UInt64 = 0, side: Side = .none, price: Int64 = 0,
    quantity: Int64 = 0, aux: UInt64 = 0, flags: EventFlags = [.last]
  ) -> Event {
    var event = Event(kind: kind)
    event.instrument = UInt32(instrument)
    event.order_id = id
    event.side = side.rawValue
    event.price = price
    event.quantity = quantity
    event.aux = aux
    event.flags = flags.rawValue
    return event
  }
}

/// A decimal as a price at 1e-9.
func price(_ text: String) throws -> Int64 { try FixedPoint.parse(text, scale: priceScale) }

/// A book of one level on each side, told whole in one group.
func book(_ instrument: Int = 0, bid: String, ask: String, size: Int64 = 5000) throws -> [Event] {
  [
    .of(.clear, instrument, flags: []),
    .of(.level, instrument, side: .buy, price: try price(bid), quantity: size, flags: []),
    .of(.level, instrument, side: .sell, price: try price(ask), quantity: size),
  ]
}
