// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles

extension UpdateClient {
  /// The verified metadata of a role that the top targets' metadata delegate to, with no other targets than those it may speak
  /// of; nil when they do not delegate to it.
  package mutating func role(_ name: String) throws(UpdateError) -> TargetsMetadata? {
    let top = try topTargets()
    guard let delegations = top.delegations, let role = delegations.role(name) else { return nil }
    return try load(role, delegations, delegator: TopRole.targets.rawValue)
  }

  /// What the repository says of the target at `path` (section 5.6.7): roles are asked in the order of their delegations, each
  /// before those it delegates to, up to one that ends the search; nil when none of them has it.
  package mutating func target(_ path: String) throws(UpdateError) -> TargetFile? {
    _ = try topTargets()
    var waiting: [(role: DelegatedRole?, from: Delegations?, delegator: String)] = [(nil, nil, "")]
    // By bytes, as delegations name them.
    var visited: Set<[UInt8]> = []
    while let next = waiting.popLast(), visited.count <= limits.delegations {
      let name = next.role?.name ?? TopRole.targets.rawValue
      guard visited.insert(Array(name.utf8)).inserted else { continue }
      let metadata =
        if let role = next.role, let from = next.from {
          try load(role, from, delegator: next.delegator)
        } else {
          try topTargets()
        }
      if let file = metadata.file(at: path) { return file }
      guard let delegations = metadata.delegations else { continue }
      var children: [DelegatedRole] = []
      for role in delegations.roles where role.covers(path) {
        children.append(role)
        if role.isTerminating {
          waiting = []
          break
        }
      }
      waiting += children.reversed().map { ($0, delegations, name) }
    }
    return nil
  }

  private mutating func topTargets() throws(UpdateError) -> TargetsMetadata {
    if targets == nil { _ = try refresh() }
    guard let targets else { throw .unlisted(role: TopRole.targets.rawValue, source: source.name) }
    return targets
  }

  /// Without the targets that `role` may not speak of, which are none of the repository's.
  private mutating func load(
    _ role: DelegatedRole, _ from: Delegations, delegator: String
  ) throws(UpdateError) -> TargetsMetadata {
    let key = Delegation(delegator: delegator, role: role.name)
    if let known = roles[key] { return known }
    let lock = try store.lock()
    var report = RefreshReport(earlierRoot: root.version, root: root.version)
    var found = try targetsRole(role.name, keys: role.keys, available: from.keys, report: &report)
    let covers = role.coverage
    if !found.targets.keys.allSatisfy(covers) { found.targets = found.targets.filter { covers($0.key) } }
    roles[key] = found
    _ = consume lock
    return found
  }
}

extension TargetsMetadata {
  /// The target at this path, byte for byte: equal strings may differ in how their letters are composed.
  package func file(at path: String) -> TargetFile? {
    guard let index = targets.index(forKey: path), targets[index].key.utf8.elementsEqual(path.utf8) else { return nil }
    return targets[index].value
  }
}
