// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
package import TransparencyLog
package import UpdateFramework

/// A known repository at work: its verified metadata, its log, and what this store keeps of both.
package struct RepositorySession: Sendable {
  package let repository: KnownRepository
  package private(set) var client: UpdateClient
  /// Nil where the root names no log.
  package private(set) var log: RepositoryLog?
  private let store: AdapterStore
  private let source: any RepositorySource
  /// Whether the source was asked; otherwise all is as of the last refresh.
  package let isOffline: Bool

  /// - Parameters:
  ///   - now: seconds since 1970
  ///   - isOffline: goes by what was stored, as of the time of the last refresh
  package init(
    _ repository: KnownRepository, store: AdapterStore, source given: any RepositorySource, now: Int64,
    isOffline: Bool = false
  ) throws(StoreError) {
    let source: any RepositorySource = isOffline ? UnaskedSource(name: repository.name) : given
    self.repository = repository
    self.store = store
    self.source = source
    self.isOffline = isOffline
    let directory = RepositorySession.trusted(repository.name, in: store)
    client = try StoreError.updating { () throws(UpdateError) in
      let client = try UpdateClient(directory: directory, source: source, now: MetadataTime(seconds: now))
      guard isOffline, let refreshed = try client.refreshedAt() else { return client }
      return try UpdateClient(directory: directory, source: source, now: refreshed)
    }
    if isOffline {
      try update { client throws(UpdateError) in try client.useStored() }
      try openLog()
    }
  }

  /// Where the client keeps what it trusts.
  static func trusted(_ name: String, in store: AdapterStore) -> String { store.path(ofRepository: name) + "/trusted" }

  private var directory: String { store.path(ofRepository: repository.name) }
  private var statePath: String { directory + "/state.json" }
  private func checkpointPath(_ key: VerifierKey) -> String {
    "\(directory)/checkpoint-\(String(key.keyID, radix: 16))"
  }

  // MARK: Refreshing

  package struct Refreshed: Equatable, Sendable {
    package let repository: String
    package let root: Int64
    package let timestamp: Int64
    /// Files that came, and their bytes.
    package let files: Int
    package let bytes: Int
    /// The name of the log and how many entries it has; nil where there is none.
    package let log: String?
    package let entries: UInt64?
    /// Whether anything is new since the last time.
    package let isNews: Bool
  }

  /// Takes up what is new: metadata, the log's checkpoint, and, when the timestamp is another, catalog and revocations.
  ///
  /// - Parameters:
  ///   - vendors: those whose adapters are installed from here
  ///   - now: seconds since 1970
  package mutating func refresh(
    vendors: [String], now: Int64, into revocations: inout KnownRevocations
  ) throws(StoreError) -> Refreshed {
    let report = try update { client throws(UpdateError) in try client.refresh() }
    try openLog()
    try log?.refresh()
    try storeCheckpoint()
    let stored = try store.read(statePath, limit: RepositoryState.largest)
    let path = statePath
    var state =
      try stored.map { bytes throws(StoreError) in
        try RepositoryState(decoding: bytes, path: path)
      } ?? RepositoryState()
    let timestamp = client.timestamp?.version ?? 0
    let isNews = state.timestamp != timestamp
    if isNews || !vendors.allSatisfy(state.vendors.contains) {
      try takeRevocations(into: &revocations)
      for vendor in vendors { try takeRevocations(ofVendor: vendor, into: &revocations) }
      try takeCatalog(&state)
      state.timestamp = timestamp
      state.vendors = vendors.sorted()
    }
    revocations.note(repository.name, Knowledge(refreshed: now, timestamp: timestamp))
    pending = stored != state.encoded ? state.encoded : nil
    return Refreshed(
      repository: repository.name, root: client.root.version, timestamp: timestamp, files: report.files.count,
      bytes: report.bytes, log: log?.key.name, entries: log?.seen?.checkpoint.size, isNews: isNews)
  }

  /// What `settle` writes.
  private var pending: [UInt8]?

  /// Notes what was taken up; only after the revocations were stored.
  package mutating func settle() throws(StoreError) {
    guard let bytes = pending else { return }
    let path = statePath
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(bytes, to: path) }
    pending = nil
  }

  private mutating func openLog() throws(StoreError) {
    guard let key = try RepositorySession.log(client.root, of: repository.name) else { return log = nil }
    guard log?.key != key else { return }
    let path = checkpointPath(key)
    let note = try store.read(path, limit: SignedNote.largest)
    log = RepositoryLog(key: key, repository: repository.name, source: source, note: note)
    if note != nil, log?.seen == nil {
      throw .malformed(path: path, reason: "it is no checkpoint of the log \(key.name), but it was stored as one")
    }
  }

  private static func log(_ root: RootMetadata, of repository: String) throws(StoreError) -> VerifierKey? {
    do throws(RecordError) { return try RepositoryIdentity(root)?.log } catch {
      throw .malformed(path: "\(repository): root.json", reason: error.description)
    }
  }

  /// The key of a repository's log, as the root names it that is trusted here; nil where it names none. Nobody is asked.
  package static func log(of repository: KnownRepository, in store: AdapterStore) throws(StoreError) -> VerifierKey? {
    let root = try StoreError.updating { () throws(UpdateError) in
      try UpdateClient(
        directory: trusted(repository.name, in: store), source: UnaskedSource(name: repository.name),
        now: MetadataTime(seconds: 0)
      ).root
    }
    return try log(root, of: repository.name)
  }

  /// Keeps the checkpoint last seen: what comes later must go on from it.
  private func storeCheckpoint() throws(StoreError) {
    guard let log, let note = log.seen?.note else { return }
    let path = checkpointPath(log.key)
    guard try store.read(path, limit: SignedNote.largest) != note else { return }
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(note, to: path) }
  }

  private mutating func takeCatalog(_ state: inout RepositoryState) throws(StoreError) {
    guard let file = try target(Catalog.target) else { return state.catalog = nil }
    guard file.sha256 != state.catalog || !Files.exists(store.path(ofCatalog: repository.name)) else { return }
    let bytes = try read(Catalog.target, file, limit: Catalog.largestFile)
    let path = store.path(ofCatalog: repository.name)
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(bytes, to: path) }
    state.catalog = file.sha256
  }

  private mutating func takeRevocations(into revocations: inout KnownRevocations) throws(StoreError) {
    guard let file = try target(RevocationList.target) else { return }
    let bytes = try read(RevocationList.target, file, limit: RevocationList.largestFile)
    let list: RevocationList
    do throws(MarketError) {
      list = try RevocationList(decoding: bytes, path: "\(repository.name): \(RevocationList.target)")
    } catch {
      throw .refused("\(error); what it revokes can't be known, so nothing is installed from it: ask its operator")
    }
    for entry in list.entries {
      revocations.add(
        Revocation(
          digest: entry.digest, target: entry.target, reason: entry.withdrawal.reason, at: entry.withdrawal.at,
          repository: repository.name, source: .operator))
    }
  }

  /// Takes up what a vendor revoked in its own metadata.
  mutating func takeRevocations(ofVendor vendor: String, into revocations: inout KnownRevocations) throws(StoreError) {
    for listing in try listings(vendor: vendor) {
      for (path, file) in listing.files {
        guard let revoked = ReleaseFacts.revocation(in: file.custom) else { continue }
        revocations.add(
          Revocation(
            digest: file.sha256, target: path.library, reason: revoked.reason, at: revoked.at,
            repository: repository.name, source: .vendor))
      }
    }
  }

  // MARK: Targets

  package mutating func target(_ path: String) throws(StoreError) -> TargetFile? {
    try update { client throws(UpdateError) in try client.target(path) }
  }

  mutating func update<Value>(
    _ body: (inout UpdateClient) throws(UpdateError) -> Value
  ) throws(StoreError) -> Value {
    do throws(UpdateError) { return try body(&client) } catch { throw .update(error) }
  }

  package func read(_ path: String, _ file: TargetFile, limit: Int) throws(StoreError) -> [UInt8] {
    try StoreError.updating { () throws(UpdateError) in try client.read(path, file, limit: limit) }
  }

  package func download(
    _ path: String, _ file: TargetFile, to place: String, progress: (Int64) -> Void
  ) throws(StoreError) {
    try StoreError.updating { () throws(UpdateError) in
      try client.download(path, file, to: place, progress: progress)
    }
  }

  /// A file that is no target, such as a proof.
  package func readBeside(_ path: String, limit: Int) throws(StoreError) -> [UInt8] {
    do throws(SourceError) { return try source.read(path, limit: limit) } catch {
      throw .source(repository: repository.name, error)
    }
  }

  /// Verifies a proof of the repository's log; nil where it has none.
  package mutating func position(of publication: Publication, proof: [UInt8]) throws(StoreError)
    -> LockedAdapter.LogPosition?
  {
    let position = try log?.verify(proof, of: publication)
    try storeCheckpoint()
    return position
  }
}
