// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Which targets there are, and who else may say so (TUF 1.0 section 4.6).
package struct TargetsMetadata: MetadataBody {
  package static var type: TopRole { .targets }
  package var version: Int64
  package var expires: MetadataTime
  /// By their paths.
  package var targets: [String: TargetFile]
  package var delegations: Delegations?

  package init(
    version: Int64, expires: MetadataTime, targets: [String: TargetFile] = [:], delegations: Delegations? = nil
  ) {
    self.version = version
    self.expires = expires
    self.targets = targets
    self.delegations = delegations
  }

  package init(_ json: JSON) throws(MetadataError) {
    self = try TargetsMetadata.reading(json) { (reader) throws(RecordError) -> TargetsMetadata in
      let common = try CommonMembers(reader, of: .targets)
      let listed = try reader.object("targets")
      var targets: [String: TargetFile] = [:]
      targets.reserveCapacity(listed.members.count)
      for (path, json) in listed.sorted {
        targets[path] = try TargetFile(try MemberReader(json, path: listed.at(path)))
      }
      return TargetsMetadata(
        version: common.version, expires: common.expires, targets: targets,
        delegations: reader.members["delegations"] == nil ? nil : try Delegations(try reader.object("delegations")))
    }
  }

  package var json: JSON {
    var members = CommonMembers.members(of: self)
    members["targets"] = .object(targets.mapValues(\.json))
    if let delegations { members["delegations"] = delegations.json }
    return .object(members)
  }
}

/// A target's size, digest, and what its publisher says of it.
package struct TargetFile: Equatable, Sendable {
  package let length: Int64
  package let sha256: Digest
  package let custom: JSON?
  private let hashes: FileHashes

  package init(length: Int64, sha256: Digest, custom: JSON? = nil) {
    self.length = length
    self.sha256 = sha256
    self.custom = custom
    hashes = FileHashes(sha256: sha256)
  }

  init(_ reader: MemberReader) throws(RecordError) {
    length = try reader.integer("length", atLeast: 0)
    hashes = try FileHashes(try reader.object("hashes"))
    guard let sha256 = hashes.sha256 else {
      throw reader.error("hashes.sha256", "64 lower-case hexadecimal digits are expected here")
    }
    self.sha256 = sha256
    custom = reader.members["custom"]
  }

  var json: JSON {
    var members: [String: JSON] = ["length": .integer(length), "hashes": hashes.json]
    if let custom { members["custom"] = custom }
    return .object(members)
  }

  /// Nil when length and all digests hold; else why not.
  package func mismatch(_ bytes: [UInt8]) -> String? {
    if length != Int64(bytes.count) { return "it has \(bytes.count) bytes, not \(length)" }
    return hashes.mismatch(bytes)
  }

  func mismatch<Failure: Error>(pieces next: () throws(Failure) -> [UInt8]?) throws(Failure) -> String? {
    try hashes.mismatch(pieces: next)
  }
}
