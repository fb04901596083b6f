// SPDX-License-Identifier: Apache-2.0

private import DurableFiles

/// Gives the signature lines for a checkpoint's text.
package typealias CheckpointSigner = (_ body: [UInt8]) throws(LogError) -> [NoteSignature]

/// Writes a tlog-tiles log into a directory (C2SP tlog-tiles). Appending only collects; `publish` makes what was
/// appended durable and then signs it. Stopped at any moment, the directory holds a log that verifies at its
/// last checkpoint, and `resume` goes on from there.
///
/// For each size and leaves there is exactly one set of files: a partial tile goes away as soon as a checkpoint
/// that does not need it is durable. One process at a time may write: the directory is locked.
///
/// Memory: the leaves since the last `publish`, and at most a tile per row.
package struct LogWriter: ~Copyable {
  package let directory: String
  package let origin: String
  /// The key whose signature every checkpoint of this log must carry.
  package let verifier: VerifierKey
  /// The last checkpoint that is durable.
  package internal(set) var published: Checkpoint
  /// Index of the leaf that `append` takes next. Below `published.size` the log is being re-appended.
  package internal(set) var position: UInt64

  var edge: TreeEdge
  var storage: LogStorage
  /// Full tiles and bundles that are not yet part of a checkpoint.
  var filledBundles: [(path: String, bytes: [UInt8])] = []
  var filledTiles: [(path: String, bytes: [UInt8])] = []
  /// Sizes whose partial tiles may lie in the directory.
  var writtenSizes: [UInt64]
  /// The bundle last compared with.
  var compared: (index: UInt64, bytes: [UInt8], entries: [Range<Int>])?
  private let lock: DirectoryLock

  init(
    directory: String, origin: String, verifier: VerifierKey, published: Checkpoint, edge: TreeEdge,
    position: UInt64, storage: LogStorage, lock: consuming DirectoryLock
  ) {
    self.directory = directory
    self.origin = origin
    self.verifier = verifier
    self.published = published
    self.edge = edge
    self.position = position
    self.storage = storage
    self.lock = lock
    writtenSizes = [published.size]
  }

  /// How many leaves the log has when the next `publish` returns.
  package var size: UInt64 { edge.size }

  /// Whether leaves are still compared with those that the log holds.
  package var isComparing: Bool { position < published.size }

  /// Appends a leaf and returns its index. Below the published size the leaf must be the one the log holds
  /// there, else `differentLeaf`.
  @discardableResult
  package mutating func append(_ leaf: [UInt8]) throws(LogError) -> UInt64 {
    guard leaf.count <= EntryBundle.largestEntry else { throw .leafTooLarge(leaf.count) }
    let index = position
    if index < published.size {
      guard try publishedLeaf(at: index).elementsEqual(leaf) else { throw .differentLeaf(index: index) }
    } else {
      // Kept apart from `self` while the closure writes to them.
      var bundles = filledBundles
      var tiles = filledTiles
      filledBundles = []
      filledTiles = []
      edge.append(leaf) { tile, bytes in
        if tile.row == .entries { bundles.append((tile.path, bytes)) } else { tiles.append((tile.path, bytes)) }
      }
      filledBundles = bundles
      filledTiles = tiles
    }
    position = index + 1
    return index
  }

  /// A leaf that the last checkpoint covers, as it lies in its bundle.
  package mutating func publishedLeaf(at index: UInt64) throws(LogError) -> ArraySlice<UInt8> {
    guard index < published.size else { throw .noSuchLeaf(index: index, size: published.size) }
    let number = index >> 8
    if let compared, compared.index == number {
      return compared.bytes[compared.entries[Int(index & 255)]]
    }
    let tile = TileCoordinate.holding(item: index, of: .entries, inTree: published.size)
    let (bytes, entries) = try LogReader.bundle(tile, in: directory)
    compared = (number, bytes, entries)
    return bytes[entries[Int(index & 255)]]
  }

  /// Makes everything appended durable, in the order entries, tiles, checkpoint; then removes the partial tiles
  /// that it makes obsolete. Returns the checkpoint that now stands.
  ///
  /// Nothing is signed while leaves are being compared, nor when none was added: the checkpoint that stands
  /// covers them. After an error the call can be repeated.
  @discardableResult
  package mutating func publish(sign: CheckpointSigner) throws(LogError) -> Checkpoint {
    guard position > published.size else {
      try removeSuperseded()
      return published
    }
    let rows = TileRow.rows(ofTree: size)
    if !writtenSizes.contains(size) { writtenSizes.append(size) }
    var tiles = filledTiles
    var bundles = filledBundles
    for row in rows where size >> row.shift != published.size >> row.shift {
      guard let tile = TileCoordinate.edge(of: row, inTree: size) else { continue }
      if row == .entries {
        bundles.append((tile.path, edge.bytes(of: row)))
      } else {
        tiles.append((tile.path, edge.bytes(of: row)))
      }
    }
    try storage.write(bundles)
    try storage.write(tiles)
    let checkpoint = Checkpoint(origin: origin, size: size, root: edge.root)
    try writeCheckpoint(checkpoint, sign: sign)
    published = checkpoint
    filledBundles = []
    filledTiles = []
    compared = nil
    try removeSuperseded()
    return checkpoint
  }

  mutating func writeCheckpoint(_ checkpoint: Checkpoint, sign: CheckpointSigner) throws(LogError) {
    let body = checkpoint.body
    let note = SignedNote(text: body, signatures: try sign(body))
    // What would not verify is never put into place.
    do throws(NoteError) {
      _ = try SignedNote(parsing: note.bytes).verified(by: [verifier])
    } catch {
      throw .signing(error.reason)
    }
    try storage.write([(LogFiles.checkpoint, note.bytes)])
  }

  private mutating func removeSuperseded() throws(LogError) {
    let size = published.size
    while let old = writtenSizes.first, old != size {
      for row in TileRow.rows(ofTree: old) {
        guard let tile = TileCoordinate.edge(of: row, inTree: old), tile.standing(inTree: size) != .part else {
          continue
        }
        try storage.remove(tile.path)
        let now = TileCoordinate.edge(of: row, inTree: size)
        if now?.index != tile.index { try storage.removeDirectory(Files.directory(of: tile.path)) }
      }
      writtenSizes.removeFirst()
    }
  }
}
