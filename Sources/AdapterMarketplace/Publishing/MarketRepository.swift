// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import ExecutionIR
private import Glibc
internal import TransparencyLog
package import UpdateFramework

/// A repository of adapters as those who keep it see it: a directory whose metadata they read, change and sign.
///
/// Every change is staged first: the new metadata of a role lie in `incoming/`, signed by whoever is here, with the files
/// that they name. `admit` takes what is signed in full and keeps the rules, and writes it in an order in which a client
/// finds the old repository or the new one, wherever the writer is stopped: targets, log and proofs, metadata of roles, snapshot,
/// timestamp. What is in `incoming/` goes last, so that the next `admit` finishes what was interrupted.
package struct MarketRepository: ~Copyable {
  package let directory: String
  let files: MarketFiles
  var keys: MarketKeys
  let now: MetadataTime
  let lifetimes: MetadataLifetimes
  var state: MarketState
  private let lock: OpenFile

  /// Takes up the repository in a directory; until the value ends no other process may change it.
  package init(
    directory: String, keys: MarketKeys, now: MetadataTime, lifetimes: MetadataLifetimes = MetadataLifetimes()
  ) throws(MarketError) {
    let files = MarketFiles(directory: directory)
    guard Files.isDirectory(directory) else {
      throw .missing("\(directory): there is no such directory; begin a repository with: exprove market init")
    }
    let lock = try MarketRepository.lock(files)
    state = try MarketState(files)
    self.directory = directory
    self.files = files
    self.keys = keys
    self.now = now
    self.lifetimes = lifetimes
    self.lock = lock
  }

  static func lock(_ files: MarketFiles) throws(MarketError) -> OpenFile {
    let lock = try MarketError.files { () throws(FileError) in
      try OpenFile(files.lock, flags: O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW)
    }
    guard try MarketError.files({ () throws(FileError) in try lock.lock() }) else {
      throw .inUse(path: files.directory)
    }
    return lock
  }

  /// The repository's name.
  package var name: String { state.identity.name }

  /// Versions that clients see.
  package var versions: [(role: String, version: Int64, expires: MetadataTime)] {
    [
      ("root", state.root.body.version, state.root.body.expires),
      ("timestamp", state.timestamp.version, state.timestamp.expires),
      ("snapshot", state.snapshot.version, state.snapshot.expires),
      ("targets", state.targets.body.version, state.targets.body.expires),
    ]
  }

  /// Whether a library of this path is published or staged, and with which digest.
  package func published(_ path: ReleasePath) throws(MarketError) -> Digest? {
    let staged = try StagedMetadata(files).roles[path.name.vendor]
    let standing = try state.role(path.name.vendor)
    return (standing?.body.targets[path.library] ?? staged?.body.targets[path.library])?.sha256
  }

  /// Throws unless one of the vendor's keys is here: who can't sign need not go to any trouble.
  package func checkKeys(of vendor: String) throws(MarketError) {
    let parties = parties(vendor, try StagedMetadata(files))
    guard !parties.isEmpty else { throw unknown(vendor) }
    guard !keys.signers(parties).isEmpty else { throw lack(parties) }
  }

  private func unknown(_ vendor: String) -> MarketError {
    .missing(
      "\(directory): there is no vendor \"\(vendor)\"; add it with: exprove market add-vendor \(directory) \(vendor) --vkey KEY"
    )
  }

  /// That no key of a role is here.
  func lack(_ parties: [SigningParty]) -> MarketError {
    let what = parties.compactMap { $0.lack([], keys.places) }.first ?? "nobody may sign this"
    return .key("\(what); give the directory that holds one with --key-home, or run this where it is")
  }

  /// Whether clients can find this library.
  package func standing(_ path: ReleasePath) throws(MarketError) -> Bool {
    guard vendors.contains(path.name.vendor) else { return false }
    return try state.role(path.name.vendor)?.body.targets[path.library] != nil
  }

  /// Names of all vendors, sorted.
  package var vendors: [String] { state.vendors }

  // MARK: Staging

  /// Whose signatures a role's new metadata need: those of the keys that hold now, and those of keys that are staged.
  func parties(_ role: String, _ staged: StagedMetadata) -> [SigningParty] {
    let roots = [state.root.body] + (staged.root.map { [$0.body] } ?? [])
    if let top = TopRole(rawValue: role) {
      return roots.compactMap { root in
        root.keys(of: top).map { SigningParty(name: role, role: $0, keys: root.keys) }
      }
    }
    let targets = [state.targets.body] + (staged.targets.map { [$0.body] } ?? [])
    var parties: [SigningParty] = []
    for delegations in targets.compactMap(\.delegations) {
      guard let delegated = delegations.role(role) else { continue }
      parties.append(SigningParty(name: role, role: delegated.keys, keys: delegations.keys))
    }
    return parties
  }

  /// What a role's next metadata begin with: those that are staged by one of its keys, else those that stand.
  func base(_ role: String, _ staged: StagedMetadata) throws(MarketError) -> (
    standing: TargetsMetadata?, TargetsMetadata
  ) {
    let standing: TargetsMetadata?
    if role == "targets" {
      standing = state.targets.body
    } else if state.targets.body.delegations?.role(role) != nil {
      standing = try state.role(role)?.body
    } else {
      standing = nil
    }
    let version = standing?.version ?? 0
    if let waiting = staged.roles[role], waiting.body.version == version + 1 {
      let isOurs = parties(role, staged).contains { party in
        party.role.keyIDs.contains { keyID in
          guard let one = RoleKeys(keyIDs: [keyID], threshold: 1) else { return false }
          return waiting.validSignatures(one, keys: party.keys) == 1
        }
      }
      if isOurs { return (standing, waiting.body) }
    }
    return (standing, standing ?? TargetsMetadata(version: 0, expires: now))
  }

  /// Stages a role's next metadata, signed by those of its keys that are here. `change` says whether there is anything to
  /// do. With `unsigned`, they may wait without any signature.
  mutating func stage(
    _ role: String, unsigned: Bool = false, _ change: (inout TargetsMetadata) throws(MarketError) -> Bool
  ) throws(MarketError) {
    let staged = try StagedMetadata(files)
    let (standing, base) = try base(role, staged)
    var body = base
    guard try change(&body) else { return }
    body.version = (standing?.version ?? 0) + 1
    body.expires = lifetimes.expires(role, now: now)
    let parties = parties(role, staged)
    guard !parties.isEmpty else { throw unknown(role) }
    let signers = keys.signers(parties)
    guard unsigned || !signers.isEmpty else { throw lack(parties) }
    let bytes = try MarketRepository.sign(body, by: signers)
    guard bytes.count <= MarketFiles.limit(role) else {
      throw .refused(
        "\(role).json would have \(bytes.count) bytes; clients take \(MarketFiles.limit(role)): use a second vendor's name"
      )
    }
    try files.put(bytes, at: files.staged(role))
  }

  static func sign<Body: MetadataBody>(_ body: Body, by signers: [MetadataSigner]) throws(MarketError) -> [UInt8] {
    do throws(MetadataError) { return try SignedMetadata.sign(body, by: signers) } catch {
      throw .key(error.description)
    }
  }

  /// Stages the next root metadata. They take effect when enough of the old keys and of the new ones have signed.
  mutating func stageRoot(_ change: (inout RootMetadata) throws(MarketError) -> Void) throws(MarketError) {
    var staged = try StagedMetadata(files)
    var body = state.root.body
    // What waits was made here, or is thrown away.
    if let waiting = staged.root, waiting.body.version == body.version + 1,
      parties("root", staged).first.map({ party in
        party.role.keyIDs.contains { keyID in
          RoleKeys(keyIDs: [keyID], threshold: 1).map { waiting.validSignatures($0, keys: party.keys) == 1 } ?? false
        }
      }) ?? false
    {
      body = waiting.body
    }
    try change(&body)
    body.version = state.root.body.version + 1
    body.expires = lifetimes.expires("root", now: now)
    let used = Set(body.roles.values.flatMap(\.keyIDs))
    body.keys = body.keys.filter { used.contains($0.key) }
    staged.remove("root")
    var parties = parties("root", staged)
    if let role = body.keys(of: .root) { parties.append(SigningParty(name: "root", role: role, keys: body.keys)) }
    let signers = keys.signers(parties)
    guard !signers.isEmpty else { throw lack(parties) }
    try files.put(try MarketRepository.sign(body, by: signers), at: files.staged("root"))
  }
}
