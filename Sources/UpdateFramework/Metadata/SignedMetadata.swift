// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// A metadata file: what is signed, and signatures over it (TUF 1.0 section 4.2). Nothing in it is trusted before `verify`.
package struct SignedMetadata<Body: MetadataBody>: Equatable, Sendable {
  package struct Signature: Equatable, Sendable {
    package let keyID: String
    /// Hexadecimal, as it was found.
    package let text: String
  }

  package let body: Body
  /// At most one for each key id.
  package let signatures: [Signature]
  /// What the signatures are over.
  package let signedBytes: [UInt8]
  /// `signed` as it was found, with members that are unknown here.
  private let signed: JSON

  /// Reads a file that messages call `name`.
  package init(decoding bytes: [UInt8], name: String) throws(MetadataError) {
    let json: JSON
    do {
      json = try JSON.parse(bytes)
    } catch {
      throw .malformed(file: name, reason: error.description)
    }
    do {
      let reader = try MemberReader(json, path: "")
      signed = try reader.value("signed")
      signatures = try SignedMetadata.signatures(reader)
    } catch {
      throw .malformed(file: name, reason: error.description)
    }
    do {
      body = try Body(signed)
    } catch {
      throw error.named(name)
    }
    signedBytes = signed.canonicalForSigning
  }

  private init(body: Body, signed: JSON, signatures: [Signature]) {
    self.body = body
    self.signed = signed
    self.signatures = signatures
    signedBytes = signed.canonicalForSigning
  }

  private static func signatures(_ reader: MemberReader) throws(RecordError) -> [Signature] {
    var signatures: [Signature] = []
    var keyIDs: Set<String> = []
    for (index, json) in try reader.array("signatures").enumerated() {
      let signature = try MemberReader(json, path: "signatures[\(index)]")
      let keyID = try signature.string("keyid")
      guard keyIDs.insert(keyID).inserted else {
        throw signature.error("keyid", "there is another signature of this key")
      }
      signatures.append(Signature(keyID: keyID, text: try signature.string("sig")))
    }
    return signatures
  }

  /// Nothing but the body yet; `adding` gives it signatures.
  package init(unsigned body: Body) {
    self.init(body: body, signed: body.json, signatures: [])
  }

  /// The file of `body` with these signatures.
  package static func sign(_ body: Body, by signers: [MetadataSigner]) throws(MetadataError) -> [UInt8] {
    var file = SignedMetadata(unsigned: body)
    for signer in signers { file = try file.adding(signatureBy: signer) }
    return file.encoded
  }

  /// The same with a signature more, or with a new one by a key that has signed before.
  package func adding(signatureBy signer: MetadataSigner) throws(MetadataError) -> SignedMetadata {
    let signature = try signer.signature(over: signedBytes)
    let others = signatures.filter { $0.keyID != signer.key.keyID }
    return SignedMetadata(
      body: body, signed: signed,
      signatures: others + [Signature(keyID: signer.key.keyID, text: Hexadecimal.encode(signature))])
  }

  /// The file: JSON, which `signedBytes` need not be.
  package var encoded: [UInt8] {
    let written = signatures.map { JSON.object(["keyid": .string($0.keyID), "sig": .string($0.text)]) }
    return JSON.object(["signatures": .array(written), "signed": signed]).canonical
  }

  /// How many of the role's keys have signed; counting ends when there are enough.
  package func validSignatures(_ role: RoleKeys, keys: [String: MetadataKey]) -> Int {
    var valid = 0
    for keyID in role.keyIDs where valid < role.threshold {
      guard let key = keys[keyID], let signature = signatures.first(where: { $0.keyID == keyID }),
        let bytes = Hexadecimal.decode(signature.text.lowercased())
      else { continue }
      if key.isValid(signature: bytes, over: signedBytes) { valid += 1 }
    }
    return valid
  }

  /// Throws unless the role's threshold of keys has signed.
  package func verify(_ role: RoleKeys, keys: [String: MetadataKey], name: String) throws(MetadataError) {
    let valid = validSignatures(role, keys: keys)
    guard valid >= role.threshold else { throw .unsigned(file: name, valid: valid, threshold: role.threshold) }
  }
}
