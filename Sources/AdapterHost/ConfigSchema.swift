// SPDX-License-Identifier: Apache-2.0

extension AdapterManifest.Setting {
  /// What `schema` lines say of a setting; `exprove.config/1` of `extensions.h`.
  package struct Schema: Equatable, Sendable {
    /// Of an integer.
    package var range: ClosedRange<Int64>?
    /// Of a text, in bytes.
    package var length: ClosedRange<Int64>?
    /// What the number counts, for people.
    package var unit: String?
    package var isRequired = false

    package init() {}
  }

  /// What it may be, in words: `an integer from 1 to 5000 levels`.
  package var allowed: String {
    switch kind {
    case .integer:
      let unit = schema.unit.map { " \($0)" } ?? ""
      return schema.range.map { "an integer from \($0.lowerBound) to \($0.upperBound)\(unit)" } ?? "an integer\(unit)"
    case .text:
      let most = schema.length.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "at most 4096"
      return "a text of \(most) bytes without control characters"
    case .choice(let options): return "one of \(options.joined(separator: ", "))"
    }
  }
}

extension AdapterManifest {
  /// Holds settings against what the manifest declares; no code of the adapter runs.
  ///
  /// - Throws: `.badSetting` with the key, the value and what is allowed.
  package func check(_ settings: [AdapterSession.Configuration.Setting]) throws(AdapterError) {
    for (index, setting) in settings.enumerated() {
      guard let declared = self.settings.first(where: { $0.key == setting.key }) else {
        let known = self.settings.map(\.key).joined(separator: ", ")
        throw AdapterError(
          .badSetting, "\(name): it has no setting “\(setting.key)”\(known.isEmpty ? "" : "; it has \(known)")")
      }
      guard declared.accepts(setting.value) else {
        throw AdapterError(
          .badSetting,
          "\(name): “\(setting.value)” is no value of setting “\(setting.key)”, which is \(declared.allowed)")
      }
      guard !settings[..<index].contains(where: { $0.key == setting.key }) else {
        throw AdapterError(.badSetting, "\(name): setting “\(setting.key)” is given twice")
      }
    }
    for declared in self.settings where declared.schema.isRequired {
      guard settings.contains(where: { $0.key == declared.key }) else {
        throw AdapterError(
          .badSetting, "\(name): setting “\(declared.key)” must be given: \(declared.help); it is \(declared.allowed)")
      }
    }
  }

  /// The settings without which no session opens, at the values that the manifest gives them.
  package var requiredSettings: [AdapterSession.Configuration.Setting] {
    settings.filter(\.schema.isRequired).map { .init(key: $0.key, value: $0.defaultValue) }
  }

  /// `key rule value`, about a setting of a line above.
  mutating func takeSchema(_ text: String) throws(Reason) {
    let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true).map(String.init)
    guard words.count >= 2, words.count == 3 || words[1] == "required" else {
      throw Reason(reason: "a schema is “key rule value”, or “key required”")
    }
    guard let index = settings.firstIndex(where: { $0.key == words[0] }) else {
      throw Reason(reason: "no setting “\(words[0])” stands above")
    }
    let kind = settings[index].kind
    var schema = settings[index].schema
    let isNew: Bool
    switch words[1] {
    case "range":
      guard kind == .integer else { throw Reason(reason: "“range” is of integers, “\(words[0])” is none") }
      isNew = schema.range == nil
      schema.range = try AdapterManifest.bounds(words[2])
    case "length":
      guard kind == .text else { throw Reason(reason: "“length” is of texts, “\(words[0])” is none") }
      isNew = schema.length == nil
      schema.length = try AdapterManifest.bounds(words[2])
    case "unit":
      guard kind == .integer else { throw Reason(reason: "“unit” is of integers, “\(words[0])” is none") }
      isNew = schema.unit == nil
      schema.unit = words[2]
    case "required":
      guard words.count == 2 else { throw Reason(reason: "“required” stands alone") }
      isNew = !schema.isRequired
      schema.isRequired = true
    default: throw Reason(reason: "“\(words[1])” is none of range, length, unit, required")
    }
    guard isNew else { throw Reason(reason: "“\(words[1])” of “\(words[0])” stands twice") }
    settings[index].schema = schema
  }

  /// `LOW..HIGH`, both decimal integers.
  private static func bounds(_ text: String) throws(Reason) -> ClosedRange<Int64> {
    let bad = Reason(reason: "“\(text)” is no range such as 1..5000")
    guard let dots = text.firstRange(of: "..") else { throw bad }
    guard let low = Int64(text[..<dots.lowerBound]), let high = Int64(text[dots.upperBound...]), low <= high,
      "\(low)..\(high)" == text
    else { throw bad }
    return low...high
  }
}

extension AdapterManifest {
  /// A library that it needs beyond the system's, by name and by what its file must be.
  package struct Library: Equatable, Sendable {
    /// As the adapter's file names it, such as `libfeed.so.2`.
    package var name: String
    /// SHA-256, 32 bytes.
    package var digest: [UInt8]

    package init(name: String, digest: [UInt8]) {
      self.name = name
      self.digest = digest
    }
  }

  /// `NAME sha256:…`
  func library(_ text: String) throws(Reason) -> Library {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count == 2, words[1].hasPrefix("sha256:"), !words[0].contains("/") else {
      throw Reason(reason: "a library is “NAME sha256:” and 64 hexadecimal digits, its name without a path")
    }
    let digits = Array(words[1].dropFirst("sha256:".count).utf8)
    let values = digits.compactMap { digit in
      Array("0123456789abcdef".utf8).firstIndex(of: digit).map { UInt8($0) }
    }
    guard digits.count == 64, values.count == 64 else {
      throw Reason(reason: "the digest of “\(words[0])” is not 64 hexadecimal digits in lower case")
    }
    let name = String(words[0])
    guard !StaticRule.allowedLibraries.contains(name) else {
      throw Reason(reason: "“\(name)” is the system's, and needs no digest")
    }
    guard !libraries.contains(where: { $0.name == name }) else {
      throw Reason(reason: "library “\(name)” stands twice")
    }
    return Library(
      name: name, digest: stride(from: 0, to: 64, by: 2).map { values[$0] << 4 | values[$0 + 1] })
  }
}
