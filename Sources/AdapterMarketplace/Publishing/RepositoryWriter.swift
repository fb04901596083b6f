// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import TransparencyLog
internal import UpdateFramework

/// Writes what was admitted so that clients see all of it at once, by the timestamp. Files that they may be reading stay.
struct RepositoryWriter {
  let files: MarketFiles
  let state: MarketState
  let admission: Admission
  let keys: MarketKeys
  let now: MetadataTime
  let lifetimes: MetadataLifetimes
  let isRebuilding: Bool
  let isLost: Bool

  private var publications: [Publication] { admission.roles.flatMap { $0.change?.publications ?? [] } }

  /// Clients that have the old root and those that have the new one must both take what is written before the root.
  private func parties(_ role: TopRole) -> [SigningParty] {
    Admission.parties(
      role, admission.isNewRoot && !isLost ? [state.root.body, admission.root.body] : [admission.root.body])
  }

  private var catalogParty: SigningParty? {
    guard let delegations = admission.targets.body.delegations,
      let role = delegations.role(MarketFiles.catalogRole)
    else { return nil }
    return SigningParty(name: MarketFiles.catalogRole, role: role.keys, keys: delegations.keys)
  }

  /// Why this can't be written here: a key that must be at hand is not.
  func lack() -> String? {
    let parties = parties(.timestamp) + parties(.snapshot) + (catalogParty.map { [$0] } ?? [])
    let signers = keys.signers(parties)
    if let lack = parties.lazy.compactMap({ $0.lack(signers, keys.places) }).first { return lack }
    if !publications.isEmpty, keys.identity(state.identity.log) == nil {
      return "the key of the log, \(state.identity.log.shortName), is not in \(keys.places)"
    }
    return nil
  }

  func write() throws(MarketError) {
    try writeTargets()
    try writeProofs()
    var listed = state.snapshot.files
    if admission.isNewTargets {
      listed["targets.json"] = try put(
        admission.targets.encoded, "targets", admission.targets.body.version)
    }
    for role in admission.roles {
      listed[role.name + ".json"] = try put(role.file.encoded, role.name, role.file.body.version)
    }
    if let catalog = try writeCatalog() { listed[MarketFiles.catalogRole + ".json"] = catalog }
    let snapshot = try writeSnapshot(listed)
    if isLost { try writeRoot() }
    try writeTimestamp(snapshot)
    if !isLost { try writeRoot() }
  }

  private func put(_ bytes: [UInt8], _ role: String, _ version: Int64) throws(MarketError) -> MetadataFile {
    guard bytes.count <= MarketFiles.limit(role) else {
      throw .refused("\(role).json would have \(bytes.count) bytes, and clients take \(MarketFiles.limit(role))")
    }
    try files.put(bytes, at: files.metadata(role, version: version))
    return MetadataFile(version: version, of: bytes)
  }

  // MARK: Targets and the log

  private func writeTargets() throws(MarketError) {
    for role in admission.roles {
      if role.name == MarketFiles.revocationsRole, let file = role.file.body.targets[RevocationList.target] {
        try place(RevocationList.target, file, limit: RevocationList.largestFile)
      }
      for (target, file) in role.change?.targets ?? [] {
        try place(target, file, limit: MarketFiles.largestLibrary)
      }
    }
  }

  private func place(_ target: String, _ file: TargetFile, limit: Int) throws(MarketError) {
    try files.put(try files.bytes(target, file, limit: limit), at: files.target(target, file.sha256))
  }

  private func writeProofs() throws(MarketError) {
    let publications = publications
    guard !publications.isEmpty, let identity = keys.identity(state.identity.log) else { return }
    let log = PublicationLog(directory: files.log, verifier: state.identity.log)
    let proofs = try log.publish(publications, by: identity)
    for (publication, proof) in zip(publications, proofs) { try files.put(proof, at: files.proof(publication)) }
  }

  // MARK: The catalog

  private func writeCatalog() throws(MarketError) -> MetadataFile? {
    guard let party = catalogParty else { return nil }
    let standing = try state.role(MarketFiles.catalogRole)
    let old: [UInt8]? =
      try standing.flatMap { file throws(MarketError) in
        try state.target(Catalog.target, of: file.body, limit: Catalog.largestFile)
      }
    var catalog =
      try old.map { bytes throws(MarketError) in try Catalog(decoding: bytes, path: Catalog.target) } ?? Catalog()
    let changed = Dictionary(uniqueKeysWithValues: admission.roles.map { ($0.name, $0.file.body) })
    let revoked = try operatorsRevocations(changed)
    // What the operator revokes may be any vendor's.
    let isWhole = isRebuilding || changed[MarketFiles.revocationsRole] != nil
    for vendor in MarketState.vendors(admission.targets.body) where isWhole || changed[vendor] != nil {
      let metadata: TargetsMetadata?
      if let new = changed[vendor] {
        metadata = new
      } else {
        metadata = state.targets.body.delegations?.role(vendor) == nil ? nil : try state.role(vendor)?.body
      }
      guard let metadata else { continue }
      let view = VendorView(vendor: vendor, metadata: metadata, revoked: revoked, files: files)
      catalog.replace(vendor: vendor, by: try view.entries(now: now))
    }
    let bytes = catalog.bytes
    let isDue = standing.map { lifetimes.isDue(MarketFiles.catalogRole, expires: $0.body.expires, now: now) } ?? true
    if let standing, old == bytes, !isDue, party.lack(standing) == nil { return nil }
    let file = TargetFile(length: Int64(bytes.count), sha256: Digest(of: bytes))
    try files.put(bytes, at: files.target(Catalog.target, file.sha256))
    let version = (standing?.body.version ?? 0) + 1
    let body = TargetsMetadata(
      version: version, expires: lifetimes.expires(MarketFiles.catalogRole, now: now), targets: [Catalog.target: file])
    return try put(
      try MarketRepository.sign(body, by: keys.signers([party])), MarketFiles.catalogRole, version)
  }

  private func operatorsRevocations(_ changed: [String: TargetsMetadata]) throws(MarketError) -> RevocationList {
    let name = MarketFiles.revocationsRole
    if let new = changed[name] { return try RevocationChange.list(new, files) }
    return try RevocationChange.list(try state.role(name)?.body, files)
  }

  // MARK: Snapshot, timestamp, root

  private func writeSnapshot(_ listed: [String: MetadataFile]) throws(MarketError) -> MetadataFile {
    let parties = parties(.snapshot)
    let old: SignedMetadata<SnapshotMetadata> = try MarketState.file("snapshot", state.timestamp.snapshot, files)
    let isDue = lifetimes.isDue("snapshot", expires: old.body.expires, now: now)
    if listed == old.body.files, !isDue, parties.allSatisfy({ $0.lack(old) == nil }) { return state.timestamp.snapshot }
    let body = SnapshotMetadata(
      version: old.body.version + 1, expires: lifetimes.expires("snapshot", now: now), files: listed)
    return try put(try MarketRepository.sign(body, by: keys.signers(parties)), "snapshot", body.version)
  }

  private func writeTimestamp(_ snapshot: MetadataFile) throws(MarketError) {
    let body = TimestampMetadata(
      version: state.timestamp.version + 1, expires: lifetimes.expires("timestamp", now: now), snapshot: snapshot)
    let bytes = try MarketRepository.sign(body, by: keys.signers(parties(.timestamp)))
    try files.put(bytes, at: files.metadata("timestamp", version: nil))
  }

  private func writeRoot() throws(MarketError) {
    guard admission.isNewRoot else { return }
    _ = try put(admission.root.encoded, "root", admission.root.body.version)
  }
}
