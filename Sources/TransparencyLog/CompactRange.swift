// SPDX-License-Identifier: Apache-2.0

/// A growing Merkle tree, held as the roots of its complete subtrees from left to right: one per bit that is set
/// in its size. This is all that appending and the root need.
package struct CompactRange: Sendable {
  /// How many leaves were appended.
  package private(set) var size: UInt64
  /// The roots of the complete subtrees, largest (leftmost) first.
  package private(set) var peaks: [MerkleHash]

  /// The tree without leaves.
  package init() {
    size = 0
    peaks = []
  }

  /// A tree of `size` leaves from the roots of its complete subtrees, largest first; nil when their count does
  /// not fit the size.
  package init?(size: UInt64, peaks: [MerkleHash]) {
    guard peaks.count == size.nonzeroBitCount else { return nil }
    self.size = size
    self.peaks = peaks
  }

  /// Appends a leaf's hash. `completed` is told each subtree that this finishes, from the leaf upwards: its
  /// height, its index among the subtrees of that height, and its hash.
  /// - Complexity: amortised one hash.
  package mutating func append(
    _ leaf: MerkleHash, completed: (_ height: Int, _ index: UInt64, _ hash: MerkleHash) -> Void = { _, _, _ in }
  ) {
    var hash = leaf
    var height = 0
    var index = size
    completed(height, index, hash)
    while index & 1 == 1 {
      hash = .node(peaks.removeLast(), hash)
      height += 1
      index >>= 1
      completed(height, index, hash)
    }
    peaks.append(hash)
    size += 1
  }

  /// MTH of the leaves so far (RFC 6962 section 2.1).
  package var root: MerkleHash { CompactRange.fold(peaks) ?? .empty }

  /// The root over complete subtrees of falling size; nil for none.
  static func fold(_ peaks: some BidirectionalCollection<MerkleHash>) -> MerkleHash? {
    guard var root = peaks.last else { return nil }
    for peak in peaks.dropLast().reversed() { root = .node(peak, root) }
    return root
  }
}
