// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import TransparencyLog

/// Why a shared context is not taken.
package enum ContextRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  /// Its bytes are none of a context's.
  case malformed(String)
  /// A signature that claims a known key does not hold.
  case forged(String)
  /// A key that must have signed has not.
  case unsigned(String)
  /// The signatures are over another context.
  case otherContext(signed: Digest, given: Digest)

  package var description: String {
    switch self {
    case .malformed(let reason): "is no shared market context: \(reason)"
    case .forged(let reason): "is forged: \(reason)"
    case .unsigned(let key): "is not signed by \(key)"
    case .otherContext(let signed, let given): "is \(given), and the signatures are over \(signed)"
    }
  }
}

/// A shared context with its aggregators' signatures: an in-toto statement that names it by digest, in a DSSE envelope
/// that each of them has signed, beside the context itself.
package struct SignedContext: Equatable, Sendable {
  package let context: SharedMarketContext
  package private(set) var envelope: Envelope

  package static let predicateType = Statement.predicateType("shared-market-context")
  /// The most bytes of a file.
  package static let largestFile = 16 << 20

  /// What an aggregator signs.
  package static func statement(of context: SharedMarketContext) -> Statement {
    Statement(
      subjects: [Statement.Subject(name: context.name, digest: context.digest)], predicateType: predicateType,
      predicate: .object([
        "contract": .string(context.contract.description), "revision": .wide(context.revision),
        "batch": .string(context.batch.description),
      ]))
  }

  package init(_ context: SharedMarketContext, signedBy identity: Identity) throws(LedgerError) {
    self.context = context
    envelope = try SignedContext.statement(of: context).signed(by: identity)
  }

  /// Adds a further aggregator's signature.
  package mutating func addSignature(by identity: Identity) throws(IdentityError) {
    try envelope.addSignature(by: identity)
  }

  /// The file's one encoding.
  package var encoded: [UInt8] {
    JSON.object(["context": context.json, "signed": .string(Base64.encode(envelope.encoded))]).canonical
  }

  /// Reads a file strictly. Nothing is vouched for but that the signatures are over this context.
  package init(decoding bytes: [UInt8]) throws(ContextRefusal) {
    guard bytes.count <= SignedContext.largestFile else {
      throw .malformed("it has \(bytes.count) bytes, more than \(SignedContext.largestFile)")
    }
    let statement: Statement
    do {
      let json = try JSON.parse(bytes)
      let reader = try RecordReader(json, path: "", keys: ["context", "signed"])
      context = try SharedMarketContext(json: reader.value("context"), path: "context")
      guard let signed = Base64.decode(try reader.string("signed")) else {
        throw reader.error("signed", "standard base 64 is expected here")
      }
      envelope = try Envelope(decoding: signed)
      guard envelope.payloadType.utf8.elementsEqual(Envelope.statementType.utf8) else {
        throw reader.error("signed", "its payload is “\(envelope.payloadType)”, not \(Envelope.statementType)")
      }
      statement = try Statement(decoding: envelope.payload)
    } catch {
      throw .malformed("\(error)")
    }
    guard encoded == bytes else { throw .malformed("it is not in its one encoding") }
    let expected = SignedContext.statement(of: context)
    guard statement.subjects.count == 1, statement.subjects[0].digest == context.digest else {
      throw .otherContext(signed: statement.subjects.first?.digest ?? context.digest, given: context.digest)
    }
    guard statement == expected else { throw .malformed("its statement tells something else than the context") }
  }

  /// Holds where every key of `keys` has signed.
  package func verify(by keys: [VerifierKey]) throws(ContextRefusal) {
    let verified: [VerifierKey]
    do throws(EnvelopeError) { verified = try envelope.verified(by: keys) } catch {
      let isKnown = envelope.signatures.contains { signature in
        keys.contains { $0.shortName.utf8.elementsEqual(signature.keyID.utf8) }
      }
      throw isKnown ? .forged(error.reason) : .unsigned(keys.map(\.shortName).joined(separator: " and "))
    }
    for key in keys where !verified.contains(key) { throw .unsigned(key.shortName) }
  }
}
