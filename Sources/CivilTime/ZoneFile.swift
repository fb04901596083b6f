// SPDX-License-Identifier: Apache-2.0

/// What a zone can fail of.
package enum ZoneError: Error, Equatable, Sendable, CustomStringConvertible {
  case badName(String)
  /// No file of that name, or one that cannot be read; the reason is the system's.
  case unreadable(zone: String, path: String, reason: String)
  /// The file is no TZif file; `offset` is the byte where that shows.
  case corrupt(path: String, offset: Int, reason: String)
  /// The clocks went over this local time.
  case nonexistent(local: String, zone: String)
  /// The clocks showed it more than once; the offsets in seconds, largest (the first time) first.
  case ambiguous(local: String, zone: String, offsets: [Int])
  /// The written offset did not hold there then.
  case wrongOffset(local: String, zone: String, written: Int, offsets: [Int])
  /// The zone's file says nothing about that time.
  case unknownOffset(time: String, zone: String)
  case badTime(TimeTextError)

  package var description: String {
    switch self {
    case .badName(let name):
      "'\(name)' is not the name of a time zone; write one as America/New_York"
    case .unreadable(let zone, let path, let reason):
      "time zone '\(zone)' cannot be read from \(path): \(reason); "
        + "see that the name is one of the tz database and that the package tzdata is installed"
    case .corrupt(let path, let offset, let reason):
      "\(path), byte \(offset): \(reason); reinstall the package tzdata"
    case .nonexistent(let local, let zone):
      "\(local) did not exist in \(zone): the clocks were put forward over it; write a time before or after"
    case .ambiguous(let local, let zone, let offsets):
      "\(local) came more than once in \(zone); put the offset that is meant behind it: "
        + offsets.map(TimeText.offsetText).joined(separator: " or ")
    case .wrongOffset(let local, let zone, let written, let offsets):
      "\(local)\(TimeText.offsetText(written)): the offset in \(zone) was then "
        + offsets.map(TimeText.offsetText).joined(separator: " or ")
    case .unknownOffset(let time, let zone):
      "the file of time zone \(zone) says nothing about \(time); install a newer tzdata"
    case .badTime(let error): error.description
    }
  }
}

/// The content of a TZif file, RFC 9636 section 3: versions 1 to 4, and later ones, which readers shall take as 4.
struct ZoneFile {
  /// Seconds since 1970, strictly ascending.
  private(set) var transitions: [Int64] = []
  /// The offset from UTC in seconds from the transition of the same index on.
  private(set) var offsets: [Int] = []
  /// The offset before the first transition.
  private(set) var firstOffset = 0
  /// Each offset that occurs, once.
  private(set) var distinctOffsets: [Int] = []
  /// What holds from the last transition on; nil where the file does not say.
  private(set) var rule: ZoneRule?

  /// Nothing of a real file is larger; a larger one is not read.
  static let largestFile = 1 << 20

  init(_ bytes: [UInt8], path: String) throws(ZoneError) {
    var reader = ZoneReader(bytes: bytes, path: path)
    let first = try reader.header()
    if first.version == 0 {
      try readBlock(first, wide: false, from: &reader)
    } else {
      try reader.skip(first.size(wide: false))
      let second = try reader.header()
      try readBlock(second, wide: true, from: &reader)
      let (text, offset) = try reader.footer()
      if !text.isEmpty {
        guard let rule = ZoneRule(text) else {
          throw .corrupt(path: path, offset: offset, reason: "the footer is not a POSIX TZ string")
        }
        self.rule = rule
        for known in [rule.standardOffset, rule.daylight?.offset].compactMap(\.self) { remember(known) }
      }
    }
  }

  private mutating func remember(_ offset: Int) {
    if !distinctOffsets.contains(offset) { distinctOffsets.append(offset) }
  }

