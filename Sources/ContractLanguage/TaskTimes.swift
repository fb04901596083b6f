// SPDX-License-Identifier: Apache-2.0

internal import CivilTime
internal import ExecutionIR
internal import SourceDiagnostics

extension TaskChecker {
  /// Local times to UTC, by the zone's own file.
  mutating func window(_ written: TaskSyntax.Window) -> TaskWindow? {
    let zone: Zone?
    if written.zone.value == "UTC" {
      zone = nil
    } else {
      do {
        zone = try environment.zone(written.zone.value)
      } catch {
        report(written.zone.range, error.description, help: "write it as: \(Clause.window.example)")
        return nil
      }
    }
    guard let start = instant(written.start, zone), let end = instant(written.end, zone) else { return nil }
    guard start < end else {
      report(
        written.end.range, "the window ends before it begins, or has no length",
        help: "write it as: \(Clause.window.example)")
      return nil
    }
    return TaskWindow(start: start, end: end, zone: written.zone.value, zoneDigest: zone.map { Digest(of: $0.bytes) })
  }

  private mutating func instant(_ written: Located<CivilMoment>, _ zone: Zone?) -> Int64? {
    do {
      if let zone { return try zone.nanoseconds(written.value) }
    } catch {
      report(written.range, error.description, help: "write it as: \(Clause.window.example)")
      return nil
    }
    var moment = written.value
    if let offset = moment.offsetSeconds, offset != 0 {
      report(written.range, "the offset of UTC is 0", help: "leave the offset out, or name the zone that has it")
      return nil
    }
    moment.offsetSeconds = 0
    do {
      return try moment.nanoseconds()
    } catch {
      report(written.range, error.description, help: "write it as: \(Clause.window.example)")
      return nil
    }
  }

  mutating func slicing(_ syntax: TaskSyntax) -> TaskSlicing? {
    if let written = syntax.slices {
      guard let count = Int(written.value), written.value.utf8.first != UInt8(ascii: "+") else {
        report(written.range, "'\(written.value)' is not a count", help: "write it as: \(Clause.slices.example)")
        return nil
      }
      guard (1...LocalExecutionTask.mostSlices).contains(count) else {
        report(
          written.range, "slices are 1 to \(LocalExecutionTask.mostSlices)",
          help: "write it as: \(Clause.slices.example)")
        return nil
      }
      return .count(count)
    }
    return syntax.slice.flatMap { duration($0) }.map { .duration($0) }
  }

  private static let units: [(String, Int64)] = [
    ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
  ]

  private mutating func duration(_ written: Located<String>) -> Int64? {
    let digits = written.value.prefix { $0.isASCII && $0.isNumber }
    let unit = String(written.value.dropFirst(digits.count))
    guard let (_, length) = TaskChecker.units.first(where: { $0.0 == unit }) else {
      let names = TaskChecker.units.map(\.0)
      let nearest = suggestion(for: unit, among: names).map { "; did you mean '\($0)'?" } ?? ""
      report(
        written.range, unit.isEmpty ? "a duration without a unit" : "unknown unit '\(unit)'\(nearest)",
        help: "write digits and one of \(names.joined(separator: ", ")), as in: \(Clause.slice.example)")
      return nil
    }
    let (value, overflow) = (Int64(digits) ?? .max).multipliedReportingOverflow(by: length)
    guard !overflow, value > 0 else {
      report(written.range, "a slice is above 0 and at most 292 years", help: "write it as: \(Clause.slice.example)")
      return nil
    }
    return value
  }
}
