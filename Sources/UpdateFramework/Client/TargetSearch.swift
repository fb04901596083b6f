// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles

extension UpdateClient {
  /// The verified metadata of a role that the top targets' metadata delegate to; nil when they do not delegate to it. Its targets
  /// are those that it may speak of, and those of roles that it delegates to itself, as a search that comes to it finds them.
  package mutating func role(_ name: String) throws(UpdateError) -> TargetsMetadata? {
    let top = try topTargets()
    guard let delegations = top.delegations, let role = delegations.role(name) else { return nil }
    let step = SearchStep(role: role, from: delegations, delegator: TopRole.targets.rawValue)
    var found = try load(step)
    // A role with very many below it is listed without them: each target of theirs is still found by its path.
    guard let below = found.delegations, (1...limits.delegations).contains(below.roles.count) else { return found }
    var paths = Set(found.targets.keys)
    var waiting = [step]
    var visited: Set<[UInt8]> = []
    while let next = waiting.popLast(), visited.count <= limits.delegations {
      guard visited.insert(next.nameBytes).inserted else { continue }
      let metadata = try load(next)
      paths.formUnion(metadata.targets.keys.filter(role.coverage))
      guard let delegations = metadata.delegations else { continue }
      waiting += delegations.roles.prefix(limits.delegations).map {
        SearchStep(role: $0, from: delegations, delegator: next.name)
      }
    }
    found.targets = [:]
    for path in paths { found.targets[path] = try search(path, from: step) }
    return found
  }

  /// What the repository says of the target at `path` (section 5.6.7): roles are asked in the order of their delegations, each
  /// before those it delegates to, up to one that ends the search; nil when none of them has it.
  package mutating func target(_ path: String) throws(UpdateError) -> TargetFile? {
    _ = try topTargets()
    return try search(path, from: SearchStep())
  }

  private mutating func search(_ path: String, from start: SearchStep) throws(UpdateError) -> TargetFile? {
    var waiting = [start]
    var visited: Set<[UInt8]> = []
    while let next = waiting.popLast(), visited.count <= limits.delegations {
      guard visited.insert(next.nameBytes).inserted else { continue }
      let metadata = try load(next)
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
      waiting += children.reversed().map { SearchStep(role: $0, from: delegations, delegator: next.name) }
    }
    return nil
  }

  private mutating func topTargets() throws(UpdateError) -> TargetsMetadata {
    if targets == nil { _ = try refresh() }
    guard let targets else { throw .unlisted(role: TopRole.targets.rawValue, source: source.name) }
    return targets
  }

  /// Without the targets that the role may not speak of, which are none of the repository's.
  private mutating func load(_ step: SearchStep) throws(UpdateError) -> TargetsMetadata {
    guard let role = step.role, let from = step.from else { return try topTargets() }
    let key = Delegation(delegator: step.delegator, role: role.name)
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

/// A role that a search comes to, and who delegates to it; by itself, the top one.
private struct SearchStep {
  var role: DelegatedRole?
  var from: Delegations?
  var delegator = ""

  var name: String { role?.name ?? TopRole.targets.rawValue }
  /// Names are compared by bytes: equal strings may differ in them.
  var nameBytes: [UInt8] { Array(name.utf8) }
}

extension TargetsMetadata {
  /// The target at this path, byte for byte: equal strings may differ in how their letters are composed.
  package func file(at path: String) -> TargetFile? {
    guard let index = targets.index(forKey: path), targets[index].key.utf8.elementsEqual(path.utf8) else { return nil }
    return targets[index].value
  }
}
