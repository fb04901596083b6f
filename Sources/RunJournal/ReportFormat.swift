// SPDX-License-Identifier: Apache-2.0

/// The forms of an execution report, each a file of its own in `reports/`.
package enum ReportFormat: String, CaseIterable, Sendable {
  case html, json, csv

  package var mediaType: String {
    switch self {
    case .html: "text/html"
    case .json: "application/json"
    case .csv: "text/csv"
    }
  }

  /// `reports/report.html`; `reports/report-2.html` where another report of this form is there already.
  package func name(_ number: Int) -> String {
    "reports/report\(number == 1 ? "" : "-\(number)").\(rawValue)"
  }

  /// Whether `path` is one that `report` writes, or such a one that is not yet renamed into its place.
  package static func isReport(_ path: String) -> Bool {
    let name = path.hasSuffix(".tmp") ? String(path.dropLast(4)) : path
    return allCases.contains { format in
      if name == format.name(1) { return true }
      let head = "reports/report-"
      let tail = "." + format.rawValue
      guard name.hasPrefix(head), name.hasSuffix(tail), name.utf8.count > head.utf8.count + tail.utf8.count,
        let number = Int(name.dropFirst(head.count).dropLast(tail.count))
      else { return false }
      return number > 1 && name == format.name(number)
    }
  }
}
