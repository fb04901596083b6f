// SPDX-License-Identifier: Apache-2.0

/// What part of a file an answer of status 206 holds: `bytes FIRST-LAST/LENGTH` (RFC 9110, section 14.4).
package struct ContentRange: Equatable {
  package let first: Int
  package let last: Int
  /// Nil where the server does not know it: `*`.
  package let length: Int?

  /// Nil for anything else.
  package init?(_ field: String) {
    guard field.utf8.count <= 80, field.lowercased().hasPrefix("bytes ") else { return nil }
    let halves = field.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2 else { return nil }
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = decimal(ends[0]), let last = decimal(ends[1]), first <= last else { return nil }
    let length = decimal(halves[1])
    guard length.map({ last < $0 }) ?? (halves[1] == "*") else { return nil }
    (self.first, self.last, self.length) = (first, last, length)
  }
}

/// A number of digits only.
func decimal(_ text: some StringProtocol) -> Int? {
  guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
  return Int(text)
}
