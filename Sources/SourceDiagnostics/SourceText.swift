// SPDX-License-Identifier: Apache-2.0

/// Bytes of a source file, half-open.
package struct SourceRange: Hashable, Sendable {
  package let start: Int
  package let end: Int

  package init(_ start: Int, _ end: Int) {
    self.start = start
    self.end = end
  }

  /// From the beginning of this one to the end of the other.
  package func through(_ other: SourceRange) -> SourceRange { SourceRange(start, max(end, other.end)) }
}

/// A source file: its name, for messages, and its bytes.
package struct SourceText: Sendable {
  package static let largest = 1 << 20

  package let file: String
  package let bytes: [UInt8]
  private let lineStarts: [Int]

  package init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
    var starts = [0]
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(index + 1) }
    lineStarts = starts
  }

  package func text(_ range: SourceRange) -> String { String(decoding: bytes[range.start..<range.end], as: UTF8.self) }

  /// Line and column from 1; columns count Unicode scalars, so that a caret stands below its character.
  package func position(_ offset: Int) -> (line: Int, column: Int) {
    let line = lineIndex(offset)
    return (line + 1, width(lineStarts[line], offset) + 1)
  }

  /// What surrounds `offset` in its line, at most `reach` columns before and as many behind, and how many come before.
  package func excerpt(at offset: Int, reach: Int) -> (text: String, before: Int) {
    let index = lineIndex(offset)
    var end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
    if end > lineStarts[index], bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    var from = offset
    var before = 0
    while from > lineStarts[index], before < reach {
      repeat { from -= 1 } while from > lineStarts[index] && isContinuation(bytes[from])
      before += 1
    }
    var to = min(offset, end)
    var behind = 0
    while to < end, behind < reach {
      repeat { to += 1 } while to < end && isContinuation(bytes[to])
      behind += 1
    }
    return (text(SourceRange(min(from, to), to)), before)
  }

  /// How many columns a range covers, within its first line and at least one.
  package func columns(_ range: SourceRange) -> Int {
    let index = lineIndex(range.start)
    let end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
    return max(1, width(range.start, min(range.end, end)))
  }

  private func width(_ start: Int, _ end: Int) -> Int {
    var width = 0
    for offset in start..<max(start, end) where !isContinuation(bytes[offset]) { width += 1 }
    return width
  }

  /// Whether a byte goes on with a character of UTF-8 that began before it.
  private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  private func lineIndex(_ offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }
}
