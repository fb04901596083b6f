// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What timestamp and snapshot say of another metadata file (TUF 1.0 sections 4.4 and 4.5).
package struct MetadataFile: Equatable, Sendable {
  package let version: Int64
  package let length: Int64?
  private let hashes: FileHashes?

  package var sha256: Digest? { hashes?.sha256 }

  package init(version: Int64, length: Int64? = nil, sha256: Digest? = nil) {
    self.version = version
    self.length = length
    hashes = sha256.map { FileHashes(sha256: $0) }
  }

  /// Of a file that was just made.
  package init(version: Int64, of bytes: [UInt8]) {
    self.init(version: version, length: Int64(bytes.count), sha256: Digest(of: bytes))
  }

  init(_ reader: MemberReader) throws(RecordError) {
    version = try reader.integer("version", atLeast: 1)
    length = reader.members["length"] == nil ? nil : try reader.integer("length", atLeast: 0)
    hashes = reader.members["hashes"] == nil ? nil : try FileHashes(try reader.object("hashes"))
  }

  var json: JSON {
    var members: [String: JSON] = ["version": .integer(version)]
    if let length { members["length"] = .integer(length) }
    if let hashes { members["hashes"] = hashes.json }
    return .object(members)
  }

  /// Nil when length and digests hold, where they are given; else why not.
  func mismatch(_ bytes: [UInt8]) -> String? {
    if let length, length != Int64(bytes.count) { return "it has \(bytes.count) bytes, not \(length)" }
    return hashes?.mismatch(bytes)
  }
}
