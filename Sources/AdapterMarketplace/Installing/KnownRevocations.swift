// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// A release that must never load again, as somebody who may say so said it.
package struct Revocation: Equatable, Sendable {
  package enum Source: String, CaseIterable, Sendable {
    /// The vendor, in its own metadata.
    case vendor
    /// The repository's operator.
    case `operator`
  }

  package let digest: Digest
  /// The release's path among the targets.
  package let target: String
  package let reason: String
  /// Seconds since 1970, as whoever revoked it says.
  package let at: Int64
  /// The repository, as it is called here.
  package let repository: String
  package let source: Source

  package init(
    digest: Digest, target: String, reason: String, at: Int64, repository: String, source: Source
  ) {
    self.digest = digest
    self.target = target
    self.reason = reason
    self.at = at
    self.repository = repository
    self.source = source
  }

  fileprivate var json: JSON {
    .object([
      "sha256": .string(digest.description), "target": .string(target), "reason": .string(reason),
      "at": .integer(at), "repository": .string(repository), "by": .string(source.rawValue),
    ])
  }

  fileprivate init(_ json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["sha256", "target", "reason", "at", "repository", "by"])
    self.init(
      digest: try reader.digest("sha256"), target: try reader.string("target"), reason: try reader.string("reason"),
      at: try reader.integer("at", in: 0...JSON.largestInteger), repository: try reader.string("repository"),
      source: try reader.choice("by"))
  }

  /// Their order in the file; one repository and source revoke a digest once.
  fileprivate static func precedes(_ left: Revocation, _ right: Revocation) -> Bool {
    if left.digest != right.digest { return left.digest < right.digest }
    if left.repository != right.repository { return left.repository < right.repository }
    return left.source.rawValue < right.source.rawValue
  }
}

/// How fresh what is known of a repository's revocations is.
package struct Knowledge: Equatable, Sendable {
  /// Seconds since 1970: when the repository was last reached and what it showed verified.
  package let refreshed: Int64
  /// The version of its timestamp then.
  package let timestamp: Int64

  package init(refreshed: Int64, timestamp: Int64) {
    self.refreshed = refreshed
    self.timestamp = timestamp
  }
}

/// What is known to be revoked, by any repository, and how fresh that is. It only grows: a revocation that a repository no
/// longer shows still holds here, so that nobody brings a release back by taking a key over.
package struct KnownRevocations: Equatable, Sendable {
  private var revoked: [Digest: [Revocation]] = [:]
  private var repositories: [String: Knowledge] = [:]

  static let format = "exprove-revocations/1"
  static let largest = 64 << 20

  package init() {}

  /// Who revoked these bytes first in the order of the file; nil when nobody is known to have.
  package func revocation(of digest: Digest) -> Revocation? { revoked[digest]?.first }

  package func knowledge(of repository: String) -> Knowledge? { repositories[repository] }

  /// All of them, sorted.
  package var all: [Revocation] { revoked.keys.sorted().flatMap { revoked[$0] ?? [] } }

  /// Takes up what is not yet known.
  package mutating func add(_ revocation: Revocation) {
    var known = revoked[revocation.digest] ?? []
    guard !known.contains(where: { $0.repository == revocation.repository && $0.source == revocation.source }) else {
      return
    }
    known.append(revocation)
    revoked[revocation.digest] = known.sorted(by: Revocation.precedes)
  }

  /// Notes that a repository was reached.
  package mutating func note(_ repository: String, _ knowledge: Knowledge) { repositories[repository] = knowledge }

  // MARK: The file

  package var encoded: [UInt8] {
    JSON.object([
      "format": .string(KnownRevocations.format), "revoked": .array(all.map(\.json)),
      "repositories": .array(
        repositories.keys.sorted().compactMap { name in
          repositories[name].map {
            .object([
              "name": .string(name), "refreshed": .integer($0.refreshed), "timestamp": .integer($0.timestamp),
            ])
          }
        }),
    ]).canonical + [UInt8(ascii: "\n")]
  }

  /// Reads the file strictly.
  package init(decoding bytes: [UInt8], path: String) throws(StoreError) {
    let json = try StoreError.parse(bytes, path: path)
    self = try StoreError.reading(path) { () throws(RecordError) in try KnownRevocations(json) }
  }

  private init(_ json: JSON) throws(RecordError) {
    self.init()
    let reader = try RecordReader(json, path: "", keys: ["format", "revoked", "repositories"])
    guard try reader.string("format") == KnownRevocations.format else {
      throw reader.error("format", "expected \"\(KnownRevocations.format)\"; a newer exprove may have written it")
    }
    let read = try reader.list("revoked", atMost: 1 << 20) { (json, path) throws(RecordError) in
      try Revocation(json, path: path)
    }
    for revocation in read { add(revocation) }
    _ = try reader.list("repositories", atMost: 4096) { (json, path) throws(RecordError) -> Bool in
      let entry = try RecordReader(json, path: path, keys: ["name", "refreshed", "timestamp"])
      let range = 0...JSON.largestInteger
      let knowledge = Knowledge(
        refreshed: try entry.integer("refreshed", in: range), timestamp: try entry.integer("timestamp", in: range))
      guard repositories.updateValue(knowledge, forKey: try entry.string("name")) == nil else {
        throw entry.error("name", "it stands twice")
      }
      return true
    }
  }
}
