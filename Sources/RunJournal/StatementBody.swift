// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
package import Governance

extension RunDirectory {
  /// The body of a statement as canonical JSON: its predicate, or, where that was too large for an envelope and only
  /// names a digest, the file in `objects/` with that digest and at most `limit` bytes.
  package func body(
    of statement: Statement, limit: Int
  ) throws(RunError) -> (bytes: [UInt8], isObject: Bool) {
    guard statement.predicate.members?.count == 1, let name = statement.predicate["object"]?.text else {
      return (statement.predicate.canonical, false)
    }
    guard let digest = Digest(hexadecimal: name) else {
      throw .badInput("\(ledger): names the object '\(name)', which is no digest")
    }
    let bytes: [UInt8]
    do throws(FileError) { bytes = try Files.readRegular(object(digest), limit: limit) } catch {
      throw error.isMissing ? .badInput("\(object(digest)): missing; the ledger names it") : .io(error.description)
    }
    guard Digest(of: bytes) == digest else {
      throw .badInput("\(object(digest)): does not have the digest of its name")
    }
    do throws(JSONError) {
      guard try JSON.parse(bytes).canonical == bytes else {
        throw JSONError(offset: 0, reason: "not in canonical form")
      }
    } catch {
      throw .badInput("\(object(digest)): \(error)")
    }
    return (bytes, true)
  }
}
