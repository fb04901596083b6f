// SPDX-License-Identifier: Apache-2.0

/// A time as TUF writes it: UTC, whole seconds, `2030-01-01T00:00:00Z` (section 4.2), in the years 1 to 9999.
package struct MetadataTime: Comparable, Hashable, Sendable, CustomStringConvertible {
  /// Since 1970-01-01T00:00:00Z, without leap seconds.
  package let seconds: Int64

  private static let first: Int64 = -62_135_596_800
  private static let last: Int64 = 253_402_300_799

  /// A time outside the years that can be written becomes the nearest one inside.
  package init(seconds: Int64) {
    self.seconds = min(max(seconds, MetadataTime.first), MetadataTime.last)
  }

  /// Nil for any other form, and for a day or an hour that does not exist.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let form = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
    guard bytes.count == form.count else { return nil }
    for (byte, wanted) in zip(bytes, form) {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      guard wanted == UInt8(ascii: "d") ? isDigit : byte == wanted else { return nil }
    }
    func number(_ range: Range<Int>) -> Int64 {
      bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
    let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
    let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
    guard year >= 1, (1...12).contains(month), day >= 1, day <= MetadataTime.days(inMonth: month, of: year),
      hour < 24, minute < 60, second < 60
    else { return nil }
    let days = MetadataTime.days(before: year, month: month) + day - 1
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
  }

  package var description: String {
    var day = seconds >= 0 ? seconds / 86_400 : -((-seconds + 86_399) / 86_400)
    let inDay = seconds - day * 86_400
    // A year has at least 365 days: begin at the latest year that is possible, and step back to the right one.
    var year = 1970 + (day >= 0 ? day / 365 : 0)
    if day < 0 { year += day / 366 }
    while MetadataTime.days(before: year, month: 1) > day { year -= 1 }
    day -= MetadataTime.days(before: year, month: 1)
    var month: Int64 = 1
    while day >= MetadataTime.days(inMonth: month, of: year) {
      day -= MetadataTime.days(inMonth: month, of: year)
      month += 1
    }
    func digits(_ value: Int64, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
    return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day + 1, 2))T"
      + "\(digits(inDay / 3600, 2)):\(digits(inDay / 60 % 60, 2)):\(digits(inDay % 60, 2))Z"
  }

  package static func < (left: MetadataTime, right: MetadataTime) -> Bool { left.seconds < right.seconds }

  private static func isLeap(_ year: Int64) -> Bool {
    year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
  }

  private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// From 1970-01-01 to the first of a month, of the Gregorian calendar.
  private static func days(before year: Int64, month: Int64) -> Int64 {
    let past = year - 1
    var days = past * 365 + past / 4 - past / 100 + past / 400 - 719_162
    for earlier in 1..<month { days += MetadataTime.days(inMonth: earlier, of: year) }
    return days
  }
}
