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
import TransparencyLog

/// Reports in a run's directory and ledger.
struct FilingTests {
  private func script(stopsAt: Int64? = nil) throws -> ScriptedRun.Script {
    var script = ScriptedRun.Script(slices: 4)
    for step in 0..<40 {
      let cents = 10_000 + step * 3 % 7
      script.market.append(
        .init(
          time: ScriptedRun.start + Int64(step) * 400_000_000 - 1, feed: 0,
          events: try book(bid: FixedPoint.text(cents - 1, scale: 2), ask: FixedPoint.text(cents + 1, scale: 2))))
    }
    script.answers = { intent in
      intent.action == .new
        ? [(1_000_000, .of(.ownFilled, price: intent.price, quantity: intent.quantity, aux: 100 + intent.id))] : []
    }
    script.stopsAt = stopsAt
    return script
  }

  @Test func whatIsFiledChangesNothingThatItSays() throws {
    let run = try ScriptedRun(try script())
    let before = try run.report()
    let leaves = try run.verification().leaves
    #expect(before.basis.leaves == leaves && before.filed.isEmpty)
    for (number, format) in ReportFormat.allCases.enumerated() {
      let bytes = Array("the \(format) report".utf8)
      let first = try run.file(bytes, format)
      #expect(first.isNew && first.report.leaf == leaves + UInt64(number))
      #expect(first.report.name == "reports/report.\(format)")
      let tree = try run.tree()
      let again = try run.file(bytes, format)
      #expect(!again.isNew && again.report == first.report)
      #expect(try run.tree() == tree)
    }
    // Other bytes of the same form stand beside the first ones.
    let other = try run.file(Array("made by another version".utf8), .html)
    #expect(other.isNew && other.report.name == "reports/report-2.html")
    #expect(try run.file(Array("the html report".utf8), .html).report.name == "reports/report.html")
    // One form's bytes under another form's name are another report.
    #expect(try run.file(Array("the html report".utf8), .csv).report.name == "reports/report-2.csv")

    let verification = try run.verification()
    #expect(verification.verdict == .consistent && verification.findings.isEmpty && verification.isFinished)
    #expect(verification.leaves == leaves + 5)
    let after = try run.report()
    #expect(after.filed.map(\.leaf) == Array(leaves..<leaves + 5))
    #expect(after.json == before.json)
    #expect(after.html == before.html)
    #expect(after.csv == before.csv)
  }

  @Test func theLeafSaysWhatTheReportSpeaksOf() throws {
    let run = try ScriptedRun(try script())
    let report = try run.report()
    let filed = try run.file(Array(report.html.utf8), .html).report
    let key = try VerifierKey(parsing: run.identity.publicVerifierKey)
    let recorded = try AuditLedgerReader(directory: run.directory.ledger, keys: [key]).statement(at: filed.leaf)
    #expect(recorded.statement.subjects == [.init(name: "reports/report.html", digest: filed.digest)])
    #expect(recorded.statement.predicate["leaves"] == .wide(report.basis.leaves))
    #expect(recorded.statement.predicate["root"] == .string(report.basis.root.description))
    #expect(recorded.statement.predicate["fills"] == .string("model"))
    #expect(recorded.statement.predicate["media_type"] == .string("text/html"))
  }

  @Test func verificationSeesEveryReport() throws {
    let run = try ScriptedRun(try script())
    let bytes = Array(try run.report().html.utf8)
    _ = try run.file(bytes, .html)
    let path = URL(fileURLWithPath: run.directory.path + "/reports/report.html")
    var other = bytes
    other[100] ^= 1
    try Data(other).write(to: path)
    #expect(try run.verification().findings == ["reports/report.html: does not have the digest that the ledger names"])
    try FileManager.default.removeItem(at: path)
    #expect(try run.verification().findings == ["reports/report.html: is missing or cannot be read"])
    #expect(throws: RunError.self) { try run.report() }
    try Data(bytes).write(to: path)
    let stray = URL(fileURLWithPath: run.directory.path + "/reports/report-2.html")
    try Data(bytes).write(to: stray)
    let found = try run.verification()
    #expect(found.leavings == ["reports/report-2.html"] && found.hasOnlyLeavings && found.verdict == .failed)
    // The stray alone is cleared away; with anything else wrong, nothing is.
    try Data(other).write(to: path)
    let filing = try ReportFiling(run.directory, try run.directory.require().0, identity: run.identity)
    #expect(try filing.settle(key: nil).cleared.isEmpty)
    #expect(FileManager.default.fileExists(atPath: stray.path))
    try Data(bytes).write(to: path)
    let settled = try filing.settle(key: nil)
    #expect(settled.cleared == ["reports/report-2.html"] && settled.report.verdict == .consistent)
  }

