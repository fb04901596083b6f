// SPDX-License-Identifier: Apache-2.0

internal import Crypto
// The cryptography takes some of its arguments as Data.
internal import FoundationEssentials
internal import SecureAggregation

/// A message for one aggregator: HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
struct SealedShare: Equatable, Sendable {
  /// Which of the aggregator's keys opens it.
  let key: UInt8
  /// 32 bytes.
  let encapsulated: [UInt8]
  let ciphertext: [UInt8]

  static let overhead = 16
  private static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly

  init(key: UInt8, encapsulated: [UInt8], ciphertext: [UInt8]) {
    self.key = key
    self.encapsulated = encapsulated
    self.ciphertext = ciphertext
  }

  /// - Parameters:
  ///   - info: who it is for and in which role.
  ///   - associated: what stands in the open beside it.
  init(
    sealing plaintext: [UInt8], to key: EncryptionKey, info: [UInt8], associated: [UInt8]
  ) throws(ServiceError) {
    do {
      let recipient = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: key.publicKey)
      var sender = try HPKE.Sender(recipientKey: recipient, ciphersuite: SealedShare.suite, info: Data(info))
      ciphertext = Array(try sender.seal(plaintext, authenticating: associated))
      encapsulated = Array(sender.encapsulatedKey)
    } catch {
      throw .cryptography("the key \(key.id) of \(key.aggregator) takes no message")
    }
    self.key = key.id
  }

  /// Nil where it was not sealed to this key with this information.
  func open(
    _ key: Curve25519.KeyAgreement.PrivateKey, info: [UInt8], associated: [UInt8]
  ) -> SecretBytes? {
    guard
      var recipient = try? HPKE.Recipient(
        privateKey: key, ciphersuite: SealedShare.suite, info: Data(info), encapsulatedKey: Data(encapsulated)),
      let plaintext = try? recipient.open(ciphertext, authenticating: associated)
    else { return nil }
    return SecretBytes(copying: Array(plaintext))
  }

  func write(to writer: inout MessageWriter) {
    writer.write(key)
    writer.write(fixed: encapsulated)
    writer.write(ciphertext)
  }

  init(from reader: inout MessageReader, atMost limit: Int) throws(MessageError) {
    key = try reader.integer()
    encapsulated = try reader.fixed(32)
    ciphertext = try reader.bytes(atMost: limit)
  }

  var encoded: [UInt8] {
    var writer = MessageWriter()
    write(to: &writer)
    return writer.bytes
  }
}
