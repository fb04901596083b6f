// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import ExecutionIR

/// A public key in metadata (TUF 1.0 section 4.2). Keys of kinds that are unknown here are kept and verify nothing.
package struct MetadataKey: Equatable, Sendable {
  /// The name by which roles and signatures call it. It is the SHA-256 of the key in a key made here; of a key that was read it
  /// is what its metadata say, and stands for it in these metadata only.
  package let keyID: String
  package let type: String
  package let scheme: String
  /// The public part: hexadecimal for Ed25519, PEM for ECDSA.
  package let value: String
  /// The key as it stands in metadata, with members that are unknown here.
  package let json: JSON

  /// An Ed25519 key of 32 bytes.
  package init(ed25519 bytes: [UInt8]) {
    type = "ed25519"
    scheme = "ed25519"
    value = Hexadecimal.encode(bytes)
    json = .object([
      "keytype": .string(type), "scheme": .string(scheme), "keyval": .object(["public": .string(value)]),
    ])
    keyID = Digest(of: json.canonicalForSigning).description
  }

  init(_ json: JSON, keyID: String, path: String) throws(RecordError) {
    let reader = try MemberReader(json, path: path)
    self.keyID = keyID
    self.json = json
    type = try reader.string("keytype")
    scheme = try reader.string("scheme")
    value = try reader.object("keyval").string("public")
  }

  /// A map of keys by their ids.
  static func keys(_ reader: MemberReader) throws(RecordError) -> [String: MetadataKey] {
    var keys: [String: MetadataKey] = [:]
    for (keyID, json) in reader.sorted {
      keys[keyID] = try MetadataKey(json, keyID: keyID, path: reader.at(keyID))
    }
    return keys
  }

  /// Whether `signature` is this key's over `bytes`. A key that is none verifies nothing.
  package func isValid(signature: [UInt8], over bytes: [UInt8]) -> Bool {
    switch (type, scheme) {
    case ("ed25519", "ed25519"):
      guard let raw = Hexadecimal.decode(value.lowercased()),
        let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
      else { return false }
      return key.isValidSignature(signature, for: bytes)
    case ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"):
      guard let key = try? P256.Signing.PublicKey(pemRepresentation: value),
        let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
      else { return false }
      return key.isValidSignature(signature, for: bytes)
    default: return false
    }
  }
}

/// Somebody who signs metadata: a key, and what makes its signatures, wherever the private part lies.
package struct MetadataSigner: Sendable {
  package let key: MetadataKey
  let sign: @Sendable ([UInt8]) throws -> [UInt8]

  package init(key: MetadataKey, sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]) {
    self.key = key
    self.sign = sign
  }

  /// A signature that its key verifies.
  func signature(over bytes: [UInt8]) throws(MetadataError) -> [UInt8] {
    let signature: [UInt8]
    do {
      signature = try sign(bytes)
    } catch {
      throw .signing(keyID: key.keyID, reason: "\(error)")
    }
    guard key.isValid(signature: signature, over: bytes) else {
      throw .signing(keyID: key.keyID, reason: "what it signs with is not the private part of this key")
    }
    return signature
  }
}
