// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What a repository's operator revoked, whatever the vendors say: the target `revocations/list.json`.
package struct RevocationList: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    /// Of the library's bytes: they never load again, under whatever name.
    package let digest: Digest
    /// Under which target they were published.
    package let target: String
    package let withdrawal: ReleaseFacts.Withdrawal

    package init(digest: Digest, target: String, withdrawal: ReleaseFacts.Withdrawal) {
      self.digest = digest
      self.target = target
      self.withdrawal = withdrawal
    }
  }

  /// Sorted by digest; no two of one digest.
  package private(set) var entries: [Entry] = []

  package static let target = "revocations/list.json"
  /// The most bytes of the file, and the most entries.
  package static let largestFile = 16 << 20
  package static let mostEntries = 65_536

  package init() {}

  /// Adds an entry; one that is there stays as it is. Whether it was added.
  package mutating func add(_ entry: Entry) -> Bool {
    guard !entries.contains(where: { $0.digest == entry.digest }) else { return false }
    entries.append(entry)
    entries.sort { $0.digest < $1.digest }
    return true
  }

  package var json: JSON {
    .object([
      "revoked": .array(
        entries.map {
          .object([
            "sha256": .string($0.digest.description), "target": .string($0.target),
            "reason": .string($0.withdrawal.reason), "at": .integer($0.withdrawal.at),
          ])
        })
    ])
  }

  /// RFC 8785.
  package var bytes: [UInt8] { json.canonical }

  /// Reads the file strictly; `path` names it in errors.
  package init(decoding bytes: [UInt8], path: String) throws(MarketError) {
    guard bytes.count <= RevocationList.largestFile else {
      throw .malformed(path: path, reason: "\(bytes.count) bytes; it has at most \(RevocationList.largestFile)")
    }
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw .malformed(path: path, reason: error.description)
    }
    do throws(RecordError) { try self.init(json) } catch { throw .malformed(path: path, reason: error.description) }
  }

  private init(_ json: JSON) throws(RecordError) {
    let reader = try RecordReader(json, path: "", keys: ["revoked"])
    entries = try reader.list("revoked", atMost: RevocationList.mostEntries) { (json, path) throws(RecordError) in
      let entry = try RecordReader(json, path: path, keys: ["sha256", "target", "reason", "at"])
      return Entry(
        digest: try entry.digest("sha256"), target: try entry.string("target"),
        withdrawal: ReleaseFacts.Withdrawal(
          reason: try entry.string("reason"), at: try entry.integer("at", in: 0...JSON.largestInteger)))
    }
    for (index, entry) in entries.dropFirst().enumerated() where entries[index].digest >= entry.digest {
      throw RecordError(path: "revoked[\(index + 1)].sha256", reason: "out of its order, or there twice")
    }
  }
}
