// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR

/// One repository as a client sees it: what it trusts lies in a directory, all else comes from a source that it does not trust.
/// Each file is stored as soon as it is verified, and only then, so that a client that was killed goes on from there.
package struct UpdateClient: Sendable {
  package let source: any RepositorySource
  /// The time against which everything expires.
  package let now: MetadataTime
  package let limits: UpdateLimits

  package internal(set) var root: RootMetadata
  /// Those of the last refresh; nil before it.
  package internal(set) var timestamp: TimestampMetadata?
  package internal(set) var snapshot: SnapshotMetadata?
  package internal(set) var targets: TargetsMetadata?

  /// Whether nothing may be read from the source, since what was stored is used.
  var usesStoredOnly = false
  var store: MetadataStore
  /// Verified in this refresh, each under the role that delegates to it: two may name different keys for one role.
  var roles: [Delegation: TargetsMetadata] = [:]

  struct Delegation: Hashable {
    let delegator: String
    let role: String
  }

  /// Trusts the given root file from now on: it decides all that this directory's client takes. Begun again with the same root
  /// it changes nothing.
  package static func begin(
    directory: String, root bytes: [UInt8], stepsLeft: Int? = nil
  ) throws(UpdateError) {
    let name = "the given root file"
    let root = try UpdateError.wrap { () throws(MetadataError) in
      try UpdateClient.selfSigned(bytes, name: name)
    }
    var store = MetadataStore(directory: directory, stepsLeft: stepsLeft)
    try store.makeDirectories()
    let lock = try store.lock()
    if let found = try store.read(MetadataStore.root, limit: UpdateLimits().metadata) {
      guard found == bytes else {
        let version = (try? SignedMetadata<RootMetadata>(decoding: found, name: name))?.body.version
        throw .begun(directory: directory, version: version ?? 0)
      }
      return
    }
    try store.write(UpdateClient.keysRecord(root), to: MetadataStore.keys)
    // Last: a directory that has it is whole.
    try store.write(bytes, to: MetadataStore.root)
    _ = consume lock
  }

  /// Takes up what is trusted in `directory`. Nothing is read from the source yet.
  package init(
    directory: String, source: any RepositorySource, now: MetadataTime, limits: UpdateLimits = .init(),
    stepsLeft: Int? = nil
  ) throws(UpdateError) {
    store = MetadataStore(directory: directory, stepsLeft: stepsLeft)
    self.source = source
    self.now = now
    self.limits = limits
    root = try UpdateClient.storedRoot(store, limits)
  }

  static func storedRoot(_ store: MetadataStore, _ limits: UpdateLimits) throws(UpdateError) -> RootMetadata {
    guard let bytes = try store.read(MetadataStore.root, limit: limits.metadata) else {
      throw .notBegun(directory: store.directory)
    }
    do {
      return try selfSigned(bytes, name: store.path(MetadataStore.root))
    } catch {
      throw .damaged(path: store.path(MetadataStore.root), reason: "\(error)")
    }
  }

  /// When a refresh from this repository last succeeded, to the minute.
  package func refreshedAt() throws(UpdateError) -> MetadataTime? {
    guard let bytes = try store.read(MetadataStore.refreshed, limit: 1024) else { return nil }
    let path = store.path(MetadataStore.refreshed)
    do {
      let reader = try RecordReader(try JSON.parse(bytes), path: "", keys: ["at"])
      return MetadataTime(seconds: try reader.integer("at", in: 0...JSON.largestInteger))
    } catch {
      throw .damaged(path: path, reason: "\(error)")
    }
  }

  private static func selfSigned(_ bytes: [UInt8], name: String) throws(MetadataError) -> RootMetadata {
    let file = try SignedMetadata<RootMetadata>(decoding: bytes, name: name)
    try file.verify(try file.body.trusted(.root, name: name), keys: file.body.keys, name: name)
    return file.body
  }

  /// What `keys.json` holds of a root: a digest of the keys that it trusts for timestamp and snapshot.
  static func keysRecord(_ root: RootMetadata) -> [UInt8] {
    let keys = [TopRole.timestamp, .snapshot].map { role -> JSON in
      let keyIDs = (root.keys(of: role)?.keyIDs ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      return .array(keyIDs.map { .array([.string($0), root.keys[$0]?.json ?? .null]) })
    }
    return JSON.object(["keys": .string(JSON.array(keys).digest.description)]).canonical
  }
}

extension RootMetadata {
  /// Metadata that were read have all four roles.
  func trusted(_ role: TopRole, name: String) throws(MetadataError) -> RoleKeys {
    guard let keys = keys(of: role) else {
      throw .malformed(file: name, reason: "signed.roles.\(role.rawValue): missing")
    }
    return keys
  }
}
