// SPDX-License-Identifier: Apache-2.0

/// A time zone of the tz database, as the system's TZif file describes it. Zones are resolved outside the
/// engine; whoever uses one records the digest of `bytes`.
package struct Zone: Sendable {
  /// `America/New_York`.
  package let name: String
  /// The file, for its digest.
  package let bytes: [UInt8]
  private let file: ZoneFile

  /// Reads `directory/name`.
  package static func load(
    _ name: String, directory: String = "/usr/share/zoneinfo"
  ) throws(ZoneError) -> Zone {
    guard isName(name) else { throw .badName(name) }
    let path = directory + "/" + name
    switch readFile(path, atMost: ZoneFile.largestFile) {
    case .success(let bytes): return try Zone(name: name, bytes: bytes, path: path)
    case .failure(let error): throw .unreadable(zone: name, path: path, reason: error.reason)
    }
  }

  /// A zone from a file's bytes; `path` is only for error messages.
  package init(name: String, bytes: [UInt8], path: String) throws(ZoneError) {
    guard Zone.isName(name) else { throw .badName(name) }
    self.name = name
    self.bytes = bytes
    file = try ZoneFile(bytes, path: path)
  }

  /// Whether `name` can name a zone: parts of letters, digits, `_`, `+` and `-`, joined by `/`. So none leads
  /// out of the directory, and `localtime` is refused, for it means something else on each machine.
  package static func isName(_ name: String) -> Bool {
    guard (1...64).contains(name.utf8.count), name != "localtime" else { return false }
    return name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty
        && part.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
          default: false
          }
        }
    }
  }

  /// Seconds east of UTC at a time in seconds since 1970.
  package func offset(atSeconds seconds: Int64) throws(ZoneError) -> Int {
    // Beyond the calendar's years the rules' arithmetic would leave 64 bits.
    guard seconds.magnitude < 1 << 38 else { throw .badTime(.outOfRange("second \(seconds) since 1970")) }
    guard let offset = knownOffset(at: seconds) else {
      throw .unknownOffset(time: TimeText.utcSeconds(seconds, nanosecond: 0) + "Z", zone: name)
    }
    return offset
  }

  /// Seconds east of UTC at a time in nanoseconds since 1970.
  package func offset(atNanoseconds time: Int64) throws(ZoneError) -> Int {
    try offset(atSeconds: floorDivide(time, 1_000_000_000))
  }

  /// What the clocks there show, with the offset: `2020-01-30T04:30:00.000000000-05:00`.
  package func text(_ time: Int64) throws(ZoneError) -> String {
    let offset = try offset(atNanoseconds: time)
    let (seconds, nanosecond) = TimeText.split(time)
    return TimeText.utcSeconds(seconds + Int64(offset), nanosecond: nanosecond)
      + TimeText.offsetText(offset)
  }

  /// Nanoseconds since 1970 of a local time. A time that the clocks went over is an error; one that they
  /// showed more than once needs its offset; an offset that is given must be one that held.
  package func nanoseconds(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0,
    offsetSeconds: Int? = nil
  ) throws(ZoneError) -> Int64 {
    let moment: CivilMoment
    do {
      moment = try CivilMoment(
        date: CivilDate(year: year, month: month, day: day), hour: hour, minute: minute, second: second,
        nanosecond: nanosecond, offsetSeconds: offsetSeconds)
    } catch {
      throw .badTime(error)
    }
    return try nanoseconds(moment)
  }

  /// The same for a moment as it was written.
  package func nanoseconds(_ moment: CivilMoment) throws(ZoneError) -> Int64 {
    let local = moment.localSeconds
    var bare = moment
    bare.offsetSeconds = nil
    var offsets: [Int] = []
    var unknown: Int64? = nil
    for offset in file.distinctOffsets {
      switch knownOffset(at: local - Int64(offset)) {
      case offset: offsets.append(offset)
      case nil: unknown = local - Int64(offset)
      default: break
      }
    }
    offsets.sort(by: >)
    if offsets.isEmpty, let unknown {
      throw .unknownOffset(time: TimeText.utcSeconds(unknown, nanosecond: 0) + "Z", zone: name)
    }
    guard let first = offsets.first else { throw .nonexistent(local: bare.description, zone: name) }
    let offset: Int
    if let written = moment.offsetSeconds {
      guard offsets.contains(written) else {
        throw .wrongOffset(local: bare.description, zone: name, written: written, offsets: offsets)
      }
      offset = written
    } else {
      guard offsets.count == 1 else {
        throw .ambiguous(local: bare.description, zone: name, offsets: offsets)
      }
      offset = first
    }
    do {
      return try TimeText.nanoseconds(seconds: local - Int64(offset), nanosecond: moment.nanosecond)
    } catch {
      throw .badTime(error)
    }
  }

  /// The beginning of a day on the local clock.
  package func midnight(_ date: CivilDate) throws(ZoneError) -> Int64 {
    try nanoseconds(year: date.year, month: date.month, day: date.day)
  }

  /// RFC 9636 section 3.2: before the first transition the first type holds, from the last one on the footer.
  private func knownOffset(at seconds: Int64) -> Int? {
    guard let first = file.transitions.first, let last = file.transitions.last else {
      return file.rule?.offset(at: seconds) ?? file.firstOffset
    }
    if seconds < first { return file.firstOffset }
    if seconds >= last { return file.rule?.offset(at: seconds) }
    var low = 0
    var high = file.transitions.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if file.transitions[middle] <= seconds { low = middle } else { high = middle }
    }
    return file.offsets[low]
  }
}
