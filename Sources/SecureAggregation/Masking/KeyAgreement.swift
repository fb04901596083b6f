// SPDX-License-Identifier: Apache-2.0

private import Crypto

/// A private key of X25519 (RFC 7748) and what it agrees on with others. What the cryptographic library copies of a
/// secret, it wipes itself, but for an opened plaintext.
@safe package struct AgreementKey: Sendable {
  static let size = 32

  private let key: Curve25519.KeyAgreement.PrivateKey

  /// Any 32 bytes are a key.
  init(_ secret: borrowing SecretBytes) {
    precondition(secret.count == Self.size)
    let made = unsafe secret.span.withUnsafeBufferPointer { bytes in
      unsafe try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: UnsafeRawBufferPointer(bytes))
    }
    guard let made else { preconditionFailure("32 bytes are a key") }
    key = made
  }

  var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

  /// Whether a public key is fit to agree with: 32 bytes, and no point of small order.
  package static func isFit(_ publicKey: [UInt8]) -> Bool {
    AgreementKey(.random(count: size)).secret(with: publicKey, salt: [], use: "trial", 0, 0) != nil
  }

  /// 32 bytes that only this key and the other one give, by HKDF with SHA-256 (RFC 5869); nil for a public key of small
  /// order, with which everyone would agree on the same.
  func secret(with publicKey: [UInt8], salt: [UInt8], use: String, _ first: Int, _ second: Int) -> SecretBytes? {
    guard let other = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: publicKey),
      let shared = try? key.sharedSecretFromKeyAgreement(with: other),
      // RFC 7748, section 6.1; the library leaves it to its callers.
      unsafe shared.withUnsafeBytes({ bytes in unsafe bytes.reduce(0, { $0 | $1 }) }) != 0
    else { return nil }
    let information = Array("exprove masked sum \(use)".utf8) + encoded(first) + encoded(second)
    let derived = shared.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: salt, sharedInfo: information, outputByteCount: Self.size)
    var secret = SecretBytes(repeating: 0, count: Self.size)
    unsafe derived.withUnsafeBytes { bytes in
      for index in 0..<Self.size { unsafe secret[index] = bytes[index] }
    }
    return secret
  }
}

/// ChaCha20-Poly1305 (RFC 8439) under keys that serve one message each, so that the nonce is always zero.
@safe enum SealedBox {
  static let overhead = 16

  static func seal(_ plain: borrowing SecretBytes, key: borrowing SecretBytes, header: [UInt8]) -> [UInt8] {
    let sealed = unsafe plain.span.withUnsafeBufferPointer { bytes in
      unsafe try? ChaChaPoly.seal(
        UnsafeRawBufferPointer(bytes), using: symmetric(key), nonce: nonce(), authenticating: header)
    }
    guard let sealed else { preconditionFailure("short messages can be sealed") }
    return Array(sealed.ciphertext) + Array(sealed.tag)
  }

  /// Nil if the box was not sealed so.
  static func open(_ box: [UInt8], key: borrowing SecretBytes, header: [UInt8]) -> SecretBytes? {
    guard box.count >= overhead,
      let sealed = try? ChaChaPoly.SealedBox(
        nonce: nonce(), ciphertext: box.dropLast(overhead), tag: box.suffix(overhead)),
      let plain = try? ChaChaPoly.open(sealed, using: symmetric(key), authenticating: header)
    else { return nil }
    return SecretBytes(copying: Array(plain))
  }

  private static func symmetric(_ key: borrowing SecretBytes) -> SymmetricKey {
    unsafe key.span.withUnsafeBufferPointer { bytes in unsafe SymmetricKey(data: UnsafeRawBufferPointer(bytes)) }
  }

  private static func nonce() throws -> ChaChaPoly.Nonce {
    try ChaChaPoly.Nonce(data: [UInt8](repeating: 0, count: 12))
  }
}

/// Ed25519 signatures (RFC 8032) of contributors over messages of this protocol.
enum ContributorSignature {
  static let size = 64

  static func isValid(_ signature: [UInt8], of body: [UInt8], by publicKey: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return key.isValidSignature(signature, for: signed(body))
  }

  /// What is signed: the message under the protocol's name, so that it can be nothing else.
  static func signed(_ body: [UInt8]) -> [UInt8] { Array("exprove masked sum 1\n".utf8) + body }

  static func digest(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
