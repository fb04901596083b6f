// SPDX-License-Identifier: Apache-2.0

private import DurableFiles
private import Glibc

/// A repository that lies in a directory, such as a mirror that was carried over. What is not below it is never read.
package struct DirectorySource: RepositorySource {
  package let name: String

  package init(_ directory: String) { name = directory }

  private static let pieceSize = 1 << 20

  package func read(_ path: String, limit: Int) throws(SourceError) -> [UInt8] {
    var bytes: [UInt8] = []
    try download(path, from: 0, limit: limit) { piece, _ in bytes.append(contentsOf: piece) }
    return bytes
  }

  package func download(
    _ path: String, from offset: Int, limit: Int, take: (_ piece: [UInt8], _ offset: Int) throws(SourceError) -> Void
  ) throws(SourceError) {
    let file = try open(path)
    let size = try wrap(path) { () throws(FileError) in try file.size() }
    let start = offset <= size ? offset : 0
    guard size - start <= limit else { throw .tooLarge(path, limit: limit) }
    var at = start
    while at < size {
      let place = at
      let count = min(DirectorySource.pieceSize, size - at)
      let piece = try wrap(path) { () throws(FileError) in try file.read(at: place, count: count) }
      guard !piece.isEmpty else { throw .broken(path, reason: "it became shorter while it was read") }
      try take(piece, at)
      at += piece.count
    }
  }

  private func open(_ path: String) throws(SourceError) -> OpenFile {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isPath = parts.allSatisfy { part in
      !part.isEmpty && !part.contains(0) && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
    }
    guard isPath else { throw .broken(path, reason: "this is no path inside a repository") }
    let whole = name + "/" + path
    // A link may point to a file of the repository, and to none outside.
    guard let root = Files.resolved(name), let resolved = Files.resolved(whole) else {
      return try wrap(path) { () throws(FileError) in try OpenFile(whole, flags: O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    }
    guard root == "/" || resolved.utf8.starts(with: (root + "/").utf8) else {
      throw .broken(path, reason: "it is a link out of the directory \(name)")
    }
    return try wrap(path) { () throws(FileError) in try OpenFile.regular(resolved) }
  }

  private func wrap<Value: ~Copyable>(
    _ path: String, _ work: () throws(FileError) -> Value
  ) throws(SourceError) -> Value {
    do {
      return try work()
    } catch {
      throw error.isMissing || error.number == ENOTDIR ? .missing(path) : .broken(path, reason: error.description)
    }
  }
}
