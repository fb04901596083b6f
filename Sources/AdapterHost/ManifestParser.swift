// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

extension AdapterManifest {
  /// Where and why a manifest is wrong. Lines count from 1.
  package struct Fault: Error, Equatable, Sendable {
    package var line: Int
    package var reason: String
  }

  /// The most bytes that a manifest may have.
  package static let sizeLimit = 65_536
  private static let header = "exprove-manifest/1"
  private static let required = ["name", "version", "vendor", "licence", "summary", "abi", "max-events"]

  /// Reads the section's bytes, without their terminator. They are hostile: anything that is not exactly what
  /// `adapter.h` describes is a fault with its line.
  package init(parsing bytes: some Collection<UInt8>) throws(Fault) {
    guard bytes.count <= AdapterManifest.sizeLimit else {
      throw Fault(line: 1, reason: "it has \(bytes.count) bytes, more than \(AdapterManifest.sizeLimit)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Fault(line: AdapterManifest.lineOfBadText(bytes), reason: "it is not UTF-8")
    }
    var seen: [String] = []
    var unknown: Fault?
    var later: Fault?
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    guard lines.first.map(String.init) == AdapterManifest.header else {
      throw Fault(line: 1, reason: "it does not begin with “\(AdapterManifest.header)”")
    }
    for (index, line) in lines.enumerated().dropFirst() {
      do {
        if let key = try read(line, &seen), unknown == nil {
          unknown = Fault(line: index + 1, reason: "“\(key)” is no key of ABI \(hostVersion)")
        }
        if later == nil, let key = AdapterManifest.laterKeys.first(where: { line.hasPrefix("\($0):") }) {
          later = Fault(line: index + 1, reason: "“\(key)” is a key of ABI 1.1; write “abi: 1.1”")
        }
      } catch {
        throw Fault(line: index + 1, reason: error.reason)
      }
    }
    // A later minor version may add keys; in a manifest of our own version they are typing errors.
    if let unknown, abi <= hostVersion { throw unknown }
    if let later, abi < Version(major: 1, minor: 1) { throw later }
    try checkWhole(lines: lines.count, seen)
  }

  struct Reason: Error { var reason: String }
  static let laterKeys = ["schema", "library", "needs", "memory"]

  /// Takes up one line; returns its key when this version does not know it.
  private mutating func read(_ line: Substring, _ seen: inout [String]) throws(Reason) -> String? {
    guard !line.utf8.contains(where: { $0 < 32 || $0 == 127 }) else { throw Reason(reason: "a control character") }
    guard let colon = line.firstIndex(of: ":") else { throw Reason(reason: "no “key: value”") }
    let key = String(line[..<colon])
    let value = AdapterManifest.trimmed(line[line.index(after: colon)...])
    guard !value.isEmpty else { throw Reason(reason: "“\(key)” has no value") }
    let repeatable = [
      "protocol", "framing", "channel", "message", "extension", "setting", "schema", "library", "needs",
    ].contains(key)
    guard repeatable || !seen.contains(key) else { throw Reason(reason: "“\(key)” stands twice") }
    if !repeatable { seen.append(key) }
    switch key {
    case "name": name = try AdapterManifest.identifier(value)
    case "version": version = try AdapterManifest.semanticVersion(value)
    case "vendor": vendor = value
    case "licence": licence = value
    case "summary": summary = value
    case "abi": abi = try AdapterManifest.abiVersion(value)
    case "protocol": protocols.append(value)
    case "framing":
      guard let framing = Framing(name: value) else { throw Reason(reason: "“\(value)” is no framing") }
      guard !framings.contains(framing) else { throw Reason(reason: "framing “\(value)” stands twice") }
      framings.append(framing)
    case "channel":
      guard let channel = Channel(name: value) else { throw Reason(reason: "“\(value)” is no channel") }
      guard !channels.contains(channel) else { throw Reason(reason: "channel “\(value)” stands twice") }
      channels.append(channel)
    case "max-events":
      guard let count = Int(value), (1...65_536).contains(count), String(count) == value else {
        throw Reason(reason: "“max-events” is not 1 to 65536")
      }
      maxEvents = count
    case "message":
      guard !messages.contains(value) else { throw Reason(reason: "message “\(value)” stands twice") }
      guard messages.count < 1024 else { throw Reason(reason: "more than 1024 messages") }
      messages.append(value)
    case "extension":
      guard !extensions.contains(value) else { throw Reason(reason: "extension “\(value)” stands twice") }
      guard AdapterManifest.isExtension(value) else {
        throw Reason(reason: "“\(value)” is no versioned id such as exprove.order_entry/1")
      }
      extensions.append(value)
    case "frame-time":
      guard value == "yes" || value == "no" else { throw Reason(reason: "“frame-time” is neither yes nor no") }
      hasFrameTime = value == "yes"
    case "needs":
      guard let need = Need.allCases.first(where: { $0.name == value }) else {
        throw Reason(reason: "“\(value)” is none of \(Need.allCases.map(\.name).joined(separator: ", "))")
      }
      guard !needs.contains(need) else { throw Reason(reason: "need “\(value)” stands twice") }
      needs.append(need)
    case "memory":
      guard let count = Int(value), (16...65_536).contains(count), String(count) == value else {
        throw Reason(reason: "“memory” is not 16 to 65536 (MiB)")
      }
      memory = count
    case "setting":
      let setting = try AdapterManifest.setting(value)
      guard !settings.contains(where: { $0.key == setting.key }) else {
        throw Reason(reason: "setting “\(setting.key)” stands twice")
      }
      settings.append(setting)
    case "schema": try takeSchema(value)
    case "library": libraries.append(try library(value))
    default: return key
    }
    return nil
  }

  private func checkWhole(lines: Int, _ seen: [String]) throws(Fault) {
    for key in AdapterManifest.required where !seen.contains(key) {
      throw Fault(line: lines, reason: "“\(key)” is missing")
    }
    let lists = [
      ("protocol", protocols.isEmpty), ("framing", framings.isEmpty), ("channel", channels.isEmpty),
      ("message", messages.isEmpty),
    ]
    for (key, isEmpty) in lists where isEmpty { throw Fault(line: lines, reason: "“\(key)” is missing") }
    for setting in settings where !setting.accepts(setting.defaultValue) {
      throw Fault(
        line: lines, reason: "the default “\(setting.defaultValue)” of “\(setting.key)” is not \(setting.allowed)")
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    var rest = text
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }

  private static func identifier(_ value: String) throws(Reason) -> String {
    let good = value.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-")
    }
    guard good, value.utf8.count <= 64 else {
      throw Reason(reason: "“\(value)” has other characters than a–z, 0–9 and “-”, or more than 64")
    }
    return value
  }

  /// Semantic Versioning 2.0.0, section 9 of its grammar: three numbers, then `-pre.release` and `+build`.
  private static func semanticVersion(_ value: String) throws(Reason) -> String {
    let withoutBuild = value.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let parts = withoutBuild[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var good = numbers.count == 3 && numbers.allSatisfy { isNumber($0) }
    if parts.count == 2 {
      good =
        good
        && parts[1].split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
          isLabel($0) && (!$0.utf8.allSatisfy(isDigit) || isNumber($0))
        }
    }
    if withoutBuild.count == 2 {
      good = good && withoutBuild[1].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
    }
    guard good else { throw Reason(reason: "“\(value)” is no semantic version such as 1.0.0") }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= 9 && text.utf8.allSatisfy(isDigit) && (text == "0" || text.first != "0")
  }

  private static func isLabel(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        isDigit(byte) || byte == UInt8(ascii: "-")
          || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      }
  }

