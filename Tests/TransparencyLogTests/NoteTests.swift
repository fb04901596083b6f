// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TransparencyLog

@Suite struct NoteTests {
  // Made with Python's `cryptography` from the text of signed-note and tlog-cosignature.
  static let logKey = "example.com/behind-the-sofa+1f59e8f5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
  static let witnessKey = "witness.example.com/w1+a0059f11+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
  static let body = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
  static let logLine =
    "— example.com/behind-the-sofa H1no9Vbha/V7K+0nOUyOYWY2eeqkJO0R/8eVdJBP1U6klJ63rYHH36AjiNbqMeYZ5wXtNMpYFqOQG4s/igFrnBBp3AU=\n"
  static let witnessLine =
    "— witness.example.com/w1 oAWfEQAAAABkGFDLBuRDazBLVac2NE+Y+IjbjQOcXLfF9CSDZVUIoS83rE1nFZsVE8YiWV6Ngr7lV8H6bdoBQGP/l73euDMQ9k+bBQ==\n"

  static func note(_ text: String) throws -> SignedNote { try SignedNote(parsing: Array(text.utf8)) }

  /// The example of the Go package sumdb/note, whose format this is.
  @Test func theFirstNote() throws {
    let key = try VerifierKey(parsing: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    let note = try NoteTests.note(
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        + "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    #expect(try note.verified(by: [key]) == [VerifiedSignature(key: key, time: nil)])
    #expect(key.description == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
  }

  @Test func signatureAndCosignature() throws {
    let log = try VerifierKey(parsing: NoteTests.logKey)
    let witness = try VerifierKey(parsing: NoteTests.witnessKey)
    #expect(log.algorithm == .ed25519)
    #expect(witness.algorithm == .cosignature)
    let note = try NoteTests.note(NoteTests.body + "\n" + NoteTests.logLine + NoteTests.witnessLine)
    #expect(
      try note.verified(by: [witness, log]) == [
        VerifiedSignature(key: log, time: nil), VerifiedSignature(key: witness, time: 1_679_315_147),
      ])
    #expect(note.unknownSignatures(besides: [log]).map(\.name) == ["witness.example.com/w1"])
    #expect(throws: NoteError.self) { try note.verified(by: []) }
    #expect(throws: NoteError.self) { try note.verified(by: [try #require(log.renamed("example.com/other"))]) }
    let checkpoint = try Checkpoint(parsing: note.text)
    #expect(checkpoint.origin == "example.com/behind-the-sofa")
    #expect(checkpoint.size == 20_852_163)
    // A false signature by a known key refuses the whole note, though another one holds.
    let forged = try NoteTests.note(
      NoteTests.body.replacingOccurrences(of: "20852163", with: "20852164") + "\n" + NoteTests.logLine)
    #expect(throws: NoteError.self) { try forged.verified(by: [log]) }
    let mixed = try NoteTests.note(
      NoteTests.body + "\n" + NoteTests.logLine
        + NoteTests.witnessLine.replacingOccurrences(of: "oAWfEQAAAABkGFDL", with: "oAWfEQAAAABkGFDM"))
    #expect(throws: NoteError.self) { try mixed.verified(by: [log, witness]) }
    #expect(try mixed.verified(by: [log]).count == 1)
  }

  /// A checkpoint of the Go checksum database, whose origin has spaces.
  @Test func checksumDatabase() throws {
    guard let path = sharedData("tlog/witness/cmd/litewitness/testdata/sumdb.txt") else { return }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let start = try #require(text.range(of: "go.sum database tree\n35225469\n")).lowerBound
    let end = try #require(text[start...].range(of: "SfwQ=\n")).upperBound
    let note = try NoteTests.note(String(text[start..<end]))
    let key = try VerifierKey(parsing: "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    #expect(try note.verified(by: [key]).count == 1)
    #expect(try Checkpoint(parsing: note.text).size == 35_225_469)
  }

  @Test(arguments: [
    "", "name", "name+12345678", "name+12345678+", "+12345678+AQ==",
    "example.com/behind-the-sofa+1f59e8f6+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    "example.com/behind-the-sofa+1F59E8F5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    "example.com/behind-the-sofb+1f59e8f5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    "example.com/behind the-sofa+1f59e8f5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    "example.com/behind-the-sofa+1f59e8f5+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    "example.com/behind-the-sofa+1f59e8f5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n",
    "example.com/behind-the-sofa+1f59e8f5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVT==",
  ])
  func badKeys(_ text: String) {
    #expect(throws: NoteError.self) { try VerifierKey(parsing: text) }
  }

  @Test(arguments: [
    "", "\n", "\n\n", "text\n", "text\n\n", "text\n\n— a", "text\n\n— a AAAAAAA=", "text\n\n- a AAAAAAA=\n",
    "text\n\n—a AAAAAAA=\n", "text\n\n— a\n", "text\n\n—  AAAAAAA=\n", "text\n\n— a+b AAAAAAA=\n",
    "text\n\n— a AAAAAA==\n", "text\n\n— a AAAAAAB=\n", "text\n\n— a AAAAAAA\n", "text\n\n— a AAAAAAA= \n",
    "te\u{7}xt\n\n— a AAAAAAA=\n", "text\r\n\n— a AAAAAAA=\n", "text\n\n— a\u{A0}b AAAAAAA=\n",
  ])
  func badNotes(_ text: String) {
    #expect(throws: NoteError.self) { try NoteTests.note(text) }
  }

  @Test func manySignatures() throws {
    let line = "— a AAAAAAA=\n"
    #expect(try NoteTests.note("text\n\n" + String(repeating: line, count: 64)).signatures.count == 64)
    #expect(throws: NoteError.self) { try NoteTests.note("text\n\n" + String(repeating: line, count: 65)) }
  }

  static let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

  @Test(arguments: [
    "", "\n", "a\n1\n", "\n1\n\(root)\n", "a\n\n\(root)\n", "a\n01\n\(root)\n", "a\n-1\n\(root)\n", "a\n+1\n\(root)\n",
    "a\n1 \n\(root)\n", "a\n9223372036854775808\n\(root)\n", "a\n1\n\(root)", "a\n1\n\(root)\n\n", "a\n1\nAAAA\n",
    "a\n0\n\(root)\n", "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "a\n1\n\(root)\n\nx\n",
  ])
  func badCheckpoints(_ text: String) {
    #expect(throws: NoteError.self) { try Checkpoint(parsing: Array(text.utf8)) }
  }

  @Test func extensionLines() throws {
    let text = Array("a b\n1\n\(NoteTests.root)\nmore\nand more\n".utf8)
    let checkpoint = try Checkpoint(parsing: text)
    #expect(checkpoint.extensions == ["more", "and more"])
    #expect(checkpoint.body == text)
  }

  @Test func base64() {
    for count in 0..<200 {
      let bytes = testLeaf(count)
      let text = Base64.encode(bytes)
      #expect(text == Data(bytes).base64EncodedString())
      #expect(Base64.decode(text) == bytes)
    }
    for bad in [
      "A", "AA", "AAA", "AB==", "AAB=", "AA=A", "A===", "====", "AAAA====", "AA==AAAA", " AAA", "AAA\n", "AA-_",
    ] {
      #expect(Base64.decode(bad) == nil, "\(bad)")
    }
  }

  /// Mutated texts never crash a reader, and what one accepts it writes again as it was.
  @Test func mutatedTexts() throws {
    let proof =
      "c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\n\(NoteTests.root)\n\n" + NoteTests.body + "\n" + NoteTests.logLine
    let texts = [
      NoteTests.logKey, NoteTests.witnessKey, NoteTests.body, proof,
      NoteTests.body + "\n" + NoteTests.logLine + NoteTests.witnessLine,
    ].map { Array($0.utf8) }
    let spice = Array("\n\n\n  +—0=1A/x\u{0}\u{7f}\u{e9}".utf8)
    var generator = SeededGenerator(state: 42)
    var accepted = 0
    for round in 0..<40_000 {
      var bytes = texts[round % texts.count]
      for _ in 0...generator.next() % 4 {
        let at = Int(generator.next() % UInt64(bytes.count))
        switch generator.next() % 5 {
        case 0: bytes[at] ^= 1 << UInt8(generator.next() % 8)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(spice[Int(generator.next() % UInt64(spice.count))], at: at)
        case 3: bytes[at] = spice[Int(generator.next() % UInt64(spice.count))]
        default: bytes.removeLast(Int(generator.next() % UInt64(bytes.count)))
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if let text = String(validating: bytes, as: UTF8.self), let key = try? VerifierKey(parsing: text) {
        #expect(Array(key.description.utf8) == bytes)
        accepted += 1
      }
      if let note = try? SignedNote(parsing: bytes) {
        #expect(note.bytes == bytes)
        accepted += 1
      }
      if let checkpoint = try? Checkpoint(parsing: bytes) {
        #expect(checkpoint.body == bytes)
        accepted += 1
      }
      if let proof = try? LogProof(parsing: bytes) {
        #expect(proof.bytes == bytes)
        accepted += 1
      }
    }
    #expect(accepted > 500)
  }
}
