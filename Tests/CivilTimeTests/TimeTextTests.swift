// SPDX-License-Identifier: Apache-2.0

import Testing

import CivilTime

@Suite struct TimeTextTests {
  @Test func everyDayOfTheCalendarGoesThereAndBack() throws {
    var day = try CivilDate(year: 1, month: 1, day: 1)
    #expect(day.daysSinceEpoch == -719_162)
    var number = day.daysSinceEpoch
    while true {
      #expect(day.daysSinceEpoch == number)
      let back = try CivilDate(daysSinceEpoch: number)
      guard back == day else {
        Issue.record("day \(number): \(back) and \(day)")
        return
      }
      // The next day by the calendar's own words.
      if day.day < CivilDate.days(inMonth: day.month, of: day.year) {
        day = try CivilDate(year: day.year, month: day.month, day: day.day + 1)
      } else if day.month < 12 {
        day = try CivilDate(year: day.year, month: day.month + 1, day: 1)
      } else if day.year < 9999 {
        day = try CivilDate(year: day.year + 1, month: 1, day: 1)
      } else {
        break
      }
      number += 1
    }
    #expect(number == 2_932_896)
  }

  @Test func datesAsText() throws {
    #expect(try TimeText.date("2020-01-30").daysSinceEpoch == 18_291)
    #expect(try TimeText.date("1970-01-01").daysSinceEpoch == 0)
    #expect(try TimeText.date("2000-02-29").description == "2000-02-29")
    for text in ["", "2020-1-30", "2020-01-30 ", " 2020-01-30", "20200130", "2020-01-3O", "+020-01-30", "2020-01-30T"] {
      #expect(throws: TimeTextError.notADate(text)) { try TimeText.date(text) }
    }
    for text in ["2021-02-29", "1900-02-29", "2020-13-01", "2020-00-01", "2020-01-00", "2020-04-31", "0000-01-01"] {
      #expect(throws: TimeTextError.noSuchDate(text)) { try TimeText.date(text) }
    }
  }

  @Test(arguments: [
    ("2020-01-30T12:34:56.123456789Z", 1_580_387_696_123_456_789),
    ("2020-01-30T12:34:56Z", 1_580_387_696_000_000_000),
    ("2020-01-30T07:34:56.1-05:00", 1_580_387_696_100_000_000),
    ("2020-01-30T18:04:56.12+05:30", 1_580_387_696_120_000_000),
    ("1883-11-18T12:03:57-04:56:02", -2_717_650_801_000_000_000),
    ("1969-12-31T23:59:59.999999999Z", -1),
    ("2262-04-11T23:47:16.854775807Z", Int64.max),
    ("1677-09-21T00:12:43.145224192Z", Int64.min),
  ])
  func moments(text: String, nanoseconds: Int64) throws {
    #expect(try TimeText.moment(text).nanoseconds() == nanoseconds)
    // The same moment in UTC, written by us, reads back.
    #expect(try TimeText.moment(TimeText.utc(nanoseconds)).nanoseconds() == nanoseconds)
    // And the moment's own text is one that is read as the same.
    #expect(try TimeText.moment(TimeText.moment(text).description) == TimeText.moment(text))
  }

  @Test func momentsThatAreNone() throws {
    for text in [
      "2020-01-30", "2020-01-30 12:34:56Z", "2020-01-30T12:34Z", "2020-01-30T12:34:56.Z", "2020-01-30T12:34:56,5Z",
      "2020-01-30T12:34:56.1234567891Z", "2020-01-30T12:34:56z", "2020-01-30T12:34:56+0100",
      "2020-01-30T12:34:56+24:00", "2020-01-30T12:34:56+01:60", "2020-01-30T12:34:56Z ", "2020-01-30T12:34:56-",
    ] {
      #expect(throws: TimeTextError.notATime(text)) { try TimeText.moment(text) }
    }
    #expect(throws: TimeTextError.noSuchTime("24:00:00")) { try TimeText.moment("2020-01-30T24:00:00Z") }
    #expect(throws: TimeTextError.noSuchTime("23:59:60")) { try TimeText.moment("2016-12-31T23:59:60Z") }
    #expect(throws: TimeTextError.noOffset("2020-01-30T12:34:56.000000000")) {
      try TimeText.moment("2020-01-30T12:34:56").nanoseconds()
    }
    #expect(throws: TimeTextError.outOfRange("2262-04-11T23:47:16.854775808Z")) {
      try TimeText.moment("2262-04-11T23:47:16.854775808Z").nanoseconds()
    }
    #expect(throws: TimeTextError.outOfRange("1677-09-21T00:12:43.145224191Z")) {
      try TimeText.moment("1677-09-21T00:12:43.145224191Z").nanoseconds()
    }
  }

  @Test func durations() throws {
    for (text, value) in [("0ns", 0), ("250us", 250_000), ("10ms", 10_000_000), ("1s", 1_000_000_000)]
      as [(String, Int64)]
    {
      #expect(try TimeText.duration(text) == value)
      #expect(TimeText.durationText(value) == text)
    }
    #expect(try TimeText.duration("-3us", signed: true) == -3000)
    #expect(TimeText.durationText(-3000) == "-3us")
    #expect(TimeText.durationText(1_500_000_000) == "1500ms")
    #expect(try TimeText.duration("9223372036s") == 9_223_372_036_000_000_000)
    for text in ["", "1", "ns", "1 s", "1.5s", "1m", "1h", "+1s", "-1s", "1S", "0x1s", "-"] {
      #expect(throws: TimeTextError.notADuration(text)) { try TimeText.duration(text) }
    }
    for text in ["9223372037s", "9223372036854775808ns", "99999999999999999999999ns"] {
      #expect(throws: TimeTextError.outOfRange(text)) { try TimeText.duration(text) }
    }
  }

  @Test func noTextTraps() {
    var generator = Seeded(1)
    let alphabet = Array("0123456789-:T.Z+ é".unicodeScalars)
    for _ in 0..<20_000 {
      var text = Array("2020-01-30T12:34:56.123456789+05:30".unicodeScalars)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: text[.random(in: text.indices, using: &generator)] = alphabet.randomElement(using: &generator)!
        case 1: text.remove(at: .random(in: text.indices, using: &generator))
        default:
          text.insert(alphabet.randomElement(using: &generator)!, at: .random(in: text.indices, using: &generator))
        }
      }
      let string = String(String.UnicodeScalarView(text))
      // A text that is taken is taken to mean one thing: its own canonical form is the same moment.
      if let moment = try? TimeText.moment(string) {
        #expect((try? TimeText.moment(moment.description)) == moment, "\(string)")
      }
      _ = try? TimeText.date(string)
      _ = try? TimeText.duration(string, signed: true)
    }
  }
}
