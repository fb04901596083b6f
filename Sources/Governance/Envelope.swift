// SPDX-License-Identifier: Apache-2.0

private import ExecutionIR
package import TransparencyLog

/// Why an envelope or statement was refused.
package struct EnvelopeError: Error, Equatable, Sendable, CustomStringConvertible {
  package let reason: String
  package var description: String { reason }

  init(_ reason: String) { self.reason = reason }
}

/// A payload with signatures over its bytes and type (DSSE v1, secure-systems-lab/dsse).
package struct Envelope: Equatable, Sendable {
  package struct Signature: Equatable, Sendable {
    /// Which key it claims: `VerifierKey.shortName`. A hint only; what counts is that the key verifies it.
    package let keyID: String
    /// 64 bytes.
    package let bytes: [UInt8]
  }

  package let payload: [UInt8]
  package let payloadType: String
  /// At least one; key ids are unique.
  package private(set) var signatures: [Signature]

  /// The type of in-toto statements.
  package static let statementType = "application/vnd.in-toto+json"
  /// The most signatures an envelope may carry.
  package static let mostSignatures = 16

  /// Signs a payload.
  package init(
    signing payload: [UInt8], type: String = statementType, by identity: Identity
  ) throws(IdentityError) {
    self.payload = payload
    payloadType = type
    signatures = []
    try addSignature(by: identity)
  }

  /// Adds a further signature over the same payload; one by a key that has signed already changes nothing.
  package mutating func addSignature(by identity: Identity) throws(IdentityError) {
    let keyID = identity.verifier.shortName
    guard !signatures.contains(where: { $0.keyID.utf8.elementsEqual(keyID.utf8) }) else { return }
    signatures.append(Signature(keyID: keyID, bytes: try identity.sign(signedBytes)))
  }

  /// PAE(type, body) = `DSSEv1` SP LEN(type) SP type SP LEN(body) SP body, lengths in bytes, decimal.
  package static func preAuthentication(type: String, payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
  }

  /// The bytes that the signatures are over.
  package var signedBytes: [UInt8] { Envelope.preAuthentication(type: payloadType, payload: payload) }

  /// The envelope's one encoding: canonical JSON with standard base 64.
  package var encoded: [UInt8] {
    JSON.object([
      "payload": .string(Base64.encode(payload)),
      "payloadType": .string(payloadType),
      "signatures": .array(
        signatures.map {
          .object(["keyid": .string($0.keyID), "sig": .string(Base64.encode($0.bytes))])
        }),
    ]).canonical
  }

  /// Reads an envelope strictly: these members and no others, in the one encoding.
  package init(decoding bytes: [UInt8]) throws(EnvelopeError) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw EnvelopeError("the envelope is not JSON: \(error)")
    }
    guard let members = json.members, members.count == 3, let payload = json["payload"]?.text,
      let type = json["payloadType"]?.text, let signatures = json["signatures"]?.elements
    else { throw EnvelopeError("an envelope has exactly payload, payloadType and signatures") }
    guard let decoded = Base64.decode(payload) else { throw EnvelopeError("the payload is not standard base 64") }
    guard (1...Envelope.mostSignatures).contains(signatures.count) else {
      throw EnvelopeError("\(signatures.count) signatures; an envelope has 1 to \(Envelope.mostSignatures)")
    }
    var read: [Signature] = []
    for signature in signatures {
      guard signature.members?.count == 2, let keyID = signature["keyid"]?.text, let sig = signature["sig"]?.text else {
        throw EnvelopeError("a signature has exactly keyid and sig")
      }
      guard let bytes = Base64.decode(sig), bytes.count == 64 else {
        throw EnvelopeError("a signature is base 64 of 64 bytes")
      }
      guard !read.contains(where: { $0.keyID.utf8.elementsEqual(keyID.utf8) }) else {
        throw EnvelopeError("two signatures by \(keyID)")
      }
      read.append(Signature(keyID: keyID, bytes: bytes))
    }
    self.payload = decoded
    self.payloadType = type
    self.signatures = read
    guard encoded == bytes else {
      throw EnvelopeError("the envelope is not in its one encoding (RFC 8785: sorted keys, no white space)")
    }
  }

  /// The keys among `keys` whose signatures hold; those of unknown keys are passed over. Throws when a signature
  /// that claims a known key is false or none is by a known key.
  @discardableResult
  package func verified(by keys: [VerifierKey]) throws(EnvelopeError) -> [VerifierKey] {
    let message = signedBytes
    var verified: [VerifierKey] = []
    for signature in signatures {
      for key in keys
      where key.algorithm == .ed25519 && key.shortName.utf8.elementsEqual(signature.keyID.utf8) {
        guard key.isValid(signature.bytes, over: message) else {
          throw EnvelopeError("the signature of \(signature.keyID) is false")
        }
        if !verified.contains(key) { verified.append(key) }
      }
    }
    guard !verified.isEmpty else {
      let found = signatures.map(\.keyID).joined(separator: ", ")
      throw EnvelopeError("signed by \(found), and by none of the keys given")
    }
    return verified
  }
}
