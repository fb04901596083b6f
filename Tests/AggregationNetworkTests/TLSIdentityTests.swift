// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import Crypto
import ExecutionIR
import Foundation
import Governance
import Testing

@Suite struct TLSIdentityTests {
  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test func keptAndFoundAgain() throws {
    let scratch = try NetworkScratch()
    let home = scratch.home
    #expect(try !home.exists())
    let first = try TLSIdentity.loadOrCreate(name: "example.com/helper", home: home, now: today)
    let again = try TLSIdentity.loadOrCreate(name: "example.com/helper", home: home, now: today + 1)
    #expect(first.pin == again.pin)
    #expect(first.pin == ExecutionIR.Digest(of: first.certificate))
    #expect(ExecutionIR.Digest(pin: first.pin.pin) == first.pin)
    #expect(try TLSIdentity.loadOrCreate(name: "example.com/leader", home: home, now: today).pin != first.pin)
    #expect(try mode(scratch.path + "/keys") == 0o700)
    #expect(try mode(scratch.path + "/keys/example.com+helper.tls") == 0o600)
    // It is nobody who signs, and nothing else is left.
    #expect(try Identity.names(home: home.path).isEmpty)
    #expect(try home.names() == ["example.com+helper.tls", "example.com+leader.tls"])
  }

  @Test func pinsHaveOneText() throws {
    let pin = try TLSIdentity.ephemeral(name: "x", now: today).pin
    #expect(pin.pin.utf8.count == 71)
    for text in ["", "\(pin)", "sha256:", "SHA256:\(pin)", pin.pin + "0", pin.pin.uppercased(), " " + pin.pin] {
      #expect(ExecutionIR.Digest(pin: text) == nil, "\(text)")
    }
  }

