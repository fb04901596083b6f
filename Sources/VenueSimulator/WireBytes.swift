// SPDX-License-Identifier: Apache-2.0

// Bytes as the two protocols write them.

extension [UInt8] {
  /// The low `count` bytes of `value`, most significant first.
  mutating func appendBig(_ value: UInt64, _ count: Int) {
    for index in (0..<count).reversed() { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }

  mutating func append(_ text: some StringProtocol) { append(contentsOf: text.utf8) }

  /// `value` at 10^-`scale` with exactly `places` decimals, at least as many as `scale`. 0 or above.
  mutating func appendDecimal(_ value: Int64, scale: Int, places: Int) {
    var digits = String(value)
    if digits.utf8.count <= scale { digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits }
    append(digits.dropLast(scale))
    append(".")
    append(digits.suffix(scale))
    append(String(repeating: "0", count: places - scale))
  }

  /// The big-endian number in `count` bytes at `offset`; the caller has checked the length.
  func big(_ offset: Int, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in offset..<(offset + count) { value = value << 8 | UInt64(self[index]) }
    return value
  }
}

/// Text padded with spaces on the right to `count` bytes.
func padded(_ text: String, _ count: Int) -> [UInt8] {
  let bytes = Array(text.utf8.prefix(count))
  return bytes + Array(repeating: UInt8(ascii: " "), count: count - bytes.count)
}
