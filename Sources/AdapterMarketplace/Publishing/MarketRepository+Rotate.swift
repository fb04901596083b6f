// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
package import TransparencyLog
internal import UpdateFramework

extension MarketRepository {
  /// Which keys a role is to have.
  package struct Rotation: Sendable {
    /// All keys that it has from now on. Empty: a new identity takes the place of one key.
    package var keys: [VerifierKey] = []
    /// The key that a new identity takes the place of; the one that was listed first where none is said.
    package var dropped: VerifierKey?
    /// The threshold as it is, where none is said.
    package var threshold: Int?

    package init() {}
  }

  /// Stages new keys for a role: root's four in root metadata, the others in the delegations of `targets`; and what the role
  /// has signed, to be signed by the new keys. Returns the identity that was made, if one was.
  package mutating func rotate(_ role: String, _ rotation: Rotation) throws(MarketError) -> VerifierKey? {
    let top = TopRole(rawValue: role)
    let current: (role: RoleKeys, keys: [String: MetadataKey])
    let staged = try StagedMetadata(files)
    if let top, let keys = (staged.root?.body ?? state.root.body).keys(of: top) {
      current = (keys, (staged.root?.body ?? state.root.body).keys)
    } else if let delegations = (staged.targets?.body ?? state.targets.body).delegations,
      let delegated = delegations.role(role)
    {
      current = (delegated.keys, delegations.keys)
    } else {
      throw .missing(
        "\(directory): there is no role \"\(role)\"; roles are root, targets, snapshot, timestamp, revocations, catalog and vendors"
      )
    }
    let (held, made) = try newKeys(role, current.role, current.keys, rotation)
    let keys = try RoleKeys(held, threshold: rotation.threshold ?? current.role.threshold)
    if let top {
      try stageRoot { root throws(MarketError) in
        for key in held { root.keys[key.keyID] = key }
        root.roles[top] = keys
      }
      // Targets that stand must be by the new keys too; snapshot and timestamp are made anew at any time.
      if top == .targets { try stage("targets", unsigned: true) { _ throws(MarketError) in true } }
      return made
    }
    try stage("targets") { targets throws(MarketError) in
      guard var delegations = targets.delegations,
        let index = delegations.roles.firstIndex(where: { $0.name == role })
      else { return false }
      let old = delegations.roles[index]
      for key in held { delegations.keys[key.keyID] = key }
      delegations.roles[index] = DelegatedRole(
        name: role, keys: keys, isTerminating: old.isTerminating, paths: old.paths)
      let used = Set(delegations.roles.flatMap(\.keys.keyIDs))
      delegations.keys = delegations.keys.filter { used.contains($0.key) }
      targets.delegations = delegations
      return true
    }
    if role != MarketFiles.catalogRole, try state.role(role) != nil {
      try stage(role, unsigned: true) { _ throws(MarketError) in true }
    }
    return made
  }

  private mutating func newKeys(
    _ role: String, _ current: RoleKeys, _ known: [String: MetadataKey], _ rotation: Rotation
  ) throws(MarketError) -> (keys: [MetadataKey], made: VerifierKey?) {
    guard rotation.keys.isEmpty else { return (try MarketRepository.keys(rotation.keys), nil) }
    guard !AdapterName.isVendor(role) else {
      throw .usage("\(role) makes its own keys: exprove identity create NAME, and give what it prints with --vkey")
    }
    var held = current.keyIDs.compactMap { known[$0] }
    let dropped =
      try rotation.dropped.map { key throws(MarketError) in try MarketRepository.keys([key])[0] } ?? held.first
    guard let dropped, let index = held.firstIndex(where: { $0.value == dropped.value }) else {
      throw .usage("the key that is to go is none of the role \(role)")
    }
    held.remove(at: index)
    let identity: Identity
    do throws(IdentityError) {
      identity = try keys.fresh("\(state.identity.name)/\(role)", first: role == "root" ? 1 : 2)
    } catch {
      throw .key(error.description)
    }
    held.append(MetadataKey(ed25519: identity.verifier.publicKey))
    return (held, identity.verifier)
  }

  // MARK: Renewal and further signatures

