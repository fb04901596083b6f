// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import CivilTime

/// What an independent implementation, Python's zoneinfo, says of the same files.
private func python(_ program: String) throws -> [String] {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["python3", "-c", program]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0)
  return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
}

@Suite struct ZoneTests {
  /// Offsets of every zone around each of its transitions and at random times, 1900 to 2150.
  @Test func offsetsAreThoseOfPython() throws {
    let lines = try python(
      """
      import os, random, struct, zoneinfo, datetime
      random.seed(7)
      root = '/usr/share/zoneinfo'
      zoneinfo.reset_tzpath([root])
      epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
      for name in sorted(zoneinfo.available_timezones()):
          if name == 'localtime' or not os.path.isfile(f'{root}/{name}'): continue
          zone = zoneinfo.ZoneInfo(name)
          times = [random.randrange(-2208988800, 5680281600) for _ in range(40)]
          data = open(f'{root}/{name}', 'rb').read()
          n = struct.unpack('>6I', data[20:44])
          skip = 44 + n[3] * 5 + n[4] * 6 + n[5] + n[2] * 8 + n[1] + n[0]
          m = struct.unpack('>6I', data[skip + 20:skip + 44])
          trans = struct.unpack(f'>{m[3]}q', data[skip + 44:skip + 44 + 8 * m[3]])
          for t in trans:
              if t > -2208988800: times += [t - 1, t, t + 1]
          for t in times:
              offset = (epoch + datetime.timedelta(seconds=t)).astimezone(zone).utcoffset()
              print(name, t, offset.days * 86400 + offset.seconds)
      """)
    #expect(lines.count > 30_000)
    var zones: [String: Zone] = [:]
    for line in lines {
      let parts = line.split(separator: " ")
      let name = String(parts[0])
      let zone = try zones[name] ?? Zone.load(name)
      zones[name] = zone
      let seconds = try #require(Int64(parts[1]))
      let offset = try zone.offset(atSeconds: seconds)
      guard offset == Int(parts[2]) else {
        Issue.record("\(line): we say \(offset)")
        return
      }
      // Back from the local clock, with the offset told: the same time.
      let moment = try zone.text(seconds * 1_000_000_000)
      #expect(try zone.nanoseconds(TimeText.moment(moment)) == seconds * 1_000_000_000)
    }
  }

  /// Local times around every change of many years: how often each occurred, and when.
  @Test func localTimesAreThoseOfPython() throws {
    let lines = try python(
      """
      import datetime, zoneinfo
      zoneinfo.reset_tzpath(['/usr/share/zoneinfo'])
      utc = datetime.timezone.utc
      def seconds(t): return int((t - datetime.datetime(1970, 1, 1, tzinfo=utc)).total_seconds())
      for name in ['America/New_York', 'Europe/London', 'Europe/Dublin', 'Europe/Berlin', 'Asia/Tokyo', 'Australia/Lord_Howe',
                   'America/Sao_Paulo', 'Africa/Casablanca', 'America/Nuuk', 'Asia/Kolkata', 'Pacific/Apia', 'Antarctica/Troll',
                   'America/Santiago', 'Asia/Tehran', 'America/Caracas', 'Pacific/Chatham', 'UTC', 'Etc/GMT+5']:
          zone = zoneinfo.ZoneInfo(name)
          t = datetime.datetime(1995, 1, 1)
          end = datetime.datetime(2045, 1, 1)
          before = None
          while t < end:
              both = [t.replace(tzinfo=zone, fold=f).utcoffset() for f in (0, 1)]
              if before is not None and (both[0] != both[1] or both[0] != before):
                  for quarter in range(-54, 8):
                      local = t + datetime.timedelta(minutes=15 * quarter)
                      found = []
                      for f in (0, 1):
                          u = local.replace(tzinfo=zone, fold=f).astimezone(utc)
                          if u.astimezone(zone).replace(tzinfo=None) == local and seconds(u) not in found: found.append(seconds(u))
                      print(name, local.isoformat(), *sorted(found))
              before = both[0]
              t += datetime.timedelta(hours=12)
      """)
    #expect(lines.count > 50_000)
    var zones: [String: Zone] = [:]
    var ambiguous = 0
    var missing = 0
    for line in lines {
      let parts = line.split(separator: " ")
      let zone = try zones[String(parts[0])] ?? Zone.load(String(parts[0]))
      zones[zone.name] = zone
      let moment = try TimeText.moment(parts[1])
      let expected = parts.dropFirst(2).map { Int64($0)! }
      switch Result(catching: { () throws(ZoneError) -> Int64 in try zone.nanoseconds(moment) }) {
      case .success(let nanoseconds):
        #expect(expected == [nanoseconds / 1_000_000_000], "\(line)")
      case .failure(.nonexistent):
        missing += 1
        #expect(expected.isEmpty, "\(line)")
      case .failure(.ambiguous(_, _, let offsets)):
        ambiguous += 1
        #expect(expected == offsets.map { moment.localSeconds - Int64($0) }, "\(line)")
      case .failure(let error):
        Issue.record("\(line): \(error)")
      }
    }
    #expect(ambiguous > 1000 && missing > 1000)
  }

