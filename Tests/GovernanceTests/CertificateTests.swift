// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Governance
import Testing
import TransparencyLog

@Suite struct CertificateTests {
  private static let adapter = Digest(of: Array("an adapter".utf8))
  private static let issued: Int64 = 1_700_000_000_000_000_000
  private static let expires = issued + 86_400_000_000_000

  private func certificate(
    passes: Bool = true, level: Int = 5,
    findings: [(String, String)] = [("static.file", "pass"), ("static.tls", "warn")]
  ) -> ConformanceCertificate {
    ConformanceCertificate(
      adapter: "venue", version: "1.2.3", digest: CertificateTests.adapter, harness: "exprove-conformance/2",
      abi: "1.0", ir: "exprove-event/1", level: level, seeds: [1, .max],
      corpora: [.init(digest: Digest(of: [1]), size: 99)], passes: passes,
      findings: findings.map { .init(check: $0.0, status: $0.1) }, issued: CertificateTests.issued,
      expires: CertificateTests.expires)
  }

  private func verify(
    _ bytes: [UInt8], by keys: [VerifierKey], adapter: Digest = CertificateTests.adapter, level: Int = 5,
    now: Int64 = CertificateTests.issued
  ) -> CertificateRefusal? {
    do throws(CertificateRefusal) {
      _ = try ConformanceCertificate.verify(bytes, adapter: adapter, trusted: keys, level: level, now: now)
      return nil
    } catch {
      return error
    }
  }

  @Test func whatIsSignedIsRead() throws {
    let desk = try Identity.ephemeral(name: "desk")
    let bytes = try certificate().signed(by: desk)
    let read = try ConformanceCertificate.verify(
      bytes, adapter: CertificateTests.adapter, trusted: [desk.verifier], level: 5, now: CertificateTests.issued)
    #expect(read == certificate())
    let statement = try Statement(decoding: Envelope(decoding: bytes).payload)
    #expect(statement.predicateType == "https://exprove.dev/conformance/v1")
    #expect(statement.subjects == [.init(name: "venue", digest: CertificateTests.adapter)])
    #expect(bytes.count < Statement.largestSigned)
  }

