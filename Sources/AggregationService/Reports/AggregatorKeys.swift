// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import ExecutionIR
package import Governance
internal import SecureAggregation
package import TransparencyLog

/// A key to which contributors seal an aggregator's shares.
package struct EncryptionKey: Equatable, Sendable {
  /// The aggregator's name.
  package let aggregator: String
  package let id: UInt8
  /// X25519, 32 bytes.
  package let publicKey: [UInt8]
}

/// An aggregator's encryption keys as it publishes them, the newest last, signed by its identity. Contributors seal to the
/// newest; the aggregator opens what is sealed to any of them, so that a rotation in the midst of a batch loses nothing.
package struct KeyList: Equatable, Sendable {
  package let keys: [EncryptionKey]
  package let encoded: [UInt8]

  package static let predicateType = Statement.predicateType("aggregator-keys")
  static let most = 8

  init(_ keys: [EncryptionKey], signedBy identity: Identity) throws(LedgerError) {
    self.keys = keys
    encoded = try KeyList.statement(identity.verifier.name, keys).signed(by: identity).encoded
  }

  private static func statement(_ aggregator: String, _ keys: [EncryptionKey]) -> Statement {
    let list = JSON.array(
      keys.map {
        .object(["id": .integer(Int64($0.id)), "public_key": .string(Hexadecimal.encode($0.publicKey))])
      })
    return Statement(
      subjects: [Statement.Subject(name: aggregator, digest: list.digest)], predicateType: predicateType,
      predicate: .object(["suite": .string("X25519-HKDF-SHA256-ChaCha20Poly1305"), "keys": list]))
  }

  /// Reads what an aggregator has published, and checks that it has.
  package init(decoding bytes: [UInt8], of aggregator: VerifierKey) throws(ServiceError) {
    do {
      let envelope = try Envelope(decoding: bytes)
      try envelope.verified(by: [aggregator])
      let statement = try Statement(decoding: envelope.payload)
      let reader = try RecordReader(statement.predicate, path: "predicate", keys: ["suite", "keys"])
      let keys = try reader.list("keys", atMost: KeyList.most) { (json, path) throws(RecordError) in
        let key = try RecordReader(json, path: path, keys: ["id", "public_key"])
        guard let bytes = Hexadecimal.decode(try key.string("public_key")), bytes.count == 32 else {
          throw key.error("public_key", "64 lower-case hexadecimal digits are expected here")
        }
        return EncryptionKey(aggregator: aggregator.name, id: try key.integer("id"), publicKey: bytes)
      }
      guard !keys.isEmpty, Set(keys.map(\.id)).count == keys.count,
        statement == KeyList.statement(aggregator.name, keys)
      else { throw RecordError(path: "predicate", reason: "is no list of an aggregator's keys") }
      self.keys = keys
      encoded = bytes
    } catch {
      throw .refused("the keys of \(aggregator.name): \(error)")
    }
  }

  package var newest: EncryptionKey { keys[keys.count - 1] }
}

/// An aggregator's secrets: who it is, the key that it shares with the other aggregator, and its encryption keys.
package struct AggregatorKeys: Sendable {
  package let identity: Identity
  private let agreement: Curve25519.KeyAgreement.PrivateKey
  private let encryption: [(id: UInt8, key: Curve25519.KeyAgreement.PrivateKey)]
  /// What contributors get.
  package let list: KeyList

  init(
    identity: Identity, agreement: [UInt8], encryption: [(id: UInt8, key: [UInt8])]
  ) throws(ServiceError) {
    do {
      self.identity = identity
      self.agreement = try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: agreement)
      self.encryption = try encryption.map {
        ($0.id, try Curve25519.KeyAgreement.PrivateKey(rawRepresentation: $0.key))
      }
      list = try KeyList(
        self.encryption.map {
          EncryptionKey(
            aggregator: identity.verifier.name, id: $0.id, publicKey: Array($0.key.publicKey.rawRepresentation))
        }, signedBy: identity)
    } catch {
      throw .cryptography("the keys of \(identity.verifier.name) can't be used")
    }
  }

  /// Fresh ones, kept nowhere: for a party that ends with the process.
  package static func ephemeral(_ identity: Identity) throws(ServiceError) -> AggregatorKeys {
    try AggregatorKeys(identity: identity, agreement: freshKey(), encryption: [(0, freshKey())])
  }

  func adding(_ key: (id: UInt8, key: [UInt8])) throws(ServiceError) -> AggregatorKeys {
    try AggregatorKeys(
      identity: identity, agreement: Array(agreement.rawRepresentation),
      encryption: encryption.map { ($0.id, Array($0.key.rawRepresentation)) } + [key])
  }

  static func freshKey() -> [UInt8] { Array(Curve25519.KeyAgreement.PrivateKey().rawRepresentation) }

  /// The X25519 public key that stands in contracts.
  package var agreementKey: [UInt8] { Array(agreement.publicKey.rawRepresentation) }

  func decryptionKey(_ id: UInt8) -> Curve25519.KeyAgreement.PrivateKey? {
    encryption.first { $0.id == id }?.key
  }

  /// The verify key of one window's proofs, which both aggregators and nobody else can derive: HMAC-SHA256 of the window
  /// under a key from HKDF-SHA256 (RFC 5869) over what X25519 (RFC 7748) gives of their two agreement keys, with the
  /// contract's digest as salt.
  func verifyKey(_ contract: AggregationContract, window: UInt32) throws(ServiceError) -> SecretBytes {
    guard let helper = contract.helper else { throw .refused("\"\(contract.name)\" has no second aggregator") }
    let isLeader = contract.leader.verifier == identity.verifier
    let other = isLeader ? helper : contract.leader
    let secret: SharedSecret
    do {
      secret = try agreement.sharedSecretFromKeyAgreement(
        with: Curve25519.KeyAgreement.PublicKey(rawRepresentation: other.agreement))
    } catch {
      throw .cryptography("no key can be agreed with \(other.verifier.name): its agreement key is unusable")
    }
    let key = secret.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: contract.digest.bytes, sharedInfo: Array("exprove verify key 1".utf8),
      outputByteCount: 32)
    var message = MessageWriter()
    message.write(window)
    return SecretBytes(copying: Array(HMAC<SHA256>.authenticationCode(for: message.bytes, using: key)))
  }
}

extension AggregatorKeys: CustomReflectable, CustomStringConvertible {
  // No print of it shows a secret.
  package var customMirror: Mirror { Mirror(self, children: ["verifier": identity.publicVerifierKey]) }
  package var description: String { identity.publicVerifierKey }
}
