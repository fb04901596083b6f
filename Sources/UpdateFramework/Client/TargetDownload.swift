// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
private import Glibc

extension UpdateClient {
  /// All bytes of a small target, verified.
  package func read(_ path: String, _ file: TargetFile, limit: Int) throws(UpdateError) -> [UInt8] {
    let place = RepositoryPath.target(path, sha256: root.consistentSnapshot ? file.sha256 : nil)
    guard file.length <= Int64(limit) else { throw .source(.tooLarge(place, limit: limit), name: source.name) }
    let bytes: [UInt8]
    do {
      bytes = try source.read(place, limit: Int(file.length))
    } catch {
      throw .source(error, name: source.name)
    }
    if let reason = file.mismatch(bytes) { throw .target(path: path, source: source.name, reason: reason) }
    return bytes
  }

  /// Fetches a target into `destination`, which is there only when all of it is verified and synced. What has come of it lies in
  /// `destination` with `.part` behind it, from where the next download goes on; a part that turns out to be wrong is thrown
  /// away, and the download begins anew once. `progress` is told how many bytes there are.
  package func download(
    _ path: String, _ file: TargetFile, to destination: String, progress: (Int64) -> Void = { _ in }
  ) throws(UpdateError) {
    guard let length = Int(exactly: file.length) else {
      throw .target(path: path, source: source.name, reason: "\(file.length) bytes are more than this host can hold")
    }
    let part = try UpdateError.wrap { () throws(FileError) in
      try OpenFile(destination + ".part", flags: O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW)
    }
    guard try UpdateError.wrap({ () throws(FileError) in try part.lock() }) else { throw .busy(path: part.path) }
    var have = try UpdateError.wrap { () throws(FileError) in try part.size() }
    if have > length {
      try UpdateError.wrap { () throws(FileError) in try part.truncate(to: 0) }
      have = 0
    }
    while true {
      let kept = try fetch(path, file, into: part, from: have, length: length, progress: progress)
      let reason = try UpdateError.wrap { () throws(FileError) in try UpdateClient.mismatch(file, part) }
      guard let reason else { break }
      try UpdateError.wrap { () throws(FileError) in try part.truncate(to: 0) }
      guard kept > 0 else {
        try UpdateError.wrap { () throws(FileError) in try Files.remove(part.path) }
        throw .target(path: path, source: source.name, reason: reason)
      }
      have = 0
    }
    try UpdateError.wrap { () throws(FileError) in
      try part.sync()
      try Files.moveDurably(part.path, to: destination)
    }
  }

  /// Fills `part` from `start` on. Gives how many of the bytes in it came with an earlier download.
  private func fetch(
    _ path: String, _ file: TargetFile, into part: borrowing OpenFile, from start: Int, length: Int,
    progress: (Int64) -> Void
  ) throws(UpdateError) -> Int {
    guard start < length else { return start }
    let place = RepositoryPath.target(path, sha256: root.consistentSnapshot ? file.sha256 : nil)
    var (at, kept) = (start, start)
    var failed: FileError?
    do throws(SourceError) {
      try source.download(place, from: start, limit: length - start) { piece, offset throws(SourceError) in
        if offset == 0, at == start { (at, kept) = (0, 0) }
        guard offset == at else { throw .broken(place, reason: "its bytes come out of order") }
        guard piece.count <= length - at else { throw .tooLarge(place, limit: length) }
        do throws(FileError) {
          try part.write(piece, at: at)
        } catch {
          failed = error
          throw .unwritable(reason: error.description)
        }
        at += piece.count
        progress(Int64(at))
      }
    } catch {
      if let failed { throw .file(failed) }
      throw .source(error, name: source.name)
    }
    return kept
  }

  /// Why the file is not the target; nil when it is. Reads what lies on the disk, not what was sent.
  private static func mismatch(_ target: TargetFile, _ file: borrowing OpenFile) throws(FileError) -> String? {
    let size = try file.size()
    guard Int64(size) == target.length else { return "it has \(size) bytes, not \(target.length)" }
    var at = 0
    return try target.mismatch { () throws(FileError) -> [UInt8]? in
      let piece = try file.read(at: at, count: min(1 << 20, size - at))
      at += piece.count
      return piece.isEmpty ? nil : piece
    }
  }
}
