// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import UpdateFramework

/// The files of a repository's directory: where each lies, and how large it may be.
struct MarketFiles: Sendable {
  let directory: String

  /// Names of the roles that every repository has besides TUF's four.
  static let catalogRole = "catalog"
  static let revocationsRole = "revocations"

  /// The most bytes of metadata, which are those that python-tuf takes by default.
  static func limit(_ role: String) -> Int {
    switch role {
    case TopRole.root.rawValue: 512_000
    case TopRole.timestamp.rawValue: 16_384
    case TopRole.snapshot.rawValue: 2_000_000
    default: 5_000_000
    }
  }
  /// The most bytes of a library, a certificate and a proof.
  static let largestLibrary = 256 << 20
  static let largestCertificate = 32_768
  static let largestProof = 65_536

  var log: String { directory + "/log" }
  var lock: String { directory + "/.lock" }

  func path(_ relative: String) -> String { directory + "/" + relative }

  func metadata(_ role: String, version: Int64?) -> String {
    path(RepositoryPath.metadata(role, version: version))
  }

  func target(_ target: String, _ digest: Digest) -> String { path(RepositoryPath.target(target, sha256: digest)) }

  func proof(_ publication: Publication) -> String {
    path("targets/" + publication.path.proof(digest: publication.digest.description))
  }

  /// Metadata that wait for signatures or for the operator.
  func staged(_ role: String) -> String { path("incoming/\(role).json") }

  /// A target that waits with its metadata.
  func staged(_ target: String, _ digest: Digest) -> String {
    path("incoming/" + RepositoryPath.target(target, sha256: digest))
  }

  func read(_ path: String, limit: Int) throws(MarketError) -> [UInt8] {
    do throws(FileError) { return try Files.readRegular(path, limit: limit) } catch {
      throw error.isMissing ? .missing("\(path): there is no such file") : .file(error)
    }
  }

  /// Nil where there is none.
  func readIfThere(_ path: String, limit: Int) throws(MarketError) -> [UInt8]? {
    do throws(FileError) { return try Files.readRegular(path, limit: limit) } catch {
      if error.isMissing { return nil }
      throw .file(error)
    }
  }

  /// The bytes of a target in its place, or of one that is staged; checked.
  func bytes(_ target: String, _ file: TargetFile, limit: Int) throws(MarketError) -> [UInt8] {
    guard file.length <= Int64(limit) else {
      throw .malformed(path: target, reason: "\(file.length) bytes are said of it; it may have \(limit)")
    }
    var reason: MarketError = .missing("\(self.target(target, file.sha256)): there is no such file")
    for path in [self.target(target, file.sha256), staged(target, file.sha256)] {
      guard let bytes = try readIfThere(path, limit: limit) else { continue }
      guard let mismatch = file.mismatch(bytes) else { return bytes }
      reason = .unauthenticated(path: path, reason: mismatch)
    }
    throw reason
  }

  /// Written whole and synced, in a directory that is made if need be. A file that is there with these bytes stays.
  func put(_ bytes: [UInt8], at path: String) throws(MarketError) {
    if let there = try? Files.readRegular(path, limit: bytes.count), there == bytes { return }
    try MarketError.files { () throws(FileError) in
      try Files.makeDirectory(Files.directory(of: path))
      try Files.writeDurably(bytes, to: path)
    }
  }

  func remove(_ path: String) throws(MarketError) {
    try MarketError.files { () throws(FileError) in try Files.remove(path) }
  }
}
