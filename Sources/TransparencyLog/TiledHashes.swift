// SPDX-License-Identifier: Apache-2.0

extension MerkleProof {
  /// The hashes over `ranges` of a tree of `size` leaves, as the proofs of that tree are made of them, from tiles of hashes
  /// wherever those lie. Nothing is believed here: a proof made of them holds or it does not.
  ///
  /// - Parameter tile: gives exactly as many hashes as the tile is wide
  package static func hashes(
    over ranges: [Range<UInt64>], size: UInt64, tile: (TileCoordinate) throws(LogError) -> [MerkleHash]
  ) throws(LogError) -> [MerkleHash] {
    var hashes: [MerkleHash] = []
    for range in ranges {
      hashes.append(
        try hash(over: range) { height, index throws(LogError) in
          let row = TileRow.hashes(height >> 3)
          let first = index << UInt64(height & 7)
          let holder = TileCoordinate.holding(item: first, of: row, inTree: size)
          let start = Int(first & 255)
          return subtree(try tile(holder)[start..<start + 1 << (height & 7)])
        })
    }
    return hashes
  }
}
