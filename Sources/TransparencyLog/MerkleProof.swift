// SPDX-License-Identifier: Apache-2.0

/// Inclusion and consistency proofs (RFC 6962 section 2.1; verification after RFC 9162 sections 2.1.3.2 and 2.1.4.2).
/// A proof is first a list of ranges of leaves, then the hashes over them, so that whoever holds the tree in
/// whatever form (in memory, in tiles) makes proofs with the same code.
package enum MerkleProof {
  /// The largest tree that is handled: sizes beyond leave no room for arithmetic on them.
  package static let largestTree: UInt64 = 1 << 62

  // MARK: Making proofs

  /// The ranges whose hashes are the inclusion proof of leaf `index` in a tree of `size`, from the leaf's
  /// sibling upwards; nil unless `index < size`.
  package static func inclusionRanges(index: UInt64, size: UInt64) -> [Range<UInt64>]? {
    guard index < size, size <= largestTree else { return nil }
    var ranges: [Range<UInt64>] = []
    var low: UInt64 = 0
    var high = size
    while high - low > 1 {
      let middle = low + split(high - low)
      if index < middle {
        ranges.append(middle..<high)
        high = middle
      } else {
        ranges.append(low..<middle)
        low = middle
      }
    }
    return ranges.reversed()
  }

  /// The ranges whose hashes are the consistency proof from a tree of `old` leaves to one of `new`; nil unless
  /// `0 < old ≤ new`.
  package static func consistencyRanges(from old: UInt64, to new: UInt64) -> [Range<UInt64>]? {
    guard old > 0, old <= new, new <= largestTree else { return nil }
    var ranges: [Range<UInt64>] = []
    var low: UInt64 = 0
    var high = new
    while old != high {
      let middle = low + split(high - low)
      if old <= middle {
        ranges.append(middle..<high)
        high = middle
      } else {
        ranges.append(low..<middle)
        low = middle
      }
    }
    // The old tree itself needs no hash when it is one complete subtree from the left edge: the verifier has it.
    if low > 0 { ranges.append(low..<high) }
    return ranges.reversed()
  }

  /// The hash over `range`, which must begin at a multiple of the smallest power of two that is not below its
  /// length (as all ranges of proofs do), from the hashes of complete subtrees.
  package static func hash(
    over range: Range<UInt64>, node: (_ height: Int, _ index: UInt64) throws(LogError) -> MerkleHash
  ) throws(LogError) -> MerkleHash {
    var peaks: [MerkleHash] = []
    var position = range.lowerBound
    while position < range.upperBound {
      let height = 63 - (range.upperBound - position).leadingZeroBitCount
      peaks.append(try node(height, position >> UInt64(height)))
      position += 1 << UInt64(height)
    }
    return CompactRange.fold(peaks) ?? .empty
  }

  /// The root over a complete subtree's hashes, whose count is a power of two.
  package static func subtree(_ hashes: ArraySlice<MerkleHash>) -> MerkleHash {
    var level = Array(hashes)
    while level.count > 1 {
      for index in 0..<level.count / 2 { level[index] = .node(level[2 * index], level[2 * index + 1]) }
      level.removeLast(level.count / 2)
    }
    return level[0]
  }

  /// The largest power of two below `count`, for counts above 1.
  private static func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }

  // MARK: Checking proofs

  /// Whether `proof` shows that `leaf` is leaf `index` of the tree of `size` leaves with this root.
  package static func verifyInclusion(
    leaf: MerkleHash, index: UInt64, size: UInt64, root: MerkleHash, proof: [MerkleHash]
  ) -> Bool {
    guard index < size else { return false }
    var node = index
    var last = size - 1
    var hash = leaf
    for sibling in proof {
      guard last > 0 else { return false }
      if node & 1 == 1 || node == last {
        hash = .node(sibling, hash)
        while node & 1 == 0 && node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        hash = .node(hash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    return last == 0 && hash == root
  }

  /// Whether `proof` shows that the tree of `new` leaves begins with the tree of `old` leaves. From the empty
  /// tree nothing can be shown: `old` of 0 is false.
  package static func verifyConsistency(
    from old: UInt64, root oldRoot: MerkleHash, to new: UInt64, root newRoot: MerkleHash, proof: [MerkleHash]
  ) -> Bool {
    guard old > 0, old <= new else { return false }
    if old == new { return proof.isEmpty && oldRoot == newRoot }
    var rest = proof[...]
    // A complete old tree is its own first hash.
    if old & (old - 1) == 0 { rest = [oldRoot] + rest }
    guard let first = rest.popFirst() else { return false }
    var node = old - 1
    var last = new - 1
    while node & 1 == 1 {
      node >>= 1
      last >>= 1
    }
    var oldHash = first
    var newHash = first
    for sibling in rest {
      guard last > 0 else { return false }
      if node & 1 == 1 || node == last {
        oldHash = .node(sibling, oldHash)
        newHash = .node(sibling, newHash)
        while node & 1 == 0 && node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        newHash = .node(newHash, sibling)
      }
      node >>= 1
      last >>= 1
    }
    return last == 0 && oldHash == oldRoot && newHash == newRoot
  }
}
