// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import ExecutionIR
package import Governance
internal import TransparencyLog

/// A shared context that a run was given: its file lies in `objects/`.
package struct GivenContext: Equatable, Sendable {
  /// So many versions at most.
  package static let most = 256

  /// Of the file, and of the context in it.
  package var file: Digest
  package var context: Digest
  package var name: String
  package var revision: Int64

  package init(_ signed: SignedContext) {
    file = Digest(of: signed.encoded)
    context = signed.context.digest
    name = signed.context.name
    revision = signed.context.revision
  }
}

extension GivenContext {
  package var json: JSON {
    .object([
      "file": .string(file.description), "context": .string(context.description), "name": .string(name),
      "revision": .wide(revision),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["file", "context", "name", "revision"])
    file = try reader.digest("file")
    context = try reader.digest("context")
    name = try reader.string("name")
    revision = try reader.integer("revision", in: 1 ... .max)
  }
}

extension RunStatements {
  /// The leaf of a shared context, behind the run's own: it names the batch, so that one that was used elsewhere, or summed
  /// twice, can be seen in the ledgers.
  package static func sharedContext(_ signed: SignedContext) -> Statement {
    let context = signed.context
    let file = Digest(of: signed.encoded)
    return Statement(
      subjects: [
        Statement.Subject(name: "objects/\(file)", digest: file),
        Statement.Subject(name: context.name, digest: context.digest),
      ], predicateType: Statement.predicateType("shared-context"),
      predicate: .object([
        "contract": .string(context.contract.description), "revision": .wide(context.revision),
        "batch": .string(context.batch.description), "method": .string(context.method.rawValue),
        "contributors": .wide(context.contributors), "issued_at": .wide(context.issuedAt),
        "applies_from": .wide(context.appliesFrom), "expires_at": .wide(context.expiresAt),
      ]))
  }
}

extension RunDirectory {
  /// The shared contexts that a run names, in its order.
  package func sharedContexts(_ description: RunDescription) throws(RunError) -> [SignedContext] {
    var result: [SignedContext] = []
    for given in description.shared {
      let path = object(given.file)
      do {
        let bytes = try Files.readRegular(path, limit: SignedContext.largestFile)
        let signed = try SignedContext(decoding: bytes)
        guard GivenContext(signed) == given else {
          throw RunError.badInput("\(path): is not the shared context that run.json names")
        }
        result.append(signed)
      } catch let error as RunError {
        throw error
      } catch let error as FileError {
        throw .io(error.description)
      } catch {
        throw .badInput("\(path): \(error)")
      }
    }
    return result
  }
}

/// The shared contexts that a run names, held against its policy and against the ledger's leaves.
enum SharedContextRecord {
  /// What does not hold, by file.
  ///
  /// - Parameter leaves: those of shared contexts, with their index.
  static func findings(
    _ description: RunDescription, _ directory: RunDirectory, leaves: [(index: UInt64, statement: Statement)]
  ) -> [(path: String, reason: String)] {
    var found: [(String, String)] = []
    if description.shared.isEmpty, description.policy.sharedContext?.mode == .require {
      found.append(("run.json", "its policy requires a shared context, and none is named"))
    }
    var contexts: [SharedMarketContext] = []
    for (index, given) in description.shared.enumerated() {
      let path = "objects/\(given.file)"
      // A file that is missing or altered is told with the others that are named.
      guard let bytes = try? Files.readRegular(directory.object(given.file), limit: SignedContext.largestFile),
        Digest(of: bytes) == given.file
      else { continue }
      let signed: SignedContext
      do throws(ContextRefusal) { signed = try SignedContext(decoding: bytes) } catch {
        found.append((path, "\(error)"))
        continue
      }
      if GivenContext(signed) != given { found.append((path, "is not the shared context that run.json names")) }
      if let refusal = description.policy.refusal(of: signed) { found.append((path, refusal)) }
      contexts.append(signed.context)
      // They stand behind the run's own leaf, in the order of run.json.
      if leaves.first(where: { $0.index == UInt64(index) + 1 })?.statement != RunStatements.sharedContext(signed) {
        found.append(("ledger, leaf \(index + 1)", "is not that of the shared context \(given.context)"))
      }
    }
    if leaves.count != description.shared.count {
      found.append(("ledger", "names \(leaves.count) shared contexts, run.json \(description.shared.count)"))
    }
    if let conflict = SignedContext.conflict(among: contexts) { found.append(("run.json", conflict)) }
    return found
  }
}
