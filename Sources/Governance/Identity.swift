// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import TransparencyLog

/// Somebody who signs: a name and an Ed25519 key pair. The private key stays inside; what is printed, mirrored or
/// thrown shows the name and the public key only.
///
/// One key signs notes (a checkpoint's text begins with an origin line, which has no spaces) and DSSE envelopes
/// (whose signed bytes begin with `DSSEv1 ` and two lengths), so that no signature of one kind is one of the other.
package struct Identity: Sendable {
  package let name: String
  /// What others need in order to verify.
  package let verifier: VerifierKey
  private let key: Curve25519.Signing.PrivateKey

  /// An identity from its 32 secret bytes (the seed of RFC 8032).
  init(name: String, seed: [UInt8]) throws(IdentityError) {
    guard Identity.isName(name) else { throw .name(name) }
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
      let verifier = VerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation))
    else { throw .unusable(name) }
    self.name = name
    self.key = key
    self.verifier = verifier
  }

  /// An identity that is kept nowhere: its key ends with the process.
  package static func ephemeral(name: String) throws(IdentityError) -> Identity {
    try Identity(name: name, seed: freshSeed())
  }

  /// 32 bytes from the operating system.
  static func freshSeed() -> [UInt8] { Array(Curve25519.Signing.PrivateKey().rawRepresentation) }

  /// `name+hex(keyID)+base64(type ‖ key)` (C2SP signed-note).
  package var publicVerifierKey: String { verifier.description }

  /// The Ed25519 signature over `bytes`, 64 bytes (RFC 8032).
  package func sign(_ bytes: [UInt8]) throws(IdentityError) -> [UInt8] {
    guard let signature = try? key.signature(for: bytes) else { throw .unusable(name) }
    return Array(signature)
  }

  /// The key under which a log of this identity with this origin is signed: named like the origin, where that is
  /// the identity's name or a path below it (C2SP tlog-checkpoint: the key's name should be the origin).
  package func verifier(ofLog origin: String) -> VerifierKey { verifier.ofLog(origin) ?? verifier }

  /// A signature line over a checkpoint's text, by the key of `verifier(ofLog:)`.
  package func noteSignature(over text: [UInt8], origin: String) throws(IdentityError) -> NoteSignature {
    let verifier = verifier(ofLog: origin)
    return NoteSignature(name: verifier.name, keyID: verifier.keyID, signature: try sign(text))
  }

  /// At most 128 ASCII letters, digits, `.`, `-`, `_` in parts between single slashes, none beginning with a point.
  package static func isName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard (1...128).contains(bytes.count) else { return false }
    return bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.first, first != UInt8(ascii: ".") else { return false }
      return part.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
    }
  }
}

extension Identity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { publicVerifierKey }
  package var debugDescription: String { publicVerifierKey }
  package var customMirror: Mirror { Mirror(self, children: ["verifier": publicVerifierKey]) }
}

extension VerifierKey {
  /// This key under a log's origin, where that is its own name or a path below it; else nil.
  package func ofLog(_ origin: String) -> VerifierKey? {
    guard algorithm == .ed25519 else { return nil }
    if origin.utf8.elementsEqual(name.utf8) { return self }
    guard origin.utf8.starts(with: Array((name + "/").utf8)) else { return nil }
    return renamed(origin)
  }
}

/// Why an identity can't be used. Never holds secret bytes.
package enum IdentityError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Not a name for an identity.
  case name(String)
  /// There is no such identity in the home directory.
  case unknown(name: String, home: String)
  /// There is one of this name already.
  case exists(name: String, home: String)
  /// A directory or file that others can read or that is somebody else's.
  case exposed(path: String, mode: UInt32, wanted: UInt32)
  case foreign(path: String)
  /// Not the file of an identity, or of another one.
  case malformed(path: String, reason: String)
  /// A system call failed.
  case file(path: String, reason: String)
  /// Neither `EXPROVE_HOME` nor `HOME` is set.
  case homeless
  /// The key does not sign.
  case unusable(String)

  package var description: String {
    switch self {
    case .name(let name):
      "\"\(name)\" is no name for an identity: use letters, digits, '.', '-', '_' and single slashes, like example.com/desk"
    case .unknown(let name, let home):
      "no identity \"\(name)\" in \(home); make it with: exprove identity create \(name)"
    case .exists(let name, let home):
      "there is an identity \"\(name)\" in \(home) already; exprove identity show \(name) prints its verifier key"
    case .exposed(let path, let mode, let wanted):
      "\(path) has mode \(String(mode, radix: 8)), so that others may reach private keys; run: chmod \(String(wanted, radix: 8)) '\(path)'"
    case .foreign(let path):
      "\(path) belongs to another user; set EXPROVE_HOME to a directory of your own"
    case .malformed(let path, let reason):
      "\(path): \(reason); restore it from a copy, or move it away and make a new identity"
    case .file(let path, let reason): "\(path): \(reason)"
    case .homeless: "no place for private keys: set EXPROVE_HOME to a directory of your own"
    case .unusable(let name): "the key of \"\(name)\" does not sign"
    }
  }
}
