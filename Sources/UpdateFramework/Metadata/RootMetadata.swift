// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Who is trusted for what (TUF 1.0 section 4.3).
package struct RootMetadata: MetadataBody {
  package static var type: TopRole { .root }
  package var version: Int64
  package var expires: MetadataTime
  /// Whether file names carry versions and digests, so that a repository can be read while it changes (section 6.2).
  package var consistentSnapshot: Bool
  package var keys: [String: MetadataKey]
  /// All four.
  package var roles: [TopRole: RoleKeys]
  /// Members that TUF does not know.
  package var other: [String: JSON]

  package init(
    version: Int64, expires: MetadataTime, consistentSnapshot: Bool = true, keys: [String: MetadataKey],
    roles: [TopRole: RoleKeys], other: [String: JSON] = [:]
  ) {
    self.version = version
    self.expires = expires
    self.consistentSnapshot = consistentSnapshot
    self.keys = keys
    self.roles = roles
    self.other = other
  }

  package init(_ json: JSON) throws(MetadataError) {
    self = try RootMetadata.reading(json) { (reader) throws(RecordError) -> RootMetadata in
      let common = try CommonMembers(reader, of: .root)
      let roles = try reader.object("roles")
      for (name, _) in roles.sorted where TopRole(rawValue: name) == nil {
        throw roles.error(name, "it is none of the roles root, timestamp, snapshot and targets")
      }
      var keys: [TopRole: RoleKeys] = [:]
      for role in TopRole.allCases { keys[role] = try RoleKeys(try roles.object(role.rawValue)) }
      let consistent = reader.members["consistent_snapshot"] == nil ? false : try reader.boolean("consistent_snapshot")
      let known = CommonMembers.names + ["consistent_snapshot", "keys", "roles"]
      return RootMetadata(
        version: common.version, expires: common.expires, consistentSnapshot: consistent,
        keys: try MetadataKey.keys(try reader.object("keys")), roles: keys,
        other: reader.members.filter { !known.contains($0.key) })
    }
  }

  package var json: JSON {
    var members = other
    members.merge(CommonMembers.members(of: self)) { _, new in new }
    members["consistent_snapshot"] = .bool(consistentSnapshot)
    members["keys"] = .object(keys.mapValues(\.json))
    var written: [String: JSON] = [:]
    for role in TopRole.allCases { written[role.rawValue] = roles[role].map { .object($0.members) } }
    members["roles"] = .object(written)
    return .object(members)
  }

  /// Whose signatures one of the four roles needs. Metadata that were read have all four.
  package func keys(of role: TopRole) -> RoleKeys? { roles[role] }
}
