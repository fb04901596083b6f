// SPDX-License-Identifier: Apache-2.0

/// What a library's debug information says of its functions and types: DWARF 4 and 5 (sections 2, 7.5 and 7.26 of
/// version 5), as gcc and clang write it into a finished library. Only what a C header holds is kept.
struct DebugInfo {
  /// Why it could not be read. What is not understood is never guessed.
  struct Unreadable: Error, Equatable {
    var reason: String
  }

  enum Tag: Int {
    case array = 0x01, `class` = 0x02, enumeration = 0x04, parameter = 0x05, member = 0x0D, pointer = 0x0F
    case structure = 0x13, subroutine = 0x15, typedef = 0x16, union = 0x17, subrange = 0x21
    /// The `...` of a parameter list.
    case unspecified = 0x18
    case base = 0x24, constant = 0x26, function = 0x2E, volatile = 0x35, restrict = 0x37, atomic = 0x47
  }

  struct Entry {
    var tag: Tag
    var name: String?
    /// Offset of the entry of its type.
    var type: Int?
    var size: Int?
    var encoding: Int?
    var location: Int?
    /// Elements of a dimension.
    var count: Int?
    var isDeclaration = false
    var isBitField = false
    /// Parameters, members, dimensions.
    var children: [Int] = []
    /// A parameter list that ends in `...`.
    var isOpen = false
  }

  /// By their offsets in .debug_info.
  private(set) var entries: [Int: Entry] = [:]
  /// Offsets of the functions of a name.
  private(set) var functions: [String: [Int]] = [:]
  private(set) var hasSplitUnits = false

  static let mostBytes = 64 << 20
  static let mostEntries = 1 << 20

  /// Nil when there is none.
  static func read(_ bytes: [UInt8]) throws(Unreadable) -> DebugInfo? {
    let sections = SectionTable(bytes)
    if sections.contains(".zdebug_info") || sections.isCompressed(".debug_info") || sections.isCompressed(".debug_str")
      || sections.isCompressed(".debug_abbrev")
    {
      throw Unreadable(reason: "its debug information is compressed; objcopy --decompress-debug-sections undoes that")
    }
    guard let range = sections.range(".debug_info"), !range.isEmpty else { return nil }
    guard range.count <= mostBytes else {
      throw Unreadable(reason: "its debug information has \(range.count) bytes, more than \(mostBytes)")
    }
    var reader = DebugReader(
      bytes: bytes, info: range, abbreviations: sections.range(".debug_abbrev") ?? 0..<0,
      strings: sections.range(".debug_str") ?? 0..<0, lineStrings: sections.range(".debug_line_str") ?? 0..<0,
      offsets: sections.range(".debug_str_offsets") ?? 0..<0)
    return try reader.read()
  }

  mutating func add(_ offset: Int, _ entry: Entry, to parent: Int?) throws(Unreadable) {
    guard entries.count < DebugInfo.mostEntries else {
      throw Unreadable(reason: "its debug information has more than \(DebugInfo.mostEntries) entries")
    }
    entries[offset] = entry
    if let parent { entries[parent]?.children.append(offset) }
    if entry.tag == .function, let name = entry.name { functions[name, default: []].append(offset) }
  }

  mutating func open(_ offset: Int) { entries[offset]?.isOpen = true }
  mutating func noteSplitUnit() { hasSplitUnits = true }

  /// The entry behind typedefs and qualifiers; nil for void, and for chains without end.
  func resolved(_ type: Int?) -> (offset: Int, entry: Entry)? {
    var next = type
    for _ in 0..<64 {
      guard let offset = next, let entry = entries[offset] else { return nil }
      switch entry.tag {
      case .typedef, .constant, .volatile, .restrict, .atomic: next = entry.type
      default: return (offset, entry)
      }
    }
    return nil
  }
}
