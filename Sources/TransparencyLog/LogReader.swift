// SPDX-License-Identifier: Apache-2.0

private import DurableFiles

/// Reads a tlog-tiles log from a directory that may be anybody's. What single look-ups return is proven against
/// the signed checkpoint before it is returned: a tile is never believed because of where it lies.
package struct LogReader: Sendable {
  package let directory: String
  /// The keys that the caller trusts; a checkpoint that none of them signed is refused.
  package let verifiers: [VerifierKey]

  package init(directory: String, verifiers: [VerifierKey]) {
    self.directory = directory
    self.verifiers = verifiers
  }

  var checkpointPath: String { directory + "/" + LogFiles.checkpoint }

  /// The checkpoint, after its signatures were verified.
  package func checkpoint() throws(LogError) -> Checkpoint { try checkpoint(named: LogFiles.checkpoint) }

  /// How many leaves the checkpoint covers.
  package var size: UInt64 {
    get throws(LogError) { try checkpoint().size }
  }

  /// The origin that a directory's checkpoint states, not verified: to find out which keys to ask for.
  package static func statedOrigin(directory: String) -> String? {
    try? LogReader(directory: directory, verifiers: []).note(named: LogFiles.checkpoint).1.origin
  }

  /// A checkpoint that lies there under another name, verified likewise.
  package func checkpoint(named name: String) throws(LogError) -> Checkpoint {
    let path = directory + "/" + name
    let (note, checkpoint) = try note(named: name)
    do throws(NoteError) {
      _ = try note.verified(by: verifiers)
    } catch {
      throw .unauthenticated(path: path, reason: error.reason)
    }
    return checkpoint
  }

  /// The checkpoint as it lies there, not verified.
  func note(named name: String) throws(LogError) -> (SignedNote, Checkpoint) {
    let path = directory + "/" + name
    let bytes = try LogError.wrap { () throws(FileError) in try LogFiles.read(path, limit: SignedNote.largest) }
    return try LogError.reading(path) { () throws(NoteError) in
      let note = try SignedNote(parsing: bytes)
      return (note, try Checkpoint(parsing: note.text))
    }
  }

  // MARK: Look-ups

  /// Leaf `index`, proven against the checkpoint.
  package func leaf(at index: UInt64) throws(LogError) -> [UInt8] {
    try provenLeaf(at: index, in: try checkpoint()).leaf
  }

  /// The inclusion proof of leaf `index` in the checkpoint's tree (RFC 6962 section 2.1.1).
  package func inclusionProof(ofLeaf index: UInt64) throws(LogError) -> [MerkleHash] {
    try provenLeaf(at: index, in: try checkpoint()).proof
  }

  /// The consistency proof from the tree of the first `old` leaves, whose root is `oldRoot`, to the checkpoint's
  /// (RFC 6962 section 2.1.2). Throws when the checkpoint's tree does not begin with that one.
  package func consistencyProof(from old: UInt64, root oldRoot: MerkleHash) throws(LogError) -> [MerkleHash] {
    let checkpoint = try checkpoint()
    guard let ranges = MerkleProof.consistencyRanges(from: old, to: checkpoint.size) else {
      throw .noSuchLeaf(index: old, size: checkpoint.size)
    }
    let proof = try hashes(over: ranges, size: checkpoint.size)
    guard
      MerkleProof.verifyConsistency(
        from: old, root: oldRoot, to: checkpoint.size, root: checkpoint.root, proof: proof)
    else {
      throw .damaged(
        path: directory, reason: "the log does not begin with the tree of \(old) leaves and root \(oldRoot)")
    }
    return proof
  }

  /// A proof of leaf `index` that can be verified offline (C2SP tlog-proof): file name suffix `.tlog-proof`.
  package func proofFile(ofLeaf index: UInt64, extra: [UInt8]? = nil) throws(LogError) -> [UInt8] {
    let (note, _) = try note(named: LogFiles.checkpoint)
    let proof = try inclusionProof(ofLeaf: index)
    return LogProof(index: index, hashes: proof, checkpoint: note, extra: extra).bytes
  }

  private func provenLeaf(
    at index: UInt64, in checkpoint: Checkpoint
  ) throws(LogError) -> (leaf: [UInt8], proof: [MerkleHash]) {
    guard let ranges = MerkleProof.inclusionRanges(index: index, size: checkpoint.size) else {
      throw .noSuchLeaf(index: index, size: checkpoint.size)
    }
    let tile = TileCoordinate.holding(item: index, of: .entries, inTree: checkpoint.size)
    let (bytes, entries) = try LogReader.bundle(tile, in: directory)
    let leaf = Array(bytes[entries[Int(index & 255)]])
    let proof = try hashes(over: ranges, size: checkpoint.size)
    guard
      MerkleProof.verifyInclusion(
        leaf: .leaf(leaf), index: index, size: checkpoint.size, root: checkpoint.root, proof: proof)
    else {
      throw .damaged(
        path: directory + "/" + tile.path, reason: "leaf \(index) is not in the checkpoint's tree; run verify")
    }
    return (leaf, proof)
  }

  func hashes(over ranges: [Range<UInt64>], size: UInt64) throws(LogError) -> [MerkleHash] {
    try MerkleProof.hashes(over: ranges, size: size) { tile throws(LogError) in
      try LogReader.hashes(of: tile, in: directory)
    }
  }

  // MARK: Files

  /// The hashes of a tile, exactly as many as its width.
  package static func hashes(of tile: TileCoordinate, in directory: String) throws(LogError) -> [MerkleHash] {
    let path = directory + "/" + tile.path
    let bytes = try tileBytes(tile, in: directory)
    guard bytes.count == tile.width * MerkleHash.byteCount else {
      throw .damaged(path: path, reason: "\(bytes.count) bytes; a tile of \(tile.width) hashes has \(tile.width * 32)")
    }
    return stride(from: 0, to: bytes.count, by: MerkleHash.byteCount).map {
      MerkleHash(bytes: bytes[$0..<$0 + MerkleHash.byteCount])!
    }
  }

  static func tileBytes(_ tile: TileCoordinate, in directory: String) throws(LogError) -> [UInt8] {
    try LogError.wrap { () throws(FileError) in
      try LogFiles.read(
        directory + "/" + tile.path, limit: TileCoordinate.fullWidth * MerkleHash.byteCount)
    }
  }

  /// A bundle's bytes and where its entries lie.
  package static func bundle(
    _ tile: TileCoordinate, in directory: String
  ) throws(LogError) -> (bytes: [UInt8], entries: [Range<Int>]) {
    let path = directory + "/" + tile.path
    let bytes = try LogError.wrap { () throws(FileError) in
      try LogFiles.read(path, limit: EntryBundle.largestBundle)
    }
    let entries = try LogError.reading(path) { () throws(NoteError) in
      try EntryBundle.entries(in: bytes, count: tile.width)
    }
    return (bytes, entries)
  }
}
