// SPDX-License-Identifier: Apache-2.0

/// A run of entries as tlog-tiles stores it: each with its length before it, two bytes, big-endian.
package enum EntryBundle {
  /// The most bytes an entry can have.
  package static let largestEntry = 65_535
  /// The most bytes a full bundle can have.
  static let largestBundle = TileCoordinate.fullWidth * (2 + largestEntry)

  /// Appends an entry of at most `largestEntry` bytes.
  static func append(_ entry: [UInt8], to bundle: inout [UInt8]) {
    bundle.append(UInt8(truncatingIfNeeded: entry.count >> 8))
    bundle.append(UInt8(truncatingIfNeeded: entry.count))
    bundle.append(contentsOf: entry)
  }

  /// Where the entries lie in `bundle`, which must hold exactly `count` of them.
  package static func entries(in bundle: [UInt8], count: Int) throws(NoteError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(count)
    var start = 0
    while ranges.count < count {
      guard bundle.count - start >= 2 else {
        throw NoteError(offset: start, reason: "ends after \(ranges.count) entries; \(count) should stand here")
      }
      let length = Int(bundle[start]) << 8 | Int(bundle[start + 1])
      guard bundle.count - start - 2 >= length else {
        throw NoteError(offset: start, reason: "an entry of \(length) bytes where \(bundle.count - start - 2) are left")
      }
      ranges.append(start + 2..<start + 2 + length)
      start += 2 + length
    }
    guard start == bundle.count else {
      throw NoteError(offset: start, reason: "\(bundle.count - start) bytes behind the last of \(count) entries")
    }
    return ranges
  }
}
