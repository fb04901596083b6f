// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import ComplianceReports
import EventFlow
import ExecutionEngine
import ExecutionIR
import Foundation
import Governance
import RunJournal
import Testing

/// The page and the table of fills, of runs whose every name is hostile.
struct PageTests {
  private static let names = [
    #"</title><script>alert(1)</script>"#, #"" onmouseover="x"#, "=cmd|'/c calc'!A1",
    "a\u{202E}b\u{0}c\r\nd\u{2028}e", "&amp;<b>", "quote\"\u{301},comma",
  ]

  private func script(_ fills: FillSource = .model) throws -> ScriptedRun.Script {
    var script = ScriptedRun.Script(id: PageTests.names[0], account: PageTests.names[3], slices: 2, fills: fills)
    script.listings = [
      .init(venue: PageTests.names[2], symbol: PageTests.names[5]), .init(venue: PageTests.names[1], symbol: "</td>"),
    ]
    for (time, bid, ask) in [(-1, "99.99", "100.01"), (4, "100.02", "100.05"), (15, "100.00", "100.01")] {
      for feed in 0..<2 {
        script.market.append(
          .init(
            time: ScriptedRun.start + Int64(time) * ScriptedRun.second, feed: feed,
            events: try book(feed, bid: bid, ask: ask, size: 300)))
      }
    }
    script.market.sort { $0.time < $1.time }
    script.answers = { intent in
      guard intent.action == .new else { return [(1_000_000, .of(.ownCancelled, quantity: 1000))] }
      return [(1_000_000, .of(.ownFilled, price: intent.price, quantity: intent.quantity / 2 + 1, aux: 50 + intent.id))]
    }
    script.policy = Policy(
      name: PageTests.names[4], version: "1", priceCollar: nil, maximumOrderValue: nil,
      maximumOrderQuantity: nil, participation: nil, restricted: [],
      messageRate: .init(messages: 2, window: 20 * ScriptedRun.second), preventsOwnCrossing: true, maximumBookAge: nil)
    return script
  }

  private func element(_ page: String, _ name: String) -> [Substring] {
    page.components(separatedBy: "<\(name)").dropFirst().map {
      $0[..<($0.range(of: "</\(name)>")?.lowerBound ?? $0.endIndex)]
    }
  }

  @Test func nothingThatARunSaysBecomesMarkup() throws {
    let page = try ScriptedRun(try script()).report().html
    #expect(!page.contains("<script") && !page.contains("<b>") && !page.contains(#"" onmouseover="#))
    #expect(page.contains("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"))
    #expect(page.contains("&quot; onmouseover=&quot;x"))
    #expect(page.contains(#"a\u{202e}b\u{0}c\u{d}\u{a}d\u{2028}e"#))
    #expect(page.contains("&amp;amp;&lt;b&gt;"))
    for scalar in page.unicodeScalars where scalar != "\n" {
      #expect(scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format)
    }
    // Everything that opens closes, in order.
    var open: [Substring] = []
    for tag in page.split(separator: "<").dropFirst() {
      let name = tag.prefix { $0 != ">" && $0 != " " }
      if name.hasPrefix("/") {
        #expect(open.popLast() == name.dropFirst())
      } else if !["meta", "br", "!doctype"].contains(name) {
        open.append(name)
      }
    }
    #expect(open.isEmpty)
  }

  @Test(arguments: [FillSource.model, .simulated]) func simulatedIsSaidEverywhere(_ fills: FillSource) throws {
    let report = try ScriptedRun(try script(fills)).report()
    #expect(!report.fills.isEmpty && !report.denials.isEmpty)
    let page = report.html
    let drawings = element(page, "svg")
    #expect(drawings.count == 5 && drawings.allSatisfy { $0.contains("SIMULATED") })
    let captions = element(page, "figcaption")
    #expect(captions.count == 5 && captions.allSatisfy { $0.contains("simulated") })
    // Every row that holds a number of fills or a figure from them.
    for section in ["Implementation shortfall", "Schedule against fills", "Venues", "Fills"] {
      let start = try #require(page.range(of: "<h2>\(section)</h2>")).upperBound
      let text = page[start...]
      let rows = element(String(text[..<(text.range(of: "<h2>")?.lowerBound ?? text.endIndex)]), "tr")
        .filter { $0.contains("<td") && !$0.contains("decision") && !$0.contains("arrival") && !$0.contains("close") }
      #expect(!rows.isEmpty && rows.allSatisfy { $0.contains("simulated") }, "\(section)")
    }
    for row in report.csv.split(separator: "\r\n").dropFirst() { #expect(row.contains(",true,")) }
    for key in ["fills", "slices", "venues", "spreads"] {
      let rows = try #require(report.json[key]?.elements)
      #expect(!rows.isEmpty && rows.allSatisfy { $0["simulated"] == .bool(true) })
    }
  }

  @Test func aShadowRunSaysThatNothingWasSent() throws {
    var shadow = try script(.shadow)
    shadow.answers = { _ in [] }
    let report = try ScriptedRun(shadow).report()
    #expect(report.html.contains("SHADOW") && !report.html.contains("SIMULATED"))
    #expect(report.json["simulated"] == .bool(false) && report.fills.isEmpty)
  }

  @Test func everyDenialHasItsReasons() throws {
    let report = try ScriptedRun(try script()).report()
    let denial = try #require(report.denials.first?.denial)
    #expect(denial.reasons.map(\.control) == ["message_rate"])
    for (leaf, denial) in report.denials {
      let reason = try #require(denial.reasons.first)
      #expect(report.html.contains("message_rate: \(reason.measured), limit \(reason.limit)"))
      #expect(report.html.contains("<td class=\"number\">\(leaf)</td>"))
    }
    #expect(report.html.contains("\(report.denials.count) orders were not sent, by control: message_rate"))
  }

  @Test func theTableOfFills() throws {
    let report = try ScriptedRun(try script()).report()
    let lines = report.csv.components(separatedBy: "\r\n")
    #expect(lines.last == "" && lines.count == report.fills.count + 2)
    #expect(lines[0].hasPrefix("leaf,fills_are,simulated,order,execution,venue,symbol,side,"))
    let first = try #require(report.fills.first { $0.record.listing.venue == PageTests.names[2] })
    let line = try #require(lines.first { $0.hasPrefix("\(first.leaf),") })
    // What a spreadsheet would compute has an apostrophe; a quote stays one though a mark combines with it.
    #expect(line.contains(",'=cmd|'/c calc'!A1,\"quote\"\"\u{301},comma\",buy,"))
  }

  @Test func theSameRunGivesTheSameBytes() throws {
    let run = try ScriptedRun(try script())
    let one = try run.report()
    let two = try run.report()
    #expect(one.html == two.html && one.csv == two.csv && one.json == two.json)
  }

  /// More slices than the drawing has room for bars: no division by nothing, nothing negative.
  @Test func aLongSchedule() throws {
    var many = try script()
    many.slices = 200
    many.answers = { _ in [] }
    let page = try ScriptedRun(many).report().html
    for attribute in ["width=\"-", "height=\"-"] { #expect(!page.contains(attribute)) }
    #expect(element(page, "rect").count >= 400)
  }
}
