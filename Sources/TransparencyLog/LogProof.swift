// SPDX-License-Identifier: Apache-2.0

/// An inclusion proof with its checkpoint in one text that can be verified offline (C2SP tlog-proof, v1).
package struct LogProof: Equatable, Sendable {
  package let index: UInt64
  /// From the leaf's sibling to the root's child.
  package let hashes: [MerkleHash]
  package let checkpoint: SignedNote
  /// Opaque and not authenticated.
  package let extra: [UInt8]?

  private static let header = "c2sp.org/tlog-proof@v1"

  package init(index: UInt64, hashes: [MerkleHash], checkpoint: SignedNote, extra: [UInt8]? = nil) {
    self.index = index
    self.hashes = hashes
    self.checkpoint = checkpoint
    self.extra = extra
  }

  package var bytes: [UInt8] {
    var text = LogProof.header + "\n"
    if let extra { text += "extra \(Base64.encode(extra))\n" }
    text += "index \(index)\n"
    for hash in hashes { text += "\(hash)\n" }
    return Array((text + "\n").utf8) + checkpoint.bytes
  }

  /// Reads a proof strictly: `bytes` of the result are the bytes given.
  package init(parsing bytes: [UInt8]) throws(NoteError) {
    var start = 0
    func line() throws(NoteError) -> ArraySlice<UInt8> {
      guard start < bytes.count, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else {
        throw NoteError(offset: bytes.count, reason: "the proof ends too early")
      }
      defer { start = end + 1 }
      return bytes[start..<end]
    }
    guard try line().elementsEqual(LogProof.header.utf8) else {
      throw NoteError(offset: 0, reason: "not a proof: its first line is \(LogProof.header)")
    }
    var next = try line()
    if next.starts(with: "extra ".utf8) {
      guard let extra = Base64.decode(next.dropFirst(6)) else {
        throw NoteError(offset: next.startIndex + 6, reason: "the extra data is not standard base 64")
      }
      self.extra = extra
      next = try line()
    } else {
      extra = nil
    }
    guard next.starts(with: "index ".utf8), let index = UInt64(decimal: next.dropFirst(6)) else {
      throw NoteError(offset: next.startIndex, reason: "expected 'index' and a number without leading zeros")
    }
    self.index = index
    var hashes: [MerkleHash] = []
    next = try line()
    while !next.isEmpty {
      guard hashes.count < 63, let hash = Base64.decode(next).flatMap({ MerkleHash(bytes: $0) }) else {
        throw NoteError(offset: next.startIndex, reason: "not one of at most 63 base-64 hashes of 32 bytes")
      }
      hashes.append(hash)
      next = try line()
    }
    self.hashes = hashes
    let base = start
    do throws(NoteError) {
      checkpoint = try SignedNote(parsing: Array(bytes[base...]))
    } catch {
      throw NoteError(offset: base + error.offset, reason: error.reason)
    }
  }

  /// Verifies that a log of one of `keys` holds `leaf`; returns the checkpoint that says so.
  package func verify(leaf: [UInt8], keys: [VerifierKey]) throws(NoteError) -> Checkpoint {
    _ = try checkpoint.verified(by: keys)
    let head = try Checkpoint(parsing: checkpoint.text)
    guard
      MerkleProof.verifyInclusion(
        leaf: .leaf(leaf), index: index, size: head.size, root: head.root, proof: hashes)
    else { throw NoteError(offset: 0, reason: "the proof does not lead from this leaf to the checkpoint's root") }
    return head
  }
}
