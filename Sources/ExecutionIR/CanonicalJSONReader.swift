// SPDX-License-Identifier: Apache-2.0

/// Where and why a JSON text was refused.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Offset of the byte, from 0.
  public let offset: Int
  public let reason: String

  package init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }

  public var description: String { "byte \(offset): \(reason)" }
}

extension JSON {
  /// Reads RFC 8259 text with this record's restrictions: integers only, no duplicate keys, valid UTF-8, at
  /// most 64 levels deep, nothing behind the value. White space is taken; whoever demands the canonical form
  /// encodes the result again and compares.
  public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSON {
    var reader = Reader(bytes: bytes)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.at == bytes.count else { throw reader.error("unexpected text behind the value") }
    return value
  }

  private struct Reader {
    let bytes: [UInt8]
    var at = 0

    var next: UInt8? { at < bytes.count ? bytes[at] : nil }
    func error(_ reason: String) -> JSONError { JSONError(offset: at, reason: reason) }

    mutating func skipSpace() {
      while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { at += 1 }
    }

    mutating func take(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
      for byte in text.description.utf8 {
        guard next == byte else { throw error("expected \(text)") }
        at += 1
      }
      return value
    }

    mutating func value(depth: Int) throws(JSONError) -> JSON {
      guard depth < 64 else { throw error("nested deeper than 64 levels") }
      skipSpace()
      guard let first = next else { throw error("the text ends where a value should stand") }
      switch first {
      case UInt8(ascii: "{"): return try object(depth: depth)
      case UInt8(ascii: "["): return try array(depth: depth)
      case UInt8(ascii: "\""): return .string(try string())
      case UInt8(ascii: "t"): return try take("true", .bool(true))
      case UInt8(ascii: "f"): return try take("false", .bool(false))
      case UInt8(ascii: "n"): return try take("null", .null)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
      default: throw error("no value begins like this")
      }
    }

    mutating func integer() throws(JSONError) -> Int64 {
      let start = at
      if next == UInt8(ascii: "-") { at += 1 }
      let first = at
      while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
      if let byte = next, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
        throw error("floating point is not taken here; write an integer, or a decimal as a string")
      }
      let digits = String(decoding: bytes[start..<at], as: UTF8.self)
      guard at > first, at - first == 1 || bytes[first] != UInt8(ascii: "0"), digits != "-0" else {
        throw error("not an integer")
      }
      guard let value = Int64(digits), value.magnitude <= UInt64(JSON.largestInteger) else {
        at = start
        throw error("beyond ±(2^53 − 1); write it as a string of digits")
      }
      return value
    }

    mutating func array(depth: Int) throws(JSONError) -> JSON {
      at += 1
      var values: [JSON] = []
      skipSpace()
      if next == UInt8(ascii: "]") {
        at += 1
        return .array(values)
      }
      while true {
        values.append(try value(depth: depth + 1))
        skipSpace()
        if next == UInt8(ascii: ",") { at += 1 } else { break }
      }
      guard next == UInt8(ascii: "]") else { throw error("expected ',' or ']'") }
      at += 1
      return .array(values)
    }

    mutating func object(depth: Int) throws(JSONError) -> JSON {
      at += 1
      var members: [String: JSON] = [:]
      skipSpace()
      if next == UInt8(ascii: "}") {
        at += 1
        return .object(members)
      }
      while true {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw error("expected a key") }
        let start = at
        let key = try string()
        skipSpace()
        guard next == UInt8(ascii: ":") else { throw error("expected ':'") }
        at += 1
        guard members.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
          throw JSONError(offset: start, reason: "the key \"\(key)\" stands twice")
        }
        skipSpace()
        if next == UInt8(ascii: ",") { at += 1 } else { break }
      }
      guard next == UInt8(ascii: "}") else { throw error("expected ',' or '}'") }
      at += 1
      return .object(members)
    }

    mutating func string() throws(JSONError) -> String {
      let start = at
      at += 1
      // Most strings have no escape and are taken as they stand.
      var taken = at
      var text: [UInt8]?
      while let byte = next, byte != UInt8(ascii: "\"") {
        guard byte >= 32 else { throw error("a control character stands bare in a string") }
        at += 1
        guard byte == UInt8(ascii: "\\") else { continue }
        var unescaped = text.take() ?? []
        unescaped.append(contentsOf: bytes[taken..<at - 1])
        try escape(into: &unescaped)
        text = unescaped
        taken = at
      }
      guard next != nil else { throw JSONError(offset: start, reason: "the string is not closed") }
      let rest = bytes[taken..<at]
      at += 1
      let result =
        if let text { String(validating: text + rest, as: UTF8.self) } else { String(validating: rest, as: UTF8.self) }
      guard let result else { throw JSONError(offset: start, reason: "not valid UTF-8") }
      return result
    }

    mutating func escape(into text: inout [UInt8]) throws(JSONError) {
      guard let byte = next else { throw error("the string is not closed") }
      at += 1
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
      case UInt8(ascii: "b"): text.append(8)
      case UInt8(ascii: "t"): text.append(9)
      case UInt8(ascii: "n"): text.append(10)
      case UInt8(ascii: "f"): text.append(12)
      case UInt8(ascii: "r"): text.append(13)
      case UInt8(ascii: "u"):
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code) {
          guard next == UInt8(ascii: "\\"), at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "u") else {
            throw error("half a surrogate pair")
          }
          at += 2
          let low = try hexadecimal()
          guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
        text.append(contentsOf: String(Character(scalar)).utf8)
      default: throw error("unknown escape")
      }
    }

    mutating func hexadecimal() throws(JSONError) -> UInt32 {
      guard at + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16),
        bytes[at] != UInt8(ascii: "+"), bytes[at] != UInt8(ascii: "-")
      else { throw error("expected four hexadecimal digits") }
      at += 4
      return code
    }
  }
}
