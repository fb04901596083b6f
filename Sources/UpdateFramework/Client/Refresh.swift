// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR

/// What a refresh did.
package struct RefreshReport: Equatable, Sendable {
  /// Version of root before and after.
  package var earlierRoot: Int64
  package var root: Int64
  /// Files that came from the source, in order, and their bytes.
  package var files: [String] = []
  package var bytes = 0
}

extension UpdateClient {
  /// The client's workflow (TUF 1.0 section 5.3 to 5.6) up to the top targets' metadata; those of delegated roles are fetched
  /// when they are asked for.
  package mutating func refresh() throws(UpdateError) -> RefreshReport {
    let lock = try store.lock()
    // Another process may have gone on since.
    root = try UpdateClient.storedRoot(store, limits)
    (timestamp, snapshot, targets, roles, usesStoredOnly) = (nil, nil, nil, [:], false)
    let earlier = try checkClock()
    var report = RefreshReport(earlierRoot: root.version, root: root.version)
    try refreshRoot(&report)
    try refreshTimestamp(&report)
    try refreshSnapshot(&report)
    targets = try targetsRole(
      TopRole.targets.rawValue, keys: try trusted(.targets), available: root.keys, report: &report)
    // To the minute: a refresh that finds nothing new has nothing to write.
    if now.seconds >= (earlier?.seconds ?? .min + 60) + 60 {
      try store.write(JSON.object(["at": .integer(now.seconds)]).canonical, to: MetadataStore.refreshed)
    }
    _ = consume lock
    return report
  }

  /// Takes up timestamp, snapshot and the top targets' metadata as they were stored by the last refresh; nothing is read from
  /// the source. `now` should be the time of that refresh: what was valid then counts.
  package mutating func useStored() throws(UpdateError) {
    let lock = try store.lock()
    root = try UpdateClient.storedRoot(store, limits)
    (roles, usesStoredOnly) = ([:], true)
    timestamp = try stored(MetadataStore.timestamp, try trusted(.timestamp))
    snapshot = try stored(MetadataStore.snapshot, try trusted(.snapshot))
    guard let timestamp, let snapshot, snapshot.version == timestamp.snapshot.version else {
      throw .notRefreshed(directory: store.directory)
    }
    var report = RefreshReport(earlierRoot: root.version, root: root.version)
    targets = try targetsRole(
      TopRole.targets.rawValue, keys: try trusted(.targets), available: root.keys, report: &report)
    _ = consume lock
  }

  private func checkClock() throws(UpdateError) -> MetadataTime? {
    let earlier = try refreshedAt()
    if let earlier, now.seconds + limits.clockSlack < earlier.seconds {
      throw .clock(now: now, earlier: earlier, record: store.path(MetadataStore.refreshed))
    }
    return earlier
  }

  func trusted(_ role: TopRole) throws(UpdateError) -> RoleKeys {
    let name = store.path(MetadataStore.root)
    return try UpdateError.wrap { () throws(MetadataError) in try root.trusted(role, name: name) }
  }

  func name(of path: String) -> String { source.name + "/" + path }

  private func fetch(_ path: String, limit: Int, report: inout RefreshReport) throws(UpdateError) -> [UInt8] {
    let bytes = try fetch(path, limit: limit)
    report.files.append(path)
    report.bytes += bytes.count
    return bytes
  }

  private func fetch(_ path: String, limit: Int) throws(UpdateError) -> [UInt8] {
    guard !usesStoredOnly else { throw .notStored(path: path, directory: store.directory) }
    do throws(SourceError) {
      let bytes = try source.read(path, limit: limit)
      guard bytes.count <= limit else { throw SourceError.tooLarge(path, limit: limit) }
      return bytes
    } catch {
      throw .source(error, name: source.name)
    }
  }

  /// Section 5.3: each version of root is signed by the keys of the one before it and by its own.
  private mutating func refreshRoot(_ report: inout RefreshReport) throws(UpdateError) {
    for _ in 0..<limits.rotations {
      guard root.version < JSON.largestInteger else { break }
      let expected = root.version + 1
      let path = RepositoryPath.metadata(TopRole.root.rawValue, version: expected)
      let bytes: [UInt8]
      do {
        bytes = try fetch(path, limit: limits.root, report: &report)
      } catch .source(let error, _) where error.isMissing {
        break
      }
      let trusted = root
      let name = name(of: path)
      let next = try UpdateError.wrap { () throws(MetadataError) in
        let next = try SignedMetadata<RootMetadata>(decoding: bytes, name: name)
        try next.verify(try trusted.trusted(.root, name: name), keys: trusted.keys, name: name)
        try next.verify(try next.body.trusted(.root, name: name), keys: next.body.keys, name: name)
        return next.body
      }
      guard next.version == expected else {
        throw .rootVersion(file: name, offered: next.version, expected: expected)
      }
      try store.write(bytes, to: MetadataStore.root)
      root = next
      report.root = next.version
    }
    try recover()
    try checkExpiry(root, file: store.path(MetadataStore.root))
  }

  /// Section 5.3.11: whoever held the keys of timestamp or snapshot may have given out very high versions (fast-forward). When
  /// these keys were replaced, what was stored under them is forgotten. Told by a record of the keys and not by the change, so
  /// that a client that was killed in between does it later.
  private mutating func recover() throws(UpdateError) {
    let record = UpdateClient.keysRecord(root)
    guard try store.read(MetadataStore.keys, limit: 1024) != record else { return }
    try store.remove(MetadataStore.timestamp)
    try store.remove(MetadataStore.snapshot)
    try store.write(record, to: MetadataStore.keys)
  }

