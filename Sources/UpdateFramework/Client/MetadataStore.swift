// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
private import Glibc

/// A client's own files of one repository: the metadata that it trusts. Each is written whole or not at all.
struct MetadataStore: Sendable {
  let directory: String
  /// Tests stop the client after so many steps; nil never stops.
  var stepsLeft: Int?

  static let root = "root.json"
  static let timestamp = "timestamp.json"
  static let snapshot = "snapshot.json"
  /// Under whose keys timestamp and snapshot were stored.
  static let keys = "keys.json"
  /// When a refresh last succeeded.
  static let refreshed = "refreshed.json"

  /// A role's file. Delegated roles have a directory of their own, so that no name of theirs is one of the files above.
  static func file(of role: String) -> String {
    role == TopRole.targets.rawValue ? "targets.json" : "roles/" + RepositoryPath.quoted(role) + ".json"
  }

  func path(_ name: String) -> String { directory + "/" + name }

  /// Nil when there is no such file.
  func read(_ name: String, limit: Int) throws(UpdateError) -> [UInt8]? {
    do {
      return try Files.readRegular(path(name), limit: limit)
    } catch {
      if error.isMissing { return nil }
      throw .file(error)
    }
  }

  mutating func makeDirectories() throws(UpdateError) {
    try step()
    let roles = path("roles")
    try UpdateError.wrap { () throws(FileError) in
      try Files.makeDirectory(roles)
      try Files.syncDirectory(of: roles)
      try Files.syncDirectory(of: directory)
    }
  }

  mutating func write(_ bytes: [UInt8], to name: String) throws(UpdateError) {
    let path = path(name)
    // A client that dies while it writes leaves a part of the file beside its place, or all of it.
    for part in [bytes.count / 2, bytes.count] where stepsLeft != nil {
      let half = Array(bytes.prefix(part))
      try step { () throws(UpdateError) in
        try UpdateError.wrap { () throws(FileError) in
          let file = try OpenFile(path + ".tmp", flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC)
          try file.write(half, at: 0)
        }
      }
    }
    try step()
    try UpdateError.wrap { () throws(FileError) in try Files.writeDurably(bytes, to: path) }
  }

  mutating func remove(_ name: String) throws(UpdateError) {
    try step()
    let path = path(name)
    try UpdateError.wrap { () throws(FileError) in
      try Files.remove(path)
      try Files.syncDirectory(of: path)
    }
  }

  private mutating func step(beforeStopping work: () throws(UpdateError) -> Void = {}) throws(UpdateError) {
    guard let left = stepsLeft else { return }
    guard left > 0 else {
      try work()
      throw .stopped
    }
    stepsLeft = left - 1
  }

  /// Waits until no other process works with these files; for ten seconds at most.
  func lock() throws(UpdateError) -> OpenFile {
    let path = path("lock")
    let file = try UpdateError.wrap { () throws(FileError) in
      try OpenFile(path, flags: O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW)
    }
    for _ in 0..<500 {
      let isHeld = try UpdateError.wrap { () throws(FileError) in try file.lock() }
      if isHeld { return file }
      usleep(20_000)
    }
    throw .busy(path: path)
  }
}
