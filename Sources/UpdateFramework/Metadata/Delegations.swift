// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// Whom a role trusts for some of its targets, in the order in which they are asked (TUF 1.0 section 4.6).
package struct Delegations: Equatable, Sendable {
  package var keys: [String: MetadataKey]
  package var roles: [DelegatedRole]

  package init(keys: [String: MetadataKey], roles: [DelegatedRole]) {
    self.keys = keys
    self.roles = roles
  }

  init(_ reader: MemberReader) throws(RecordError) {
    keys = try MetadataKey.keys(try reader.object("keys"))
    roles = []
    var names: Set<String> = []
    for (index, json) in try reader.array("roles").enumerated() {
      let role = try MemberReader(json, path: "\(reader.at("roles"))[\(index)]")
      roles.append(try DelegatedRole(role))
      guard names.insert(roles[index].name).inserted else { throw role.error("name", "another role has it too") }
    }
  }

  var json: JSON { .object(["keys": .object(keys.mapValues(\.json)), "roles": .array(roles.map(\.json))]) }

  /// The role of this name, byte for byte.
  package func role(_ name: String) -> DelegatedRole? { roles.first { $0.name.utf8.elementsEqual(name.utf8) } }
}

/// A role that another one trusts for the targets at some paths.
package struct DelegatedRole: Equatable, Sendable {
  package enum Paths: Equatable, Sendable {
    /// Of target paths, part by part: `*` and `?` never stand for a slash.
    case patterns([String])
    /// Beginnings of the SHA-256 of target paths, in hexadecimal.
    case hashPrefixes([String])
  }

  package let name: String
  package let keys: RoleKeys
  /// Whether the search for a target it covers ends with it.
  package let isTerminating: Bool
  package let paths: Paths

  package init(name: String, keys: RoleKeys, isTerminating: Bool, paths: Paths) {
    self.name = name
    self.keys = keys
    self.isTerminating = isTerminating
    self.paths = paths
  }

  init(_ reader: MemberReader) throws(RecordError) {
    name = try reader.string("name")
    guard !name.isEmpty, TopRole(rawValue: name) == nil else {
      throw reader.error("name", "\"\(name)\" can't be delegated to")
    }
    keys = try RoleKeys(reader)
    isTerminating = try reader.boolean("terminating")
    switch (reader.members["paths"] != nil, reader.members["path_hash_prefixes"] != nil) {
    case (true, false): paths = .patterns(try reader.strings("paths"))
    case (false, true): paths = .hashPrefixes(try reader.strings("path_hash_prefixes"))
    default: throw reader.error("paths", "exactly one of paths and path_hash_prefixes is expected")
    }
  }

  var json: JSON {
    var members = keys.members
    members["name"] = .string(name)
    members["terminating"] = .bool(isTerminating)
    switch paths {
    case .patterns(let patterns): members["paths"] = .array(patterns.map { .string($0) })
    case .hashPrefixes(let prefixes): members["path_hash_prefixes"] = .array(prefixes.map { .string($0) })
    }
    return .object(members)
  }

  /// Whether this role may speak of the target at `path`.
  package func covers(_ path: String) -> Bool { coverage(path) }

  /// The same for many paths.
  var coverage: (String) -> Bool {
    switch paths {
    case .patterns(let patterns):
      let patterns = patterns.map(PathPattern.init)
      return { path in patterns.contains { $0.matches(path) } }
    case .hashPrefixes(let prefixes):
      return { path in
        let digits = Digest(of: Array(path.utf8)).description
        return prefixes.contains { digits.utf8.starts(with: $0.utf8) }
      }
    }
  }
}
