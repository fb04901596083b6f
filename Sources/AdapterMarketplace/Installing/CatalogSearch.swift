// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// Finds adapters in a catalog by words: by the bytes of its lines, and only what is shown is parsed. What it finds is what a
/// catalog claims; an install goes by the vendor's own metadata.
package struct CatalogSearch: Sendable {
  /// Lower-case, none empty.
  private let words: [[UInt8]]
  /// The same as a line has them: with JSON's escapes.
  private let written: [[UInt8]]

  /// Without words every adapter is found.
  package init(words: [String]) {
    let words = words.filter { !$0.isEmpty }
    self.words = words.map { CatalogSearch.folded(Array($0.utf8)) }
    written = words.map { CatalogSearch.folded(Array(JSON.string($0).canonical.dropFirst().dropLast())) }
  }

  package struct Result: Sendable {
    /// Those with a word in the name first, then by name.
    package var entries: [CatalogEntry] = []
    /// How many adapters there are, shown or not.
    package var found = 0
    /// Lines that hit and can't be read: a newer catalog's, or a damaged one's.
    package var unreadable = 0
  }

  /// Where a line's hits are.
  private enum Place { case name, text, nowhere }

  /// The adapters in whose name, summary, licence or protocols all words stand, in any case of ASCII letters; at most `limit`
  /// of them are read.
  package func find(in catalog: [UInt8], limit: Int = .max) -> Result {
    let folded = CatalogSearch.folded(catalog)
    var result = Result()
    var lines: (name: [Range<Int>], text: [Range<Int>]) = ([], [])
    var start = 0
    while let line = nextLine(in: folded, from: &start) {
      // What holds an escape is not what it says: it has to be read.
      guard let place = place(in: folded, line) ?? read(line, of: catalog, &result).map(place(of:)) else { continue }
      switch place {
      case .name: lines.name.append(line)
      case .text: lines.text.append(line)
      case .nowhere: break
      }
    }
    result.found = lines.name.count + lines.text.count
    for part in [lines.name, lines.text] {
      var entries: [CatalogEntry] = []
      for line in part where result.entries.count + entries.count < limit {
        if let entry = read(line, of: catalog, &result) { entries.append(entry) } else { result.found -= 1 }
      }
      result.entries += entries.sorted { $0.name < $1.name }
    }
    return result
  }

  private func read(_ line: Range<Int>, of catalog: [UInt8], _ result: inout Result) -> CatalogEntry? {
    do throws(RecordError) {
      return try CatalogEntry(line: Array(catalog[line]), path: "catalog")
    } catch {
      result.unreadable += 1
      return nil
    }
  }

  /// The next line that has all words somewhere; `start` moves behind it.
  private func nextLine(in folded: [UInt8], from start: inout Int) -> Range<Int>? {
    let newline = UInt8(ascii: "\n")
    while start < folded.count {
      var hit = start
      if let word = written.first {
        guard let found = CatalogSearch.find(word, in: folded, start..<folded.count) else { return nil }
        hit = found
      }
      let first = folded[start..<hit].lastIndex(of: newline).map { $0 + 1 } ?? start
      let end = folded[hit...].firstIndex(of: newline) ?? folded.count
      start = end + 1
      let line = first..<end
      if !line.isEmpty, written.dropFirst().allSatisfy({ CatalogSearch.find($0, in: folded, line) != nil }) {
        return line
      }
    }
    return nil
  }

  private static let searched = ["name", "summary", "licence", "protocols"].map { Array($0.utf8) }

  /// Where a line's hits are, by its strings: one before a colon is a key, any other a value of the last key. Nil for a line
  /// with escapes, and for one that is no object's.
  private func place(in folded: [UInt8], _ line: Range<Int>) -> Place? {
    let (quote, escape) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
    guard folded[line.lowerBound] == UInt8(ascii: "{"), folded[line.upperBound - 1] == UInt8(ascii: "}") else {
      return nil
    }
    var values: [Range<Int>] = []
    var name: Range<Int>?
    var key: Int?
    var at = line.lowerBound
    while at < line.upperBound {
      defer { at += 1 }
      guard folded[at] == quote else { continue }
      let start = at + 1
      at = start
      while at < line.upperBound, folded[at] != quote {
        if folded[at] == escape { return nil }
        at += 1
      }
      guard at + 1 < line.upperBound else { return nil }
      if folded[at + 1] == UInt8(ascii: ":") {
        key = CatalogSearch.searched.firstIndex { folded[start..<at].elementsEqual($0) }
      } else if let key {
        values.append(start..<at)
        if key == 0 { name = start..<at }
      }
    }
    let isHit = words.allSatisfy { word in
      values.contains { CatalogSearch.find(word, in: folded, $0) != nil }
    }
    guard isHit else { return .nowhere }
    let isNamed = name.map { name in words.contains { CatalogSearch.find($0, in: folded, name) != nil } }
    return isNamed == true ? .name : .text
  }

  private func place(of entry: CatalogEntry) -> Place {
    let name = CatalogSearch.folded(Array(entry.name.description.utf8))
    let texts = [entry.summary, entry.licence] + entry.protocols
    let values = [name] + texts.map { CatalogSearch.folded(Array($0.utf8)) }
    let isHit = words.allSatisfy { word in
      values.contains { CatalogSearch.find(word, in: $0, 0..<$0.count) != nil }
    }
    guard isHit else { return .nowhere }
    return words.contains { CatalogSearch.find($0, in: name, 0..<name.count) != nil } ? .name : .text
  }

  /// ASCII capitals as small letters.
  private static func folded(_ bytes: [UInt8]) -> [UInt8] {
    bytes.map { ($0 &- UInt8(ascii: "A")) < 26 ? $0 | 0x20 : $0 }
  }

  private static func find(_ word: [UInt8], in bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard range.count >= word.count else { return nil }
    let first = word[0]
    var at = range.lowerBound
    let last = range.upperBound - word.count
    while at <= last {
      if bytes[at] == first {
        var length = 1
        while length < word.count, bytes[at + length] == word[length] { length += 1 }
        if length == word.count { return at }
      }
      at += 1
    }
    return nil
  }
}
