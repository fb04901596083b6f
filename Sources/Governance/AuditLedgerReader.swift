// SPDX-License-Identifier: Apache-2.0

package import TransparencyLog

/// A leaf of the ledger that does not hold.
package struct LeafFinding: Equatable, Sendable, CustomStringConvertible {
  package let index: UInt64
  package let reason: String
  package var description: String { "leaf \(index): \(reason)" }
}

/// A statement as it was recorded, and by whom it is signed.
package struct RecordedStatement: Sendable {
  package let index: UInt64
  package let statement: Statement
  /// Of the leaf as it lies in the log.
  package let leafHash: MerkleHash
  /// The keys, of those given, whose signatures hold.
  package let signers: [VerifierKey]
}

/// What the verification of a ledger found.
package struct LedgerReport: Sendable {
  /// The log under it: checkpoint, tiles, files.
  package internal(set) var log: LogReport
  /// Leaves that are no signed statements; at most 1,000.
  package internal(set) var leaves: [LeafFinding] = []
  package internal(set) var omittedLeaves = 0
  /// How many leaves are statements whose signatures hold.
  package internal(set) var statements: UInt64 = 0

  /// Whether all holds and nothing lies about.
  package var isSound: Bool { log.isSound && leaves.isEmpty }
  /// Whether all holds, though an interrupted writer left something lying about.
  package var isSoundUpToCheckpoint: Bool { log.isSoundUpToCheckpoint && leaves.isEmpty }
}

/// Reads a ledger from a directory that may be anybody's.
package struct AuditLedgerReader: Sendable {
  package let directory: String
  /// The keys that the caller brings. With a run's own keys the verdict is consistency, and vouches for nobody.
  package let keys: [VerifierKey]

  package init(directory: String, keys: [VerifierKey]) {
    self.directory = directory
    self.keys = keys
  }

  /// The log below, with each key also under the log's origin where that is a path below the key's name.
  package var log: LogReader {
    var logKeys = keys
    if let origin = LogReader.statedOrigin(directory: directory) {
      for key in keys {
        if let renamed = key.ofLog(origin), !logKeys.contains(renamed) { logKeys.append(renamed) }
      }
    }
    return LogReader(directory: directory, verifiers: logKeys)
  }

  /// Verifies the log and every envelope. `visit` gets each statement whose signature holds, in order, before it
  /// is known whether the log holds: what it derives counts only if the report is sound.
  package func verifyAll(_ visit: (RecordedStatement) -> Void = { _ in }) -> LedgerReport {
    var leaves: [LeafFinding] = []
    var omitted = 0
    var statements: UInt64 = 0
    let log = log.verifyAll { index, leaf in
      do throws(EnvelopeError) {
        visit(try recorded(Array(leaf), index: index))
        statements += 1
      } catch {
        if leaves.count < 1000 {
          leaves.append(LeafFinding(index: index, reason: error.reason))
        } else {
          omitted += 1
        }
      }
    }
    return LedgerReport(log: log, leaves: leaves, omittedLeaves: omitted, statements: statements)
  }

  /// The statement at `index`, proven against the checkpoint and its own signature.
  package func statement(at index: UInt64) throws(LedgerError) -> RecordedStatement {
    let leaf: [UInt8]
    do throws(LogError) { leaf = try log.leaf(at: index) } catch { throw .log(error) }
    do throws(EnvelopeError) { return try recorded(leaf, index: index) } catch {
      throw .leaf(index: index, error)
    }
  }

  private func recorded(_ leaf: [UInt8], index: UInt64) throws(EnvelopeError) -> RecordedStatement {
    try recorded(leaf, index: index, ofType: nil)!
  }

  /// The statement that a leaf holds; nil when it is of another predicate type than the one that is wanted.
  func recorded(
    _ leaf: [UInt8], index: UInt64, ofType predicateType: String?
  ) throws(EnvelopeError) -> RecordedStatement? {
    guard leaf.count <= Statement.largestSigned else {
      throw EnvelopeError("\(leaf.count) bytes; a signed statement has at most \(Statement.largestSigned)")
    }
    let envelope = try Envelope(decoding: leaf)
    guard envelope.payloadType.utf8.elementsEqual(Envelope.statementType.utf8) else {
      throw EnvelopeError("a payload of type \"\(envelope.payloadType)\"; the ledger holds \(Envelope.statementType)")
    }
    let statement = try Statement(decoding: envelope.payload)
    if let predicateType, !statement.predicateType.utf8.elementsEqual(predicateType.utf8) { return nil }
    let signers = try envelope.verified(by: keys)
    guard signers.count == envelope.signatures.count else {
      throw EnvelopeError("a signature by a key that was not given")
    }
    return RecordedStatement(index: index, statement: statement, leafHash: .leaf(leaf), signers: signers)
  }
}
