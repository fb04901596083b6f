// SPDX-License-Identifier: Apache-2.0

private import DurableFiles
private import Glibc

/// The directory of one user's private keys: mode 0700, its files 0600, nothing in it somebody else's or open to others.
package struct KeyHome: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// `$EXPROVE_HOME`, else `~/.exprove`.
  package static func standard() throws(IdentityError) -> KeyHome {
    if let home = environment("EXPROVE_HOME"), !home.isEmpty { return KeyHome(home) }
    guard let home = environment("HOME"), !home.isEmpty else { throw .homeless }
    return KeyHome(home + "/.exprove")
  }

  /// Where adapters are installed: `$EXPROVE_ADAPTER_HOME`, else `adapters` in the standard home.
  package static func adapters() throws(IdentityError) -> String {
    if let home = environment("EXPROVE_ADAPTER_HOME"), !home.isEmpty { return home }
    return try standard().path(of: "adapters")
  }

  /// Whether the directory exists; throws unless it is one of this user's that no other may enter.
  package func exists() throws(IdentityError) -> Bool {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      if errno == ENOENT { return false }
      throw .file(path: path, reason: FileError(path: path, operation: "examine", number: errno).description)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .file(path: path, reason: "not a directory") }
    try check(status, path: path, wanted: 0o700)
    return true
  }

  /// Makes the directory where there is none.
  package func make() throws(IdentityError) {
    guard try !exists() else { return }
    try wrap(path) { () throws(FileError) in
      let parent = Files.directory(of: path)
      if parent != path { try Files.makeDirectory(parent) }
      try Files.makeDirectory(path, mode: 0o700)
      try Files.syncDirectory(of: path)
    }
    _ = try exists()
  }

  /// The names of all files in it, sorted; none where there is no directory.
  package func names() throws(IdentityError) -> [String] {
    guard try exists() else { return [] }
    return try wrap(path) { () throws(FileError) in try Files.names(in: path) }
  }

  /// The path of a file in it.
  package func path(of file: String) -> String { path + "/" + file }

  /// The first `limit` bytes of a file, nil where there is none. A link, a pipe, a file that others may read or that is
  /// somebody else's is refused.
  package func read(_ file: String, limit: Int) throws(IdentityError) -> [UInt8]? {
    let path = path(of: file)
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .file(path: path, reason: FileError(path: path, operation: "examine", number: errno).description)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .malformed(path: path, reason: "not a regular file") }
    try check(status, path: path, wanted: 0o600)
    return try wrap(path) { () throws(FileError) in
      let file = try OpenFile(path, flags: O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      return try file.read(at: 0, count: limit)
    }
  }

  /// Written and synced under a name of this thread's own, then linked: whole or absent, never overwriting. False when
  /// there is one already.
  package func create(_ file: String, bytes: [UInt8]) throws(IdentityError) -> Bool {
    let final = path(of: file)
    let temporary = "\(final).new-\(getpid())-\(pthread_self())"
    try wrap(temporary) { () throws(FileError) in
      try Files.remove(temporary)
      let file = try OpenFile(
        temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode: 0o600)
      try file.write(bytes, at: 0)
      try file.sync()
    }
    let isNew = unsafe link(temporary, final) == 0
    let number = errno
    try wrap(path) { () throws(FileError) in
      try Files.remove(temporary)
      guard isNew || number == EEXIST else { throw FileError(path: final, operation: "create", number: number) }
      try Files.syncDirectory(of: final)
    }
    return isNew
  }

  private func check(_ status: stat, path: String, wanted: UInt32) throws(IdentityError) {
    guard status.st_uid == geteuid() else { throw .foreign(path: path) }
    let mode = status.st_mode & 0o7777
    guard mode & 0o077 == 0 else { throw .exposed(path: path, mode: mode, wanted: wanted) }
  }

  private func wrap<Value>(
    _ path: String, _ body: () throws(FileError) -> Value
  ) throws(IdentityError) -> Value {
    do throws(FileError) { return try body() } catch { throw .file(path: path, reason: error.description) }
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}
