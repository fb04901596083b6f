// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Governance
import Testing
import TransparencyLog

@Suite struct EnvelopeTests {
  /// The example of the DSSE protocol text.
  @Test func preAuthentication() {
    #expect(
      Envelope.preAuthentication(type: "http://example.com/HelloWorld", payload: Array("hello world".utf8))
        == Array("DSSEv1 29 http://example.com/HelloWorld 11 hello world".utf8))
    #expect(Envelope.preAuthentication(type: "", payload: []) == Array("DSSEv1 0  0 ".utf8))
    #expect(Envelope.preAuthentication(type: "ä", payload: [0]) == Array("DSSEv1 2 ä 1 \u{0}".utf8))
  }

  @Test func signedAndRead() throws {
    let desk = try Identity.ephemeral(name: "desk")
    let risk = try Identity.ephemeral(name: "risk")
    var envelope = try testStatement(1).signed(by: desk)
    let bytes = envelope.encoded
    #expect(try Envelope(decoding: bytes) == envelope)
    #expect(try envelope.verified(by: [desk.verifier]) == [desk.verifier])
    #expect(try Statement(decoding: envelope.payload) == testStatement(1))
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"payload":"\#(Base64.encode(testStatement(1).encoded))","payloadType":"application/vnd.in-toto+json","#
        + #""signatures":[{"keyid":"\#(desk.verifier.shortName)","sig":"\#(Base64.encode(envelope.signatures[0].bytes))"}]}"#
    )
    #expect(throws: EnvelopeError.self) { try envelope.verified(by: [risk.verifier]) }
    try envelope.addSignature(by: risk)
    try envelope.addSignature(by: risk)
    #expect(envelope.signatures.count == 2)
    #expect(try envelope.verified(by: [desk.verifier, risk.verifier]).count == 2)
    #expect(try envelope.verified(by: [risk.verifier]).count == 1)
    #expect(try Envelope(decoding: envelope.encoded) == envelope)
    // The same key under another name is another signer.
    let renamed = try #require(desk.verifier.renamed("desk2"))
    #expect(throws: EnvelopeError.self) { try envelope.verified(by: [renamed]) }
  }

  @Test func onlyTheOneEncoding() throws {
    let desk = try Identity.ephemeral(name: "desk")
    let good = String(decoding: try testStatement(1).signed(by: desk).encoded, as: UTF8.self)
    let bad = [
      "", "{}", "[]", "null", good + " ", " " + good, good + good, good.replacingOccurrences(of: ":", with: ": "),
      good.replacingOccurrences(of: "payloadType", with: "payloadtype"),
      good.replacingOccurrences(of: "}]}", with: "}],\"x\":1}"),
      good.replacingOccurrences(of: "}]}", with: ",\"x\":1}]}"),
      good.replacingOccurrences(of: "application", with: "\\u0061pplication"),
      good.replacingOccurrences(of: "\"sig\":\"", with: "\"sig\":\"AAAA"),
      good.replacingOccurrences(of: "\"payload\":\"", with: "\"payload\":\"="),
      good.replacingOccurrences(of: #"[{"keyid"#, with: #"[],"s":[{"keyid"#),
      #"{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}"#,
    ]
    for text in bad { #expect(throws: EnvelopeError.self, "\(text)") { try Envelope(decoding: Array(text.utf8)) } }
    let signature = good[good.range(of: "{\"keyid")!.lowerBound..<good.range(of: "]}")!.lowerBound]
    let twice = good.replacingOccurrences(of: "}]}", with: "},\(signature)]}")
    #expect(throws: EnvelopeError.self) { try Envelope(decoding: Array(twice.utf8)) }
  }

  @Test func statements() throws {
    let good = String(decoding: testStatement(1).encoded, as: UTF8.self)
    #expect(good.hasPrefix(#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"#))
    #expect(good.contains(#""predicateType":"https://exprove.dev/plan-delta/v1""#))
    let digest = Digest(of: Array("plan 1".utf8)).description
    #expect(good.hasSuffix(#""subject":[{"digest":{"sha256":"\#(digest)"},"name":"plan/1"}]}"#))
    let bad = [
      "", "{}", good + "\n", good.replacingOccurrences(of: "Statement/v1", with: "Statement/v0.1"),
      good.replacingOccurrences(of: "sha256", with: "sha512"),
      good.replacingOccurrences(of: digest, with: digest.uppercased()),
      good.replacingOccurrences(of: digest, with: String(digest.dropLast(2))),
      good.replacingOccurrences(of: "https://exprove.dev", with: "exprove.dev"),
      good.replacingOccurrences(of: "plan/1", with: ""), good.replacingOccurrences(of: "\"name\"", with: "\"uri\""),
      good.replacingOccurrences(of: "\"predicate\":", with: "\"predicates\":"),
      good.replacingOccurrences(of: "}]}", with: "}],\"x\":null}"), good.replacingOccurrences(of: "1", with: "1.0"),
    ]
    for text in bad { #expect(throws: EnvelopeError.self, "\(text)") { try Statement(decoding: Array(text.utf8)) } }
    let desk = try Identity.ephemeral(name: "desk")
    let none = Statement(subjects: [], predicateType: Statement.predicateType("x"), predicate: .null)
    #expect(throws: LedgerError.self) { try none.signed(by: desk) }
  }

  /// 32 KiB is the most, to the byte.
  @Test func largest() throws {
    let desk = try Identity.ephemeral(name: "desk")
    func statement(_ count: Int) -> Statement {
      Statement(
        subjects: testStatement(1).subjects, predicateType: Statement.predicateType("x"),
        predicate: .string(String(repeating: "x", count: count)))
    }
    let overhead = statement(0).encoded.count
    let frame = try statement(0).signed(by: desk).encoded.count - Base64.encode(statement(0).encoded).utf8.count
    let room = (32_768 - frame) / 4 * 3 - overhead
    #expect(try statement(room).signed(by: desk).encoded.count <= 32_768)
    let error = #expect(throws: LedgerError.self) { try statement(room + 3).signed(by: desk) }
    #expect("\(error!)".contains("objects/"))
  }

  /// Mutated envelopes and statements never crash the reader; what it takes is what it would write, and no
  /// change survives the signature.
  @Test func mutated() throws {
    let desk = try Identity.ephemeral(name: "desk")
    let envelope = try testStatement(7).signed(by: desk).encoded
    let statement = testStatement(7).encoded
    var generator = LedgerGenerator(state: 5)
    var accepted = 0
    for _ in 0..<20_000 {
      var bytes = Bool.random(using: &generator) ? envelope : statement
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: if bytes.count > 1 { bytes.remove(at: at) }
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: at)
        default: bytes[at] = Array("{}[]\",:0a=\\".utf8).randomElement(using: &generator) ?? 0
        }
      }
      if let read = try? Envelope(decoding: bytes) {
        #expect(read.encoded == bytes)
        if bytes != envelope { #expect(throws: EnvelopeError.self) { try read.verified(by: [desk.verifier]) } }
        accepted += 1
      }
      if let read = try? Statement(decoding: bytes) {
        #expect(read.encoded == bytes)
        accepted += 1
      }
    }
    #expect(accepted > 100)
  }
}
