// SPDX-License-Identifier: Apache-2.0

/// The sections of an ELF64 little-endian file (gABI 4.1, chapter 4). The file is hostile: what does not lie within it
/// is not there.
struct SectionTable {
  private let bytes: [UInt8]
  private var sections: [(name: String, flags: UInt64, range: Range<Int>)] = []

  static let mostSections = 65_536

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    guard bytes.count >= 64, let table = number(40, 8), let entrySize = number(58, 2), entrySize == 64,
      let count = number(60, 2), let namesIndex = number(62, 2), namesIndex < count
    else { return }
    guard let names = section(table + namesIndex * 64) else { return }
    for index in 0..<count {
      guard let at = Optional(table + index * 64), let name = number(at, 4), let flags = number(at + 8, 8),
        let body = section(at)
      else { continue }
      guard let text = text(names.lowerBound + name, in: names) else { continue }
      sections.append((text, UInt64(flags), body))
    }
  }

  /// A number that fits an Int, without sign; nil beyond the file.
  private func number(_ at: Int, _ size: Int) -> Int? {
    guard at >= 0, at <= bytes.count - size else { return nil }
    var value: UInt64 = 0
    for index in (0..<size).reversed() { value = value << 8 | UInt64(bytes[at + index]) }
    // No offset of a real file comes near this, and sums of a few of them must not wrap.
    return value < 1 << 60 ? Int(value) : nil
  }

  private func section(_ at: Int) -> Range<Int>? {
    guard let type = number(at + 4, 4), type != 8, let offset = number(at + 24, 8), let size = number(at + 32, 8),
      offset <= bytes.count, size <= bytes.count - offset
    else { return nil }
    return offset..<offset + size
  }

  private func text(_ at: Int, in range: Range<Int>) -> String? {
    guard range.contains(at), let end = bytes[at..<range.upperBound].firstIndex(of: 0), end - at <= 256 else {
      return nil
    }
    return String(decoding: bytes[at..<end], as: UTF8.self)
  }

  func range(_ name: String) -> Range<Int>? { sections.first { $0.name == name }?.range }
  /// SHF_COMPRESSED
  func isCompressed(_ name: String) -> Bool { sections.contains { $0.name == name && $0.flags & 0x800 != 0 } }
  func contains(_ name: String) -> Bool { sections.contains { $0.name == name } }
}
