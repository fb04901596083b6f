// SPDX-License-Identifier: Apache-2.0

/// A path pattern of a delegation (TUF 1.0 section 4.6): shell patterns part by part, `*`, `?`, `[a-z]` and `[!a-z]`.
struct PathPattern {
  private enum Part {
    case anything
    case literal([UInt8])
    case elements([Element])
  }

  private let parts: [Part]

  init(_ pattern: String) {
    let special: [UInt8] = [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")]
    parts = pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { part in
      if part.elementsEqual("*".utf8) { return .anything }
      if !part.contains(where: special.contains) { return .literal(Array(part)) }
      return .elements(PathPattern.elements(Array(Substring(part).unicodeScalars)))
    }
  }

  func matches(_ path: String) -> Bool {
    let found = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard found.count == parts.count else { return false }
    return zip(parts, found).allSatisfy { part, text in
      switch part {
      case .anything: true
      case .literal(let bytes): text.elementsEqual(bytes)
      case .elements(let elements): PathPattern.matches(elements, part: Array(Substring(text).unicodeScalars))
      }
    }
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
  private static func matches(_ elements: [Element], part: [Unicode.Scalar]) -> Bool {
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