  @Test func theKeyIsNotShown() throws {
    let scratch = try NetworkScratch()
    let (identity, file) = try scratch.identity("helper")
    let secret = try #require(
      String(contentsOfFile: file, encoding: .utf8).split(separator: "-----BEGIN CERTIFICATE").first?.split(
        separator: "\n"
      )
      .dropFirst().first)
    var dumped = ""
    dump(identity, to: &dumped)
    for text in ["\(identity)", String(reflecting: identity), dumped, identity.certificatePEM] {
      #expect(!text.contains(secret))
      #expect(text.contains(identity.pin.pin) || text == identity.certificatePEM)
    }
  }

  @Test func twoAtOnceGetTheSame() async throws {
    let scratch = try NetworkScratch()
    let home = scratch.home
    let pins = try await withThrowingTaskGroup(of: ExecutionIR.Digest.self) { group in
      for _ in 0..<16 {
        group.addTask { try TLSIdentity.loadOrCreate(name: "helper", home: home, now: today).pin }
      }
      return try await group.reduce(into: Set<ExecutionIR.Digest>()) { $0.insert($1) }
    }
    #expect(pins.count == 1)
  }

  @Test func refusesWhatIsNotItsOwn() throws {
    let scratch = try NetworkScratch()
    let (_, file) = try scratch.identity("helper")
    let (_, other) = try scratch.identity("other")
    /// The key and the certificate of a file.
    func parts(_ file: String) throws -> (key: String, certificate: String) {
      let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
      let turn = try #require(lines.firstIndex(of: "-----BEGIN CERTIFICATE-----"))
      return (lines[..<turn].joined(separator: "\n") + "\n", lines[turn...].joined(separator: "\n") + "\n")
    }
    let (key, certificate) = try parts(file)
    let whole = key + certificate
    let rsa = try run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]).output
    func refused(_ text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
      let error = #expect(throws: IdentityError.self) { try scratch.identity("helper") }
      guard case .malformed(file, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    try refused("")
    try refused(key)
    try refused(certificate)
    try refused(String(whole.dropLast(40)))
    try refused(key + (try parts(other)).certificate)
    try refused(rsa + certificate)
    try refused(whole.replacingOccurrences(of: "MI", with: "M!"))
    try refused(key + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    // In any order, and with lines that end as on other systems.
    try Data((certificate + key).replacingOccurrences(of: "\n", with: "\r\n").utf8).write(
      to: URL(fileURLWithPath: file))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    _ = try scratch.identity("helper")
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
    #expect(throws: IdentityError.exposed(path: file, mode: 0o640, wanted: 0o600)) { try scratch.identity("helper") }
    #expect(throws: IdentityError.name("../x")) { try scratch.identity("../x") }
  }

  /// One made by OpenSSL serves as well.
  @Test func readsWhatOpenSSLMakes() throws {
    let scratch = try NetworkScratch()
    try scratch.home.make()
    let file = scratch.path + "/keys/desk.tls"
    let made = try run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
      "-subj", "/CN=desk", "-keyout", file, "-out", scratch.path + "/certificate",
    ])
    #expect(made.status == 0, "\(made.errors)")
    let certificate = try String(contentsOfFile: scratch.path + "/certificate", encoding: .utf8)
    try Data((try String(contentsOfFile: file, encoding: .utf8) + certificate).utf8).write(
      to: URL(fileURLWithPath: file))
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    let (identity, _) = try scratch.identity("desk")
    #expect(identity.certificatePEM == certificate)
    let server = try TestServer()
    #expect(try server.client(identity).send(path: "/who", within: patience).body == Array(identity.pin.pin.utf8))
  }

  /// What OpenSSL reads in our certificates, at the turns of the calendar and of the encoding of times and names.
  @Test(arguments: [
    (1_772_323_200, "desk", "Mar  1 00:00:00 2026 GMT", "Feb 29 12:00:00 2036 GMT"),
    (0, "d", "Jan  1 00:00:00 1970 GMT", "Jan  1 12:00:00 1980 GMT"),
    (-1, "example.com/desk", "Dec 31 23:59:59 1969 GMT", "Jan  1 11:59:59 1980 GMT"),
    (2_208_988_799, String(repeating: "n", count: 64), "Dec 31 23:59:59 2039 GMT", "Dec 31 11:59:59 2049 GMT"),
    (2_240_611_200, String(repeating: "n", count: 128), "Jan  1 00:00:00 2041 GMT", "Jan  1 12:00:00 2051 GMT"),
    (2_524_608_000, "desk", "Jan  1 00:00:00 2050 GMT", "Jan  1 12:00:00 2060 GMT"),
  ]) func openSSLReads(now: Int64, name: String, from: String, until: String) throws {
    let identity = try TLSIdentity.ephemeral(name: name, now: now)
    let text = try run(
      ["openssl", "x509", "-noout", "-text", "-fingerprint", "-sha256", "-nameopt", "utf8"],
      input: identity.certificatePEM
    ).output
    for expected in [
      "Version: 3 (0x2)", "Signature Algorithm: ecdsa-with-SHA256", "Not Before: \(from)\n", "Not After : \(until)\n",
      "CN=\(name.prefix(64))\n", "NIST CURVE: P-256", "CA:FALSE", "Digital Signature", "TLS Web Server Authentication",
    ] {
      #expect(text.contains(expected), "\(expected): \(text)")
    }
    let fingerprint = text.split(separator: "\n").last?.split(separator: "=").last?.replacingOccurrences(
      of: ":", with: "")
    #expect(fingerprint?.lowercased() == "\(identity.pin)")
    let scratch = try NetworkScratch()
    try Data(identity.certificatePEM.utf8).write(to: URL(fileURLWithPath: scratch.path + "/c"))
    let verified = try run([
      "openssl", "verify", "-x509_strict", "-check_ss_sig", "-no_check_time", "-CAfile", scratch.path + "/c",
      scratch.path + "/c",
    ])
    #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
  }

  @Test func timesBeyondTheCalendarAreRefused() {
    for begin in [Int64.max, Int64.min, 253_402_300_799, -62_135_596_801] {
      #expect(throws: ExchangeError.self, "\(begin)") { try TLSIdentity.ephemeral(name: "desk", now: begin) }
    }
    #expect(throws: ExchangeError.self) { try TLSIdentity.ephemeral(name: "..", now: 0) }
  }
}