  private mutating func readBlock(_ header: ZoneHeader, wide: Bool, from reader: inout ZoneReader) throws(ZoneError) {
    guard header.leaps == 0 else {
      throw reader.corrupt("it counts leap seconds, and time since 1970 does not (a zone of 'right/'?)")
    }
    try reader.require(header.size(wide: wide))
    for _ in 0..<header.times {
      let time = try reader.time(wide: wide)
      if let last = transitions.last, last >= time { throw reader.corrupt("transition times do not ascend") }
      transitions.append(time)
    }
    var indices: [Int] = []
    for _ in 0..<header.times {
      let index = Int(try reader.byte())
      guard index < header.types else { throw reader.corrupt("a transition to type \(index) of \(header.types)") }
      indices.append(index)
    }
    var types: [Int] = []
    for _ in 0..<header.types {
      let offset = Int(Int32(bitPattern: try reader.word()))
      guard offset > -26 * 3600, offset < 26 * 3600 else { throw reader.corrupt("an offset of \(offset) seconds") }
      guard try reader.byte() <= 1 else { throw reader.corrupt("a daylight flag that is neither 0 nor 1") }
      guard Int(try reader.byte()) < header.characters else {
        throw reader.corrupt("a name that lies outside the names")
      }
      types.append(offset)
      remember(offset)
    }
    firstOffset = types[0]
    offsets = indices.map { types[$0] }
    try reader.skip(header.characters + header.standardFlags + header.universalFlags)
  }
}

private struct ZoneHeader {
  var version: UInt8
  var universalFlags: Int
  var standardFlags: Int
  var leaps: Int
  var times: Int
  var types: Int
  var characters: Int

  func size(wide: Bool) -> Int {
    let time = wide ? 8 : 4
    return times * (time + 1) + types * 6 + characters + leaps * (time + 4) + standardFlags + universalFlags
  }
}

private struct ZoneReader {
  let bytes: [UInt8]
  let path: String
  var next = 0

  func corrupt(_ reason: String) -> ZoneError { .corrupt(path: path, offset: next, reason: reason) }

  func require(_ count: Int) throws(ZoneError) {
    guard count <= bytes.count - next else { throw corrupt("it ends before its data does") }
  }

  mutating func skip(_ count: Int) throws(ZoneError) {
    try require(count)
    next += count
  }

  mutating func byte() throws(ZoneError) -> UInt8 {
    try require(1)
    next += 1
    return bytes[next - 1]
  }

  mutating func word() throws(ZoneError) -> UInt32 {
    try require(4)
    var value: UInt32 = 0
    for _ in 0..<4 {
      value = value << 8 | UInt32(bytes[next])
      next += 1
    }
    return value
  }

  mutating func time(wide: Bool) throws(ZoneError) -> Int64 {
    let high = try word()
    guard wide else { return Int64(Int32(bitPattern: high)) }
    return Int64(bitPattern: UInt64(high) << 32 | UInt64(try word()))
  }

  mutating func header() throws(ZoneError) -> ZoneHeader {
    try require(44)
    guard bytes[next..<next + 4].elementsEqual("TZif".utf8) else { throw corrupt("it is not a TZif file") }
    let version = bytes[next + 4]
    guard version == 0 || version >= UInt8(ascii: "2") else { throw corrupt("TZif version \(version)") }
    next += 20
    var counts: [Int] = []
    for _ in 0..<6 { counts.append(Int(try word())) }
    let header = ZoneHeader(
      version: version, universalFlags: counts[0], standardFlags: counts[1], leaps: counts[2], times: counts[3],
      types: counts[4], characters: counts[5])
    guard (1...256).contains(header.types), header.characters > 0,
      [0, header.types].contains(header.universalFlags), [0, header.types].contains(header.standardFlags)
    else { throw corrupt("its header's counts do not agree") }
    return header
  }

  /// The text between two line feeds behind the second block, and where it begins.
  mutating func footer() throws(ZoneError) -> (text: ArraySlice<UInt8>, offset: Int) {
    guard try byte() == 0x0A else { throw corrupt("no footer") }
    guard let end = bytes[next...].firstIndex(of: 0x0A) else { throw corrupt("the footer has no end") }
    return (bytes[next..<end], next)
  }
}
