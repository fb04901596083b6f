// SPDX-License-Identifier: Apache-2.0

/// Which versions a desk takes, as it writes it after `@`: `1` and `1.2` (any that begin so), `1.2.3` (this one), `^1.2` (up to
/// the next major version), `~1.2.3` (up to the next minor one), comparisons like `>=1.2,<2`, and `*`.
///
/// Bounds with missing numbers mean all versions that begin so: `>1.2` begins with 1.3.0, `<=1.2` ends before it. A
/// pre-release is taken only where the range names one of the same three numbers.
package struct VersionRange: Hashable, Sendable, CustomStringConvertible {
  /// As it was written.
  package let description: String
  /// The one version that is meant, for a full version without an operator or behind `=`.
  package let exact: SemanticVersion?
  private let bounds: [Bound]
  /// The pre-releases that were named.
  private let named: [SemanticVersion]

  fileprivate enum Bound: Hashable, Sendable {
    case from(SemanticVersion)
    case above(SemanticVersion)
    case below(SemanticVersion)
    case upTo(SemanticVersion)

    func holds(_ version: SemanticVersion) -> Bool {
      switch self {
      case .from(let bound): version >= bound
      case .above(let bound): version > bound
      case .below(let bound): version < bound
      case .upTo(let bound): version <= bound
      }
    }
  }

  /// Every release.
  package static let any = VersionRange(bounds: [])
  private static let longest = 128

  private init(bounds: [Bound]) {
    description = "*"
    exact = nil
    self.bounds = bounds
    named = []
  }

  /// Nil for what is no range, and for numbers beyond 64 bits.
  package init?(_ text: String) {
    guard (1...VersionRange.longest).contains(text.utf8.count) else { return nil }
    var bounds: [Bound] = []
    var named: [SemanticVersion] = []
    var exact: SemanticVersion?
    if !text.utf8.elementsEqual("*".utf8) {
      let terms = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      for term in terms {
        guard let term = Term(term), let read = term.bounds else { return nil }
        bounds += read
        if let version = term.version {
          if version.isPreRelease { named.append(version) }
          if terms.count == 1, term.comparison == .equal { exact = version }
        }
      }
    }
    description = text
    self.bounds = bounds
    self.named = named
    self.exact = exact
  }

  /// Exactly this version.
  package init(_ version: SemanticVersion) {
    description = version.description
    exact = version
    bounds = [.from(version), .upTo(version)]
    named = version.isPreRelease ? [version] : []
  }

  /// Whether a version is taken.
  package func contains(_ version: SemanticVersion) -> Bool {
    guard bounds.allSatisfy({ $0.holds(version) }) else { return false }
    return !version.isPreRelease
      || named.contains { ($0.major, $0.minor, $0.patch) == (version.major, version.minor, version.patch) }
  }
}

/// One part of a range between commas: an operator and one to three numbers.
private struct Term {
  enum Comparison { case equal, atLeast, more, less, atMost, caret, tilde }

  /// Longer ones before those that they begin with; nothing means `=`.
  private static let operators: [(text: String, comparison: Comparison)] = [
    (">=", .atLeast), ("<=", .atMost), (">", .more), ("<", .less), ("^", .caret), ("~", .tilde), ("=", .equal),
    ("", .equal),
  ]

  let comparison: Comparison
  /// One to three.
  private let numbers: [UInt64]
  /// Where all three numbers are given, and perhaps a pre-release.
  let version: SemanticVersion?

  init?(_ text: Substring.UTF8View) {
    guard let found = Term.operators.first(where: { text.starts(with: $0.text.utf8) }) else { return nil }
    comparison = found.comparison
    let rest = text.dropFirst(found.text.utf8.count)
    let parts = rest.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
    if parts.count == 3 {
      guard let version = SemanticVersion(String(decoding: rest, as: UTF8.self)) else { return nil }
      self.version = version
      numbers = [version.major, version.minor, version.patch]
    } else {
      version = nil
      var numbers: [UInt64] = []
      for part in parts {
        guard let number = SemanticVersion.number(part) else { return nil }
        numbers.append(number)
      }
      self.numbers = numbers
    }
  }

  /// The first version that this names, with zeros for what is missing.
  private var first: SemanticVersion {
    version ?? SemanticVersion(numbers[0], numbers.count > 1 ? numbers[1] : 0, 0)
  }

  /// Where the versions begin that come behind all those which share the first `count` numbers: even before their
  /// pre-releases. Nil beyond 64 bits.
  private func next(_ count: Int) -> SemanticVersion? {
    var next = Array(numbers.prefix(count))
    let (value, overflow) = next[count - 1].addingReportingOverflow(1)
    guard !overflow else { return nil }
    next[count - 1] = value
    while next.count < 3 { next.append(0) }
    return SemanticVersion(next[0], next[1], next[2], preRelease: [.number(0)])
  }

  /// Nil beyond 64 bits.
  var bounds: [VersionRange.Bound]? {
    switch comparison {
    case .equal:
      if let version { return [.from(version), .upTo(version)] }
      return next(numbers.count).map { [.from(first), .below($0)] }
    case .atLeast: return [.from(first)]
    case .less: return [.below(first)]
    case .more:
      if let version { return [.above(version)] }
      return next(numbers.count).map { [.from($0)] }
    case .atMost:
      if let version { return [.upTo(version)] }
      return next(numbers.count).map { [.below($0)] }
    case .caret:
      // The first number that is not zero may not change; where all that are given are zero, the last of them.
      let fixed = (numbers.firstIndex { $0 != 0 } ?? numbers.count - 1) + 1
      return next(fixed).map { [.from(first), .below($0)] }
    case .tilde:
      return next(min(numbers.count, 2)).map { [.from(first), .below($0)] }
    }
  }
}
