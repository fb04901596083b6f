// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import TransparencyLog
package import UpdateFramework

/// What root metadata say of a repository beyond TUF, in the member `x-exprove`: its name, and the key of its log. So the
/// root's threshold decides which log is meant.
package struct RepositoryIdentity: Equatable, Sendable {
  /// Like `example.com/market`.
  package let name: String
  /// The key that signs the log's checkpoints; its name is the log's origin.
  package let log: VerifierKey

  package init(name: String, log: VerifierKey) {
    self.name = name
    self.log = log
  }

  package static let member = "x-exprove"

  /// Nil in root metadata of a repository that is not of this kind, which has no log.
  package init?(_ root: RootMetadata) throws(RecordError) {
    guard let json = root.other[RepositoryIdentity.member] else { return nil }
    let reader = try RecordReader(json, path: "signed.\(RepositoryIdentity.member)", keys: ["name", "log"])
    name = try reader.string("name")
    let text = try reader.string("log")
    do throws(NoteError) { log = try VerifierKey(parsing: text) } catch {
      throw reader.error("log", error.description)
    }
  }

  package var json: JSON { .object(["name": .string(name), "log": .string(log.description)]) }
}
