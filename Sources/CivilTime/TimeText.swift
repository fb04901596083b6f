// SPDX-License-Identifier: Apache-2.0

/// What a date or time in text can fail of; each says what a valid one looks like.
package enum TimeTextError: Error, Equatable, Sendable, CustomStringConvertible {
  case notADate(String)
  case notATime(String)
  case noSuchDate(String)
  case noSuchTime(String)
  case notADuration(String)
  /// Beyond what 64 bits of nanoseconds since 1970 hold.
  case outOfRange(String)
  /// A point in time was asked for, and the text has neither `Z` nor an offset.
  case noOffset(String)

  package var description: String {
    switch self {
    case .notADate(let text): "'\(text)' is not a date; write one as 2020-01-30"
    case .notATime(let text):
      "'\(text)' is not a date with a time; write one as 2020-01-30T09:30:00, with up to nine decimals of a second, "
        + "and with Z or an offset such as -05:00 behind it where no zone is given"
    case .noSuchDate(let text): "there is no day \(text)"
    case .noSuchTime(let text): "there is no time of day \(text); hours are 00 to 23, minutes and seconds 00 to 59"
    case .notADuration(let text): "'\(text)' is not a duration; write one as 250us: digits and one of ns, us, ms, s"
    case .outOfRange(let text): "\(text) is outside 1677-09-22 to 2262-04-11, which nanoseconds since 1970 can express"
    case .noOffset(let text): "'\(text)' leaves its offset from UTC open; put Z or an offset such as -05:00 behind it"
    }
  }
}

/// A date and a time of day as they are written, before anybody says in which zone.
package struct CivilMoment: Hashable, Sendable, CustomStringConvertible {
  package var date: CivilDate
  package var hour: Int
  package var minute: Int
  package var second: Int
  package var nanosecond: Int
  /// What was written behind it: 0 for `Z`; nil when nothing was.
  package var offsetSeconds: Int?

  /// Hours 0…23, minutes and seconds 0…59 (time since 1970 has no leap seconds), nanoseconds below 10^9.
  package init(
    date: CivilDate, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0, offsetSeconds: Int? = nil
  ) throws(TimeTextError) {
    guard (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second),
      (0..<1_000_000_000).contains(nanosecond)
    else {
      throw .noSuchTime(padded(hour, 2) + ":" + padded(minute, 2) + ":" + padded(second, 2))
    }
    self.date = date
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
    self.offsetSeconds = offsetSeconds
  }

  /// Seconds since 1970 as if the moment were UTC.
  package var localSeconds: Int64 {
    Int64(date.daysSinceEpoch) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }

  /// Nanoseconds since 1970-01-01T00:00:00Z, by the offset that was written.
  package func nanoseconds() throws(TimeTextError) -> Int64 {
    guard let offsetSeconds else { throw .noOffset(description) }
    return try TimeText.nanoseconds(seconds: localSeconds - Int64(offsetSeconds), nanosecond: nanosecond)
  }

  package var description: String {
    TimeText.text(date, hour * 3600 + minute * 60 + second, nanosecond)
      + (offsetSeconds.map { $0 == 0 ? "Z" : TimeText.offsetText($0) } ?? "")
  }
}

