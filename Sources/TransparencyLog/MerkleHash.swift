// SPDX-License-Identifier: Apache-2.0

private import Crypto

/// A node of an RFC 6962 Merkle tree: 32 bytes of SHA-256. Four words rather than an array, so that a hash is
/// copied without counting references.
package struct MerkleHash: Hashable, Sendable, CustomStringConvertible {
  /// Bytes 0–7, 8–15, 16–23 and 24–31, in the order in which they lie in memory.
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// How many bytes a hash has.
  package static let byteCount = 32

  /// Takes up 32 bytes; nil for any other count.
  package init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == MerkleHash.byteCount else { return nil }
    words = unsafe bytes.withUnsafeBytes {
      unsafe $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
    }
  }

  /// Takes up 32 bytes; nil for any other count.
  package init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

  private init(_ hasher: consuming SHA256) {
    words = unsafe hasher.finalize().withUnsafeBytes {
      unsafe $0.loadUnaligned(as: (UInt64, UInt64, UInt64, UInt64).self)
    }
  }

  /// The hash of a leaf: SHA-256(0x00 ‖ data) (RFC 6962 section 2.1).
  package static func leaf(_ data: ArraySlice<UInt8>) -> MerkleHash {
    var hasher = SHA256()
    MerkleHash.update(&hasher, prefix: 0)
    unsafe data.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
    return MerkleHash(hasher)
  }

  /// The hash of a leaf: SHA-256(0x00 ‖ data) (RFC 6962 section 2.1).
  package static func leaf(_ data: [UInt8]) -> MerkleHash { leaf(data[...]) }

  /// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 section 2.1).
  package static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
    var hasher = SHA256()
    MerkleHash.update(&hasher, prefix: 1)
    unsafe withUnsafeBytes(of: left.words) { unsafe hasher.update(bufferPointer: $0) }
    unsafe withUnsafeBytes(of: right.words) { unsafe hasher.update(bufferPointer: $0) }
    return MerkleHash(hasher)
  }

  /// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
  package static let empty = MerkleHash(SHA256())

  private static func update(_ hasher: inout SHA256, prefix: UInt8) {
    unsafe withUnsafeBytes(of: prefix) { unsafe hasher.update(bufferPointer: $0) }
  }

  /// The 32 bytes.
  package var bytes: [UInt8] {
    unsafe withUnsafeBytes(of: words) { unsafe Array($0) }
  }

  package func append(to bytes: inout [UInt8]) {
    unsafe withUnsafeBytes(of: words) { unsafe bytes.append(contentsOf: $0) }
  }

  /// Standard base 64, as checkpoints and proofs write it.
  package var description: String { Base64.encode(bytes) }

  package static func == (left: MerkleHash, right: MerkleHash) -> Bool { left.words == right.words }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
    hasher.combine(words.2)
    hasher.combine(words.3)
  }
}
