// SPDX-License-Identifier: Apache-2.0

/// The path patterns of delegations (TUF 1.0 section 4.6): shell patterns part by part, `*`, `?`, `[a-z]` and `[!a-z]`.
enum PathPattern {
  static func matches(_ pattern: String, _ path: String) -> Bool {
    let patterns = pattern.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
    let parts = path.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
    guard patterns.count == parts.count else { return false }
    return zip(patterns, parts).allSatisfy { matches(Array($0), part: Array($1)) }
  }

  private enum Element {
    case any
    case one
    case literal(Unicode.Scalar)
    case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)

    func takes(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .any: false
      case .one: true
      case .literal(let wanted): scalar == wanted
      case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
      }
    }
  }

  /// After a mismatch only the last star has to take one character more, so the work is bounded by pattern × part.
  private static func matches(_ pattern: [Unicode.Scalar], part: [Unicode.Scalar]) -> Bool {
    let elements = elements(pattern)
    var (at, place) = (0, 0)
    var star: (element: Int, place: Int)?
    while place < part.count {
      if at < elements.count, case .any = elements[at] {
        star = (at, place)
        at += 1
      } else if at < elements.count, elements[at].takes(part[place]) {
        at += 1
        place += 1
      } else if let last = star {
        star = (last.element, last.place + 1)
        at = last.element + 1
        place = last.place + 1
      } else {
        return false
      }
    }
    return elements[at...].allSatisfy { if case .any = $0 { true } else { false } }
  }

  private static func elements(_ pattern: [Unicode.Scalar]) -> [Element] {
    var elements: [Element] = []
    var at = 0
    while at < pattern.count {
      let scalar = pattern[at]
      at += 1
      switch scalar {
      case "*": elements.append(.any)
      case "?": elements.append(.one)
      case "[":
        if let (set, end) = set(pattern, from: at) {
          elements.append(set)
          at = end
        } else {
          elements.append(.literal(scalar))
        }
      default: elements.append(.literal(scalar))
      }
    }
    return elements
  }

  /// The set whose inside begins at `start`, and where what follows it begins; nil when it is not closed.
  private static func set(_ pattern: [Unicode.Scalar], from start: Int) -> (Element, Int)? {
    var first = start
    let isNegated = first < pattern.count && pattern[first] == "!"
    if isNegated { first += 1 }
    // A bracket that stands first is one of the set.
    guard first < pattern.count, let end = pattern[(first + 1)...].firstIndex(of: "]") else { return nil }
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    var at = first
    while at < end {
      if at + 2 < end, pattern[at + 1] == "-" {
        // A range that runs backwards holds nothing.
        if pattern[at] <= pattern[at + 2] { ranges.append(pattern[at]...pattern[at + 2]) }
        at += 3
      } else {
        ranges.append(pattern[at]...pattern[at])
        at += 1
      }
    }
    return (.set(ranges, isNegated: isNegated), end + 1)
  }
}
