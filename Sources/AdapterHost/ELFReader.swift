// SPDX-License-Identifier: Apache-2.0

/// Reads ELF64 little-endian files by the System V ABI (gABI 4.1, chapters 4 and 5). The file is hostile: each
/// number is checked before it is used, and tables are bounded by the file's own size. The loader goes by the
/// program headers, so the facts come from there; only the manifest is found by its section's name.
struct ELFReader {
  enum Fault: Error, Equatable {
    case notELF(String)
    case foreign(UInt16)
    /// The file ends before what its headers promise at this offset.
    case truncated(at: UInt64, size: Int)
    case malformed(at: UInt64, String)
  }

  private let bytes: [UInt8]
  private var facts = ELFFacts()
  private var loads: [Segment] = []
  private var dynamic: [Dynamic] = []

  private struct Segment {
    var type: UInt32
    var flags: UInt32
    var offset: UInt64
    var address: UInt64
    var fileSize: UInt64
    var memorySize: UInt64
  }

  private struct Dynamic {
    var tag: UInt64
    var value: UInt64
  }

  private static let symbolLimit = 1 << 20

  /// The facts of a shared library for this machine.
  static func facts(of bytes: [UInt8]) throws(Fault) -> ELFFacts {
    var reader = ELFReader(bytes: bytes)
    try reader.readHeader()
    try reader.readSegments()
    try reader.readDynamic()
    try reader.readManifest()
    return reader.facts
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  // MARK: Numbers

  private func range(at offset: UInt64, size: UInt64) throws(Fault) -> Range<Int> {
    let (end, overflow) = offset.addingReportingOverflow(size)
    guard !overflow, end <= UInt64(bytes.count) else { throw .truncated(at: offset, size: bytes.count) }
    return Int(offset)..<Int(end)
  }

  private func number<T: FixedWidthInteger & UnsignedInteger>(at offset: UInt64, as type: T.Type) throws(Fault) -> T {
    let range = try range(at: offset, size: UInt64(T.bitWidth / 8))
    var value: T = 0
    for index in range.reversed() { value = value << 8 | T(bytes[index]) }
    return value
  }

  private func byte(at offset: UInt64) throws(Fault) -> UInt8 { try number(at: offset, as: UInt8.self) }
  private func half(at offset: UInt64) throws(Fault) -> UInt16 { try number(at: offset, as: UInt16.self) }
  private func word(at offset: UInt64) throws(Fault) -> UInt32 { try number(at: offset, as: UInt32.self) }
  private func long(at offset: UInt64) throws(Fault) -> UInt64 { try number(at: offset, as: UInt64.self) }

  /// `base + index · size`, where a sum that wraps is as wrong as one beyond the file.
  private func position(_ base: UInt64, _ index: UInt64, _ size: UInt64) throws(Fault) -> UInt64 {
    let (product, first) = index.multipliedReportingOverflow(by: size)
    let (sum, second) = base.addingReportingOverflow(product)
    guard !first, !second else { throw .malformed(at: base, "a table reaches beyond 2^64") }
    return sum
  }

  /// A terminated text that must end before `limit`.
  private func text(at offset: UInt64, limit: UInt64) throws(Fault) -> String {
    guard offset < limit, limit <= UInt64(bytes.count) else { throw .truncated(at: offset, size: bytes.count) }
    let rest = bytes[Int(offset)..<Int(limit)]
    guard let end = rest.firstIndex(of: 0), end - Int(offset) <= 4096 else {
      throw .malformed(at: offset, "a name without end")
    }
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  // MARK: Headers

  private mutating func readHeader() throws(Fault) {
    guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { throw .notELF("it does not begin with 7f 45 4c 46") }
    guard try byte(at: 4) == 2 else { throw .notELF("it is not a 64-bit ELF file") }
    guard try byte(at: 5) == 1 else { throw .notELF("it is not little-endian") }
    facts.type = try half(at: 16)
    facts.machine = try half(at: 18)
    guard facts.machine == ELFFacts.hostMachine else { throw .foreign(facts.machine) }
    guard facts.type == ELFFacts.sharedObject else { throw .notELF("it is no shared library (type \(facts.type))") }
  }

  private mutating func readSegments() throws(Fault) {
    let table = try long(at: 32)
    let entrySize = UInt64(try half(at: 54))
    let count = UInt64(try half(at: 56))
    guard entrySize == 56 else { throw .malformed(at: 54, "program headers of \(entrySize) bytes") }
    var dynamicSegment: Segment?
    for index in 0..<count {
      let at = try position(table, index, entrySize)
      let segment = Segment(
        type: try word(at: at), flags: try word(at: at + 4), offset: try long(at: at + 8),
        address: try long(at: at + 16), fileSize: try long(at: at + 32), memorySize: try long(at: at + 40))
      switch segment.type {
      case 1:
        _ = try range(at: segment.offset, size: segment.fileSize)
        guard segment.memorySize >= segment.fileSize,
          !segment.address.addingReportingOverflow(segment.memorySize).overflow
        else { throw .malformed(at: at, "a segment that does not fit its memory") }
        if segment.flags & 3 == 3 { facts.hasWritableCode = true }
        loads.append(segment)
      case 2: dynamicSegment = segment
      case 7: facts.threadLocalBytes = segment.memorySize
      case 0x6474_E551: facts.hasExecutableStack = segment.flags & 1 != 0
      default: break
      }
    }
    guard let dynamicSegment else { throw .malformed(at: table, "it has no dynamic segment") }
    // The loader goes by the address; `p_offset` could say something else.
    let start = try place(of: dynamicSegment.address)
    for index in 0..<(start.end - start.offset) / 16 {
      let at = try position(start.offset, index, 16)
      let entry = Dynamic(tag: try long(at: at), value: try long(at: at + 8))
      if entry.tag == 0 { break }
      dynamic.append(entry)
    }
  }

  private func value(of tag: UInt64) -> UInt64? { dynamic.first { $0.tag == tag }?.value }

  /// Where the bytes lie that are mapped to `address`, and how far the same segment goes on.
  private func place(of address: UInt64) throws(Fault) -> (offset: UInt64, end: UInt64) {
    for segment in loads where address >= segment.address && address - segment.address < segment.fileSize {
      return (segment.offset + (address - segment.address), segment.offset + segment.fileSize)
    }
    throw .malformed(at: address, "an address of the dynamic table that no segment holds")
  }

  // MARK: The dynamic table

  private mutating func readDynamic() throws(Fault) {
    if let flags = value(of: 30), flags & 4 != 0 { facts.hasTextRelocations = true }
    if value(of: 22) != nil { facts.hasTextRelocations = true }
    // Each start file brings one function of its own (`frame_dummy`) in front.
    let functions = Int(truncatingIfNeeded: min((value(of: 27) ?? 0) / 8, 1 << 20))
    facts.initialisers = max(0, functions - 1)
    guard let stringAddress = value(of: 5), let stringSize = value(of: 10) else {
      throw .malformed(at: 0, "it has no table of names")
    }
    let strings = try place(of: stringAddress)
    guard stringSize <= strings.end - strings.offset else {
      throw .truncated(at: strings.offset, size: bytes.count)
    }
    let limit = strings.offset + stringSize
    func name(_ index: UInt64) throws(Fault) -> String {
      guard index < stringSize else { throw .malformed(at: strings.offset, "a name beyond the table of names") }
      return try text(at: strings.offset + index, limit: limit)
    }
    for entry in dynamic {
      switch entry.tag {
      case 1: facts.needed.append(try name(entry.value))
      case 14: facts.soname = try name(entry.value)
      case 15: facts.rpath = try name(entry.value)
      case 29: facts.runpath = try name(entry.value)
      default: break
      }
    }
    try readSymbols(strings: strings.offset, limit: limit)
    try readVersions(strings: strings.offset, limit: limit)
  }

  private mutating func readSymbols(strings: UInt64, limit: UInt64) throws(Fault) {
    guard let address = value(of: 6) else { return }
    let table = try place(of: address).offset
    for index in 0..<UInt64(try symbolCount()) {
      let at = try position(table, index, 24)
      let nameIndex = UInt64(try word(at: at))
      let info = try byte(at: at + 4)
      let visibility = try byte(at: at + 5) & 3
      let section = try half(at: at + 6)
      guard nameIndex < limit - strings else { throw .malformed(at: at, "a name beyond the table of names") }
      facts.symbols.append(
        .init(
          name: try text(at: strings + nameIndex, limit: limit), binding: ELFFacts.Binding(rawValue: info >> 4),
          isDefined: section != 0, isVisible: visibility == 0 || visibility == 3, type: info & 15))
    }
  }

  /// The loader never counts the symbols; the hash tables do.
  private func symbolCount() throws(Fault) -> Int {
    if let address = value(of: 4) {
      let count = Int(try word(at: try position(try place(of: address).offset, 1, 4)))
      guard count <= ELFReader.symbolLimit else { throw .malformed(at: address, "\(count) symbols") }
      return count
    }
    guard let address = value(of: 0x6FFF_FEF5) else { return 0 }
    // GNU_HASH: buckets, first hashed symbol, bloom words, shift; bloom; buckets; chains.
    let at = try place(of: address).offset
    let buckets = UInt64(try word(at: at))
    let firstSymbol = UInt64(try word(at: at + 4))
    let bloom = UInt64(try word(at: at + 8))
    let bucketTable = try position(try position(at, 1, 16), bloom, 8)
    let chains = try position(bucketTable, buckets, 4)
    _ = try range(at: bucketTable, size: buckets * 4)
    var last: UInt64 = 0
    for index in 0..<buckets { last = max(last, UInt64(try word(at: bucketTable + index * 4))) }
    guard last >= firstSymbol, last != 0 else { return Int(min(firstSymbol, UInt64(ELFReader.symbolLimit))) }
    while last < UInt64(ELFReader.symbolLimit) {
      let hash = try word(at: try position(chains, last - firstSymbol, 4))
      last += 1
      if hash & 1 == 1 { return Int(last) }
    }
    throw .malformed(at: chains, "a hash chain without end")
  }

  private mutating func readVersions(strings: UInt64, limit: UInt64) throws(Fault) {
    guard let address = value(of: 0x6FFF_FFFE) else { return }
    var at = try place(of: address).offset
    for _ in 0..<min(value(of: 0x6FFF_FFFF) ?? 0, 256) {
      let count = try half(at: position(at, 1, 2))
      let file = UInt64(try word(at: position(at, 1, 4)))
      let first = UInt64(try word(at: position(at, 1, 8)))
      let next = UInt64(try word(at: position(at, 1, 12)))
      guard file < limit - strings else { throw .malformed(at: at, "a name beyond the table of names") }
      var need = ELFFacts.VersionNeed(library: try text(at: strings + file, limit: limit), versions: [])
      var entry = try position(at, 1, first)
      for _ in 0..<min(count, 1024) {
        let name = UInt64(try word(at: position(entry, 1, 8)))
        guard name < limit - strings else { throw .malformed(at: entry, "a name beyond the table of names") }
        need.versions.append(try text(at: strings + name, limit: limit))
        let step = UInt64(try word(at: position(entry, 1, 12)))
        if step == 0 { break }
        entry = try position(entry, 1, step)
      }
      facts.versionNeeds.append(need)
      if next == 0 { break }
      at = try position(at, 1, next)
    }
  }

  // MARK: The manifest's section

  private mutating func readManifest() throws(Fault) {
    let table = try long(at: 40)
    let entrySize = UInt64(try half(at: 58))
    let count = UInt64(try half(at: 60))
    let namesIndex = UInt64(try half(at: 62))
    guard count > 0 else { return }
    guard entrySize == 64 else { throw .malformed(at: 58, "section headers of \(entrySize) bytes") }
    guard namesIndex < count else { throw .malformed(at: 62, "no section of names") }
    _ = try range(at: table, size: count * entrySize)
    let names = try position(table, namesIndex, entrySize)
    let namesOffset = try long(at: try position(names, 1, 24))
    let namesRange = try range(at: namesOffset, size: try long(at: try position(names, 1, 32)))
    for index in 0..<count {
      let at = try position(table, index, entrySize)
      let name = UInt64(try word(at: at))
      guard name < UInt64(namesRange.count) else { throw .malformed(at: at, "a name beyond the section of names") }
      guard try text(at: namesOffset + name, limit: UInt64(namesRange.upperBound)) == ".exprove.manifest" else {
        continue
      }
      guard facts.manifest == nil else { throw .malformed(at: at, "two sections .exprove.manifest") }
      guard try word(at: try position(at, 1, 4)) != 8 else { throw .malformed(at: at, "a manifest without bytes") }
      let body = try range(at: try long(at: try position(at, 1, 24)), size: try long(at: try position(at, 1, 32)))
      var manifest = Array(bytes[body])
      if manifest.last == 0 { manifest.removeLast() }
      facts.manifest = manifest
    }
  }
}
