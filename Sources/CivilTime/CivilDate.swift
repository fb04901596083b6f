// SPDX-License-Identifier: Apache-2.0

/// A day of the proleptic Gregorian calendar, years 0001 to 9999; one that does not exist cannot be made.
package struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let year: Int
  /// 1…12
  package let month: Int
  /// 1…31
  package let day: Int

  package init(year: Int, month: Int, day: Int) throws(TimeTextError) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= CivilDate.days(inMonth: month, of: year)
    else {
      throw .noSuchDate(CivilDate.text(year, month, day))
    }
    self.year = year
    self.month = month
    self.day = day
  }

  /// Days since 1970-01-01 to a date of years 0001…9999.
  package init(daysSinceEpoch days: Int) throws(TimeTextError) {
    guard (CivilDate.firstDay...CivilDate.lastDay).contains(days) else { throw .outOfRange("day \(days) since 1970") }
    (year, month, day) = CivilDate.civil(fromDays: days)
  }

  /// 2020-01-30 is 18291.
  package var daysSinceEpoch: Int { CivilDate.days(year, month, day) }

  /// `2020-01-30`.
  package var description: String { CivilDate.text(year, month, day) }

  package static func < (left: CivilDate, right: CivilDate) -> Bool { left.daysSinceEpoch < right.daysSinceEpoch }

  package static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  /// Month must be 1…12.
  package static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days from 1970-01-01 to the given day. The year is taken to begin in March, so that the leap day is its
  /// last one and the months before it follow one linear rule: (153·m + 2) / 5 days precede month m.
  static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = (month + 9) % 12
    let leapDays = floorDivide(marchYear, 4) - floorDivide(marchYear, 100) + floorDivide(marchYear, 400)
    return 365 * marchYear + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - 719_468
  }

  static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
  }

  static let firstDay = days(1, 1, 1)
  static let lastDay = days(9999, 12, 31)

  private static func text(_ year: Int, _ month: Int, _ day: Int) -> String {
    padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
  }
}

/// Division that rounds towards minus infinity; the divisor is positive.
func floorDivide<Number: BinaryInteger>(_ value: Number, _ divisor: Number) -> Number {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

/// At least `width` digits.
func padded(_ value: Int, _ width: Int) -> String {
  let digits = String(value.magnitude)
  let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count))
  return (value < 0 ? "-" : "") + zeros + digits
}
