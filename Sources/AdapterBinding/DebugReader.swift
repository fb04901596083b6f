// SPDX-License-Identifier: Apache-2.0

/// Walks `.debug_info`, unit by unit. The bytes are hostile: every read is bounded, every loop moves on.
struct DebugReader {
  let bytes: [UInt8]
  let info: Range<Int>
  let abbreviations: Range<Int>
  let strings: Range<Int>
  let lineStrings: Range<Int>
  let offsets: Range<Int>

  private struct Abbreviation {
    var tag: Int
    var hasChildren: Bool
    var attributes: [(name: Int, form: Int, value: Int)]
  }

  private struct Unit {
    var start: Int
    var end: Int
    var version: Int
    var addressSize: Int
    var abbreviations: [Int: Abbreviation]
    var offsetsBase: Int
  }

  private enum Value {
    case number(Int)
    case text(Int, Range<Int>)
    case indexedText(Int)
    /// Within .debug_info.
    case entry(Int)
    case other
  }

  private typealias Unreadable = DebugInfo.Unreadable

  private var at = 0
  private var limit = 0
  private var found = DebugInfo()
  private var tables: [Int: [Int: Abbreviation]] = [:]
  private static let mostAbbreviations = 65_536

  init(
    bytes: [UInt8], info: Range<Int>, abbreviations: Range<Int>, strings: Range<Int>, lineStrings: Range<Int>,
    offsets: Range<Int>
  ) {
    self.bytes = bytes
    self.info = info
    self.abbreviations = abbreviations
    self.strings = strings
    self.lineStrings = lineStrings
    self.offsets = offsets
  }

  mutating func read() throws(DebugInfo.Unreadable) -> DebugInfo {
    at = info.lowerBound
    while at < info.upperBound {
      limit = info.upperBound
      let start = at
      let length = try number(4)
      guard length < 0xFFFF_FFF0 else {
        throw Unreadable(reason: "its debug information is in the 64-bit form of DWARF")
      }
      guard length <= info.upperBound - at else { throw damaged(start) }
      let end = at + length
      limit = end
      try readUnit(start, end)
      at = end
    }
    return found
  }

  private func damaged(_ place: Int) -> DebugInfo.Unreadable {
    Unreadable(reason: "its debug information is damaged at byte \(place) of the file")
  }

  // MARK: Numbers

  private mutating func number(_ size: Int) throws(DebugInfo.Unreadable) -> Int {
    guard size <= limit - at else { throw damaged(at) }
    var value: UInt64 = 0
    for index in (0..<size).reversed() { value = value << 8 | UInt64(bytes[at + index]) }
    at += size
    return Int(truncatingIfNeeded: value)
  }

