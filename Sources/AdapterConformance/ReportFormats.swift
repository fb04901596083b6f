// SPDX-License-Identifier: Apache-2.0

extension ConformanceReport {
  /// A JUnit report, as build servers read it: a suite for each group, a case for each check. What counts against the
  /// adapter is a failure (an error where it crashed or hung); findings that do not count are told in system-out.
  package var junit: [UInt8] {
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    let failures = results.count { strictness.counts($0) && $0.status != .crash && $0.status != .timeout }
    let errors = results.count { $0.status == .crash || $0.status == .timeout }
    text += "<testsuites name=\"\(escaped("\(adapter.name) \(adapter.version)"))\" tests=\"\(results.count)\""
    text +=
      " failures=\"\(failures)\" errors=\"\(errors)\" time=\"\(seconds(results.reduce(0) { $0 + $1.milliseconds }))\">\n"
    for group in groups {
      let cases = results.filter { $0.check.group == group }
      text += "  <testsuite name=\"\(group)\" tests=\"\(cases.count)\""
      text += " failures=\"\(cases.count { strictness.counts($0) && $0.status != .crash && $0.status != .timeout })\""
      text += " errors=\"\(cases.count { $0.status == .crash || $0.status == .timeout })\""
      text += " skipped=\"\(cases.count { $0.status == .skip })\""
      text += " time=\"\(seconds(cases.reduce(0) { $0 + $1.milliseconds }))\">\n"
      for result in cases { text += testCase(result) }
      text += "  </testsuite>\n"
    }
    return Array((text + "</testsuites>\n").utf8)
  }

  private func testCase(_ result: ConformanceResult) -> String {
    let id = escaped(result.check.id)
    var text = "    <testcase classname=\"\(escaped(adapter.name)).\(result.check.group)\" name=\"\(id)\""
    text += " time=\"\(seconds(result.milliseconds))\">"
    let body = "\(result.detail)\nreproduce: \(result.reproduce)"
    switch result.status {
    case .crash, .timeout:
      text += "<error type=\"\(result.status.rawValue)\" message=\"\(escaped(result.detail))\">\(escaped(body))</error>"
    case .skip: text += "<skipped message=\"\(escaped(result.detail))\"/>"
    case .fail, .warn:
      text +=
        strictness.counts(result)
        ? "<failure type=\"\(result.check.severity.rawValue)\" message=\"\(escaped(result.detail))\">\(escaped(body))</failure>"
        : "<system-out>\(result.check.severity.rawValue): \(escaped(body))</system-out>"
    case .pass: text += "<system-out>\(escaped(result.detail))</system-out>"
    }
    return text + "</testcase>\n"
  }

  /// One page that needs nothing besides itself; the same report gives the same bytes.
  package var html: [UInt8] {
    var text = """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(escaped("\(adapter.name) \(adapter.version)")): conformance</title>
      <style>
      body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #222; background: #fff; }
      h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
      table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid #ddd; }
      td.id, code { font-family: ui-monospace, monospace; font-size: .86rem; } code { overflow-wrap: anywhere; }
      .pass { color: #14692b; } .fail, .crash, .timeout { color: #a3121f; font-weight: 600; } .warn { color: #8a5a00; } .skip { color: #666; }
      .reason { color: #666; font-size: .86rem; }
      @media (prefers-color-scheme: dark) { body { background: #16181c; color: #ddd; } td, th { border-color: #333; } .pass { color: #6fce86; } .fail, .crash, .timeout { color: #ff8088; } .warn { color: #e5b454; } .reason, .skip { color: #999; } }
      </style></head><body>

      """
    text += "<h1>\(escaped("\(adapter.name) \(adapter.version)")) "
    text +=
      passes ? "<span class=\"pass\">conforms</span></h1>\n" : "<span class=\"fail\">does not conform</span></h1>\n"
    text += "<p>SHA-256 <code>\(escaped(adapter.digest))</code><br>\(escaped(ConformanceReport.harness)), "
    text += "strictness \(strictness.level), seed \(seed)</p>\n"
    if !captures.isEmpty {
      text += "<p>Captures:</p><ul>\n"
      for capture in captures {
        text +=
          "<li><code>\(escaped(capture.path))</code>, \(capture.size) bytes, SHA-256 <code>\(capture.digest)</code></li>\n"
      }
      text += "</ul>\n"
    }
    text += "<p>\(escaped(counts))</p>\n"
    for group in groups {
      text += "<h2>\(group)</h2>\n<table><tr><th>check</th><th>result</th><th>severity</th><th>found</th></tr>\n"
      for result in results where result.check.group == group {
        text += "<tr><td class=\"id\">\(escaped(result.check.id))</td>"
        text +=
          "<td class=\"\(result.status.rawValue)\">\(result.status.rawValue)\(strictness.counts(result) || !isFinding(result) ? "" : ", does not count")</td>"
        text += "<td>\(result.check.severity.rawValue)</td><td>\(escaped(result.detail))"
        text += "<div class=\"reason\">\(escaped(result.check.reason))</div>"
        if isFinding(result) { text += "<code>\(escaped(result.reproduce))</code>" }
        text += "</td></tr>\n"
      }
      text += "</table>\n"
    }
    return Array((text + "</body></html>\n").utf8)
  }

  private func isFinding(_ result: ConformanceResult) -> Bool { result.status.isFailure || result.status == .warn }

  /// In the order of the report.
  private var groups: [String] {
    var found: [String] = []
    for result in results where !found.contains(result.check.group) { found.append(result.check.group) }
    return found
  }

  /// So many of each status.
  var counts: String {
    ConformanceStatus.allCases.compactMap { status -> String? in
      let count = results.count { $0.status == status }
      return count == 0 ? nil : "\(count) \(status.rawValue)"
    }.joined(separator: ", ")
  }

  private func seconds(_ milliseconds: Int) -> String {
    let fraction = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.utf8.count))\(fraction)"
  }

  /// Text for markup, XML 1.0's or HTML's, in attributes as well: what an adapter says is a stranger's. Characters that XML
  /// has no way to write become U+FFFD.
  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n": result += "&#10;"
      case "\t": result += " "
      default:
        let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        result.unicodeScalars.append(isControl || scalar.value & 0xFFFE == 0xFFFE ? "\u{FFFD}" : scalar)
      }
    }
    return result
  }
}
