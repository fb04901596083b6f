// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import ComplianceReports
import EventFlow
import ExecutionEngine
import ExecutionIR
import Foundation
import RunJournal
import Testing

/// Reports of runs that the rooms made themselves.
struct RunReportTests {
  /// The mid is 100.00 at decision and admission and 100.10 at the end; 600 fill at 100.05 and 200 at 100.03, for 2.40.
  private func vector(_ side: OrderSide) throws -> ScriptedRun.Script {
    var script = ScriptedRun.Script(side: side)
    script.market = [
      .init(time: ScriptedRun.start - 1, feed: 0, events: try book(bid: "99.99", ask: "100.01")),
      .init(time: ScriptedRun.start + 8_000_000_000, feed: 0, events: try book(bid: "100.08", ask: "100.12")),
      .init(time: ScriptedRun.end, feed: 0, events: try book(bid: "100.09", ask: "100.11")),
      .init(time: ScriptedRun.end + 1, feed: 0, events: try book(bid: "1", ask: "2")),
      .init(time: ScriptedRun.end + 6_000_000_000, feed: 0, events: try book(bid: "1", ask: "2")),
    ]
    let fills = [(try price("100.05"), Int64(600), UInt64(71)), (try price("100.03"), 200, 72)]
    script.answers = { intent in
      switch intent.action {
      case .cancel: return [(3_000_000, .of(.ownCancelled, quantity: 200))]
      case .new where intent.id == 1:
        return [(1_000_000, .of(.ownAcknowledged, aux: 9))]
          + fills.map { (2_000_000, .of(.ownFilled, price: $0.0, quantity: $0.1, aux: $0.2)) }
      case .new: return [(1_000_000, .of(.ownRejected))]
      }
    }
    return script
  }

  private func texts(_ report: ExecutionReport) throws -> [String] {
    let shortfall = report.shortfall
    return try [shortfall.delay, shortfall.trading, shortfall.opportunity, shortfall.fees, shortfall.total].map {
      try $0.map { try shortfall.ratio($0).text(places: 2) } ?? "null"
    }
  }

  @Test func theVectorOfABuy() throws {
    let run = try ScriptedRun(try vector(.buy))
    let report = try run.report()
    #expect(try texts(report) == ["0.00", "36.00", "20.00", "2.40", "58.40"])
    #expect(report.shortfall.basisPoints?.text(places: 2) == "5.84")
    #expect(report.averagePrice?.text(places: 3) == "100.045")
    #expect(report.slices.map(\.filled) == [800] && report.filledAfter == 0)
    #expect(report.fills.map(\.quality.effective) == [100_000_000, 60_000_000])
    try agrees(run)
  }

  @Test func theVectorOfASell() throws {
    let run = try ScriptedRun(try vector(.sell))
    let report = try run.report()
    #expect(try texts(report) == ["0.00", "-36.00", "-20.00", "2.40", "-53.60"])
    #expect(report.shortfall.basisPoints?.text(places: 2) == "-5.36")
    try agrees(run)
  }

  /// Another program finds every value of the JSON from the exported events and the ledger.
  private func agrees(_ run: ScriptedRun) throws {
    try run.exportEvents(to: run.path("events.jsonl"))
    try Data(try run.report().json.canonical).write(to: URL(fileURLWithPath: run.path("report.json")))
    let arguments = [run.directory.path, run.path("events.jsonl"), run.path("report.json")]
    guard let told = try python("recompute_report.py", arguments) else { return }
    #expect(told.status == 0 && told.output.isEmpty, "\(told.output)")
  }

  /// Single orders at one venue, levels at the other, groups, auctions, hidden and broken trades, own prints on the tape, a
  /// fill that is taken back and one that comes after the window: all of it once more by another program.
  @Test(arguments: [FillSource.simulated, .model]) func aFullMarket(_ fills: FillSource) throws {
    var script = ScriptedRun.Script(quantity: "40", slices: 4, fills: fills)
    script.listings = [.init(venue: "AAA", symbol: "XPRV", scale: 2), .init(venue: "BBB", symbol: "XPRV")]
    script.fee = #"{"rate":"0.00037","per_unit":"-0.0011"}"#
    script.market = try FullMarket.frames()
    script.answers = FullMarket.answers
    let run = try ScriptedRun(script)
    let report = try run.report()
    #expect(report.brokenFills.count == 1 && report.fills.count > 4 && report.filledAfter > 0)
    #expect(report.interval.trades > 20)
    #expect(report.venues.allSatisfy { $0.quantity > 0 })
    try agrees(run)
  }

