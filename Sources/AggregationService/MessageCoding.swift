// SPDX-License-Identifier: Apache-2.0

/// Why a message between parties was refused.
package struct MessageError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where in the message, in bytes.
  package let offset: Int
  package let reason: String
  package var description: String { "byte \(offset): \(reason)" }

  init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }
}

/// Writes a message: integers big-endian, and byte strings behind their length in four bytes (the presentation language
/// of RFC 8446, section 3).
struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
    for place in stride(from: Integer.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> place))
    }
  }

  /// Of a length that both sides know.
  mutating func write(fixed value: [UInt8]) { bytes += value }

  mutating func write(_ value: [UInt8]) {
    write(UInt32(value.count))
    bytes += value
  }
}

/// Reads what `MessageWriter` writes. Nothing is taken up before its length is known to be there.
struct MessageReader {
  private let bytes: [UInt8]
  private(set) var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var left: Int { bytes.count - offset }

  func failure(_ reason: String) -> MessageError { MessageError(offset: offset, reason: reason) }

  mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) throws(MessageError) -> Integer
  {
    let size = Integer.bitWidth / 8
    guard left >= size else { throw failure("ends within a number of \(size) bytes") }
    var value: Integer = 0
    for index in offset..<offset + size { value = value << 8 | Integer(truncatingIfNeeded: bytes[index]) }
    offset += size
    return value
  }

  mutating func fixed(_ count: Int) throws(MessageError) -> [UInt8] {
    guard count >= 0, left >= count else { throw failure("ends within \(count) bytes") }
    defer { offset += count }
    return Array(bytes[offset..<offset + count])
  }

  mutating func bytes(atMost limit: Int) throws(MessageError) -> [UInt8] {
    let count = Int(try integer(UInt32.self))
    guard count <= limit else { throw failure("\(count) bytes, at most \(limit) are taken") }
    return try fixed(count)
  }

  func end() throws(MessageError) {
    guard left == 0 else { throw failure("\(left) bytes too many") }
  }
}