  private func lock(_ run: ScriptedRun) throws {
    _ = try RunLock.take(run.directory)
  }

  @Test func oneWriterAtATime() throws {
    let run = try ScriptedRun(try script())
    let description = try run.directory.require().0
    do {
      let filing = try ReportFiling(run.directory, description, identity: run.identity)
      #expect(throws: RunError.self) { try lock(run) }
      #expect(try filing.settle(key: nil).cleared.isEmpty)
    }
    try lock(run)
  }

  /// Only what the ledger commits to is reported, though the journal holds more.
  @Test func aRunThatHasNotEnded() throws {
    let run = try ScriptedRun(try script(stopsAt: ScriptedRun.start + 6_900_000_000))
    let verification = try run.verification()
    #expect(verification.verdict == .consistent && !verification.isFinished && !verification.tail.isEmpty)
    let report = try run.report()
    #expect(report.events == verification.events && report.events > 0)
    #expect(!report.verdict.isFinished && report.html.contains("UNFINISHED"))
    #expect(report.close.reason == "beyond the data")
    #expect(report.slices.map(\.planned).filter { $0 > 0 }.count == 3)
    try run.exportEvents(to: run.path("events.jsonl"))
    try Data(report.json.canonical).write(to: URL(fileURLWithPath: run.path("report.json")))
    if let told = try python(
      "recompute_report.py", [run.directory.path, run.path("events.jsonl"), run.path("report.json")])
    {
      #expect(told.status == 0 && told.output.isEmpty, "\(told.output)")
    }
  }

  @Test func theReadersKeyChangesTheVerdictAndNothingFiled() throws {
    let run = try ScriptedRun(try script())
    let key = try VerifierKey(parsing: run.identity.publicVerifierKey)
    let with = try RunVerifier.verify(run.directory, key: key)
    let without = try RunVerifier.verify(run.directory, key: nil)
    #expect(with.verdict == .verified && without.verdict == .consistent)
    #expect(with.unauthenticated.json == without.json)
    let mine = try ReportBuilder.build(run.directory, verification: with)
    let filed = try ReportBuilder.build(run.directory, verification: with.unauthenticated)
    #expect(mine.html.contains("Verified") && mine.html != filed.html)
    #expect(try filed.html == run.report().html)
  }

  @Test func whatDoesNotHoldHasNoFigures() throws {
    let run = try ScriptedRun(try script())
    let key = URL(fileURLWithPath: run.directory.key)
    try Data("desk+00000000+AAAA\n".utf8).write(to: key)
    let verification = try run.verification()
    #expect(verification.verdict == .failed)
    #expect(throws: RunError.self) { try ReportBuilder.build(run.directory, verification: verification) }
    let failed = FailedReport(run.directory, verification: verification)
    #expect(failed.html.contains("Does not hold") && !failed.html.contains("<table") && !failed.html.contains("<svg"))
    #expect(failed.html.contains("keys/ledger.vkey"))
    #expect(failed.json["task"] != .null && failed.json["verdict"]?["holds"] == .bool(false))
    try Data("{".utf8).write(to: URL(fileURLWithPath: run.directory.description))
    let unreadable = FailedReport(run.directory, verification: try run.verification())
    #expect(unreadable.json["task"] == .null && unreadable.html.contains("A run that cannot be read"))
  }

  @Test(arguments: [
    ("reports/report.html", true), ("reports/report.csv.tmp", true), ("reports/report-2.json", true),
    ("reports/report-10.html", true), ("reports/report-1.html", false), ("reports/report-02.html", false),
    ("reports/report-.html", false), ("reports/report-+2.html", false), ("reports/report.htmlx", false),
    ("reports/Report.html", false), ("reports/../report.html", false), ("reports/report-2.html.tmp.tmp", false),
    ("report.html", false),
  ])
  func names(_ path: String, _ isReport: Bool) {
    #expect(ReportFormat.isReport(path) == isReport)
  }
}