  /// Stages anew what has less than half of its lifetime left, where enough of its keys are here. Returns what is due and
  /// has its keys elsewhere.
  package mutating func renew() throws(MarketError) -> [String] {
    var elsewhere: [String] = []
    let staged = try StagedMetadata(files)
    let root = state.root.body
    if staged.root == nil, lifetimes.isDue("root", expires: root.expires, now: now) {
      if isHere("root", staged) {
        try stageRoot { _ throws(MarketError) in }
      } else {
        elsewhere.append("root expires at \(root.expires)")
      }
    }
    for role in ["targets", MarketFiles.revocationsRole] + state.vendors where staged.roles[role] == nil {
      guard let standing = role == "targets" ? state.targets : try state.role(role),
        lifetimes.isDue(role, expires: standing.body.expires, now: now)
      else { continue }
      if isHere(role, staged) {
        try stage(role) { _ throws(MarketError) in true }
      } else {
        elsewhere.append("\(role) expires at \(standing.body.expires)")
      }
    }
    return elsewhere
  }

  private func isHere(_ role: String, _ staged: StagedMetadata) -> Bool {
    let parties = parties(role, staged)
    let signers = keys.signers(parties)
    return parties.allSatisfy { $0.lack(signers, keys.places) == nil }
  }

  /// What became of a file that was to be signed further.
  package struct Signing: Equatable, Sendable {
    package let role: String
    package let version: Int64
    /// Ids of the keys that signed now.
    package let added: [String]
    /// What it still lacks; nil when it is signed in full.
    package let lack: String?
    /// What it changes, a line each.
    package let changes: [String]
  }

  /// Adds signatures to metadata in `incoming/` by all of the role's keys that are here.
  package mutating func sign(role: String) throws(MarketError) -> Signing {
    var staged = try StagedMetadata(files)
    let parties = parties(role, staged)
    // An interrupted rotation may have left what the new keys are to sign unwritten.
    if role != "root", staged.roles[role] == nil, parties.count == 2, parties[0].role != parties[1].role {
      try stage(role) { _ throws(MarketError) in true }
      staged = try StagedMetadata(files)
    }
    if role == "root" {
      guard let file = staged.root else { throw missing(role, staged) }
      return try sign(file, role, parties, changes(state.root.body.json, file.body.json))
    }
    guard let file = staged.roles[role] else { throw missing(role, staged) }
    let standing = role == "targets" ? state.targets : vendorsAndLists.contains(role) ? try state.role(role) : nil
    return try sign(file, role, parties, changes(standing?.body.json ?? .object([:]), file.body.json))
  }

  private func missing(_ role: String, _ staged: StagedMetadata) -> MarketError {
    .missing("\(files.staged(role)): nothing waits there for signatures\(staged.refused.map { "; \($0)" }.joined())")
  }

  private func sign<Body: MetadataBody>(
    _ file: SignedMetadata<Body>, _ role: String, _ parties: [SigningParty], _ changes: [String]
  ) throws(MarketError) -> Signing {
    var signed = file
    var added: [String] = []
    for signer in keys.signers(parties) {
      do throws(MetadataError) { signed = try signed.adding(signatureBy: signer) } catch {
        throw .key(error.description)
      }
      added.append(signer.key.keyID)
    }
    guard !added.isEmpty else { throw lack(parties) }
    try files.put(signed.encoded, at: files.staged(role))
    return Signing(
      role: role, version: file.body.version, added: added, lack: parties.compactMap { $0.lack(signed) }.first,
      changes: changes)
  }

  private var vendorsAndLists: [String] { state.targets.body.delegations?.roles.map(\.name) ?? [] }

  /// Members that are new, gone or other, two levels deep: who signs sees which targets, keys and roles it is about.
  private func changes(_ old: JSON, _ new: JSON) -> [String] {
    func differences(_ old: JSON?, _ new: JSON?, _ path: String, _ depth: Int) -> [String] {
      guard old != new else { return [] }
      if depth > 0, let was = old?.members ?? (old == nil ? [:] : nil),
        let now = new?.members ?? (new == nil ? [:] : nil)
      {
        return Set(was.keys).union(now.keys).sorted().flatMap { key in
          differences(was[key], now[key], path.isEmpty ? key : "\(path).\(key)", depth - 1)
        }
      }
      let word = old == nil ? "added" : new == nil ? "removed" : "changed"
      return ["\(word): \(MarketText.printable(path))"]
    }
    return differences(old, new, "", 2)
  }
}
