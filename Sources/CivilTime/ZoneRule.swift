// SPDX-License-Identifier: Apache-2.0

/// The TZ string in a TZif footer: POSIX.1-2017 section 8.3 with the wider hours of RFC 9636 section 3.3.1.
struct ZoneRule: Equatable {
  /// Seconds east of UTC.
  var standardOffset: Int
  var daylight: Daylight?

  struct Daylight: Equatable {
    var offset: Int
    /// In local standard time.
    var start: Change
    /// In local daylight time.
    var end: Change
  }

  /// A day of each year and a second of it, which may lie in a day before or after.
  struct Change: Equatable {
    enum Day: Equatable {
      /// 1…365; 29 February is never counted.
      case julian(Int)
      /// 0…365; 29 February counts.
      case ordinal(Int)
      /// Month 1…12, week 1…5 (5: the last), day of the week 0…6 from Sunday.
      case week(month: Int, week: Int, day: Int)
    }
    var day: Day
    var second: Int

    /// Seconds since 1970 on the local clock.
    func localSeconds(in year: Int) -> Int64 {
      let firstDay = CivilDate.days(year, 1, 1)
      let days: Int
      switch day {
      case .julian(let number):
        days = firstDay + number - 1 + (CivilDate.isLeap(year) && number >= 60 ? 1 : 0)
      case .ordinal(let number):
        days = firstDay + number
      case .week(let month, let week, let weekday):
        let first = CivilDate.days(year, month, 1)
        // 1970-01-01 was a Thursday, day 4.
        let firstWeekday = ((first + 4) % 7 + 7) % 7
        var number = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
        if number >= CivilDate.days(inMonth: month, of: year) { number -= 7 }
        days = first + number
      }
      return Int64(days) * 86_400 + Int64(second)
    }
  }

  /// The offset at a time in seconds since 1970.
  func offset(at seconds: Int64) -> Int {
    guard let daylight else { return standardOffset }
    let year = CivilDate.civil(fromDays: Int(floorDivide(seconds, 86_400))).year
    var latest = Int64.min
    var offset = standardOffset
    // A change may reach up to a week into the neighbouring year. Where an end and a start fall together,
    // daylight time goes on: so a whole year of it is written.
    for candidate in (year - 1)...(year + 1) {
      let end = daylight.end.localSeconds(in: candidate) - Int64(daylight.offset)
      if end <= seconds, end > latest {
        latest = end
        offset = standardOffset
      }
    }
    for candidate in (year - 1)...(year + 1) {
      let start = daylight.start.localSeconds(in: candidate) - Int64(standardOffset)
      if start <= seconds, start >= latest {
        latest = start
        offset = daylight.offset
      }
    }
    return offset
  }

  /// Nil when the text is not a TZ string, or names daylight time without saying when it holds.
  init?(_ text: ArraySlice<UInt8>) {
    var parser = RuleParser(rest: text)
    guard parser.name(), let west = parser.time(hours: 24) else { return nil }
    standardOffset = -west
    daylight = nil
    guard !parser.rest.isEmpty else { return }
    guard parser.name() else { return nil }
    var daylightOffset = standardOffset + 3600
    if parser.rest.first != UInt8(ascii: ",") {
      guard let west = parser.time(hours: 24) else { return nil }
      daylightOffset = -west
    }
    guard parser.take(","), let start = parser.change(), parser.take(","), let end = parser.change(),
      parser.rest.isEmpty
    else { return nil }
    daylight = Daylight(offset: daylightOffset, start: start, end: end)
  }
}

private struct RuleParser {
  var rest: ArraySlice<UInt8>

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  /// Three or more letters, or more kinds of characters in `<…>`.
  mutating func name() -> Bool {
    if take("<") {
      let name = rest.prefix { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
      rest.removeFirst(name.count)
      return name.count >= 3 && take(">")
    }
    let name = rest.prefix(while: isLetter)
    rest.removeFirst(name.count)
    return name.count >= 3
  }

  mutating func number(upTo limit: Int) -> Int? {
    let digits = rest.prefix(while: isDigit)
    guard (1...3).contains(digits.count) else { return nil }
    rest.removeFirst(digits.count)
    let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    return value <= limit ? value : nil
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  mutating func time(hours: Int) -> Int? {
    let negative = take("-")
    if !negative { _ = take("+") }
    guard var seconds = number(upTo: hours).map({ $0 * 3600 }) else { return nil }
    if take(":") {
      guard let minutes = number(upTo: 59) else { return nil }
      seconds += minutes * 60
      if take(":") {
        guard let rest = number(upTo: 59) else { return nil }
        seconds += rest
      }
    }
    return negative ? -seconds : seconds
  }

  mutating func change() -> ZoneRule.Change? {
    let day: ZoneRule.Change.Day
    if take("J") {
      guard let number = number(upTo: 365), number >= 1 else { return nil }
      day = .julian(number)
    } else if take("M") {
      guard let month = number(upTo: 12), month >= 1, take("."), let week = number(upTo: 5), week >= 1, take("."),
        let weekday = number(upTo: 6)
      else { return nil }
      day = .week(month: month, week: week, day: weekday)
    } else {
      guard let number = number(upTo: 365) else { return nil }
      day = .ordinal(number)
    }
    guard take("/") else { return ZoneRule.Change(day: day, second: 2 * 3600) }
    guard let second = time(hours: 167) else { return nil }
    return ZoneRule.Change(day: day, second: second)
  }

  private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
}
