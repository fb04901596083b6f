// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Which snapshot is the newest (TUF 1.0 section 4.5).
package struct TimestampMetadata: MetadataBody {
  package static var type: TopRole { .timestamp }
  package var version: Int64
  package var expires: MetadataTime
  package var snapshot: MetadataFile

  package init(version: Int64, expires: MetadataTime, snapshot: MetadataFile) {
    self.version = version
    self.expires = expires
    self.snapshot = snapshot
  }

  package init(_ json: JSON) throws(MetadataError) {
    self = try TimestampMetadata.reading(json) { (reader) throws(RecordError) -> TimestampMetadata in
      let common = try CommonMembers(reader, of: .timestamp)
      return TimestampMetadata(
        version: common.version, expires: common.expires,
        snapshot: try MetadataFile(try reader.object("meta").object("snapshot.json")))
    }
  }

  package var json: JSON {
    var members = CommonMembers.members(of: self)
    members["meta"] = .object(["snapshot.json": snapshot.json])
    return .object(members)
  }
}
