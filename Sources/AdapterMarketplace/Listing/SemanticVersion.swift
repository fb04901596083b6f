// SPDX-License-Identifier: Apache-2.0

/// A version as Semantic Versioning 2.0.0 orders them, without build metadata: two files of one version are told apart by
/// their digests, not by their names.
package struct SemanticVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// An identifier of a pre-release; numbers come before words (section 11.4).
  package enum Identifier: Hashable, Comparable, Sendable {
    case number(UInt64)
    case word(String)

    package static func < (left: Identifier, right: Identifier) -> Bool {
      switch (left, right) {
      case (.number(let left), .number(let right)): left < right
      case (.number, .word): true
      case (.word, .number): false
      case (.word(let left), .word(let right)): Array(left.utf8).lexicographicallyPrecedes(Array(right.utf8))
      }
    }
  }

  package let major: UInt64
  package let minor: UInt64
  package let patch: UInt64
  /// Empty for a release.
  package let preRelease: [Identifier]

  package init(_ major: UInt64, _ minor: UInt64, _ patch: UInt64, preRelease: [Identifier] = []) {
    self.major = major
    self.minor = minor
    self.patch = patch
    self.preRelease = preRelease
  }

  /// Reads `1.2.3` or `1.2.3-rc.1`, at most 64 bytes; nil for anything else.
  package init?(_ text: String) {
    guard text.utf8.count <= 64 else { return nil }
    let hyphen = text.utf8.firstIndex(of: UInt8(ascii: "-"))
    let numbers = text[..<(hyphen ?? text.endIndex)].utf8.split(
      separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard numbers.count == 3, let major = SemanticVersion.number(numbers[0]),
      let minor = SemanticVersion.number(numbers[1]),
      let patch = SemanticVersion.number(numbers[2])
    else { return nil }
    var identifiers: [Identifier] = []
    if let hyphen {
      let rest = text.utf8[text.utf8.index(after: hyphen)...]
      for part in rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
        guard let identifier = SemanticVersion.identifier(part) else { return nil }
        identifiers.append(identifier)
      }
    }
    self.init(major, minor, patch, preRelease: identifiers)
  }

  package var isPreRelease: Bool { !preRelease.isEmpty }

  package var description: String {
    var text = "\(major).\(minor).\(patch)"
    for (index, identifier) in preRelease.enumerated() {
      text += index == 0 ? "-" : "."
      switch identifier {
      case .number(let value): text += String(value)
      case .word(let word): text += word
      }
    }
    return text
  }

  /// Section 11: numbers first; a pre-release comes before its release; then identifier by identifier.
  package static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    let numbers = ([left.major, left.minor, left.patch], [right.major, right.minor, right.patch])
    guard numbers.0 == numbers.1 else { return numbers.0.lexicographicallyPrecedes(numbers.1) }
    guard left.isPreRelease, right.isPreRelease else { return left.isPreRelease && !right.isPreRelease }
    return left.preRelease.lexicographicallyPrecedes(right.preRelease)
  }

  /// Digits without leading zeros.
  static func number(_ digits: Substring.UTF8View) -> UInt64? {
    guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0"),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return UInt64(String(decoding: digits, as: UTF8.self))
  }

  private static func identifier(_ part: Substring.UTF8View) -> Identifier? {
    guard !part.isEmpty else { return nil }
    if part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      return number(part).map { .number($0) }
    }
    let isWord = part.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return isWord ? .word(String(decoding: part, as: UTF8.self)) : nil
  }
}