  private static func abiVersion(_ value: String) throws(Reason) -> Version {
    let parts = value.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ isNumber($0) }), let major = UInt16(parts[0]),
      let minor = UInt16(parts[1]), major > 0
    else { throw Reason(reason: "“\(value)” is no ABI version such as 1.0") }
    return Version(major: major, minor: minor)
  }

  private static func isExtension(_ value: String) -> Bool {
    let parts = value.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty && isNumber(parts[1]) && !value.contains(" ")
  }

  /// `key type default help…`; a default of `""` is the empty text.
  private static func setting(_ value: String) throws(Reason) -> Setting {
    let words = value.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: true)
    guard words.count == 4 else { throw Reason(reason: "a setting is “key type default help”") }
    let kind: Setting.Kind
    switch words[1] {
    case "integer": kind = .integer
    case "text": kind = .text
    default:
      guard words[1].hasPrefix("choice("), words[1].hasSuffix(")") else {
        throw Reason(reason: "“\(words[1])” is none of integer, text, choice(a|b)")
      }
      let options = words[1].dropFirst(7).dropLast().split(separator: "|", omittingEmptySubsequences: false)
      guard !options.contains(where: \.isEmpty) else { throw Reason(reason: "an empty choice") }
      kind = .choice(options.map(String.init))
    }
    let setting = Setting(
      key: try identifier(String(words[0])), kind: kind, defaultValue: words[2] == "\"\"" ? "" : String(words[2]),
      help: String(words[3]))
    guard setting.accepts(setting.defaultValue) else {
      throw Reason(reason: "the default “\(words[2])” of “\(setting.key)” is not of its own type")
    }
    return setting
  }

  private static func lineOfBadText(_ bytes: some Collection<UInt8>) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
  }
}
