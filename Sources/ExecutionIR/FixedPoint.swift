// SPDX-License-Identifier: Apache-2.0

/// What an exact conversion can fail of.
public enum FixedPointError: Error, Equatable, Sendable {
  /// Not digits with at most one point and an optional leading minus.
  case notADecimal(String)
  /// More digits behind the point than the scale holds.
  case inexact(String, scale: Int)
  /// Beyond 64 bits at this scale.
  case outOfRange(String, scale: Int)
}

/// Exact decimals: integers with a declared power of ten, from text and back without floating point.
package enum FixedPoint {
  /// Reads `text` (`-12.5`, `100`, `0.00000001`) as an integer at 10^-`scale`. Superfluous zeros behind
  /// the point are taken; digits that would be lost are an error, never rounded.
  package static func parse(_ text: some StringProtocol, scale: Int) throws(FixedPointError) -> Int64 {
    try parse(text, scale: scale, as: Int64.self)
  }

  /// The same at another width.
  package static func parse<T: FixedWidthInteger & SignedInteger>(
    _ text: some StringProtocol, scale: Int, as type: T.Type
  ) throws(FixedPointError) -> T {
    var value: T = 0
    var negative = false
    var digits = 0
    var fraction: Int? = nil
    for (index, byte) in text.utf8.enumerated() {
      switch byte {
      case UInt8(ascii: "-") where index == 0:
        negative = true
      case UInt8(ascii: ".") where fraction == nil && digits > 0:
        fraction = 0
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits += 1
        let digit = T(byte - UInt8(ascii: "0"))
        if let places = fraction {
          fraction = places + 1
          if places >= scale {
            guard digit == 0 else { throw .inexact(String(text), scale: scale) }
            continue
          }
        }
        let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.subtractingReportingOverflow(digit)
        guard !overflow, !carry else { throw .outOfRange(String(text), scale: scale) }
        value = sum
      default:
        throw .notADecimal(String(text))
      }
    }
    guard digits > 0, fraction != 0 else { throw .notADecimal(String(text)) }
    for _ in min(fraction ?? 0, scale)..<max(scale, min(fraction ?? 0, scale)) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      guard !overflow else { throw .outOfRange(String(text), scale: scale) }
      value = tens
    }
    // Accumulated below zero, where the range reaches one further.
    if negative { return value }
    guard value != .min else { throw .outOfRange(String(text), scale: scale) }
    return -value
  }

  /// The shortest decimal that reads back as `value` at 10^-`scale`: no trailing zeros, no bare point.
  package static func text(_ value: some FixedWidthInteger, scale: Int) -> String {
    var digits = Array(String(value.magnitude).utf8)
    while digits.count <= scale { digits.insert(UInt8(ascii: "0"), at: 0) }
    var whole = digits[..<(digits.count - scale)]
    var places = digits[(digits.count - scale)...]
    while places.last == UInt8(ascii: "0") { places.removeLast() }
    if value < 0 { whole.insert(UInt8(ascii: "-"), at: whole.startIndex) }
    let head = String(decoding: whole, as: UTF8.self)
    return places.isEmpty ? head : head + "." + String(decoding: places, as: UTF8.self)
  }

  /// 10^`exponent` for 0...18.
  package static func power(_ exponent: Int) -> Int64 {
    var result: Int64 = 1
    for _ in 0..<exponent { result *= 10 }
    return result
  }
}

/// Prices are integers at 1e-9 of the instrument's price currency.
package let priceScale = 9
