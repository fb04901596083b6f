// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import TransparencyLog
package import UpdateFramework

/// How a repository begins.
package struct RepositoryPlan: Sendable {
  /// Like `example.com/market`; identities of its roles are called by names below it.
  package let name: String
  package let rootKeys: Int
  package let rootThreshold: Int

  package static let keyRange = 1...16

  package init(name: String, rootKeys: Int = 3, rootThreshold: Int = 2) {
    self.name = name
    self.rootKeys = rootKeys
    self.rootThreshold = rootThreshold
  }
}

extension MarketRepository {
  /// Makes the keys that are not there, in the first key home, and the first metadata of every role. The timestamp is written
  /// last; what was interrupted before that is begun again by the same call.
  package static func begin(
    _ plan: RepositoryPlan, directory: String, keys given: MarketKeys, now: MetadataTime,
    lifetimes: MetadataLifetimes = MetadataLifetimes()
  ) throws(MarketError) {
    var keys = given
    guard Identity.isName(plan.name), plan.name.utf8.count <= 100 else {
      throw .usage("\"\(plan.name)\" is no name for a repository; use one like example.com/market")
    }
    guard RepositoryPlan.keyRange.contains(plan.rootKeys), (1...plan.rootKeys).contains(plan.rootThreshold) else {
      throw .usage("root has 1 to 16 keys, and a threshold of 1 to as many")
    }
    let files = MarketFiles(directory: directory)
    try MarketError.files { () throws(FileError) in try Files.makeDirectory(directory) }
    let lock = try lock(files)
    // Held until all is written.
    defer { _ = lock.path }
    guard !Files.exists(files.metadata("timestamp", version: nil)) else {
      throw .refused("\(directory): a repository lies there already")
    }
    let names = try MarketError.files { () throws(FileError) in try Files.names(in: directory) }
    guard names.allSatisfy({ [".lock", "log", "metadata", "targets"].contains($0) }) else {
      throw .refused("\(directory): it is not empty; choose a new directory")
    }
    let first = try FirstMetadata(plan, &keys, files, now, lifetimes)
    try first.write()
  }
}

/// Version 1 of everything.
private struct FirstMetadata {
  private let files: MarketFiles
  private let root: [UInt8]
  private let timestamp: [UInt8]
  private let others: [(role: String, bytes: [UInt8])]
  private let targets: [(path: String, bytes: [UInt8])]
  private let log: Identity

  init(
    _ plan: RepositoryPlan, _ keys: inout MarketKeys, _ files: MarketFiles, _ now: MetadataTime,
    _ lifetimes: MetadataLifetimes
  ) throws(MarketError) {
    self.files = files
    var signers: [String: [MetadataSigner]] = [:]
    do throws(IdentityError) {
      for role in ["root", "targets", "revocations", "catalog", "snapshot", "timestamp"] {
        let names = role == "root" ? (1...plan.rootKeys).map { "root-\($0)" } : [role]
        signers[role] = try names.map { name throws(IdentityError) in
          FirstMetadata.signer(try keys.identityOrNew(named: "\(plan.name)/\(name)"))
        }
      }
      log = try keys.identityOrNew(named: "\(plan.name)/log")
    } catch {
      throw .key(error.description)
    }
    func held(_ role: String, _ threshold: Int = 1) throws(MarketError) -> RoleKeys {
      try RoleKeys((signers[role] ?? []).map(\.key), threshold: threshold)
    }
    func sign(_ body: some MetadataBody, _ role: String) throws(MarketError) -> [UInt8] {
      try MarketRepository.sign(body, by: signers[role] ?? [])
    }
    func expires(_ role: String) -> MetadataTime { lifetimes.expires(role, now: now) }
    func keyed(_ roles: [String]) -> [String: MetadataKey] {
      var found: [String: MetadataKey] = [:]
      for role in roles { for signer in signers[role] ?? [] { found[signer.key.keyID] = signer.key } }
      return found
    }

    var roles: [TopRole: RoleKeys] = [:]
    for role in TopRole.allCases { roles[role] = try held(role.rawValue, role == .root ? plan.rootThreshold : 1) }
    let identity = RepositoryIdentity(name: plan.name, log: log.verifier)
    root = try sign(
      RootMetadata(
        version: 1, expires: expires("root"), keys: keyed(TopRole.allCases.map(\.rawValue)), roles: roles,
        other: [RepositoryIdentity.member: identity.json]), "root")

    var listed: [String: MetadataFile] = [:]
    var others: [(role: String, bytes: [UInt8])] = []
    func add(_ role: String, _ body: TargetsMetadata) throws(MarketError) {
      let bytes = try sign(body, role)
      listed[role + ".json"] = MetadataFile(version: 1, of: bytes)
      others.append((role, bytes))
    }
    let delegated = ["revocations", "catalog"]
    let contents = [RevocationList.target: RevocationList().bytes, Catalog.target: Catalog().bytes]
    for (role, target) in zip(delegated, [RevocationList.target, Catalog.target]) {
      let bytes = contents[target] ?? []
      let file = TargetFile(length: Int64(bytes.count), sha256: Digest(of: bytes))
      try add(role, TargetsMetadata(version: 1, expires: expires(role), targets: [target: file]))
    }
    targets = contents.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    try add(
      "targets",
      TargetsMetadata(
        version: 1, expires: expires("targets"),
        delegations: Delegations(
          keys: keyed(delegated),
          roles: try delegated.map { role throws(MarketError) in
            DelegatedRole(name: role, keys: try held(role), isTerminating: true, paths: .patterns(["\(role)/*"]))
          })))
    let snapshot = try sign(
      SnapshotMetadata(version: 1, expires: expires("snapshot"), files: listed), "snapshot")
    others.append(("snapshot", snapshot))
    self.others = others
    timestamp = try sign(
      TimestampMetadata(
        version: 1, expires: expires("timestamp"), snapshot: MetadataFile(version: 1, of: snapshot)), "timestamp")
  }

  private static func signer(_ identity: Identity) -> MetadataSigner {
    MetadataSigner(key: MetadataKey(ed25519: identity.verifier.publicKey)) { try identity.sign($0) }
  }

  func write() throws(MarketError) {
    try PublicationLog(directory: files.log, verifier: log.verifier).create(by: log)
    for target in targets { try files.put(target.bytes, at: files.target(target.path, Digest(of: target.bytes))) }
    for other in others { try files.put(other.bytes, at: files.metadata(other.role, version: 1)) }
    try files.put(root, at: files.metadata("root", version: 1))
    let pages = AdapterPages(repository: log.name.hasSuffix("/log") ? String(log.name.dropLast(4)) : log.name)
    try files.put(pages.index(Catalog()), at: files.path(AdapterPages.index))
    try files.put(timestamp, at: files.metadata("timestamp", version: nil))
  }
}
