// SPDX-License-Identifier: Apache-2.0

/// The kinds of fields that reference files have.
extension ReferenceData {
  enum Sign { case any, notNegative, positive }

  static func text(_ reader: RecordReader, _ key: String) throws(RecordError) -> String {
    let value = try reader.string(key)
    guard (1...256).contains(value.utf8.count), value.utf8.allSatisfy({ $0 >= 32 }) else {
      throw reader.error(key, "1 to 256 bytes of text without control characters are expected here")
    }
    return value
  }

  static func decimal(_ reader: RecordReader, _ key: String, _ sign: Sign) throws(RecordError) -> ExactDecimal {
    let text = try reader.string(key)
    let value: ExactDecimal
    do throws(FixedPointError) {
      value = try ExactDecimal(text)
    } catch {
      throw reader.error(key, "\"\(text)\" is no decimal of at most 18 places, such as \"12.5\"")
    }
    try check(value.units, sign, reader, key)
    return value
  }

  /// A decimal at 1e-9.
  static func price(_ reader: RecordReader, _ key: String, _ sign: Sign) throws(RecordError) -> Int64 {
    let text = try reader.string(key)
    let value: Int64
    do throws(FixedPointError) {
      value = try FixedPoint.parse(text, scale: priceScale)
    } catch {
      throw reader.error(key, "\"\(text)\" is no decimal of at most 9 places, such as \"0.01\"")
    }
    try check(value, sign, reader, key)
    return value
  }

  private static func check(_ value: Int64, _ sign: Sign, _ reader: RecordReader, _ key: String) throws(RecordError) {
    switch sign {
    case .any: break
    case .notNegative: guard value >= 0 else { throw reader.error(key, "must not be below 0") }
    case .positive: guard value > 0 else { throw reader.error(key, "must be above 0") }
    }
  }

  static func checkDates(_ dates: [Int64], path: String) throws(RecordError) {
    for (index, date) in dates.enumerated() where index > 0 && date <= dates[index - 1] {
      throw RecordError(path: "\(path)[\(index)].from", reason: "entries go from early to late, each from its own time")
    }
  }

  /// `2024-08-01` or `2024-08-01T13:30:00Z`, UTC, as nanoseconds since 1970.
  static func date(_ reader: RecordReader, _ key: String) throws(RecordError) -> Int64 {
    let text = try reader.string(key)
    guard let time = nanoseconds(Array(text.utf8)) else {
      throw reader.error(key, "\"\(text)\" is no date such as 2024-08-01 or 2024-08-01T13:30:00Z (1970 to 2261)")
    }
    return time
  }

  private static func nanoseconds(_ text: [UInt8]) -> Int64? {
    let pattern = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
    guard text.count == 10 || text.count == 20 else { return nil }
    for (index, byte) in text.enumerated() {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      guard pattern[index] == UInt8(ascii: "d") ? isDigit : byte == pattern[index] else { return nil }
    }
    func number(_ start: Int, _ length: Int) -> Int64 {
      text[start..<start + length].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
    let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1970...2261).contains(year), (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(day) else {
      return nil
    }
    let leapDays = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477
    let days = (year - 1970) * 365 + leapDays + lengths[..<(Int(month) - 1)].reduce(0, +) + day - 1
    var seconds = days * 86_400
    if text.count == 20 {
      let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
      guard hour < 24, minute < 60, second < 60 else { return nil }
      seconds += hour * 3600 + minute * 60 + second
    }
    return seconds * 1_000_000_000
  }
}