  @Test func newYork() throws {
    let zone = try Zone.load("America/New_York")
    #expect(zone.bytes.starts(with: Array("TZif".utf8)))
    #expect(try zone.midnight(TimeText.date("2020-01-30")) == 1_580_360_400_000_000_000)
    #expect(try zone.text(1_580_360_400_000_000_001) == "2020-01-30T00:00:00.000000001-05:00")
    #expect(throws: ZoneError.nonexistent(local: "2024-03-10T02:30:00.000000000", zone: "America/New_York")) {
      try zone.nanoseconds(year: 2024, month: 3, day: 10, hour: 2, minute: 30)
    }
    let twice = "2024-11-03T01:30:00.000000000"
    do {
      _ = try zone.nanoseconds(year: 2024, month: 11, day: 3, hour: 1, minute: 30)
      Issue.record("an ambiguous time was taken")
    } catch {
      #expect(error == .ambiguous(local: twice, zone: "America/New_York", offsets: [-14_400, -18_000]))
      #expect(error.description.contains("-04:00 or -05:00"))
    }
    #expect(
      try zone.nanoseconds(year: 2024, month: 11, day: 3, hour: 1, minute: 30, offsetSeconds: -14_400)
        == 1_730_611_800_000_000_000)
    #expect(
      try zone.nanoseconds(year: 2024, month: 11, day: 3, hour: 1, minute: 30, offsetSeconds: -18_000)
        == 1_730_615_400_000_000_000)
    #expect(
      throws: ZoneError.wrongOffset(local: twice, zone: "America/New_York", written: 0, offsets: [-14_400, -18_000])
    ) { try zone.nanoseconds(year: 2024, month: 11, day: 3, hour: 1, minute: 30, offsetSeconds: 0) }
    #expect(throws: ZoneError.self) { try zone.offset(atSeconds: .max) }
    #expect(throws: ZoneError.self) { try zone.nanoseconds(year: 9999, month: 12, day: 31) }
    #expect(throws: ZoneError.self) { try zone.nanoseconds(year: 2023, month: 2, day: 29) }
  }

  @Test func namesThatAreNone() {
    for name in [
      "", "/etc/passwd", "../../etc/passwd", "America//New_York", "America/", "a b", "localtime", "é", "tzdata.zi",
    ] {
      #expect(throws: ZoneError.badName(name)) { try Zone.load(name) }
    }
    for name in ["America/Nowhere", "America"] {
      switch Result(catching: { () throws(ZoneError) -> Zone in try Zone.load(name) }) {
      case .failure(.unreadable(let zone, let path, _)):
        #expect(zone == name && path == "/usr/share/zoneinfo/" + name)
      default:
        Issue.record("\(name) was loaded, or refused for another reason")
      }
    }
  }

  /// A version 2+ file with no transitions and the given footer.
  private func file(footer: String, version: Character = "2", types: [Int32] = [0]) -> [UInt8] {
    func block(_ version: Character) -> [UInt8] {
      var bytes = Array("TZif\(version)".utf8) + [UInt8](repeating: 0, count: 15)
      for count in [0, 0, 0, 0, types.count, 4] { bytes += [0, 0, 0, UInt8(count)] }
      for type in types {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: type >> Int32(shift))) }
        bytes += [0, 0]
      }
      return bytes + Array("UTC\0".utf8)
    }
    return block(version) + block(version) + Array("\n\(footer)\n".utf8)
  }

  /// The forms of rules that few zones use: RFC 9636's own examples and POSIX's.
  @Test func footers() throws {
    func offset(_ footer: String, _ time: String) throws -> Int {
      try Zone(name: "Test", bytes: file(footer: footer), path: "test")
        .offset(atNanoseconds: TimeText.moment(time).nanoseconds())
    }
    // A whole year of daylight time.
    for time in ["2024-01-01T00:00:00Z", "2024-01-01T05:00:00Z", "2024-06-01T00:00:00Z", "2024-12-31T23:59:59Z"] {
      #expect(try offset("XXX3EDT4,0/0,J365/23", time) == -4 * 3600)
      #expect(try offset("EST5EDT,0/0,J365/25", time) == -4 * 3600)
    }
    // Winter time as the exception.
    #expect(try offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2024-07-01T00:00:00Z") == 3600)
    #expect(try offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2024-01-01T00:00:00Z") == 0)
    // Changes before midnight of the day named, and names in brackets.
    #expect(try offset("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2024-03-31T00:59:59Z") == -3 * 3600)
    #expect(try offset("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2024-03-31T01:00:00Z") == -2 * 3600)
    // Day numbers with and without 29 February.
    #expect(try offset("AAA0BBB,J60/0,J300/0", "2024-02-29T12:00:00Z") == 0)
    #expect(try offset("AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z") == 3600)
    #expect(try offset("AAA0BBB,59/0,300/0", "2024-02-29T00:00:00Z") == 3600)
    #expect(try offset("AAA0BBB,59/0,300/0", "2023-03-01T00:00:00Z") == 3600)
    #expect(try offset("AAA0BBB,59/0,300/0", "2023-02-28T23:59:59Z") == 0)
    // No footer, no transitions: the first type.
    #expect(try Zone(name: "Test", bytes: file(footer: "", types: [7200]), path: "test").offset(atSeconds: 0) == 7200)
    for footer in [
      "E5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M3.2.0,M11.1.0,", "EST5EDT,M13.2.0,M11.1.0",
      "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,M3.0.0,M11.1.0", "EST5EDT,M3.2.7,M11.1.0", "EST5EDT,J0,J1", "EST5EDT,J366,J1",
      "EST5EDT,366,1", "EST25", "EST5EDT,M3.2.0/168,M11.1.0", "<EST5", "EST5:60", "EST5 ", "EST5EDT,M3.2.0/2:,M11.1.0",
    ] {
      #expect(throws: ZoneError.self, "\(footer)") { try Zone(name: "Test", bytes: file(footer: footer), path: "test") }
    }
  }

  @Test func afterTheLastTransitionOfAVersionOneFileNothingIsKnown() throws {
    // Only the first block of a real file, as version 1.
    var bytes = try Zone.load("Europe/Paris").bytes
    guard bytes.count > 1000 else {
      // A slim file has an empty first block; then build nothing on it.
      return
    }
    bytes[4] = 0
    let old = try Zone(name: "Europe/Paris", bytes: bytes, path: "old")
    #expect(try old.offset(atSeconds: 1_580_387_696) == 3600)
    switch Result(catching: { () throws(ZoneError) in try old.nanoseconds(year: 2050, month: 1, day: 1) }) {
    case .failure(.unknownOffset(_, zone: "Europe/Paris")): break
    default: Issue.record("a time after the last transition was resolved")
    }
  }

  @Test func damagedFilesAreRefusedOrRead() throws {
    let good = try Zone.load("America/New_York").bytes
    for length in 0..<good.count {
      #expect(throws: ZoneError.self, "cut at \(length)") {
        try Zone(name: "Cut", bytes: Array(good[..<length]), path: "cut")
      }
    }
    var generator = Seeded(2)
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      if let zone = try? Zone(name: "Bad", bytes: bytes, path: "bad") {
        for seconds in [-5_000_000_000, 0, 1_580_387_696, 4_000_000_000, 1 << 37] as [Int64] {
          _ = try? zone.offset(atSeconds: seconds)
        }
        _ = try? zone.nanoseconds(year: 2024, month: 3, day: 10, hour: 2, minute: 30)
      }
    }
    for count in [0, 1, 44, 100, 3000] {
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(throws: ZoneError.self) { try Zone(name: "Noise", bytes: noise, path: "noise") }
    }
  }
}