  /// A model does not print on the venue's tape, so the same match ids of others count.
  @Test func ownPrintsAreLeftOutWhereAVenueMatches() throws {
    func volume(_ fills: FillSource) throws -> ReportInterval {
      var script = try vector(.buy)
      script.fills = fills
      let trade = Event.of(
        .trade, price: try price("100.02"), quantity: 600, aux: 71, flags: [.volume, .last])
      script.market.insert(.init(time: ScriptedRun.start + 3_000_000, feed: 0, events: [trade]), at: 1)
      return try ScriptedRun(script).report().interval
    }
    #expect(try volume(.model).volume == 600 && volume(.model).trades == 1)
    #expect(try volume(.simulated).volume == 0 && volume(.simulated).vwap == nil)
    #expect(try volume(.simulated).participation?.text(places: 0) == "1000000")
  }

  @Test func theIntervalIsOpenAtItsStartAndClosedAtItsEnd() throws {
    var script = try vector(.buy)
    func trade(_ time: Int64, _ match: UInt64) throws -> ScriptedRun.Script.Frame {
      let events = [Event.of(.trade, price: try price("100"), quantity: 1, aux: match, flags: [.volume, .last])]
      return .init(time: time, feed: 0, events: events)
    }
    script.market += try [
      trade(ScriptedRun.start, 1), trade(ScriptedRun.start + 1, 2), trade(ScriptedRun.end, 3),
      trade(ScriptedRun.end + 1, 4), trade(ScriptedRun.start + 5, 2),
      // A match of the window that is broken after it counts no more.
      trade(ScriptedRun.start + 6, 6),
      .init(time: ScriptedRun.end + 2, feed: 0, events: [.of(.tradeBreak, aux: 6)]),
      .init(time: ScriptedRun.end + 3, feed: 0, events: [.of(.tradeBreak, aux: 77)]),
    ]
    script.market.sort { $0.time < $1.time }
    let report = try ScriptedRun(script).report()
    #expect(report.interval.trades == 3 && report.interval.volume == 3)
  }

  @Test func withoutFills() throws {
    var script = try vector(.buy)
    script.answers = { $0.action == .new ? [(1_000_000, .of(.ownRejected))] : [] }
    let run = try ScriptedRun(script)
    let report = try run.report()
    #expect(try texts(report) == ["0.00", "0.00", "100.00", "0.00", "100.00"])
    #expect(report.averagePrice == nil && report.interval.slippage == nil && report.fills.isEmpty)
    #expect(report.html.contains("Nothing was filled at any venue."))
    #expect(report.csv.split(separator: "\r\n").count == 1)
    try agrees(run)
  }

  @Test func withoutATwoSidedMarket() throws {
    var script = try vector(.buy)
    // Only a bid at first: the order rests there. The ask never comes.
    script.market = [
      .init(time: ScriptedRun.start - 1, feed: 0, events: [.of(.level, side: .buy, price: 99, quantity: 5)])
    ]
    script.market[0].events[0].price = try price("99.99")
    let run = try ScriptedRun(script)
    let report = try run.report()
    #expect(report.decision.mid == nil && report.decision.reason == "beyond the data")
    #expect(report.shortfall.total == nil && report.shortfall.basisPoints == nil)
    let json = String(decoding: report.json.canonical, as: UTF8.self)
    #expect(json.contains(#""doubled_mid":null,"leaf":null,"name":"arrival","reason":"beyond the data""#))
    try agrees(run)
    script.market.append(.init(time: ScriptedRun.start + 4, feed: 0, events: script.market[0].events))
    script.market.append(.init(time: ScriptedRun.end + 4, feed: 0, events: script.market[0].events))
    let longer = try ScriptedRun(script)
    #expect(try longer.report().arrival.reason == "no two-sided book at this time")
    #expect(try longer.report().html.contains("no two-sided book at this time"))
    try agrees(longer)
  }

  @Test func feesInWhatIsBoughtAndElsewhere() throws {
    var script = try vector(.buy)
    script.fee = #"{"rate":"0.001"}"#
    script.feeCurrency = "XPRV"
    let bought = try ScriptedRun(script)
    // 600 · 0.001 · 100.05 + 200 · 0.001 · 100.03
    #expect(try texts(try bought.report())[3] == "80.04")
    try agrees(bought)
    script.fee = #"{"per_unit":"0.001"}"#
    script.feeCurrency = "BNB"
    let elsewhere = try ScriptedRun(script)
    let report = try elsewhere.report()
    #expect(try texts(report)[1...] == ["36.00", "20.00", "null", "null"])
    #expect(report.feesReason == "a fee in BNB has no price in USD")
    #expect(report.html.contains("a fee in BNB has no price in USD"))
    try agrees(elsewhere)
  }

  @Test func aMultiplier() throws {
    var script = try vector(.buy)
    script.multiplier = "2.5"
    let run = try ScriptedRun(script)
    #expect(try texts(try run.report()) == ["0.00", "90.00", "50.00", "2.40", "142.40"])
    try agrees(run)
    script.settlement = "EUR"
    let foreign = try ScriptedRun(script)
    #expect(throws: RunError.self) { try foreign.report() }
  }
}
