// SPDX-License-Identifier: Apache-2.0

/// Comma-separated values (RFC 4180).
package enum CSV {
  /// A field as it stands in a row: in quotes, its own doubled, where a comma, a quote or a line end stands in it. Byte by
  /// byte: a mark that combines with a quote does not hide it.
  package static func field(_ text: String) -> String {
    let quote = UInt8(ascii: "\"")
    guard text.utf8.contains(where: { [quote, 44, 10, 13].contains($0) }) else { return text }
    var bytes = [quote]
    for byte in text.utf8 {
      if byte == quote { bytes.append(quote) }
      bytes.append(byte)
    }
    bytes.append(quote)
    return String(decoding: bytes, as: UTF8.self)
  }
}
