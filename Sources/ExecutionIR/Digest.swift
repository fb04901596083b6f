// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// A SHA-256 digest (FIPS 180-4), the name by which the record calls every artifact.
public struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The 32 bytes, in order.
  public let bytes: [UInt8]

  /// Takes up 32 bytes; nil for any other count.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.bytes = Array(bytes)
  }

  /// Reads 64 lower-case hexadecimal digits; nil for anything else.
  public init?(hexadecimal text: some StringProtocol) {
    guard let bytes = Hexadecimal.decode(text), bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// The digest of `bytes`.
  public init(of bytes: some Sequence<UInt8>) {
    var hasher = SHA256()
    let contiguous: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      unsafe hasher.update(bufferPointer: UnsafeRawBufferPointer(buffer))
    }
    if contiguous == nil { hasher.update(data: Array(bytes)) }
    self.bytes = Array(hasher.finalize())
  }

  /// 64 lower-case hexadecimal digits.
  /// Of bytes that come piece by piece, for what is too large to be held; nil ends them.
  package init<Failure: Error>(pieces next: () throws(Failure) -> [UInt8]?) throws(Failure) {
    var hasher = SHA256()
    while let piece = try next() { hasher.update(data: piece) }
    bytes = Array(hasher.finalize())
  }

  public var description: String { Hexadecimal.encode(bytes) }

  public static func < (left: Digest, right: Digest) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

/// Lower-case hexadecimal, the only form in which the record writes bytes as text.
package enum Hexadecimal {
  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    let digits: [UInt8] = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil for an odd count of digits, for upper case and for anything that is no digit.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
