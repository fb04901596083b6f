// SPDX-License-Identifier: Apache-2.0

private import DurableFiles
private import Glibc
private import TransparencyLog

/// Private keys on disk: one file each in a home directory of mode 0700, the files of mode 0600.
///
/// A file is text of three lines: `exprove-identity 1`, `name NAME`, `ed25519 BASE64` of the 32-byte seed. Its name is
/// the identity's with `+` for each slash (no identity's name has a plus) and `.identity` behind it.
extension Identity {
  /// `$EXPROVE_HOME`, else `~/.exprove`.
  package static func defaultHome() throws(IdentityError) -> String {
    if let home = environment("EXPROVE_HOME"), !home.isEmpty { return home }
    guard let home = environment("HOME"), !home.isEmpty else { throw .homeless }
    return home + "/.exprove"
  }

  /// The identity of this name in `home`.
  package static func load(name: String, home: String) throws(IdentityError) -> Identity {
    guard isName(name) else { throw .name(name) }
    guard try checkHome(home), let identity = try read(name: name, home: home) else {
      throw .unknown(name: name, home: home)
    }
    return identity
  }

  /// The identity of this name in `home`; made, with a fresh key, where there is none. Two that make the
  /// same one at the same time both get the one that came first.
  package static func loadOrCreate(name: String, home: String) throws(IdentityError) -> Identity {
    guard isName(name) else { throw .name(name) }
    if try checkHome(home), let identity = try read(name: name, home: home) { return identity }
    try makeHome(home)
    _ = try create(name: name, seed: freshSeed(), home: home)
    return try load(name: name, home: home)
  }

  /// A new identity of this name in `home`, with a fresh key; `exists` where there is one. Of two processes that make the
  /// same one at the same time, one gets it.
  package static func createNew(name: String, home: String) throws(IdentityError) -> Identity {
    guard isName(name) else { throw .name(name) }
    try makeHome(home)
    guard try create(name: name, seed: freshSeed(), home: home) else { throw .exists(name: name, home: home) }
    return try load(name: name, home: home)
  }

  private static func makeHome(_ home: String) throws(IdentityError) {
    guard try !checkHome(home) else { return }
    try wrap(home) { () throws(FileError) in
      let parent = Files.directory(of: home)
      if parent != home { try Files.makeDirectory(parent) }
      try Files.makeDirectory(home, mode: 0o700)
      try Files.syncDirectory(of: home)
    }
    _ = try checkHome(home)
  }

  /// The names of all identities in `home`, sorted by their files' names.
  package static func names(home: String) throws(IdentityError) -> [String] {
    guard try checkHome(home) else { return [] }
    let files = try wrap(home) { () throws(FileError) in try Files.names(in: home) }
    return files.filter { $0.hasSuffix(suffix) }.compactMap { file in
      let name = String(decoding: file.utf8.dropLast(suffix.utf8.count).map { $0 == 0x2B ? 0x2F : $0 }, as: UTF8.self)
      return isName(name) ? name : nil
    }
  }

  private static let suffix = ".identity"
  private static let header = "exprove-identity 1"

  private static func path(name: String, home: String) -> String {
    home + "/" + String(decoding: name.utf8.map { $0 == 0x2F ? 0x2B : $0 }, as: UTF8.self) + suffix
  }

  /// Whether `home` exists; throws unless it is a directory of this user's that no other may enter.
  private static func checkHome(_ home: String) throws(IdentityError) -> Bool {
    var status = stat()
    guard unsafe stat(home, &status) == 0 else {
      if errno == ENOENT { return false }
      throw .file(path: home, reason: FileError(path: home, operation: "examine", number: errno).description)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .file(path: home, reason: "not a directory") }
    try check(status, path: home, wanted: 0o700)
    return true
  }

  private static func check(_ status: stat, path: String, wanted: UInt32) throws(IdentityError) {
    guard status.st_uid == geteuid() else { throw .foreign(path: path) }
    let mode = status.st_mode & 0o7777
    guard mode & 0o077 == 0 else { throw .exposed(path: path, mode: mode, wanted: wanted) }
  }

  private static func read(name: String, home: String) throws(IdentityError) -> Identity? {
    let path = path(name: name, home: home)
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .file(path: path, reason: FileError(path: path, operation: "examine", number: errno).description)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .malformed(path: path, reason: "not a regular file") }
    try check(status, path: path, wanted: 0o600)
    let bytes = try wrap(path) { () throws(FileError) in
      let file = try OpenFile(path, flags: O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      return try file.read(at: 0, count: 1024)
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.count == 4, lines[3].isEmpty, lines[0].elementsEqual(header.utf8) else {
      throw .malformed(path: path, reason: "not the file of an identity (\(header))")
    }
    guard lines[1].elementsEqual(("name " + name).utf8) else {
      throw .malformed(path: path, reason: "the file of another identity than \"\(name)\"")
    }
    guard lines[2].starts(with: "ed25519 ".utf8), let seed = Base64.decode(lines[2].dropFirst(8)), seed.count == 32
    else { throw .malformed(path: path, reason: "its key can't be read") }
    return try Identity(name: name, seed: seed)
  }

  /// Written and synced under a name of this thread's own, then linked: whole or absent, never overwriting. False when
  /// there is one already.
  private static func create(name: String, seed: [UInt8], home: String) throws(IdentityError) -> Bool {
    let final = path(name: name, home: home)
    let temporary = "\(final).new-\(getpid())-\(pthread_self())"
    try wrap(temporary) { () throws(FileError) in
      try Files.remove(temporary)
      let file = try OpenFile(
        temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode: 0o600)
      try file.write(Array("\(header)\nname \(name)\ned25519 \(Base64.encode(seed))\n".utf8), at: 0)
      try file.sync()
    }
    let isNew = unsafe link(temporary, final) == 0
    let number = errno
    try wrap(home) { () throws(FileError) in
      try Files.remove(temporary)
      guard isNew || number == EEXIST else { throw FileError(path: final, operation: "create", number: number) }
      try Files.syncDirectory(of: final)
    }
    return isNew
  }

  private static func wrap<Value>(
    _ path: String, _ body: () throws(FileError) -> Value
  ) throws(IdentityError) -> Value {
    do throws(FileError) { return try body() } catch { throw .file(path: path, reason: error.description) }
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}
