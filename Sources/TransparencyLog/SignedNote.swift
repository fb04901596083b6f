// SPDX-License-Identifier: Apache-2.0

/// A signature line of a note: `— name base64(keyID ‖ signature)`.
package struct NoteSignature: Hashable, Sendable {
  package let name: String
  package let keyID: UInt32
  /// What follows the key id: for Ed25519 64 bytes, for a cosignature a time (u64 big-endian) and 64 bytes.
  package let signature: [UInt8]

  package init(name: String, keyID: UInt32, signature: [UInt8]) {
    self.name = name
    self.keyID = keyID
    self.signature = signature
  }

  fileprivate func append(to bytes: inout [UInt8]) {
    bytes.append(contentsOf: SignedNote.dash)
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: " "))
    let id = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: keyID >> UInt32($0)) }
    bytes.append(contentsOf: Base64.encodeBytes(id + signature))
    bytes.append(UInt8(ascii: "\n"))
  }

  package static func == (left: NoteSignature, right: NoteSignature) -> Bool {
    left.keyID == right.keyID && left.signature == right.signature && left.name.utf8.elementsEqual(right.name.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(keyID)
    hasher.combine(signature)
  }
}

/// A text with signatures (C2SP signed-note). The text means nothing before `verified(by:)` has held.
package struct SignedNote: Equatable, Sendable {
  /// With its final newline, without the blank line behind it.
  package let text: [UInt8]
  package let signatures: [NoteSignature]

  /// The largest note that is read: enough for sixteen post-quantum signatures.
  package static let largest = 1 << 20
  /// The most signature lines that are read; the format demands at least 16.
  package static let mostSignatures = 64
  fileprivate static let dash: [UInt8] = Array("\u{2014} ".utf8)
  private static let newline = UInt8(ascii: "\n")

  package init(text: [UInt8], signatures: [NoteSignature]) {
    self.text = text
    self.signatures = signatures
  }

  /// The note's bytes; what was parsed comes out as it was.
  package var bytes: [UInt8] {
    var bytes = text
    bytes.append(SignedNote.newline)
    for signature in signatures { signature.append(to: &bytes) }
    return bytes
  }

  /// Reads a note strictly: valid UTF-8, no control characters but newlines, text, a blank line and at least one
  /// signature line.
  package init(parsing bytes: [UInt8]) throws(NoteError) {
    guard bytes.count <= SignedNote.largest else {
      throw NoteError(offset: SignedNote.largest, reason: "a note of \(bytes.count) bytes; 1 MiB is the most")
    }
    if let offset = bytes.firstIndex(where: { ($0 < 32 && $0 != SignedNote.newline) || $0 == 127 }) {
      throw NoteError(offset: offset, reason: "a control character")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw NoteError(offset: 0, reason: "not valid UTF-8")
    }
    guard bytes.last == SignedNote.newline else {
      throw NoteError(offset: bytes.count, reason: "the last line has no newline")
    }
    var separator = bytes.count - 2
    while separator > 0, !(bytes[separator] == SignedNote.newline && bytes[separator + 1] == SignedNote.newline) {
      separator -= 1
    }
    guard separator > 0 else {
      throw NoteError(offset: bytes.count, reason: "no blank line between the text and the signatures")
    }
    text = Array(bytes[...separator])
    var signatures: [NoteSignature] = []
    var start = separator + 2
    guard start < bytes.count else { throw NoteError(offset: start, reason: "no signature") }
    while start < bytes.count, let end = bytes[start...].firstIndex(of: SignedNote.newline) {
      guard signatures.count < SignedNote.mostSignatures else {
        throw NoteError(offset: start, reason: "more than \(SignedNote.mostSignatures) signatures")
      }
      signatures.append(try SignedNote.signature(bytes[start..<end]))
      start = end + 1
    }
    self.signatures = signatures
  }

  private static func signature(_ line: ArraySlice<UInt8>) throws(NoteError) -> NoteSignature {
    guard line.starts(with: dash) else {
      throw NoteError(offset: line.startIndex, reason: "a signature line begins with an em dash and a space")
    }
    let rest = line.dropFirst(dash.count)
    guard let space = rest.firstIndex(of: UInt8(ascii: " ")) else {
      throw NoteError(offset: rest.startIndex, reason: "a signature line is a dash, a key name and base 64")
    }
    guard let name = String(validating: rest[..<space], as: UTF8.self), VerifierKey.isName(name) else {
      throw NoteError(offset: rest.startIndex, reason: "not a key name")
    }
    guard let blob = Base64.decode(rest[(space + 1)...]) else {
      throw NoteError(offset: space + 1, reason: "the signature is not standard base 64")
    }
    guard blob.count > 4 else {
      throw NoteError(offset: space + 1, reason: "a signature of \(blob.count) bytes; a key id alone has 4")
    }
    let keyID = blob.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return NoteSignature(name: name, keyID: keyID, signature: Array(blob.dropFirst(4)))
  }
}

/// A signature that holds: whose, and for a cosignature when (seconds since 1970 UTC).
package struct VerifiedSignature: Hashable, Sendable {
  package let key: VerifierKey
  package let time: Int64?

  package init(key: VerifierKey, time: Int64?) {
    self.key = key
    self.time = time
  }
}

extension SignedNote {
  /// The signatures by `keys`; those of unknown keys are passed over. Throws when one by a known key is false
  /// or none is by a known key.
  package func verified(by keys: [VerifierKey]) throws(NoteError) -> [VerifiedSignature] {
    var verified: [VerifiedSignature] = []
    for signature in signatures {
      for key in keys where key.keyID == signature.keyID && key.name.utf8.elementsEqual(signature.name.utf8) {
        guard let result = SignedNote.verify(signature, by: key, text: text) else {
          throw NoteError(offset: text.count + 1, reason: "the signature of \(key.shortName) is false")
        }
        verified.append(result)
      }
    }
    guard !verified.isEmpty else {
      let found = signatures.map(\.name).joined(separator: ", ")
      throw NoteError(offset: text.count + 1, reason: "signed by \(found), and by none of the keys given")
    }
    return verified
  }

  /// The lines that none of `keys` accounts for.
  package func unknownSignatures(besides keys: [VerifierKey]) -> [NoteSignature] {
    signatures.filter { line in
      !keys.contains { $0.keyID == line.keyID && $0.name.utf8.elementsEqual(line.name.utf8) }
    }
  }

  private static func verify(_ line: NoteSignature, by key: VerifierKey, text: [UInt8]) -> VerifiedSignature? {
    switch key.algorithm {
    case .ed25519:
      return key.isValid(line.signature, over: text) ? VerifiedSignature(key: key, time: nil) : nil
    case .cosignature:
      guard line.signature.count == 72 else { return nil }
      let time = line.signature.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      guard let seconds = Int64(exactly: time) else { return nil }
      let message = Array("cosignature/v1\ntime \(seconds)\n".utf8) + text
      guard key.isValid(Array(line.signature.dropFirst(8)), over: message) else { return nil }
      return VerifiedSignature(key: key, time: seconds)
    }
  }
}
