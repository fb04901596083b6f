// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Which versions of all targets' metadata belong together (TUF 1.0 section 4.4).
package struct SnapshotMetadata: MetadataBody {
  package static var type: TopRole { .snapshot }
  package var version: Int64
  package var expires: MetadataTime
  /// By file names without versions: `targets.json`, `acme.json`.
  package var files: [String: MetadataFile]

  package init(version: Int64, expires: MetadataTime, files: [String: MetadataFile]) {
    self.version = version
    self.expires = expires
    self.files = files
  }

  package init(_ json: JSON) throws(MetadataError) {
    self = try SnapshotMetadata.reading(json) { (reader) throws(RecordError) -> SnapshotMetadata in
      let common = try CommonMembers(reader, of: .snapshot)
      let meta = try reader.object("meta")
      var files: [String: MetadataFile] = [:]
      files.reserveCapacity(meta.members.count)
      for (name, json) in meta.sorted { files[name] = try MetadataFile(try MemberReader(json, path: meta.at(name))) }
      return SnapshotMetadata(version: common.version, expires: common.expires, files: files)
    }
  }

  package var json: JSON {
    var members = CommonMembers.members(of: self)
    members["meta"] = .object(files.mapValues(\.json))
    return .object(members)
  }
}
