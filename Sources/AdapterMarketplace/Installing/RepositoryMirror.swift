// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import TransparencyLog
internal import UpdateFramework

/// A repository's copy in a directory, which is a repository again: for a site without a network, or to be served on. It
/// vouches for nothing itself: whoever reads it verifies it like any other.
package struct RepositoryMirror: ~Copyable {
  package let directory: String
  private var session: RepositorySession
  private let check: String
  /// Files that were written, and their bytes.
  package private(set) var files = 0
  package private(set) var bytes: Int64 = 0

  private static let largestMetadata = 64 << 20

  fileprivate init(_ session: RepositorySession, directory: String, check: String) {
    self.session = session
    self.directory = directory
    self.check = check
  }

  /// Targets first and the timestamp last, so that the copy is whole at every moment for those who read it: as it was, or new.
  fileprivate mutating func copy(now: Int64, progress: (String) -> Void) throws(StoreError) {
    try copyTargets(progress)
    try copyLog(progress)
    try copyMetadata(now: now, progress)
  }

  // MARK: Targets

  private mutating func copyTargets(_ progress: (String) -> Void) throws(StoreError) {
    let listings = try session.everything()
    for (path, file) in listings {
      progress(path)
      let place = RepositoryPath.target(path, sha256: session.client.root.consistentSnapshot ? file.sha256 : nil)
      guard RepositoryMirror.isSafe(place) else {
        throw .refused(
          "\(session.repository.name): the target \"\(path)\" would lie outside the copy; nothing more is copied")
      }
      // Two roles may list one path; the search for it ends with one of them.
      guard try session.target(path) == file else { continue }
      try fetch(path, file, to: "\(directory)/\(place)")
      if let release = ReleasePath(path), release.library == path, session.log != nil {
        let proof = "targets/" + release.proof(digest: file.sha256.description)
        let content = try session.readBeside(proof, limit: Installation.largestProof)
        guard case .success(let read) = RepositorySession.release(release, file) else { continue }
        _ = try session.position(of: read.publication, proof: content)
        try put(content, at: proof)
      }
    }
  }

  /// Whether a path stays below the directory that it is relative to.
  static func isSafe(_ path: String) -> Bool {
    path.utf8.count <= 4096
      && path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
        !part.isEmpty && part.count <= 255 && !part.contains(0) && !part.elementsEqual(".".utf8)
          && !part.elementsEqual("..".utf8)
      }
  }

  private mutating func fetch(_ path: String, _ file: TargetFile, to place: String) throws(StoreError) {
    let limit = Int64(Int32.max)
    guard file.length <= limit else { throw .refused("\(path): \(file.length) bytes; a copy takes at most \(limit)") }
    if try AdapterStore(home: directory).digest(ofFile: place, limit: limit) == file.sha256 { return }
    try StoreError.wrap { () throws(FileError) in try Files.makeDirectory(Files.directory(of: place)) }
    try session.download(path, file, to: place) { _ in }
    files += 1
    bytes += file.length
  }

  /// Writes what is not there already.
  private mutating func put(_ content: [UInt8], at path: String) throws(StoreError) {
    let place = "\(directory)/\(path)"
    if let found = try? AdapterStore(home: directory).read(place, limit: content.count), found == content { return }
    try StoreError.wrap { () throws(FileError) in
      try Files.makeDirectory(Files.directory(of: place))
      try Files.writeDurably(content, to: place)
    }
    files += 1
    bytes += Int64(content.count)
  }

  // MARK: The log

  private mutating func copyLog(_ progress: (String) -> Void) throws(StoreError) {
    guard let log = session.log, let seen = log.seen else { return }
    for tile in RepositoryMirror.tiles(ofTree: seen.checkpoint.size) {
      progress(tile.path)
      let content = try session.readBeside("log/" + tile.path, limit: 256 * 65_537)
      try put(content, at: "log/" + tile.path)
    }
    try put(seen.note, at: "log/checkpoint")
    let report = LogReader(directory: directory + "/log", verifiers: [log.key]).verifyAll()
    guard report.isSoundUpToCheckpoint, report.checkpoint == seen.checkpoint else {
      let reason =
        report.findings.first?.description ?? "its checkpoint changed while it was copied; run the same command again"
      throw .log(repository: session.repository.name, reason: reason)
    }
  }

  /// All tiles of a log of so many entries (C2SP tlog-tiles).
  static func tiles(ofTree size: UInt64) -> [TileCoordinate] {
    var tiles: [TileCoordinate] = []
    for row in [TileRow.entries] + (0...7).map(TileRow.hashes) {
      let level: UInt64 = if case .hashes(let level) = row { UInt64(level) } else { 0 }
      let items = size >> (level * 8)
      for index in 0..<items >> 8 {
        tiles.append(TileCoordinate(row: row, index: index, width: TileCoordinate.fullWidth))
      }
      if items & 255 > 0 { tiles.append(TileCoordinate(row: row, index: items >> 8, width: Int(items & 255))) }
    }
    return tiles
  }

  // MARK: Metadata

  private mutating func copyMetadata(now: Int64, _ progress: (String) -> Void) throws(StoreError) {
    let client = session.client
    guard let timestamp = client.timestamp, let snapshot = client.snapshot else { return }
    let isConsistent = client.root.consistentSnapshot
    var root: [UInt8] = []
    for version in 1...client.root.version {
      let path = RepositoryPath.metadata("root", version: version)
      do throws(StoreError) {
        root = try session.readBeside(path, limit: RepositoryMirror.largestMetadata)
      } catch .source(_, let error) where error.isMissing && version < client.root.version {
        // An operator may have cleared away the first ones.
        continue
      }
      try put(root, at: path)
    }
    var roles: [(path: String, version: Int64)] = []
    for name in snapshot.files.keys.sorted() where name.hasSuffix(".json") {
      guard let file = snapshot.files[name] else { continue }
      let path = RepositoryPath.metadata(String(name.dropLast(5)), version: isConsistent ? file.version : nil)
      roles.append((path, file.version))
    }
    roles.append(
      (RepositoryPath.metadata("snapshot", version: isConsistent ? timestamp.snapshot.version : nil), snapshot.version))
    roles.append((RepositoryPath.metadata("timestamp", version: nil), timestamp.version))
    for (path, _) in roles {
      progress(path)
      guard RepositoryMirror.isSafe(path) else { throw .refused("\(path): it would lie outside the copy") }
      try put(try session.readBeside(path, limit: RepositoryMirror.largestMetadata), at: path)
    }
    try verify(root, now: now)
  }

  /// A client that knows nothing but the root reads the copy: every role that the top one delegates to.
  private func verify(_ root: [UInt8], now: Int64) throws(StoreError) {
    let trusted = session.client.root
    let read: SignedMetadata<RootMetadata>
    do throws(MetadataError) {
      read = try SignedMetadata<RootMetadata>(decoding: root, name: "root.json")
    } catch { throw .update(.metadata(error)) }
    guard read.body == trusted else {
      throw .refused("\(session.repository.name): its root changed while it was copied; run the same command again")
    }
    try StoreError.wrap { () throws(FileError) in
      try Files.removeTree(check)
      try Files.makeDirectory(check, mode: 0o700)
    }
    try StoreError.updating { () throws(UpdateError) in
      try UpdateClient.begin(directory: check, root: root)
      var client = try UpdateClient(
        directory: check, source: DirectorySource(directory), now: MetadataTime(seconds: now))
      _ = try client.refresh()
      for role in client.targets?.delegations?.roles ?? [] { _ = try client.role(role.name) }
    }
    try StoreError.wrap { () throws(FileError) in try Files.removeTree(check) }
  }
}

extension Installation {
  /// Copies a repository into a directory, or brings a copy that lies there up to date. Returns how many files were written and
  /// their bytes.
  package mutating func mirror(
    _ name: String, to directory: String, progress: (String) -> Void
  ) throws(StoreError) -> (files: Int, bytes: Int64) {
    guard let index = repositories.firstIndex(where: { $0.name == name }) else {
      throw .missing(
        "there is no repository \"\(name)\" here; known are \(repositories.map(\.name).joined(separator: ", "))")
    }
    try refresh(index)
    try StoreError.wrap { () throws(FileError) in try Files.makeDirectory(directory) }
    var mirror = RepositoryMirror(
      session(index), directory: directory, check: store.path(ofRepository: name) + "/mirrored")
    try mirror.copy(now: terms.seconds, progress: progress)
    return (mirror.files, mirror.bytes)
  }
}
