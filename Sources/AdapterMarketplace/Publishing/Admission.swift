// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import UpdateFramework

/// Which of what is staged can take effect together, found without writing anything.
struct Admission {
  var root: SignedMetadata<RootMetadata>
  var isNewRoot = false
  var targets: SignedMetadata<TargetsMetadata>
  var isNewTargets = false
  /// New metadata of `revocations` and vendors, with what they add.
  var roles: [(name: String, file: SignedMetadata<TargetsMetadata>, change: VendorChange?)] = []
  var waiting: [String] = []
  var refused: [String] = []

  /// Why a root or targets metadata that is staged can't be taken yet.
  private struct Obstacle: Error {
    let text: String
    var isRefusal = false
  }

  /// The most that can be taken: new root and targets if they fit, else one of them, else neither.
  init(_ state: MarketState, _ staged: StagedMetadata, now: MetadataTime, isLost: Bool) throws(MarketError) {
    var obstacles: [Obstacle] = []
    for (withRoot, withTargets) in [(true, true), (false, true), (true, false), (false, false)] {
      if withRoot && staged.root == nil || withTargets && staged.targets == nil { continue }
      self.init(state)
      do throws(Obstacle) {
        if withRoot, let new = staged.root { try take(root: new, state) }
        if withTargets, let new = staged.targets { try take(targets: new, state, isLost) }
        if isNewRoot && !isNewTargets { try fits(targets, state, isLost) }
        try takeRoles(state, staged, now)
        for obstacle in obstacles {
          if obstacle.isRefusal { refused.append(obstacle.text) } else { waiting.append(obstacle.text) }
        }
        return
      } catch {
        if !obstacles.contains(where: { $0.text == error.text }) { obstacles.append(error) }
      }
    }
    throw .refused("\(state.files.directory): \(obstacles.map(\.text).joined(separator: "; "))")
  }

  private init(_ state: MarketState) {
    root = state.root
    targets = state.targets
  }

  // MARK: Root

  private mutating func take(root new: SignedMetadata<RootMetadata>, _ state: MarketState) throws(Obstacle) {
    let old = state.root.body
    guard new.body.version == old.version + 1 else {
      throw Obstacle(
        text: "incoming/root.json is version \(new.body.version), where \(old.version + 1) is due; make it again",
        isRefusal: true)
    }
    guard new.body.consistentSnapshot, (try? RepositoryIdentity(new.body)) == state.identity else {
      throw Obstacle(
        text: "incoming/root.json changes the repository's name, its log, or how its files are named", isRefusal: true)
    }
    for party in Admission.parties(.root, [old, new.body]) {
      if let lack = party.lack(new) { throw Obstacle(text: "\(lack); exprove market sign incoming/root.json") }
    }
    root = new
    isNewRoot = true
  }

  /// Whoever the roots name for a role, each once.
  static func parties(_ role: TopRole, _ roots: [RootMetadata]) -> [SigningParty] {
    var parties: [SigningParty] = []
    for root in roots {
      guard let keys = root.keys(of: role) else { continue }
      if parties.contains(where: { $0.role == keys }) { continue }
      parties.append(SigningParty(name: role.rawValue, role: keys, keys: root.keys))
    }
    return parties
  }

  /// Clients that have the new root and those that have the old one must both take the targets, unless the old keys are lost.
  private func fits(
    _ targets: SignedMetadata<TargetsMetadata>, _ state: MarketState, _ isLost: Bool
  ) throws(Obstacle) {
    let roots = isNewRoot ? (isLost ? [root.body] : [state.root.body, root.body]) : [state.root.body]
    for party in Admission.parties(.targets, roots) {
      if let lack = party.lack(targets) {
        throw Obstacle(text: "\(lack)\(isNewRoot ? ", old and new" : ""); exprove market sign incoming/targets.json")
      }
    }
  }

  // MARK: Targets

  private mutating func take(
    targets new: SignedMetadata<TargetsMetadata>, _ state: MarketState, _ isLost: Bool
  ) throws(Obstacle) {
    let old = state.targets.body
    guard new.body.version == old.version + 1 else {
      throw Obstacle(
        text: "incoming/targets.json is version \(new.body.version), where \(old.version + 1) is due; make it again",
        isRefusal: true)
    }
    if let reason = Admission.breach(new.body, old) {
      throw Obstacle(text: "incoming/targets.json: \(reason)", isRefusal: true)
    }
    try fits(new, state, isLost)
    targets = new
    isNewTargets = true
  }

