// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// Finds adapters in a catalog by words: first by the bytes of its lines, and only what hits is parsed. What it finds is
/// what a catalog claims; an install goes by the vendor's own metadata.
package struct CatalogSearch: Sendable {
  /// Lower-case, none empty.
  private let words: [[UInt8]]

  /// Without words every adapter is found.
  package init(words: [String]) {
    self.words = words.map { CatalogSearch.folded(Array($0.utf8)) }.filter { !$0.isEmpty }
  }

  package struct Result: Sendable {
    /// Those with a word in the name first, then by name.
    package var entries: [CatalogEntry] = []
    /// Lines that hit and can't be read: a newer catalog's, or a damaged one's.
    package var unreadable = 0
  }

  /// The adapters in whose name, summary, licence or protocols all words stand, in any case of ASCII letters.
  package func find(in catalog: [UInt8]) -> Result {
    let folded = CatalogSearch.folded(catalog)
    let newline = UInt8(ascii: "\n")
    var result = Result()
    var named: [CatalogEntry] = []
    var start = 0
    while start < folded.count {
      var hit = start
      if let word = words.first {
        guard let found = CatalogSearch.find(word, in: folded, start..<folded.count) else { break }
        hit = found
      }
      let first = folded[start..<hit].lastIndex(of: newline).map { $0 + 1 } ?? start
      let end = folded[hit...].firstIndex(of: newline) ?? folded.count
      start = end + 1
      let line = first..<end
      guard !line.isEmpty, words.dropFirst().allSatisfy({ CatalogSearch.find($0, in: folded, line) != nil }) else {
        continue
      }
      do throws(RecordError) {
        let entry = try CatalogEntry(line: Array(catalog[line]), path: "catalog")
        if isNamed(entry) { named.append(entry) } else if holds(entry) { result.entries.append(entry) }
      } catch {
        result.unreadable += 1
      }
    }
    result.entries = named.sorted { $0.name < $1.name } + result.entries.sorted { $0.name < $1.name }
    return result
  }

  private func isNamed(_ entry: CatalogEntry) -> Bool {
    let name = CatalogSearch.folded(Array(entry.name.description.utf8))
    return holds(entry) && words.contains { CatalogSearch.find($0, in: name, 0..<name.count) != nil }
  }

  /// Whether all words stand in what the entry says: a line's bytes hold its keys too.
  private func holds(_ entry: CatalogEntry) -> Bool {
    let texts = [entry.name.description, entry.summary, entry.licence] + entry.protocols
    let bytes = CatalogSearch.folded(Array(texts.joined(separator: "\n").utf8))
    return words.allSatisfy { CatalogSearch.find($0, in: bytes, 0..<bytes.count) != nil }
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
