// SPDX-License-Identifier: Apache-2.0

/// The row of a tile: bundles of entries, or hashes at a level (C2SP tlog-tiles). Level 0 holds the leaves'
/// hashes, each further level the roots of the full tiles below.
package enum TileRow: Hashable, Sendable {
  case entries
  case hashes(Int)

  /// One item of this row covers 2^`shift` leaves.
  var shift: UInt64 {
    switch self {
    case .entries: 0
    case .hashes(let level): UInt64(level) * 8
    }
  }

  /// The row of entries, then each level that a tree of `size` has hashes in.
  static func rows(ofTree size: UInt64) -> [TileRow] {
    guard size > 0 else { return [] }
    return [.entries] + (0...7).map(TileRow.hashes).filter { size >> $0.shift > 0 }
  }
}

/// Which tile: its row, its index there, and how many of its 256 places are filled.
package struct TileCoordinate: Hashable, Sendable {
  package let row: TileRow
  package let index: UInt64
  /// 1…256; below 256 the tile is partial.
  package let width: Int

  /// How many items a full tile has.
  package static let fullWidth = 256

  package init(row: TileRow, index: UInt64, width: Int) {
    self.row = row
    self.index = index
    self.width = width
  }

  /// `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, N in groups of three digits: 1234067 is
  /// `x001/x234/067`.
  package var path: String {
    var groups = [TileCoordinate.threeDigits(index % 1000)]
    var rest = index / 1000
    while rest > 0 {
      groups.append("x" + TileCoordinate.threeDigits(rest % 1000))
      rest /= 1000
    }
    let name =
      switch row {
      case .entries: "entries"
      case .hashes(let level): String(level)
      }
    let number = groups.reversed().joined(separator: "/")
    return "tile/\(name)/\(number)" + (width < TileCoordinate.fullWidth ? ".p/\(width)" : "")
  }

  private static func threeDigits(_ value: UInt64) -> String {
    let digits = String(value)
    return String(repeating: "0", count: 3 - digits.utf8.count) + digits
  }

  /// Nil unless `path` is the path of a coordinate, in its one spelling.
  package init?(path: String) {
    var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
    guard parts.count >= 3, parts.count <= 10, parts[0] == Array("tile".utf8) else { return nil }
    if parts[1] == Array("entries".utf8) {
      row = .entries
    } else if let level = UInt64(decimal: parts[1][...]), level < 64 {
      row = .hashes(Int(level))
    } else {
      return nil
    }
    var width = TileCoordinate.fullWidth
    if parts.count >= 4, parts[parts.count - 2].suffix(2) == Array(".p".utf8)[...] {
      guard let partial = UInt64(decimal: parts[parts.count - 1][...]), (1...255).contains(partial) else { return nil }
      width = Int(partial)
      parts.removeLast()
      parts[parts.count - 1].removeLast(2)
    }
    self.width = width
    var index: UInt64 = 0
    for (position, part) in parts.enumerated().dropFirst(2) {
      var digits = part[...]
      if position < parts.count - 1 {
        guard digits.popFirst() == UInt8(ascii: "x") else { return nil }
      }
      guard digits.count == 3, index <= MerkleProof.largestTree / 1000 else { return nil }
      for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        index = index * 10 + UInt64(digit - UInt8(ascii: "0"))
      }
    }
    self.index = index
    guard Array(self.path.utf8) == Array(path.utf8) else { return nil }
  }

  /// What a tile's place in a tree is.
  package enum Standing: Equatable, Sendable {
    /// One of the tree's own tiles.
    case part
    /// A partial tile whose items a fuller one of the tree holds.
    case superseded
    /// It has items that the tree has not.
    case beyond
  }

  /// How this tile stands to the tree of `size` leaves.
  package func standing(inTree size: UInt64) -> Standing {
    guard row.shift < 63 else { return .beyond }
    let items = size >> row.shift
    let full = items >> 8
    if index > full { return .beyond }
    if index < full { return width == TileCoordinate.fullWidth ? .part : .superseded }
    let last = Int(items & 255)
    return width == last ? .part : width < last ? .superseded : .beyond
  }

  /// The partial tile at the right edge of `row` in a tree of `size` leaves, if it has one.
  static func edge(of row: TileRow, inTree size: UInt64) -> TileCoordinate? {
    let items = size >> row.shift
    let width = Int(items & 255)
    return width == 0 ? nil : TileCoordinate(row: row, index: items >> 8, width: width)
  }

  /// The tile that holds item `item` of `row` in a tree of `size` leaves.
  static func holding(item: UInt64, of row: TileRow, inTree size: UInt64) -> TileCoordinate {
    let items = size >> row.shift
    let index = item >> 8
    return TileCoordinate(row: row, index: index, width: index < items >> 8 ? fullWidth : Int(items & 255))
  }
}
