// SPDX-License-Identifier: Apache-2.0

/// The one byte encoding of the record's values: JSON as RFC 8785 (JCS) writes it, without
/// floating point. Object keys are sorted by UTF-16 code units, there is no white space, and an
/// integer beyond ±(2^53 − 1) is written as a string of digits by whoever builds the value.
public indirect enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case string(String)
  case array([JSON])
  /// Keys are unique; order is that of the canonical encoding, whatever order they were given in.
  case object([String: JSON])

  /// The largest integer that every JSON reader keeps exact (RFC 8785 section 3.2.2.3).
  package static let largestInteger: Int64 = 9_007_199_254_740_991

  /// An integer of any width: a number where every reader keeps it exact, else a string of digits.
  package static func wide(_ value: some FixedWidthInteger) -> JSON {
    if let small = Int64(exactly: value), small.magnitude <= UInt64(largestInteger) { return .integer(small) }
    return .string(String(value))
  }

  /// The canonical bytes.
  public var canonical: [UInt8] {
    var out: [UInt8] = []
    write(to: &out)
    return out
  }

  /// The digest of the canonical bytes.
  public var digest: Digest { Digest(of: canonical) }

  package func write(to out: inout [UInt8]) {
    switch self {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): out.append(contentsOf: String(value).utf8)
    case .string(let value): JSON.write(value, to: &out)
    case .array(let values):
      out.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        value.write(to: &out)
      }
      out.append(UInt8(ascii: "]"))
    case .object(let members):
      out.append(UInt8(ascii: "{"))
      // Sorted, so that the dictionary's own order never shows.
      let keys = members.keys.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
      for (index, key) in keys.enumerated() {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        JSON.write(key, to: &out)
        out.append(UInt8(ascii: ":"))
        members[key]!.write(to: &out)
      }
      out.append(UInt8(ascii: "}"))
    }
  }

  /// RFC 8785 section 3.2.2.2: the two-character escapes, `\u00xx` for other controls, all else as it is.
  private static func write(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        out.append(UInt8(ascii: "\\"))
        out.append(byte)
      case 8: out.append(contentsOf: "\\b".utf8)
      case 9: out.append(contentsOf: "\\t".utf8)
      case 10: out.append(contentsOf: "\\n".utf8)
      case 12: out.append(contentsOf: "\\f".utf8)
      case 13: out.append(contentsOf: "\\r".utf8)
      case 0..<32:
        out.append(contentsOf: "\\u00".utf8)
        out.append(contentsOf: Hexadecimal.encode([byte]).utf8)
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}

extension JSON {
  package subscript(key: String) -> JSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }
  package var text: String? { if case .string(let value) = self { value } else { nil } }
  package var boolean: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var elements: [JSON]? { if case .array(let values) = self { values } else { nil } }
  package var members: [String: JSON]? { if case .object(let members) = self { members } else { nil } }
  package var isNull: Bool { self == .null }

  /// An integer, whether it stands as a number or, being too wide for that, as digits.
  package func integer<T: FixedWidthInteger>(as type: T.Type = T.self) -> T? {
    switch self {
    case .integer(let value): T(exactly: value)
    case .string(let digits): T(digits).flatMap { String($0) == digits ? $0 : nil }
    default: nil
    }
  }
}