/// Dates, times and durations to text and back, exactly.
package enum TimeText {
  /// `2020-01-30`.
  package static func date(_ text: some StringProtocol) throws(TimeTextError) -> CivilDate {
    var scanner = Scanner(text)
    guard let parts = scanner.date(), scanner.isAtEnd else { throw .notADate(String(text)) }
    return try CivilDate(year: parts.0, month: parts.1, day: parts.2)
  }

  /// `2020-01-30T12:34:56`, with up to nine decimals of a second, and `Z` or `±HH:MM[:SS]` or nothing
  /// behind it. The form is RFC 3339's.
  package static func moment(_ text: some StringProtocol) throws(TimeTextError) -> CivilMoment {
    var scanner = Scanner(text)
    guard let day = scanner.date(), scanner.take("T"),
      let hour = scanner.number(2), scanner.take(":"), let minute = scanner.number(2), scanner.take(":"),
      let second = scanner.number(2)
    else { throw .notATime(String(text)) }
    var nanosecond = 0
    if scanner.take(".") {
      guard let fraction = scanner.fraction() else { throw .notATime(String(text)) }
      nanosecond = fraction
    }
    var offset: Int? = nil
    if scanner.take("Z") {
      offset = 0
    } else if !scanner.isAtEnd {
      offset = scanner.offset()
      guard offset != nil else { throw .notATime(String(text)) }
    }
    guard scanner.isAtEnd else { throw .notATime(String(text)) }
    let date = try CivilDate(year: day.0, month: day.1, day: day.2)
    return try CivilMoment(
      date: date, hour: hour, minute: minute, second: second, nanosecond: nanosecond, offsetSeconds: offset)
  }

  /// Nanoseconds of `0ns`, `250us`, `10ms`, `1s`, with a leading `-` only where `signed`.
  package static func duration(_ text: some StringProtocol, signed: Bool = false) throws(TimeTextError) -> Int64 {
    var bytes = Array(text.utf8)[...]
    let negative = signed && bytes.first == UInt8(ascii: "-")
    if negative { bytes.removeFirst() }
    let digits = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let unit: Int64
    switch String(decoding: bytes.dropFirst(digits.count), as: UTF8.self) {
    case "ns": unit = 1
    case "us": unit = 1000
    case "ms": unit = 1_000_000
    case "s": unit = 1_000_000_000
    default: throw .notADuration(String(text))
    }
    guard !digits.isEmpty else { throw .notADuration(String(text)) }
    guard let count = Int64(String(decoding: digits, as: UTF8.self)) else { throw .outOfRange(String(text)) }
    let (value, overflow) = count.multipliedReportingOverflow(by: unit)
    guard !overflow else { throw .outOfRange(String(text)) }
    return negative ? -value : value
  }

  /// The shortest form that `duration` reads back: the largest unit that leaves an integer.
  package static func durationText(_ nanoseconds: Int64) -> String {
    for (unit, name) in [(Int64(1_000_000_000), "s"), (1_000_000, "ms"), (1000, "us")]
    where nanoseconds != 0 && nanoseconds % unit == 0 {
      return String(nanoseconds / unit) + name
    }
    return String(nanoseconds) + "ns"
  }

  /// `2020-01-30T12:34:56.123456789Z`: UTC, always nine decimals.
  package static func utc(_ nanoseconds: Int64) -> String {
    let (seconds, nanosecond) = split(nanoseconds)
    return utcSeconds(seconds, nanosecond: nanosecond) + "Z"
  }

  /// `+01:00`, `-04:56:02`.
  package static func offsetText(_ offsetSeconds: Int) -> String {
    let size = Int(offsetSeconds.magnitude)
    let text = (offsetSeconds < 0 ? "-" : "+") + padded(size / 3600, 2) + ":" + padded(size / 60 % 60, 2)
    return size % 60 == 0 ? text : text + ":" + padded(size % 60, 2)
  }

  /// Whole seconds, rounded down, and the nanoseconds above them; without a product, which could overflow.
  static func split(_ nanoseconds: Int64) -> (seconds: Int64, nanosecond: Int) {
    let rest = nanoseconds % 1_000_000_000
    return (floorDivide(nanoseconds, 1_000_000_000), Int(rest < 0 ? rest + 1_000_000_000 : rest))
  }

  static func utcSeconds(_ seconds: Int64, nanosecond: Int) -> String {
    let day = Int(floorDivide(seconds, 86_400))
    let parts = CivilDate.civil(fromDays: day)
    return padded(parts.year, 4) + "-" + padded(parts.month, 2) + "-" + padded(parts.day, 2)
      + clock(Int(seconds - Int64(day) * 86_400), nanosecond)
  }

  static func text(_ date: CivilDate, _ secondOfDay: Int, _ nanosecond: Int) -> String {
    date.description + clock(secondOfDay, nanosecond)
  }

  static func nanoseconds(seconds: Int64, nanosecond: Int) throws(TimeTextError) -> Int64 {
    // The product alone may overflow where the sum does not: the range begins in the middle of a second.
    let wide = Int128(seconds) * 1_000_000_000 + Int128(nanosecond)
    guard let value = Int64(exactly: wide) else { throw .outOfRange(utcSeconds(seconds, nanosecond: nanosecond) + "Z") }
    return value
  }

  private static func clock(_ second: Int, _ nanosecond: Int) -> String {
    "T" + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
      + "." + padded(nanosecond, 9)
  }
}

/// A position in ASCII text; each reader returns nil and the caller gives up, so none of them goes back.
private struct Scanner {
  private let bytes: [UInt8]
  private var next = 0

  init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

  var isAtEnd: Bool { next == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next < bytes.count, bytes[next] == UInt8(ascii: character) else { return false }
    next += 1
    return true
  }

  mutating func digit() -> Int? {
    guard next < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[next]) else { return nil }
    next += 1
    return Int(bytes[next - 1] - UInt8(ascii: "0"))
  }

  /// Exactly so many digits.
  mutating func number(_ count: Int) -> Int? {
    var value = 0
    for _ in 0..<count {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  mutating func date() -> (Int, Int, Int)? {
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2) else { return nil }
    return (year, month, day)
  }

  /// One to nine digits as billionths.
  mutating func fraction() -> Int? {
    var value = 0
    var places = 0
    while let digit = digit() {
      guard places < 9 else { return nil }
      value = value * 10 + digit
      places += 1
    }
    guard places > 0 else { return nil }
    for _ in places..<9 { value *= 10 }
    return value
  }

  mutating func offset() -> Int? {
    let negative = take("-")
    guard negative || take("+"), let hours = number(2), take(":"), let minutes = number(2),
      hours < 24, minutes < 60
    else { return nil }
    var seconds = hours * 3600 + minutes * 60
    if take(":") {
      guard let rest = number(2), rest < 60 else { return nil }
      seconds += rest
    }
    return negative ? -seconds : seconds
  }
}
