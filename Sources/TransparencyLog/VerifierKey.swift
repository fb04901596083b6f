// SPDX-License-Identifier: Apache-2.0

private import Crypto

/// A public key that verifies notes, with the name it signs under (C2SP signed-note, "verifier keys").
/// Names are compared by their bytes: two spellings that only look alike are two names.
package struct VerifierKey: Hashable, Sendable, CustomStringConvertible {
  /// What the key's signatures are over; the raw value is the type byte of signed-note.
  package enum Algorithm: UInt8, Sendable {
    /// Ed25519 over the note's text.
    case ed25519 = 0x01
    /// Ed25519 over a time and the note's text: a witness's cosignature (C2SP tlog-cosignature).
    case cosignature = 0x04
  }

  package let name: String
  package let algorithm: Algorithm
  /// The 32 bytes of RFC 8032.
  package let publicKey: [UInt8]
  /// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), big-endian.
  package let keyID: UInt32

  /// Nil when the name is no key name or the key is not 32 bytes.
  package init?(name: String, algorithm: Algorithm = .ed25519, publicKey: [UInt8]) {
    guard VerifierKey.isName(name), publicKey.count == 32 else { return nil }
    self.name = name
    self.algorithm = algorithm
    self.publicKey = publicKey
    var hasher = SHA256()
    hasher.update(data: Array(name.utf8) + [0x0A, algorithm.rawValue] + publicKey)
    keyID = hasher.finalize().prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Reads `name+hex(keyID)+base64(type ‖ key)`; the key id must be the one that name and key give.
  package init(parsing text: String) throws(NoteError) {
    let bytes = Array(text.utf8)
    guard let firstPlus = bytes.firstIndex(of: UInt8(ascii: "+")) else {
      throw NoteError(offset: bytes.count, reason: "no '+': a verifier key is name+key id+key")
    }
    guard let name = String(validating: bytes[..<firstPlus], as: UTF8.self), VerifierKey.isName(name) else {
      throw NoteError(
        offset: 0, reason: "not a key name: it must be non-empty text without spaces and control characters")
    }
    let idStart = firstPlus + 1
    guard bytes.count > idStart + 8, bytes[idStart + 8] == UInt8(ascii: "+") else {
      throw NoteError(offset: idStart, reason: "expected a key id of eight hexadecimal digits and a '+'")
    }
    let keyStart = idStart + 9
    guard let material = Base64.decode(bytes[keyStart...]), let type = material.first else {
      throw NoteError(offset: keyStart, reason: "the key is not standard base 64")
    }
    guard let algorithm = Algorithm(rawValue: type) else {
      throw NoteError(
        offset: keyStart, reason: "key type \(type); taken are 1 (Ed25519) and 4 (Ed25519 cosignature)")
    }
    guard let key = VerifierKey(name: name, algorithm: algorithm, publicKey: Array(material.dropFirst())) else {
      throw NoteError(offset: keyStart, reason: "\(material.count - 1) bytes of key; an Ed25519 key has 32")
    }
    guard Array(key.hexadecimalID.utf8) == Array(bytes[idStart..<idStart + 8]) else {
      throw NoteError(offset: idStart, reason: "the key id is not that of this name and key (\(key.hexadecimalID))")
    }
    self = key
  }

  /// `name+hex(keyID)+base64(type ‖ key)`, what others need in order to verify.
  package var description: String {
    "\(name)+\(hexadecimalID)+\(Base64.encode([algorithm.rawValue] + publicKey))"
  }

  /// `name+hex(keyID)`: short, and as unique as notes need it.
  package var shortName: String { "\(name)+\(hexadecimalID)" }

  /// The same key under another name, as a log that signs under its own origin needs it.
  package func renamed(_ name: String) -> VerifierKey? {
    VerifierKey(name: name, algorithm: algorithm, publicKey: publicKey)
  }

  private var hexadecimalID: String {
    let digits = String(keyID, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }

  /// Whether `signature` (64 bytes) is this key's over `message`, as it stands: no algorithm's framing.
  package func isValid(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    guard signature.count == 64, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
      return false
    }
    return key.isValidSignature(signature, for: message)
  }

  /// Non-empty, without white space, control characters and plus signs (C2SP signed-note).
  package static func isName(_ name: String) -> Bool {
    !name.isEmpty
      && name.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0 != "+" && $0.value >= 32 && $0.value != 127
      }
  }

  package static func == (left: VerifierKey, right: VerifierKey) -> Bool {
    left.algorithm == right.algorithm && left.publicKey == right.publicKey
      && left.name.utf8.elementsEqual(right.name.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(keyID)
    hasher.combine(publicKey)
  }
}
