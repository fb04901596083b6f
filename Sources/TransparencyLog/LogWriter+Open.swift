// SPDX-License-Identifier: Apache-2.0

private import DurableFiles

extension LogWriter {
  /// Begins a log in a new or empty directory and publishes its checkpoint of size 0. From then on the
  /// directory always has a checkpoint, and one that has lost it is never taken for a new log.
  package static func create(
    directory: String, origin: String, verifier: VerifierKey, stepsLeft: Int? = nil, sign: CheckpointSigner
  ) throws(LogError) -> LogWriter {
    guard VerifierKey.isName(origin) else {
      throw .signing("\"\(origin)\" is no origin: it must be non-empty text without spaces and plus signs")
    }
    try LogError.wrap { () throws(FileError) in
      try Files.makeDirectory(directory)
      try Files.syncDirectory(of: directory)
    }
    let lock = try DirectoryLock(directory)
    let names = try LogError.wrap { () throws(FileError) in try Files.names(in: directory) }
    guard names.allSatisfy({ $0 == LogFiles.checkpoint + LogFiles.unfinishedSuffix }) else {
      throw .notEmpty(path: directory)
    }
    let checkpoint = Checkpoint(origin: origin, size: 0, root: .empty)
    var writer = LogWriter(
      directory: directory, origin: origin, verifier: verifier, published: checkpoint, edge: TreeEdge(), position: 0,
      storage: LogStorage(root: directory, stepsLeft: stepsLeft), lock: lock)
    try writer.writeCheckpoint(checkpoint, sign: sign)
    return writer
  }

  /// Takes up a log where its last checkpoint stands. A checkpoint that was signed and synced but not yet in
  /// place is put there; all else that an interrupted writer left is removed. Appending goes on at `position`
  /// (nil: behind the last leaf); before the log's end, each leaf is compared with the one that is there.
  package static func resume(
    directory: String, origin: String, verifier: VerifierKey, position: UInt64? = nil, stepsLeft: Int? = nil
  ) throws(LogError) -> LogWriter {
    let lock = try DirectoryLock(directory)
    var storage = LogStorage(root: directory, stepsLeft: stepsLeft)
    let reader = LogReader(directory: directory, verifiers: [verifier])
    try finishCheckpoint(reader, origin: origin, storage: &storage)
    let checkpoint = try reader.checkpoint()
    guard checkpoint.origin.utf8.elementsEqual(origin.utf8) else {
      throw .wrongOrigin(path: reader.checkpointPath, found: checkpoint.origin, expected: origin)
    }
    let edge = try TreeEdge(of: checkpoint, root: directory)
    try removeUnfinished(besides: checkpoint.size, storage: &storage)
    let start = position ?? checkpoint.size
    guard start <= checkpoint.size else { throw .noSuchLeaf(index: start, size: checkpoint.size) }
    return LogWriter(
      directory: directory, origin: origin, verifier: verifier, published: checkpoint, edge: edge, position: start,
      storage: storage, lock: lock)
  }

  /// A whole, signed checkpoint beside its place may have been seen by nobody, but it was signed: its tree is
  /// the one to go on with. One that is torn was never synced, so nobody can hold it.
  private static func finishCheckpoint(
    _ reader: LogReader, origin: String, storage: inout LogStorage
  ) throws(LogError) {
    let name = LogFiles.checkpoint + LogFiles.unfinishedSuffix
    guard LogFiles.kind(of: reader.directory + "/" + name) == .regular else { return }
    let waiting: Checkpoint
    do throws(LogError) {
      waiting = try reader.checkpoint(named: name)
    } catch {
      if case .file = error { throw error }
      return try storage.remove(name)
    }
    if LogFiles.kind(of: reader.checkpointPath) == .regular {
      let current = try reader.checkpoint()
      guard waiting.size > current.size else {
        guard waiting.size < current.size || waiting == current else {
          throw .damaged(
            path: reader.directory + "/" + name, reason: "another tree of size \(current.size) than the checkpoint's")
        }
        return try storage.remove(name)
      }
    }
    guard waiting.origin.utf8.elementsEqual(origin.utf8) else {
      throw .wrongOrigin(path: reader.directory + "/" + name, found: waiting.origin, expected: origin)
    }
    _ = try TreeEdge(of: waiting, root: reader.directory)
    try storage.finish(LogFiles.checkpoint)
    try storage.sync(directory: reader.directory)
  }

  /// Removes what an interrupted writer can have left, and nothing else: files not yet renamed, tiles beyond the
  /// checkpoint, partial tiles that it no longer needs, directories left empty.
  private static func removeUnfinished(besides size: UInt64, storage: inout LogStorage) throws(LogError) {
    var files: [String] = []
    var directories: [String] = []
    try LogError.wrap { () throws(FileError) in
      try LogFiles.walk(storage.root) { path, kind, isEmpty in
        switch Leftover(path: path, kind: kind, size: size) {
        case .file?: files.append(path)
        case .directory?: directories.append(path)
        case nil: break
        }
      }
    }
    for file in files { try storage.remove(file) }
    for directory in directories { try storage.removeDirectory(directory) }
  }
}

/// What an interrupted writer leaves behind.
enum Leftover: Equatable {
  case file
  /// A directory of tiles: to be removed where it is empty.
  case directory

  init?(path: String, kind: LogFiles.Kind, size: UInt64) {
    switch kind {
    case .regular:
      var name = path
      let isUnfinished = name.hasSuffix(LogFiles.unfinishedSuffix)
      if isUnfinished { name.removeLast(LogFiles.unfinishedSuffix.count) }
      if name == LogFiles.checkpoint {
        if !isUnfinished { return nil }
      } else {
        guard let tile = TileCoordinate(path: name) else { return nil }
        if !isUnfinished, tile.standing(inTree: size) == .part { return nil }
      }
      self = .file
    case .directory:
      // `tile`, `tile/0`, `tile/entries/x001` and `tile/0/000.p` are such, as they are the beginnings of tiles' paths.
      let tile = path == "tile" ? "tile/0/000" : path + (path.hasSuffix(".p") ? "/1" : "/000")
      guard TileCoordinate(path: tile) != nil else { return nil }
      self = .directory
    case .other, .unknown:
      return nil
    }
  }
}
