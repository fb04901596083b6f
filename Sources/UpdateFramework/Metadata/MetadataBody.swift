// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What is signed of a metadata file, by its kind.
package protocol MetadataBody: Equatable, Sendable {
  /// The kind; delegated roles are `targets` too.
  static var type: TopRole { get }
  /// From 1, greater in each newer file of the role.
  var version: Int64 { get }
  var expires: MetadataTime { get }
  var json: JSON { get }
  init(_ json: JSON) throws(MetadataError)
}

/// The members that all kinds have (TUF 1.0 section 4.2).
struct CommonMembers {
  let version: Int64
  let expires: MetadataTime

  static let names = ["_type", "spec_version", "version", "expires"]
  /// What is written; any 1.x is read.
  private static let specification = "1.0.31"

  init(_ reader: MemberReader, of type: TopRole) throws(RecordError) {
    let found = try reader.string("_type")
    guard found.utf8.elementsEqual(type.rawValue.utf8) else {
      throw reader.error("_type", "this is metadata of the kind \"\(found)\", where \"\(type.rawValue)\" is expected")
    }
    guard CommonMembers.isReadable(try reader.string("spec_version")) else {
      throw reader.error("spec_version", "only versions 1.x of TUF are read here")
    }
    version = try reader.integer("version", atLeast: 1)
    guard let expires = MetadataTime(try reader.string("expires")) else {
      throw reader.error("expires", "a time like 2030-01-01T00:00:00Z is expected here")
    }
    self.expires = expires
  }

  private static func isReadable(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), parts[0].elementsEqual("1".utf8) else { return false }
    return parts.allSatisfy { part in
      !part.isEmpty && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
  }

  static func members(of body: some MetadataBody) -> [String: JSON] {
    [
      "_type": .string(type(of: body).type.rawValue), "spec_version": .string(specification),
      "version": .integer(body.version), "expires": .string(body.expires.description),
    ]
  }
}

extension MetadataBody {
  /// Reads `signed`, and says of which kind of file it is what is wrong there.
  static func reading<Value>(
    _ json: JSON, _ read: (MemberReader) throws(RecordError) -> Value
  ) throws(MetadataError) -> Value {
    do {
      return try read(try MemberReader(json, path: "signed"))
    } catch {
      throw .malformed(file: type.rawValue + ".json", reason: error.description)
    }
  }
}