  private mutating func leb(signed: Bool = false) throws(DebugInfo.Unreadable) -> Int {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard at < limit, shift < 70 else { throw damaged(at) }
      let byte = bytes[at]
      at += 1
      if shift < 64 { value |= UInt64(byte & 0x7F) << shift }
      shift += 7
      if byte & 0x80 == 0 {
        if signed, byte & 0x40 != 0, shift < 64 { value |= ~0 << shift }
        return Int(truncatingIfNeeded: value)
      }
    }
  }

  private mutating func skip(_ size: Int) throws(DebugInfo.Unreadable) {
    guard size >= 0, size <= limit - at else { throw damaged(at) }
    at += size
  }

  private func text(_ offset: Int, in range: Range<Int>) -> String? {
    guard offset >= 0, offset < range.count else { return nil }
    let start = range.lowerBound + offset
    guard let end = bytes[start..<min(range.upperBound, start + 1024)].firstIndex(of: 0) else { return nil }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  // MARK: Units

  private mutating func readUnit(_ start: Int, _ end: Int) throws(DebugInfo.Unreadable) {
    let version = try number(2)
    guard version == 4 || version == 5 else {
      throw Unreadable(reason: "its debug information is of DWARF \(version); 4 and 5 are read")
    }
    var kind = 1
    var addressSize = 8
    let table: Int
    if version == 5 {
      kind = try number(1)
      addressSize = try number(1)
      table = try number(4)
      if kind == 4 || kind == 5 { try skip(8) }
      if kind == 2 || kind == 6 { try skip(12) }
    } else {
      table = try number(4)
      addressSize = try number(1)
    }
    guard addressSize == 8 || addressSize == 4 else { throw damaged(start) }
    if kind == 4 || kind == 5 {
      found.noteSplitUnit()
      return
    }
    var unit = Unit(
      start: start, end: end, version: version, addressSize: addressSize, abbreviations: try abbreviationTable(table),
      offsetsBase: 8)
    try readEntries(&unit)
  }

  private mutating func abbreviationTable(_ offset: Int) throws(DebugInfo.Unreadable) -> [Int: Abbreviation] {
    if let known = tables[offset] { return known }
    guard offset >= 0, offset < abbreviations.count else { throw damaged(at) }
    let (back, backLimit) = (at, limit)
    at = abbreviations.lowerBound + offset
    limit = abbreviations.upperBound
    defer { (at, limit) = (back, backLimit) }
    var table: [Int: Abbreviation] = [:]
    while true {
      let code = try leb()
      if code == 0 { break }
      var abbreviation = Abbreviation(tag: try leb(), hasChildren: try number(1) != 0, attributes: [])
      while true {
        let (name, form) = (try leb(), try leb())
        let value = form == 0x21 ? try leb(signed: true) : 0
        if name == 0, form == 0 { break }
        guard abbreviation.attributes.count < 256 else { throw damaged(at) }
        abbreviation.attributes.append((name, form, value))
      }
      guard table.count < DebugReader.mostAbbreviations else { throw damaged(at) }
      table[code] = abbreviation
    }
    // Tables that overlap, each of them large, would be work without end.
    guard tables.count < 4096 else {
      throw Unreadable(reason: "its debug information has more than 4096 tables of abbreviations")
    }
    tables[offset] = table
    return table
  }

  private mutating func readEntries(_ unit: inout Unit) throws(DebugInfo.Unreadable) {
    // For each open level the entry that its children belong to, where it is kept.
    var parents: [Int?] = []
    while at < unit.end {
      let offset = at - info.lowerBound
      let code = try leb()
      if code == 0 {
        guard parents.popLast() != nil else { return }
        if parents.isEmpty { return }
        continue
      }
      guard let abbreviation = unit.abbreviations[code] else { throw damaged(at) }
      let kept = try readEntry(offset, abbreviation, parents.last ?? nil, &unit)
      if abbreviation.hasChildren {
        guard parents.count < 256 else { throw damaged(at) }
        parents.append(kept ? offset : nil)
      } else if parents.isEmpty {
        return
      }
    }
  }

  /// Reads an entry's attributes; whether it is one of those that are kept.
  private mutating func readEntry(
    _ offset: Int, _ abbreviation: Abbreviation, _ parent: Int?, _ unit: inout Unit
  ) throws(DebugInfo.Unreadable) -> Bool {
    let tag = DebugInfo.Tag(rawValue: abbreviation.tag)
    var entry = DebugInfo.Entry(tag: tag ?? .unspecified)
    for attribute in abbreviation.attributes {
      let value = try read(attribute.form, attribute.value, unit)
      switch (attribute.name, value) {
      case (0x03, .text(let place, let range)): if tag != nil { entry.name = text(place, in: range) }
      case (0x03, .indexedText(let index)): if tag != nil { entry.name = indexedText(index, unit) }
      case (0x49, .entry(let type)): entry.type = type
      case (0x0B, .number(let size)): entry.size = size
      case (0x3E, .number(let encoding)): entry.encoding = encoding
      case (0x38, .number(let place)): entry.location = place
      case (0x2F, .number(let most)): entry.count = most &+ 1
      case (0x37, .number(let count)): entry.count = count
      case (0x3C, .number(let flag)): entry.isDeclaration = flag != 0
      case (0x0D, _), (0x6B, _): entry.isBitField = true
      // The name of a split unit's file.
      case (0x76, _), (0x2130, _): found.noteSplitUnit()
      case (0x72, .number(let base)): unit.offsetsBase = base
      default: break
      }
    }
    guard let tag else { return false }
    if tag == .unspecified {
      if let parent { found.open(parent) }
      return false
    }
    try found.add(offset, entry, to: parent)
    return true
  }

  private func indexedText(_ index: Int, _ unit: Unit) -> String? {
    guard index >= 0, index < 1 << 28, unit.offsetsBase >= 0, unit.offsetsBase < 1 << 40 else { return nil }
    let place = unit.offsetsBase + index * 4
    guard place <= offsets.count - 4 else { return nil }
    var value = 0
    for byte in (0..<4).reversed() { value = value << 8 | Int(bytes[offsets.lowerBound + place + byte]) }
    return text(value, in: strings)
  }

  // MARK: Forms

  private mutating func read(_ form: Int, _ implicit: Int, _ unit: Unit) throws(DebugInfo.Unreadable) -> Value {
    switch form {
    case 0x01: return .number(try number(unit.addressSize))
    case 0x0B, 0x0C: return .number(try number(1))
    case 0x05: return .number(try number(2))
    case 0x06, 0x17: return .number(try number(4))
    case 0x07: return .number(try number(8))
    case 0x0D: return .number(try leb(signed: true))
    case 0x0F: return .number(try leb())
    case 0x21: return .number(implicit)
    case 0x19: return .number(1)
    case 0x08:
      let start = at
      guard let end = bytes[at..<limit].firstIndex(of: 0) else { throw damaged(at) }
      at = end + 1
      return .text(start - info.lowerBound, info)
    case 0x0E: return .text(try number(4), strings)
    case 0x1F: return .text(try number(4), lineStrings)
    case 0x1A, 0x1F02: return .indexedText(try leb())
    case 0x25, 0x26, 0x27, 0x28: return .indexedText(try number(form - 0x24))
    case 0x11, 0x12, 0x13, 0x14:
      return .entry(unit.start - info.lowerBound &+ (try number(1 << (form - 0x11))))
    case 0x15: return .entry(unit.start - info.lowerBound &+ (try leb()))
    case 0x10: return .entry(try number(4))
    case 0x1E: try skip(16)
    case 0x20, 0x24: try skip(8)
    case 0x1C, 0x1D, 0x1F20, 0x1F21: try skip(4)
    case 0x1B, 0x22, 0x23, 0x1F01: _ = try leb()
    case 0x29, 0x2A, 0x2B, 0x2C: try skip(form - 0x28)
    case 0x0A: try skip(try number(1))
    case 0x03: try skip(try number(2))
    case 0x04: try skip(try number(4))
    case 0x09, 0x18: try skip(try leb())
    case 0x16:
      let actual = try leb()
      guard actual != 0x16, actual != 0x21 else { throw damaged(at) }
      return try read(actual, 0, unit)
    default:
      throw Unreadable(reason: "its debug information has a form 0x\(String(form, radix: 16)), which is not known")
    }
    return .other
  }
}