  @Test func eachRefusalSaysWhy() throws {
    let desk = try Identity.ephemeral(name: "desk")
    let stranger = try Identity.ephemeral(name: "stranger")
    let impostor = try Identity.ephemeral(name: "desk")
    let bytes = try certificate().signed(by: desk)
    let keys = [desk.verifier]
    #expect(verify(bytes, by: keys) == nil)
    #expect(
      verify(bytes, by: keys, now: CertificateTests.expires)
        == .expired(at: CertificateTests.expires, now: CertificateTests.expires))
    #expect(verify(bytes, by: keys, now: CertificateTests.expires - 1) == nil)
    #expect(
      verify(bytes, by: keys, now: CertificateTests.issued - 1)
        == .notYetValid(from: CertificateTests.issued, now: CertificateTests.issued - 1))
    let other = Digest(of: [2])
    #expect(
      verify(bytes, by: keys, adapter: other) == .otherAdapter(certified: CertificateTests.adapter, loaded: other))
    #expect(verify(bytes, by: keys, level: 6) == .tooLenient(level: 5, demanded: 6))
    for trusted in [[stranger.verifier], [impostor.verifier], []] {
      guard case .unknownIdentity = verify(bytes, by: trusted) else {
        Issue.record("\(trusted): \(String(describing: verify(bytes, by: trusted)))")
        continue
      }
    }
    // The signature of one over what another has signed.
    let statement = certificate().statement
    let text = String(decoding: bytes, as: UTF8.self)
    let foreign = try Envelope(decoding: try certificate(level: 9).signed(by: desk)).signatures[0].bytes
    let own = try Envelope(decoding: bytes).signatures[0].bytes
    let forged = text.replacingOccurrences(of: Base64.encode(own), with: Base64.encode(foreign))
    guard case .forged = verify(Array(forged.utf8), by: keys) else {
      Issue.record("a false signature was taken: \(String(describing: verify(Array(forged.utf8), by: keys)))")
      return
    }
    // Other statements that the same key may well sign.
    let report = Statement(
      subjects: statement.subjects, predicateType: Statement.predicateType("report"), predicate: statement.predicate)
    #expect(
      verify(try report.signed(by: desk).encoded, by: keys) == .otherPredicate("https://exprove.dev/report/v1"))
    // What does not conform is not signed, and were it signed it would not be taken.
    #expect(throws: LedgerError.self) { try certificate(passes: false).signed(by: desk) }
    let failing = try certificate(passes: false, findings: [("static.file", "fail")]).statement.signed(by: desk).encoded
    #expect(verify(failing, by: keys) == .failing("static.file: fail"))
    let empty = try certificate(findings: []).statement.signed(by: desk).encoded
    guard case .failing = verify(empty, by: keys) else {
      Issue.record("a certificate of no check was taken")
      return
    }
  }

  @Test func hostileBytesAreRefused() throws {
    let desk = try Identity.ephemeral(name: "desk")
    let bytes = try certificate().signed(by: desk)
    let keys = [desk.verifier]
    for count in bytes.indices {
      guard case .malformed = verify(Array(bytes[..<count]), by: keys) else {
        Issue.record("\(count) of \(bytes.count) bytes were taken")
        return
      }
    }
    for index in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[index] ^= 1 << bit
        #expect(verify(changed, by: keys) != nil, "bit \(bit) of byte \(index)")
      }
    }
    guard case .malformed = verify([UInt8](repeating: 0x20, count: 40_000), by: keys) else {
      Issue.record("too many bytes were taken")
      return
    }
    // A member more, a member less, a number of another kind: signed all the same.
    let statement = certificate().statement
    let members = try #require(statement.predicate.members)
    var variants: [(String, JSON)] = [
      ("level", .string("5")), ("level", .integer(11)), ("verdict", .string("perfect")), ("issued", .integer(-1)),
      ("expires", .wide(CertificateTests.issued)), ("findings", .array([.object(["check": .string("x")])])),
      ("seeds", .array([.string("01")])), ("extra", .null),
    ]
    variants.append(("corpora", .array([.object(["digest": .string("00"), "size": .integer(1)])])))
    for (key, value) in variants {
      var other = members
      other[key] = value
      let signed = try Statement(
        subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(other)
      ).signed(by: desk).encoded
      guard case .malformed = verify(signed, by: keys) else {
        Issue.record("\(key): \(value) was taken")
        continue
      }
    }
    for key in members.keys {
      var other = members
      other[key] = nil
      let signed = try Statement(
        subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(other)
      ).signed(by: desk).encoded
      guard case .malformed(let reason) = verify(signed, by: keys), reason.contains("\(key): missing") else {
        Issue.record("without \(key): \(String(describing: verify(signed, by: keys)))")
        continue
      }
    }
    let twice = try Statement(
      subjects: statement.subjects + [.init(name: "other", digest: Digest(of: [3]))],
      predicateType: statement.predicateType, predicate: statement.predicate
    ).signed(by: desk).encoded
    #expect(verify(twice, by: keys) == .malformed("it names 2 subjects, not one"))
  }

  @Test func policiesAskForThem() throws {
    let desk = try Identity.ephemeral(name: "desk")
    func policy(_ certificate: JSON?) throws -> Policy {
      var members = try #require(Policy.builtIn.json.members)
      members["certificate"] = certificate
      return try Policy.parse(JSON.object(members).canonical, file: "p.json")
    }
    func demand(_ mode: String, _ trusted: [String], _ level: Int64) -> JSON {
      .object([
        "mode": .string(mode), "trusted": .array(trusted.map { .string($0) }), "level": .integer(level),
      ])
    }
    #expect(try policy(nil) == Policy.builtIn && policy(nil).digest == Policy.builtIn.digest)
    #expect(try policy(.null).certificate == nil)
    let asked = try policy(demand("require", [desk.publicVerifierKey], 7))
    #expect(asked.certificate == .init(mode: .require, trusted: [desk.publicVerifierKey], level: 7))
    #expect(asked.digest != Policy.builtIn.digest)
    #expect(try Policy.parse(asked.json.canonical, file: "again") == asked)
    #expect(try policy(demand("off", [], 1)).certificate?.mode == .off)
    for (json, place) in [
      (demand("perhaps", [desk.publicVerifierKey], 7), "certificate.mode"),
      (demand("warn", [], 7), "certificate.trusted: name at least one"),
      (demand("require", ["desk"], 7), "certificate.trusted[0]: a verifier key"),
      (demand("require", [desk.publicVerifierKey], 0), "certificate.level"),
      (demand("require", [desk.publicVerifierKey], 11), "certificate.level"),
      (.object(["mode": .string("off")]), "certificate.trusted: missing"), (.string("off"), "certificate: an object"),
      (.object(["mode": .string("off"), "modes": .null]), "certificate.modes: unknown key"),
    ] {
      do {
        _ = try policy(json)
        Issue.record("\(json) was taken")
      } catch {
        #expect("\(error)".hasPrefix("p.json: \(place)"), "\(error)")
      }
    }
  }
}
