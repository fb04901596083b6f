// SPDX-License-Identifier: Apache-2.0

private import DurableFiles

/// A growing tree and the tiles of hashes at its right edge.
struct HashTiles: Sendable {
  var range = CompactRange()
  /// The hashes of each level's partial tile, from level 0; missing levels are empty.
  var edge: [[UInt8]] = []

  /// Appends a leaf's hash; tells each tile that this fills.
  mutating func append(_ leaf: MerkleHash, filled: (TileCoordinate, [UInt8]) -> Void) {
    // Apart from `self` while the closure writes to it.
    var edge: [[UInt8]] = []
    swap(&edge, &self.edge)
    range.append(leaf) { height, index, hash in
      guard height & 7 == 0 else { return }
      let level = height >> 3
      if level == edge.count { edge.append([]) }
      hash.append(to: &edge[level])
      if index & 255 == 255 {
        filled(TileCoordinate(row: .hashes(level), index: index >> 8, width: TileCoordinate.fullWidth), edge[level])
        edge[level] = []
      }
    }
    swap(&edge, &self.edge)
  }
}

/// The right edge of a tiled log: tree, tiles of hashes and the bundle of entries that is not yet full. All that
/// a writer keeps in memory of what it has published.
struct TreeEdge: Sendable {
  var tree = HashTiles()
  var bundle: [UInt8] = []

  var size: UInt64 { tree.range.size }
  var root: MerkleHash { tree.range.root }

  /// Appends an entry; tells each tile and bundle that this fills.
  mutating func append(_ entry: [UInt8], filled: (TileCoordinate, [UInt8]) -> Void) {
    let index = size
    EntryBundle.append(entry, to: &bundle)
    if index & 255 == 255 {
      filled(TileCoordinate(row: .entries, index: index >> 8, width: TileCoordinate.fullWidth), bundle)
      bundle = []
    }
    tree.append(.leaf(entry), filled: filled)
  }

  /// The bytes of the partial tile of `row`.
  func bytes(of row: TileRow) -> [UInt8] {
    switch row {
    case .entries: bundle
    case .hashes(let level): level < tree.edge.count ? tree.edge[level] : []
    }
  }

  init() {}

  /// Reads the edge of the tree that `checkpoint` commits to; whatever does not lead to its root is an error.
  init(of checkpoint: Checkpoint, root directory: String) throws(LogError) {
    var peaks: [MerkleHash] = []
    let rows = TileRow.rows(ofTree: checkpoint.size)
    for row in rows.reversed() {
      guard case .hashes(let level) = row else { continue }
      while tree.edge.count <= level { tree.edge.append([]) }
      guard let edge = TileCoordinate.edge(of: row, inTree: checkpoint.size) else { continue }
      let hashes = try LogReader.hashes(of: edge, in: directory)
      for hash in hashes { hash.append(to: &tree.edge[level]) }
      // The tile's complete subtrees, largest first.
      var start = 0
      for bit in (0..<8).reversed() where edge.width >> bit & 1 == 1 {
        peaks.append(MerkleProof.subtree(hashes[start..<start + 1 << bit]))
        start += 1 << bit
      }
    }
    guard let range = CompactRange(size: checkpoint.size, peaks: peaks), range.root == checkpoint.root else {
      throw .damaged(
        path: directory + "/tile", reason: "the tiles at the tree's edge do not give the checkpoint's root; run verify")
    }
    tree.range = range
    if let edge = TileCoordinate.edge(of: .entries, inTree: checkpoint.size) {
      let path = directory + "/" + edge.path
      bundle = try LogError.wrap { () throws(FileError) in
        try LogFiles.read(path, limit: EntryBundle.largestBundle)
      }
      let bytes = bundle
      let entries = try LogError.reading(path) { () throws(NoteError) in
        try EntryBundle.entries(in: bytes, count: edge.width)
      }
      var hashes: [UInt8] = []
      for entry in entries { MerkleHash.leaf(bytes[entry]).append(to: &hashes) }
      guard hashes == tree.edge[0] else {
        throw .damaged(path: path, reason: "its entries are not those of the tile of hashes; run verify")
      }
    }
  }
}
