// SPDX-License-Identifier: Apache-2.0

extension LogReader {
  /// Leaves that one bundle of entries holds.
  package static let bundleWidth: UInt64 = 256

  /// The entries of bundle `number`, all of them proven against `checkpoint` by one proof: the hashes below the
  /// bundle's own root come from the entries themselves, and only those beside it from tiles.
  package func provenLeaves(inBundle number: UInt64, of checkpoint: Checkpoint) throws(LogError) -> [[UInt8]] {
    let size = checkpoint.size
    guard number <= MerkleProof.largestTree >> 8,
      let ranges = MerkleProof.inclusionRanges(index: number << 8, size: size)
    else { throw .noSuchLeaf(index: number &<< 8, size: size) }
    let first = number << 8
    let tile = TileCoordinate.holding(item: first, of: .entries, inTree: size)
    let (bytes, entries) = try LogReader.bundle(tile, in: directory)
    let leaves = entries.map { MerkleHash.leaf(bytes[$0]) }
    let end = first + UInt64(leaves.count)
    var proof: [MerkleHash] = []
    for range in ranges {
      guard range.lowerBound >= first, range.upperBound <= end else {
        proof.append(contentsOf: try hashes(over: [range], size: size))
        continue
      }
      proof.append(
        try MerkleProof.hash(over: range) { height, index throws(LogError) in
          let start = Int(index << UInt64(height) - first)
          return MerkleProof.subtree(leaves[start..<start + 1 << height])
        })
    }
    guard
      MerkleProof.verifyInclusion(leaf: leaves[0], index: first, size: size, root: checkpoint.root, proof: proof)
    else {
      throw .damaged(
        path: directory + "/" + tile.path, reason: "its entries are not those of the checkpoint's tree; run verify")
    }
    return entries.map { Array(bytes[$0]) }
  }
}
