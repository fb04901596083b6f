// SPDX-License-Identifier: Apache-2.0

/// One thing wrong with a source file, where it is, and the way out.
package struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
  package let file: String
  /// From 1; the column counts Unicode scalars.
  package let line: Int
  package let column: Int
  /// How many columns are meant.
  package let length: Int
  package let message: String
  /// What a valid value looks like, or what to do.
  package let help: String
  /// The line, or of a long one the part around the place; and how many columns of it come before the place.
  package let snippet: String
  package let snippetOffset: Int

  private static let reach = 60

  package init(_ source: SourceText, _ range: SourceRange, _ message: String, help: String) {
    file = source.file
    (line, column) = source.position(range.start)
    length = source.columns(range)
    self.message = Diagnostic.printable(message)
    self.help = Diagnostic.printable(help)
    let (text, before) = source.excerpt(at: range.start, reach: Diagnostic.reach)
    snippet = Diagnostic.printable(text)
    snippetOffset = before
  }

  /// The message, the line with a caret below, and the help.
  package var description: String {
    let number = String(line)
    let margin = String(repeating: " ", count: number.count)
    let carets = String(repeating: "^", count: min(length, Diagnostic.reach))
    return """
      \(file):\(line):\(column): error: \(message)
      \(number) | \(snippet)
      \(margin) | \(String(repeating: " ", count: snippetOffset))\(carets)
      \(margin) = \(help)
      """
  }

  /// Control characters of a hostile file shall not reach a terminal; each takes one column, as before.
  private static func printable(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 32 || (127..<160).contains(scalar.value)
      let turnsText = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
      result.append(scalar == "\t" ? " " : isControl || turnsText ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }
}

/// The nearest of `words` to what was written, when it is near enough to be a slip.
package func suggestion(for written: String, among words: [String]) -> String? {
  let scalars = Array(written.lowercased().unicodeScalars.prefix(33))
  guard (1...32).contains(scalars.count) else { return nil }
  var best: (word: String, distance: Int)?
  for word in words {
    let distance = editDistance(scalars, Array(word.lowercased().unicodeScalars))
    if distance <= min(2, max(1, scalars.count / 2)), distance < best?.distance ?? .max { best = (word, distance) }
  }
  return best?.word
}

/// Levenshtein's distance, with an exchange of two neighbours as one step.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for i in left.indices {
    var row = [i + 1]
    for j in right.indices {
      var cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = min(cost, beforeLast[j - 1] + 1) }
      row.append(cost)
    }
    (beforeLast, last) = (last, row)
  }
  return last[right.count]
}
