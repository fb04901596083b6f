// SPDX-License-Identifier: Apache-2.0

private import DurableFiles
package import TransparencyLog

/// Why the ledger refuses to go on.
package enum LedgerError: Error, Equatable, Sendable, CustomStringConvertible {
  case log(LogError)
  case identity(IdentityError)
  case statement(EnvelopeError)
  /// A signed statement of so many bytes.
  case statementTooLarge(Int)
  /// A leaf of the ledger that is not what it should be.
  case leaf(index: UInt64, EnvelopeError)

  package var description: String {
    switch self {
    case .log(let error): error.description
    case .identity(let error): error.description
    case .statement(let error): error.description
    case .statementTooLarge(let count):
      "a signed statement of \(count) bytes; \(Statement.largestSigned) is the most: "
        + "put the larger body into objects/ and name it by its digest"
    case .leaf(let index, let error): "leaf \(index): \(error)"
    }
  }
}

/// The record of what was decided: in-toto statements in DSSE envelopes, each a leaf of a transparency log that
/// the same identity signs.
package struct AuditLedger: ~Copyable {
  package let identity: Identity
  private var log: LogWriter

  /// Begins a ledger in a new or empty directory, or takes up the one that lies there. `origin` names the log: the
  /// identity's name, or a path below it; two logs of different content never share one. Appending goes on at
  /// `position` (nil: behind the last leaf); before the ledger's end, statements are compared with the recorded ones.
  package init(
    directory: String, origin: String, identity: Identity, position: UInt64? = nil
  ) throws(LedgerError) {
    let verifier = identity.verifier(ofLog: origin)
    self.identity = identity
    do throws(LogError) {
      if Files.exists(directory + "/checkpoint") {
        log = try .resume(directory: directory, origin: origin, verifier: verifier, position: position)
      } else {
        log = try .create(
          directory: directory, origin: origin, verifier: verifier, sign: AuditLedger.signer(identity, origin: origin))
      }
    } catch {
      throw .log(error)
    }
  }

  /// The last checkpoint that is durable.
  package var published: Checkpoint { log.published }
  /// Index of the leaf that comes next.
  package var position: UInt64 { log.position }
  /// Whether statements are still compared with recorded ones.
  package var isComparing: Bool { log.isComparing }

  /// Signs and appends a statement; returns its leaf's index. Where the ledger already has this leaf, the recorded
  /// statement must be the same and its signature this identity's.
  @discardableResult
  package mutating func append(_ statement: Statement) throws(LedgerError) -> UInt64 {
    guard log.isComparing else { return try append(try statement.signed(by: identity)) }
    let index = log.position
    let recorded: [UInt8]
    do throws(LogError) { recorded = Array(try log.publishedLeaf(at: index)) } catch { throw .log(error) }
    let envelope: Envelope
    do throws(EnvelopeError) { envelope = try Envelope(decoding: recorded) } catch { throw .leaf(index: index, error) }
    guard envelope.payload == statement.encoded, envelope.payloadType == Envelope.statementType else {
      throw .log(.differentLeaf(index: index))
    }
    do throws(EnvelopeError) { try envelope.verified(by: [identity.verifier]) } catch {
      throw .leaf(index: index, error)
    }
    do throws(LogError) { return try log.append(recorded) } catch { throw .log(error) }
  }

  /// Appends an envelope that is already signed, such as an approver's; returns its leaf's index.
  @discardableResult
  package mutating func append(_ envelope: Envelope) throws(LedgerError) -> UInt64 {
    let bytes = envelope.encoded
    guard bytes.count <= Statement.largestSigned else { throw .statementTooLarge(bytes.count) }
    do throws(EnvelopeError) { _ = try Statement(decoding: envelope.payload) } catch { throw .statement(error) }
    do throws(LogError) { return try log.append(bytes) } catch { throw .log(error) }
  }

  /// Makes what was appended durable and signs the checkpoint over it; see `LogWriter.publish`.
  @discardableResult
  package mutating func publish() throws(LedgerError) -> Checkpoint {
    let signer = AuditLedger.signer(identity, origin: log.origin)
    do throws(LogError) { return try log.publish(sign: signer) } catch { throw .log(error) }
  }

  private static func signer(_ identity: Identity, origin: String) -> CheckpointSigner {
    { body throws(LogError) in
      do throws(IdentityError) { return [try identity.noteSignature(over: body, origin: origin)] } catch {
        throw .signing(error.description)
      }
    }
  }
}