  /// Section 5.4.
  private mutating func refreshTimestamp(_ report: inout RefreshReport) throws(UpdateError) {
    let keys = try trusted(.timestamp)
    let stored: TimestampMetadata? = try stored(MetadataStore.timestamp, keys)
    let path = RepositoryPath.metadata(TopRole.timestamp.rawValue, version: nil)
    let file = name(of: path)
    let bytes = try fetch(path, limit: limits.timestamp, report: &report)
    let offered: TimestampMetadata = try verified(bytes, keys, available: root.keys, name: file)
    if let stored {
      guard offered.version >= stored.version else {
        throw .rollback(file: file, offered: offered.version, trusted: stored.version)
      }
      if offered.version == stored.version {
        try checkExpiry(stored, file: file)
        timestamp = stored
        return
      }
      guard offered.snapshot.version >= stored.snapshot.version else {
        throw .rollback(
          file: "\(file): snapshot", offered: offered.snapshot.version, trusted: stored.snapshot.version)
      }
    }
    try checkExpiry(offered, file: file)
    try store.write(bytes, to: MetadataStore.timestamp)
    timestamp = offered
  }

  /// Section 5.5.
  private mutating func refreshSnapshot(_ report: inout RefreshReport) throws(UpdateError) {
    guard let expected = timestamp?.snapshot else { return }
    let keys = try trusted(.snapshot)
    let stored: SnapshotMetadata? = try stored(MetadataStore.snapshot, keys)
    if let stored, stored.version == expected.version, stored.expires > now {
      snapshot = stored
      return
    }
    let path = RepositoryPath.metadata(
      TopRole.snapshot.rawValue, version: root.consistentSnapshot ? expected.version : nil)
    let file = name(of: path)
    let bytes = try fetch(path, limit: try limit(expected, path, limits.snapshot), report: &report)
    if let reason = expected.mismatch(bytes) { throw .mismatch(file: file, reason: reason) }
    let offered: SnapshotMetadata = try verified(bytes, keys, available: root.keys, name: file)
    for (name, trusted) in (stored?.files ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let found = offered.files[name] else { throw .withdrawn(file: file, role: name) }
      guard found.version >= trusted.version else {
        throw .rollback(file: "\(file): \(name)", offered: found.version, trusted: trusted.version)
      }
    }
    try checkVersion(offered, expected, file: file)
    try checkExpiry(offered, file: file)
    try store.write(bytes, to: MetadataStore.snapshot)
    snapshot = offered
  }

  /// Section 5.6: metadata of a role that may list targets, as the snapshot has them: stored, or from the source.
  mutating func targetsRole(
    _ role: String, keys: RoleKeys, available: [String: MetadataKey], report: inout RefreshReport
  ) throws(UpdateError) -> TargetsMetadata {
    guard let expected = snapshot?.files[role + ".json"] else {
      throw .unlisted(role: role, source: source.name)
    }
    let stored = MetadataStore.file(of: role)
    if let bytes = try store.read(stored, limit: limits.metadata), expected.mismatch(bytes) == nil,
      let found: TargetsMetadata = try? verified(bytes, keys, available: available, name: stored),
      found.version == expected.version, found.expires > now
    {
      return found
    }
    let path = RepositoryPath.metadata(role, version: root.consistentSnapshot ? expected.version : nil)
    let file = name(of: path)
    let bytes = try fetch(path, limit: try limit(expected, path, limits.targets), report: &report)
    if let reason = expected.mismatch(bytes) { throw .mismatch(file: file, reason: reason) }
    let offered: TargetsMetadata = try verified(bytes, keys, available: available, name: file)
    try checkVersion(offered, expected, file: file)
    try checkExpiry(offered, file: file)
    try store.write(bytes, to: stored)
    return offered
  }

  /// A stored file, unless it is not (or no longer) signed by those who are trusted for it now.
  private func stored<Body: MetadataBody>(_ name: String, _ keys: RoleKeys) throws(UpdateError) -> Body? {
    guard let bytes = try store.read(name, limit: limits.metadata) else { return nil }
    return try? verified(bytes, keys, available: root.keys, name: name)
  }

  private func verified<Body: MetadataBody>(
    _ bytes: [UInt8], _ keys: RoleKeys, available: [String: MetadataKey], name: String
  ) throws(UpdateError) -> Body {
    try UpdateError.wrap { () throws(MetadataError) in
      let file = try SignedMetadata<Body>(decoding: bytes, name: name)
      try file.verify(keys, keys: available, name: name)
      return file.body
    }
  }

  private func limit(_ file: MetadataFile, _ path: String, _ otherwise: Int) throws(UpdateError) -> Int {
    guard let length = file.length else { return otherwise }
    guard length <= limits.metadata else {
      throw .source(.tooLarge(path, limit: limits.metadata), name: source.name)
    }
    return Int(length)
  }

  private func checkVersion(
    _ body: some MetadataBody, _ expected: MetadataFile, file: String
  ) throws(UpdateError) {
    guard body.version == expected.version else {
      throw .mismatch(file: file, reason: "it is version \(body.version), not \(expected.version)")
    }
  }

  private func checkExpiry(_ body: some MetadataBody, file: String) throws(UpdateError) {
    guard body.expires > now else {
      throw .expired(file: file, version: body.version, at: body.expires, now: now)
    }
  }
}
