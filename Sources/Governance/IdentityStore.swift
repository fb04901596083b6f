// SPDX-License-Identifier: Apache-2.0

private import TransparencyLog

/// Private keys on disk: one file each in a home directory of mode 0700, the files of mode 0600.
///
/// A file is text of three lines: `exprove-identity 1`, `name NAME`, `ed25519 BASE64` of the 32-byte seed. Its name is
/// the identity's with `+` for each slash (no identity's name has a plus) and `.identity` behind it.
extension Identity {
  /// `$EXPROVE_HOME`, else `~/.exprove`.
  package static func defaultHome() throws(IdentityError) -> String { try KeyHome.standard().path }

  /// The identity of this name in `home`.
  package static func load(name: String, home: String) throws(IdentityError) -> Identity {
    guard isName(name) else { throw .name(name) }
    guard try KeyHome(home).exists(), let identity = try read(name: name, home: KeyHome(home)) else {
      throw .unknown(name: name, home: home)
    }
    return identity
  }

  /// The identity of this name in `home`; made, with a fresh key, where there is none. Two that make the
  /// same one at the same time both get the one that came first.
  package static func loadOrCreate(name: String, home: String) throws(IdentityError) -> Identity {
    guard isName(name) else { throw .name(name) }
    if try KeyHome(home).exists(), let identity = try read(name: name, home: KeyHome(home)) { return identity }
    _ = try create(name: name, home: KeyHome(home))
    return try load(name: name, home: home)
  }

  /// A new identity of this name in `home`, with a fresh key; `exists` where there is one. Of two processes that make the
  /// same one at the same time, one gets it.
  package static func createNew(name: String, home: String) throws(IdentityError) -> Identity {
    guard isName(name) else { throw .name(name) }
    guard try create(name: name, home: KeyHome(home)) else { throw .exists(name: name, home: home) }
    return try load(name: name, home: home)
  }

  /// The names of all identities in `home`, sorted by their files' names.
  package static func names(home: String) throws(IdentityError) -> [String] {
    try KeyHome(home).names().filter { $0.hasSuffix(suffix) }.compactMap { file in
      let name = String(decoding: file.utf8.dropLast(suffix.utf8.count).map { $0 == 0x2B ? 0x2F : $0 }, as: UTF8.self)
      return isName(name) ? name : nil
    }
  }

  /// The name of this identity's file without what tells its kind.
  package static func fileName(_ name: String) -> String {
    String(decoding: name.utf8.map { $0 == 0x2F ? 0x2B : $0 }, as: UTF8.self)
  }

  private static let suffix = ".identity"
  private static let header = "exprove-identity 1"

  private static func read(name: String, home: KeyHome) throws(IdentityError) -> Identity? {
    let file = fileName(name) + suffix
    guard let bytes = try home.read(file, limit: 1024) else { return nil }
    let path = home.path(of: file)
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

  /// False when there is one already.
  private static func create(name: String, home: KeyHome) throws(IdentityError) -> Bool {
    try home.make()
    let text = "\(header)\nname \(name)\ned25519 \(Base64.encode(freshSeed()))\n"
    return try home.create(fileName(name) + suffix, bytes: Array(text.utf8))
  }
}