  /// What is wrong with targets metadata: they delegate only, in the form of this repository, and drop nobody.
  static func breach(_ new: TargetsMetadata, _ old: TargetsMetadata?) -> String? {
    guard new.targets.isEmpty, let delegations = new.delegations else { return "it has targets of its own" }
    let roles = delegations.roles
    guard roles.count >= 2, roles[0].name == MarketFiles.revocationsRole, roles[1].name == MarketFiles.catalogRole
    else {
      return "its delegations do not begin with revocations and catalog"
    }
    for (index, role) in roles.enumerated() {
      let pattern = index < 2 ? "\(role.name)/*" : ReleasePath.pattern(vendor: role.name)
      guard index < 2 || AdapterName.isVendor(role.name), role.isTerminating, role.paths == .patterns([pattern]) else {
        return "its delegation to \"\(MarketText.printable(role.name))\" is not terminating for \(pattern)"
      }
      guard role.keys.keyIDs.allSatisfy({ delegations.keys[$0] != nil }), role.keys.threshold <= role.keys.keyIDs.count
      else { return "the keys of \"\(role.name)\" can't reach its threshold" }
    }
    for role in old?.delegations?.roles ?? [] where delegations.role(role.name) == nil {
      return "it drops \(role.name)"
    }
    return nil
  }

  // MARK: Delegated roles

  private mutating func takeRoles(
    _ state: MarketState, _ staged: StagedMetadata, _ now: MetadataTime
  ) throws(Obstacle) {
    guard let delegations = targets.body.delegations else { return }
    for role in delegations.roles where role.name != MarketFiles.catalogRole {
      let party = SigningParty(name: role.name, role: role.keys, keys: delegations.keys)
      let old = state.targets.body.delegations?.role(role.name)
      // What neither changes nor has other keys is not even read: there may be many vendors.
      if staged.roles[role.name] == nil, old?.keys == role.keys { continue }
      let before: SignedMetadata<TargetsMetadata>?
      do throws(MarketError) {
        before = old == nil ? nil : try state.role(role.name)
      } catch {
        throw Obstacle(text: error.description, isRefusal: true)
      }
      var isTaken = false
      if let file = staged.roles[role.name] {
        do throws(MarketError) { isTaken = try take(role.name, file, before?.body, party, state, now) } catch {
          refused.append("\(role.name): \(error); to begin anew, remove incoming/\(role.name).json")
        }
      }
      if !isTaken, let before, let lack = party.lack(before) {
        throw Obstacle(text: "targets: \(lack); exprove market sign incoming/\(role.name).json")
      }
    }
    for name in staged.roles.keys.sorted() where name != "targets" && delegations.role(name) == nil {
      refused.append("incoming/\(name).json: there is no vendor \"\(name)\" here; exprove market add-vendor adds one")
    }
  }

  private mutating func take(
    _ name: String, _ file: SignedMetadata<TargetsMetadata>, _ before: TargetsMetadata?, _ party: SigningParty,
    _ state: MarketState, _ now: MetadataTime
  ) throws(MarketError) -> Bool {
    let due = (before?.version ?? 0) + 1
    guard file.body.version == due else {
      throw .refused("incoming/\(name).json is version \(file.body.version), where \(due) is due; make it again")
    }
    if let lack = party.lack(file) {
      waiting.append("\(lack); exprove market sign incoming/\(name).json")
      return false
    }
    if name == MarketFiles.revocationsRole {
      try RevocationChange.check(before, file.body, state.files)
      roles.append((name, file, nil))
    } else {
      let taken = roles.first { $0.name == MarketFiles.revocationsRole }?.file.body
      let standing = try state.role(MarketFiles.revocationsRole)?.body
      let revoked = try RevocationChange.list(taken ?? standing, state.files)
      let change = try VendorChange(
        vendor: name, before: before, after: file.body, revoked: revoked, files: state.files, now: now)
      roles.append((name, file, change))
    }
    return true
  }
}

/// What an operator's new list of revocations must be: the old one, and more.
enum RevocationChange {
  static func check(_ before: TargetsMetadata?, _ after: TargetsMetadata, _ files: MarketFiles) throws(MarketError) {
    let name = "\(MarketFiles.revocationsRole).json"
    guard after.delegations == nil, after.targets.count == 1, after.targets[RevocationList.target] != nil else {
      throw .refused("\(name): it has other targets than \(RevocationList.target)")
    }
    let new = try list(after, files)
    for entry in try list(before, files).entries where !new.entries.contains(entry) {
      throw .refused("\(name): the revocation of sha256:\(entry.digest) is gone or changed; what is revoked stays so")
    }
  }

  static func list(_ metadata: TargetsMetadata?, _ files: MarketFiles) throws(MarketError) -> RevocationList {
    guard let file = metadata?.targets[RevocationList.target] else { return RevocationList() }
    return try RevocationList(
      decoding: try files.bytes(RevocationList.target, file, limit: RevocationList.largestFile),
      path: RevocationList.target)
  }
}
