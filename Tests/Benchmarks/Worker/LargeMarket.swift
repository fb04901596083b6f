// SPDX-License-Identifier: Apache-2.0

internal import AdapterMarketplace
internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import TransparencyLog
internal import UpdateFramework

/// A repository of 10,000 adapters with 20 versions each: all of its metadata, signed, and its catalog. The adapters' own
/// files are not made; nobody fetches them here.
struct LargeMarket {
  static let vendors = 200
  static let adapters = 50
  static let versions = 20
  static let expires = "2040-01-01T00:00:00Z"

  let directory: String
  private let operators = ["root", "timestamp", "snapshot", "targets"]

  static func vendor(_ number: Int) -> String { "vendor-\(number)" }
  static func name(_ vendor: Int, _ adapter: Int) -> String { "\(LargeMarket.vendor(vendor))/feed-\(adapter)" }

  static let host = "127.0.0.1"
  /// What is searched for in the catalog: some hits, and many lines that have one of both.
  static let words = ["itch", "venue 42 "]

  /// What is asked for where one target is looked up.
  static let target = "\(name(117, 31))/1.13.0/linux-x86_64.so"

  private struct Party {
    let identity: Identity
    let key: MetadataKey
    var signer: MetadataSigner {
      MetadataSigner(key: key) { [identity] bytes in try identity.sign(bytes) }
    }

    init(_ name: String) throws {
      identity = try Identity.ephemeral(name: name)
      key = MetadataKey(ed25519: identity.verifier.publicKey)
    }
  }

  func make() throws {
    for path in ["metadata", "targets/catalog"] { try Files.makeDirectory("\(directory)/\(path)") }
    guard let expires = MetadataTime(LargeMarket.expires) else { throw BenchmarkError("no time") }
    var roles: [DelegatedRole] = []
    var keys: [String: MetadataKey] = [:]
    var files: [String: MetadataFile] = [:]
    func delegate(_ role: String, _ patterns: [String], _ targets: [String: TargetFile]) throws {
      let party = try Party(role)
      keys[party.key.keyID] = party.key
      roles.append(
        DelegatedRole(
          name: role, keys: try one(party), isTerminating: true, paths: .patterns(patterns)))
      let body = TargetsMetadata(version: 1, expires: expires, targets: targets, delegations: nil)
      files["\(role).json"] = try write(body, role, by: party)
    }
    let catalog = try catalog()
    let digest = Digest(of: catalog)
    try Files.writeDurably(catalog, to: "\(directory)/targets/catalog/\(digest).adapters.jsonl")
    let listed = TargetFile(length: Int64(catalog.count), sha256: digest)
    try delegate("catalog", ["catalog/*"], [Catalog.target: listed])
    for vendor in 0..<LargeMarket.vendors {
      let name = LargeMarket.vendor(vendor)
      try delegate(name, [ReleasePath.pattern(vendor: name)], try targets(of: vendor))
    }
    let parties = try operators.map(Party.init)
    let delegations = Delegations(keys: keys, roles: roles)
    files["targets.json"] = try write(
      TargetsMetadata(version: 1, expires: expires, targets: [:], delegations: delegations), "targets", by: parties[3])
    let snapshot = try write(
      SnapshotMetadata(version: 1, expires: expires, files: files), "snapshot", by: parties[2])
    _ = try write(
      TimestampMetadata(version: 1, expires: expires, snapshot: snapshot), "timestamp", by: parties[1])
    var topRoles: [TopRole: RoleKeys] = [:]
    for (role, party) in zip([TopRole.root, .timestamp, .snapshot, .targets], parties) {
      topRoles[role] = try one(party)
    }
    let known = Dictionary(uniqueKeysWithValues: parties.map { ($0.key.keyID, $0.key) })
    _ = try write(RootMetadata(version: 1, expires: expires, keys: known, roles: topRoles), "root", by: parties[0])
  }

  private func one(_ party: Party) throws -> RoleKeys {
    guard let keys = RoleKeys(keyIDs: [party.key.keyID], threshold: 1) else { throw BenchmarkError("no keys") }
    return keys
  }

  private func write(_ body: some MetadataBody, _ role: String, by party: Party) throws -> MetadataFile {
    let bytes = try SignedMetadata.sign(body, by: [party.signer])
    let version = role == "timestamp" ? nil : body.version
    try Files.writeDurably(bytes, to: "\(directory)/\(RepositoryPath.metadata(role, version: version))")
    return MetadataFile(version: body.version, of: bytes)
  }

  /// A library, its certificate and a description for each version of each adapter.
  private func targets(of vendor: Int) throws -> [String: TargetFile] {
    var targets: [String: TargetFile] = [:]
    for adapter in 0..<LargeMarket.adapters {
      guard let name = AdapterName(LargeMarket.name(vendor, adapter)), let platform = Platform("linux-x86_64")
      else { throw BenchmarkError("no name") }
      for version in 0..<UInt64(LargeMarket.versions) {
        let path = ReleasePath(name: name, version: SemanticVersion(1, version, 0), platform: platform)
        let certificate = file(path.certificate, 4_000, nil)
        targets[path.certificate] = certificate
        targets[path.description] = file(path.description, 1_500, nil)
        targets[path.library] = file(path.library, 90_000, facts(certificate.sha256).json)
      }
    }
    return targets
  }

  private func file(_ path: String, _ length: Int64, _ custom: JSON?) -> TargetFile {
    TargetFile(length: length, sha256: Digest(of: Array(path.utf8)), custom: custom)
  }

  private func facts(_ certificate: Digest) -> ReleaseFacts {
    ReleaseFacts(
      minimumABI: ReleaseFacts.ABIVersion(major: 1, minor: 0), maximumABI: ReleaseFacts.ABIVersion(major: 1, minor: 1),
      produces: [ReleaseFacts.Contract(name: "equities.book", digest: Digest(of: [1]))], requires: [],
      capabilities: ["market-data", "exprove.snapshot/1"], certificate: certificate, licence: "Apache-2.0")
  }

  private func catalog() throws -> [UInt8] {
    let protocols = ["ITCH 5.0", "FIX 4.4", "OUCH 5.0", "SBE", "PITCH", "JSON over WebSocket", "DEEP 1.0"]
    var entries: [CatalogEntry] = []
    for vendor in 0..<LargeMarket.vendors {
      for adapter in 0..<LargeMarket.adapters {
        guard let name = AdapterName(LargeMarket.name(vendor, adapter)) else { throw BenchmarkError("no name") }
        let spoken = protocols[(vendor + adapter) % protocols.count]
        entries.append(
          CatalogEntry(
            name: name, summary: "Reads \(spoken) of venue \(vendor * 7 % 97) into events, segment \(adapter)",
            licence: "Apache-2.0", protocols: [spoken], latest: SemanticVersion(1, 19, 0),
            platforms: ["linux-x86_64"], versions: LargeMarket.versions, updated: 1_700_000_000))
      }
    }
    return entries.sorted { $0.name < $1.name }.flatMap(\.line)
  }
}
