// SPDX-License-Identifier: Apache-2.0

internal import EscapedMarkup

/// A page of a report.
struct Page: EscapedMarkup {
  var out = "<!doctype html>\n"

  typealias Value = AttributeValue

  /// A file of text ends with a line's end.
  mutating func end() { out += "\n" }

  // MARK: - Blocks

  mutating func heading(_ words: String) {
    out += "\n"
    element("h2", words)
  }

  mutating func paragraph(_ words: String, note: Bool = false) {
    element("p", note ? ["class": "note"] : [:], words)
  }

  mutating func list(_ items: [String]) {
    guard !items.isEmpty else { return }
    element("ul") { page in
      for item in items { page.element("li", item) }
    }
  }

  enum Cell: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    case text(String)
    /// Right-aligned, so that the points stand below each other where the places are the same.
    case number(String)
    case leaves(LeafReference)
    /// A line each.
    case lines([String])

    init(stringLiteral value: String) { self = .text(value) }
  }

  /// A table whose columns are as the first row has them.
  mutating func table(_ head: [String], _ rows: [[Cell]], emphasised: Int? = nil) {
    element("div", ["class": "wide"]) { page in
      page.element("table") { page in
        page.element("thead") { page in
          page.element("tr") { page in
            for (index, title) in head.enumerated() {
              var isNumber = false
              if let first = rows.first, index < first.count, case .number = first[index] { isNumber = true }
              page.element("th", isNumber ? ["class": "number", "scope": "col"] : ["scope": "col"], title)
            }
          }
        }
        page.element("tbody") { page in
          for (index, row) in rows.enumerated() {
            page.out += "\n"
            page.element("tr", index == emphasised ? ["class": "total"] : [:]) { page in
              for cell in row { page.cell(cell) }
            }
          }
        }
      }
    }
  }

  private mutating func cell(_ cell: Cell) {
    switch cell {
    case .text(let words): element("td", words)
    case .number(let words): element("td", ["class": "number"], words)
    case .leaves(let reference): element("td", ["class": "leaves"]) { $0.leaves(reference) }
    case .lines(let lines):
      element("td") { page in
        for line in lines { page.element("div", line) }
      }
    }
  }

  mutating func leaves(_ reference: LeafReference) {
    for (index, part) in reference.parts.enumerated() {
      if index > 0 { out += ", " }
      switch part {
      case .range(let words): text(words)
      case .set(let id, let words): element("a", ["href": "#leaves-\(id)"], words)
      }
    }
    if reference.parts.isEmpty { text("none") }
  }
}

/// How a figure names the ledger's leaves behind it: as numbers where they are few, else by a set that is listed once.
struct LeafReference {
  enum Part {
    case range(String)
    case set(id: String, words: String)
  }
  var parts: [Part]

  /// Sorted, neighbours drawn together: `2`, `10–73`.
  static func ranges(_ leaves: [UInt64]) -> [String] {
    var runs: [(first: UInt64, last: UInt64)] = []
    for leaf in leaves.sorted() {
      if let run = runs.last, leaf == run.last || leaf == run.last &+ 1 {
        runs[runs.count - 1].last = leaf
      } else {
        runs.append((leaf, leaf))
      }
    }
    return runs.map { $0.first == $0.last ? String($0.first) : "\($0.first)–\($0.last)" }
  }

  /// The numbers themselves.
  init(_ leaves: [UInt64]) {
    parts = LeafReference.ranges(leaves).map { .range($0) }
  }

  /// A set that the page lists under `id`, and some leaves beside it.
  init(set id: String, _ noun: String, of leaves: [UInt64], and others: [UInt64] = []) {
    let ranges = LeafReference.ranges(leaves)
    parts =
      ranges.count <= 4
      ? ranges.map { .range($0) } : [.set(id: id, words: "\(leaves.count) \(noun)")]
    parts += LeafReference.ranges(others).map { .range($0) }
  }
}
