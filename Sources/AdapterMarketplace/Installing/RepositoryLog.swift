// SPDX-License-Identifier: Apache-2.0

package import TransparencyLog
package import UpdateFramework

/// A repository's log as this store watches it: what it shows must go on from what it showed before, so that nobody is shown
/// a log of his own.
package struct RepositoryLog: Sendable {
  /// As the root names it; its name is the log's origin.
  package let key: VerifierKey
  /// What messages call the repository.
  private let repository: String
  private let source: any RepositorySource
  /// The checkpoint last seen, with the bytes of its note; nil where none was.
  package private(set) var seen: Seen?

  package struct Seen: Equatable, Sendable {
    package let checkpoint: Checkpoint
    package let note: [UInt8]
  }

  /// - Parameter note: the checkpoint last seen of this log, as it was stored; one of another key is of another log
  package init(key: VerifierKey, repository: String, source: any RepositorySource, note: [UInt8]?) {
    self.key = key
    self.repository = repository
    self.source = source
    seen = note.flatMap { note in
      (try? RepositoryLog.read(note, key: key)).map { Seen(checkpoint: $0, note: note) }
    }
  }

  private static func read(_ bytes: [UInt8], key: VerifierKey) throws(NoteError) -> Checkpoint {
    let note = try SignedNote(parsing: bytes)
    _ = try note.verified(by: [key])
    let checkpoint = try Checkpoint(parsing: note.text)
    guard checkpoint.origin.utf8.elementsEqual(key.name.utf8) else {
      throw NoteError(offset: 0, reason: "a log of \"\(checkpoint.origin)\", not of \"\(key.name)\"")
    }
    return checkpoint
  }

  /// Reads the log's checkpoint and holds it against the one last seen.
  package mutating func refresh() throws(StoreError) {
    let note: [UInt8]
    do throws(SourceError) { note = try source.read("log/checkpoint", limit: SignedNote.largest) } catch {
      throw .source(repository: repository, error)
    }
    if note == seen?.note { return }
    let checkpoint: Checkpoint
    do throws(NoteError) { checkpoint = try RepositoryLog.read(note, key: key) } catch {
      throw .log(repository: repository, reason: "its checkpoint: \(error.reason)")
    }
    if let before = seen?.checkpoint {
      guard checkpoint.size >= before.size else {
        throw .log(
          repository: repository,
          reason:
            "it shows \(checkpoint.size) entries after it had shown \(before.size): it was cut back, or what answers "
            + "is an older copy. Nothing is installed from it; ask its operator")
      }
      try require(before, isBeginningOf: checkpoint)
    }
    seen = Seen(checkpoint: checkpoint, note: note)
  }

  /// Where a proof has a publication that was verified before it was stored, when it was held against the log of then. What the
  /// log showed later goes on from that, so no tile is needed. Nil unless it still leads to a log of this key.
  package func position(ofStored proof: [UInt8], of publication: Publication) -> LockedAdapter.LogPosition? {
    guard let read = try? LogProof(parsing: proof),
      let checkpoint = try? read.verify(leaf: publication.leaf, keys: [key]),
      checkpoint.origin.utf8.elementsEqual(key.name.utf8)
    else { return nil }
    return try? position(read, checkpoint, of: publication)
  }

  private func position(
    _ proof: LogProof, _ checkpoint: Checkpoint, of publication: Publication
  ) throws(StoreError) -> LockedAdapter.LogPosition {
    guard let index = Int64(exactly: proof.index), let size = Int64(exactly: checkpoint.size) else {
      throw .log(repository: repository, reason: "the proof of \(publication.path.library) is of too large a log")
    }
    return LockedAdapter.LogPosition(key: key.description, index: index, size: size)
  }

  /// Verifies a proof that the log has a publication, and that the proof's checkpoint is of the log which is watched.
  package mutating func verify(
    _ bytes: [UInt8], of publication: Publication
  ) throws(StoreError) -> LockedAdapter.LogPosition {
    let proof: LogProof
    let checkpoint: Checkpoint
    do throws(NoteError) {
      proof = try LogProof(parsing: bytes)
      checkpoint = try proof.verify(leaf: publication.leaf, keys: [key])
    } catch {
      throw .log(repository: repository, reason: "the proof of \(publication.path.library): \(error.reason)")
    }
    guard checkpoint.origin.utf8.elementsEqual(key.name.utf8) else {
      throw .log(
        repository: repository,
        reason:
          "the proof of \(publication.path.library) is of a log of \"\(checkpoint.origin)\", not of \"\(key.name)\"")
    }
    // The log may have grown while this was under way.
    if checkpoint.size > seen?.checkpoint.size ?? 0 { try refresh() }
    guard let head = seen?.checkpoint, checkpoint.size <= head.size else {
      throw .log(
        repository: repository,
        reason: "the proof of \(publication.path.library) is of \(checkpoint.size) entries, the log shows "
          + "\(seen?.checkpoint.size ?? 0): the release is hidden from others. Nothing is installed; ask the operator")
    }
    try require(checkpoint, isBeginningOf: head)
    return try position(proof, checkpoint, of: publication)
  }

  /// Throws unless the tree of `new` begins with the tree of `old`, by the log's own tiles (RFC 6962 section 2.1.2).
  private func require(_ old: Checkpoint, isBeginningOf new: Checkpoint) throws(StoreError) {
    guard old.size > 0 else { return }
    let fork =
      "it does not go on from what it showed before (\(old.size) entries): it was rewritten, or shows different logs to "
      + "different readers. Nothing is installed from it; keep the checkpoints and tell others"
    if old.size == new.size {
      guard old.root == new.root else { throw .log(repository: repository, reason: fork) }
      return
    }
    guard let ranges = MerkleProof.consistencyRanges(from: old.size, to: new.size) else {
      throw .log(repository: repository, reason: fork)
    }
    var tiles: [TileCoordinate: [MerkleHash]] = [:]
    let proof: [MerkleHash]
    do throws(LogError) {
      proof = try MerkleProof.hashes(over: ranges, size: new.size) { tile throws(LogError) in
        if let hashes = tiles[tile] { return hashes }
        let hashes = try hashes(of: tile)
        tiles[tile] = hashes
        return hashes
      }
    } catch {
      throw .log(repository: repository, reason: error.description)
    }
    guard
      MerkleProof.verifyConsistency(
        from: old.size, root: old.root, to: new.size, root: new.root, proof: proof)
    else { throw .log(repository: repository, reason: fork) }
  }

  /// A tile's hashes. A partial tile may be gone when the full one is there (C2SP tlog-tiles), which begins with it.
  private func hashes(of tile: TileCoordinate) throws(LogError) -> [MerkleHash] {
    let full = TileCoordinate(row: tile.row, index: tile.index, width: TileCoordinate.fullWidth)
    for (place, candidate) in [tile, full].enumerated() {
      let bytes: [UInt8]
      do throws(SourceError) {
        bytes = try source.read("log/" + candidate.path, limit: TileCoordinate.fullWidth * MerkleHash.byteCount)
      } catch {
        if error.isMissing, place == 0, tile != full { continue }
        throw .damaged(path: candidate.path, reason: error.description)
      }
      guard bytes.count == candidate.width * MerkleHash.byteCount else {
        throw .damaged(
          path: candidate.path,
          reason:
            "\(bytes.count) bytes; a tile of \(candidate.width) hashes has \(candidate.width * MerkleHash.byteCount)")
      }
      return (0..<tile.width).compactMap {
        MerkleHash(bytes: bytes[$0 * MerkleHash.byteCount..<($0 + 1) * MerkleHash.byteCount])
      }
    }
    throw .damaged(path: tile.path, reason: "there is no such tile")
  }
}
