// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import UpdateFramework

/// A repository's metadata as its timestamp has them, each verified by those who are trusted for it. That they have expired
/// is no hindrance: whoever keeps the repository renews them.
struct MarketState {
  let files: MarketFiles
  let root: SignedMetadata<RootMetadata>
  let identity: RepositoryIdentity
  let timestamp: TimestampMetadata
  let snapshot: SnapshotMetadata
  let targets: SignedMetadata<TargetsMetadata>
  /// Whether some of them are by the keys of the root before only: a rotation was interrupted.
  let isBehindRoot: Bool

  init(_ files: MarketFiles) throws(MarketError) {
    self.files = files
    let version = try MarketState.latestRoot(files)
    let root: SignedMetadata<RootMetadata> = try MarketState.decode(
      try files.read(files.metadata("root", version: version), limit: MarketFiles.limit("root")), "root", files)
    try MarketState.verify(root, root.body, .root, files.metadata("root", version: version))
    guard root.body.version == version else {
      throw .malformed(
        path: files.metadata("root", version: version), reason: "signed.version: it is \(root.body.version)")
    }
    self.root = root
    identity = try MarketState.identity(root.body, files)

    let path = files.metadata("timestamp", version: nil)
    let timestamp: SignedMetadata<TimestampMetadata> = try MarketState.decode(
      try files.read(path, limit: MarketFiles.limit("timestamp")), "timestamp", files)
    // Where old keys were lost, a rotation puts the root in place first: what is by the root before is made anew.
    var roots = [root.body]
    if version > 1 {
      let path = files.metadata("root", version: version - 1)
      let before: SignedMetadata<RootMetadata> = try MarketState.decode(
        try files.read(path, limit: MarketFiles.limit("root")), "root", files)
      try MarketState.verify(root, before.body, .root, files.metadata("root", version: version))
      roots.append(before.body)
    }
    var isBehind = try MarketState.isBehind(timestamp, roots, .timestamp, path)
    self.timestamp = timestamp.body
    let snapshot: SignedMetadata<SnapshotMetadata> = try MarketState.file(
      "snapshot", timestamp.body.snapshot, files)
    let snapshotPath = files.metadata("snapshot", version: snapshot.body.version)
    if try MarketState.isBehind(snapshot, roots, .snapshot, snapshotPath) { isBehind = true }
    self.snapshot = snapshot.body
    guard let listed = snapshot.body.files["targets.json"] else {
      throw .malformed(
        path: files.metadata("snapshot", version: snapshot.body.version), reason: "signed.meta.targets.json: missing")
    }
    targets = try MarketState.file("targets", listed, files)
    let targetsPath = files.metadata("targets", version: targets.body.version)
    if try MarketState.isBehind(targets, roots, .targets, targetsPath) { isBehind = true }
    isBehindRoot = isBehind
  }

  /// A role that `targets` delegates to: nil when it has no metadata yet.
  func role(_ name: String) throws(MarketError) -> SignedMetadata<TargetsMetadata>? {
    guard let delegations = targets.body.delegations, let role = delegations.role(name) else {
      throw .missing(
        "\(files.directory): there is no vendor \"\(name)\"; add it with: exprove market add-vendor \(files.directory) \(name) --vkey KEY"
      )
    }
    guard let listed = snapshot.files[name + ".json"] else { return nil }
    let found: SignedMetadata<TargetsMetadata> = try MarketState.file(name, listed, files)
    let path = files.metadata(name, version: listed.version)
    do { try found.verify(role.keys, keys: delegations.keys, name: path) } catch {
      throw .unauthenticated(path: path, reason: error.description)
    }
    return found
  }

  /// Names of all vendors, sorted.
  var vendors: [String] { MarketState.vendors(targets.body) }

  static func vendors(_ targets: TargetsMetadata) -> [String] {
    (targets.delegations?.roles.map(\.name) ?? []).filter { AdapterName.isVendor($0) }.sorted()
  }

  /// A small target of a role, checked.
  func target(_ path: String, of role: TargetsMetadata, limit: Int) throws(MarketError) -> [UInt8]? {
    guard let file = role.targets[path] else { return nil }
    return try files.bytes(path, file, limit: limit)
  }

  // MARK: Reading

  private static func latestRoot(_ files: MarketFiles) throws(MarketError) -> Int64 {
    let names: [String]
    do throws(FileError) { names = try Files.names(in: files.path("metadata")) } catch {
      throw error.isMissing
        ? .missing("\(files.directory): no repository lies there; begin one with: exprove market init") : .file(error)
    }
    let versions = names.compactMap { name -> Int64? in
      guard name.hasSuffix(".root.json"), let version = Int64(name.dropLast(10)), "\(version).root.json" == name else {
        return nil
      }
      return version > 0 ? version : nil
    }
    guard let latest = versions.max() else {
      throw .missing("\(files.directory): no root metadata lie there; begin a repository with: exprove market init")
    }
    return latest
  }

  static func identity(_ root: RootMetadata, _ files: MarketFiles) throws(MarketError) -> RepositoryIdentity {
    let path = files.metadata("root", version: root.version)
    let identity: RepositoryIdentity?
    do throws(RecordError) { identity = try RepositoryIdentity(root) } catch {
      throw .malformed(path: path, reason: error.description)
    }
    guard let identity else {
      throw .malformed(
        path: path, reason: "signed.\(RepositoryIdentity.member): missing: another program made this repository")
    }
    return identity
  }

  static func decode<Body: MetadataBody>(
    _ bytes: [UInt8], _ name: String, _ files: MarketFiles
  ) throws(MarketError) -> SignedMetadata<Body> {
    do throws(MetadataError) { return try SignedMetadata(decoding: bytes, name: name) } catch {
      throw .malformed(path: files.directory, reason: error.description)
    }
  }

  /// A file with the version, length and digest that another file says of it.
  static func file<Body: MetadataBody>(
    _ role: String, _ listed: MetadataFile, _ files: MarketFiles
  ) throws(MarketError) -> SignedMetadata<Body> {
    let path = files.metadata(role, version: listed.version)
    let bytes = try files.read(path, limit: MarketFiles.limit(role))
    let isListed =
      listed.length.map { $0 == Int64(bytes.count) } ?? true && listed.sha256.map { $0 == Digest(of: bytes) } ?? true
    guard isListed else {
      throw .unauthenticated(path: path, reason: "it is not the file that was signed for its place")
    }
    let found: SignedMetadata<Body> = try decode(bytes, role, files)
    guard found.body.version == listed.version else {
      throw .malformed(path: path, reason: "signed.version: it is \(found.body.version)")
    }
    return found
  }

  static func verify<Body: MetadataBody>(
    _ file: SignedMetadata<Body>, _ root: RootMetadata, _ role: TopRole, _ path: String
  ) throws(MarketError) {
    guard let keys = root.keys(of: role) else { throw .malformed(path: path, reason: "root names no keys for it") }
    do throws(MetadataError) { try file.verify(keys, keys: root.keys, name: role.rawValue + ".json") } catch {
      throw .unauthenticated(path: path, reason: error.description)
    }
  }

  /// Whether a file is by the keys of the second root only; throws when it is by neither's.
  private static func isBehind<Body: MetadataBody>(
    _ file: SignedMetadata<Body>, _ roots: [RootMetadata], _ role: TopRole, _ path: String
  ) throws(MarketError) -> Bool {
    do throws(MarketError) {
      try verify(file, roots[0], role, path)
      return false
    } catch {
      guard roots.count > 1 else { throw error }
      try verify(file, roots[1], role, path)
      return true
    }
  }
}
