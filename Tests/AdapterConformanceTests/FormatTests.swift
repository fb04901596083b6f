// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import ExecutionIR
internal import Foundation
internal import Testing

/// The reports for other programs; what an adapter says is a stranger's.
@Suite struct FormatTests {
  private static let hostile = "]]><script>alert('\"&\u{1}\u{FFFE}\n</td>"

  private static let report: ConformanceReport = {
    func result(_ check: ConformanceCheck, _ status: ConformanceStatus) -> ConformanceResult {
      ConformanceResult(
        check: check, status: status, detail: hostile, milliseconds: 1234, reproduce: "exprove '\(hostile)'")
    }
    return ConformanceReport(
      adapter: .init(name: hostile, version: "1", digest: "00", path: hostile), seed: 3, strictness: .usual,
      results: [
        result(.staticFile, .pass), result(.staticTLS, .warn), result(.lifecycleLoad, .fail),
        result(.lifecycleFork, .crash), result(.timeLarge, .timeout), result(.eventsOrders, .skip),
        result(.performanceLoad, .warn),
      ])
  }()

  @Test func junitIsWellFormedXML() throws {
    let parser = XMLReader()
    let root = try parser.read(FormatTests.report.junit)
    #expect(root["testsuites"] == ["tests": "7", "failures": "1", "errors": "2"])
    #expect(
      parser.cases == [
        "static.file", "static.tls", "lifecycle.load", "lifecycle.fork", "time.large", "events.orders",
        "performance.load",
      ])
    #expect(parser.outcomes == ["system-out", "system-out", "failure", "error", "error", "skipped", "system-out"])
  }

  @Test func theHTMLPageIsOneFileAndEscaped() throws {
    let text = String(decoding: FormatTests.report.html, as: UTF8.self)
    #expect(!text.contains("<script") && !text.contains("alert('") && !text.contains("\u{1}"))
    #expect(text.contains("&lt;script&gt;alert(&#39;&quot;&amp;\u{FFFD}\u{FFFD}&#10;&lt;/td&gt;"))
    #expect(!text.contains("src=") && !text.contains("href=") && text.contains("default-src 'none'"))
    #expect(FormatTests.report.html == FormatTests.report.html)
    #expect(text.contains("does not conform") && text.contains("warn, does not count"))
  }

  @Test func theJSONTellsSeverityAndLevel() throws {
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(FormatTests.report.json.canonical)) as? [String: Any])
    let checks = try #require(object["checks"] as? [[String: Any]])
    #expect(
      checks.map { $0["severity"] as? String } == ["error", "warning", "error", "error", "error", "error", "note"])
    #expect(checks.map { $0["counts"] as? Bool } == [false, false, true, true, true, false, false])
    #expect(object["strictness"] as? Int == 5)
  }
}

/// A reader of the few things in a JUnit file: well-formed or an error.
private final class XMLReader {
  private(set) var cases: [String] = []
  private(set) var outcomes: [String] = []

  struct Fault: Error { var place: Int }

  func read(_ bytes: [UInt8]) throws -> [String: [String: String]] {
    let text = String(decoding: bytes, as: UTF8.self)
    var open: [String] = []
    var root: [String: [String: String]] = [:]
    var rest = text[...]
    guard rest.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>") else { throw Fault(place: 0) }
    rest = rest[rest.firstIndex(of: ">")!...].dropFirst()
    while let start = rest.firstIndex(of: "<") {
      try check(rest[..<start])
      guard let end = rest[start...].firstIndex(of: ">") else { throw Fault(place: rest.count) }
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("/") {
        guard open.popLast().map({ $0 == tag.dropFirst() }) == true else { throw Fault(place: rest.count) }
        continue
      }
      let name = String(tag.prefix { $0 != " " && $0 != "/" })
      var attributes: [String: String] = [:]
      for match in tag.matches(of: /([a-z]+)="([^"<]*)"/) {
        try check(match.output.2)
        attributes[String(match.output.1)] = String(match.output.2)
      }
      if open.isEmpty {
        root[name] = attributes.filter { ["tests", "failures", "errors"].contains($0.key) }
      }
      if name == "testcase" { cases.append(attributes["name"] ?? "") }
      if open.last == "testcase" { outcomes.append(name) }
      if !tag.hasSuffix("/") { open.append(name) }
    }
    guard open.isEmpty else { throw Fault(place: -1) }
    return root
  }

  /// Character data has no bare ampersand, and no character that XML forbids.
  private func check(_ text: Substring) throws {
    for part in text.split(separator: "&", omittingEmptySubsequences: false).dropFirst() {
      guard ["amp;", "lt;", "gt;", "quot;", "#39;", "#10;"].contains(where: { part.hasPrefix($0) }) else {
        throw Fault(place: -2)
      }
    }
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 || $0 == "\n" }) else { throw Fault(place: -3) }
  }
}
