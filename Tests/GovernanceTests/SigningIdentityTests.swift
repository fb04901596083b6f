// SPDX-License-Identifier: Apache-2.0

import Foundation
import Governance
import Testing
import TransparencyLog

@Suite struct SigningIdentityTests {
  @Test func keptAndFoundAgain() throws {
    let scratch = try LedgerScratch()
    let home = scratch.path + "/deep/home"
    #expect(throws: IdentityError.unknown(name: "example.com/desk", home: home)) {
      try Identity.load(name: "example.com/desk", home: home)
    }
    let first = try Identity.loadOrCreate(name: "example.com/desk", home: home)
    let again = try Identity.loadOrCreate(name: "example.com/desk", home: home)
    let other = try Identity.loadOrCreate(name: "example.com/risk", home: home)
    #expect(first.verifier == again.verifier)
    #expect(first.verifier.publicKey != other.verifier.publicKey)
    #expect(try VerifierKey(parsing: first.publicVerifierKey) == first.verifier)
    #expect(try Identity.names(home: home) == ["example.com/desk", "example.com/risk"])
    #expect(try scratch.mode("deep/home") == 0o700)
    #expect(try scratch.mode("deep/home/example.com+desk.identity") == 0o600)
    let left = try FileManager.default.contentsOfDirectory(atPath: home).sorted()
    #expect(left == ["example.com+desk.identity", "example.com+risk.identity"])
    let message = Array("message".utf8)
    #expect(first.verifier.isValid(try again.sign(message), over: message))
    #expect(!first.verifier.isValid(try other.sign(message), over: message))
    #expect(!first.verifier.isValid(try first.sign(message), over: message + [0]))
  }

  /// RFC 8032 section 7.1, test 2, through the file.
  @Test func publishedVector() throws {
    let scratch = try LedgerScratch()
    try scratch.setMode(0o700, "")
    func bytes(_ digits: String) -> Data {
      Data(
        stride(from: 0, to: digits.count, by: 2).map { at in
          let start = digits.index(digits.startIndex, offsetBy: at)
          return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) ?? 0
        })
    }
    let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    let file = "exprove-identity 1\nname rfc8032\ned25519 \(seed.base64EncodedString())\n"
    try Data(file.utf8).write(to: URL(fileURLWithPath: scratch.path + "/rfc8032.identity"))
    try scratch.setMode(0o600, "rfc8032.identity")
    let identity = try Identity.load(name: "rfc8032", home: scratch.path)
    #expect(
      Data(identity.verifier.publicKey) == bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
    #expect(
      Data(try identity.sign([0x72]))
        == bytes(
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ))
  }

  @Test func refusesWhatOthersCanReach() throws {
    let scratch = try LedgerScratch()
    let home = scratch.path + "/home"
    _ = try Identity.loadOrCreate(name: "desk", home: home)
    for mode in [0o755, 0o701, 0o750, 0o770] {
      try scratch.setMode(mode, "home")
      let error = #expect(throws: IdentityError.self) { try Identity.load(name: "desk", home: home) }
      #expect(error == .exposed(path: home, mode: UInt32(mode), wanted: 0o700))
      #expect("\(error!)".contains("chmod 700 '\(home)'"))
      #expect(throws: IdentityError.self) { try Identity.loadOrCreate(name: "new", home: home) }
    }
    try scratch.setMode(0o700, "home")
    for mode in [0o644, 0o640, 0o604] {
      try scratch.setMode(mode, "home/desk.identity")
      let error = #expect(throws: IdentityError.self) { try Identity.loadOrCreate(name: "desk", home: home) }
      #expect("\(error!)".contains("chmod 600"))
    }
    try scratch.setMode(0o600, "home/desk.identity")
    _ = try Identity.load(name: "desk", home: home)
    try Data().write(to: URL(fileURLWithPath: scratch.path + "/file"))
    #expect(throws: IdentityError.self) { try Identity.loadOrCreate(name: "desk", home: scratch.path + "/file") }
    #expect(throws: IdentityError.self) { try Identity.loadOrCreate(name: "desk", home: scratch.path + "/file/home") }
  }

  /// A damaged file is named and never replaced; no error and no print shows secret bytes.
  @Test func neverShowsTheKey() throws {
    let scratch = try LedgerScratch()
    let home = scratch.path + "/home"
    let identity = try Identity.loadOrCreate(name: "desk", home: home)
    let path = home + "/desk.identity"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let secret = String(text.split(separator: "\n")[2].dropFirst(8))
    var dumped = ""
    dump(identity, to: &dumped)
    for shown in [dumped, "\(identity)", String(reflecting: identity), String(describing: [identity])] {
      #expect(!shown.contains(secret))
      #expect(shown.contains(identity.publicVerifierKey))
    }
    for bad in [
      "", "exprove-identity 2\nname desk\ned25519 \(secret)\n", "exprove-identity 1\nname risk\ned25519 \(secret)\n",
      "exprove-identity 1\nname desk\ned25519 \(secret)", "exprove-identity 1\nname desk\ned25519 \(secret)\n\n",
      "exprove-identity 1\nname desk\ned25519 \(secret.dropLast(4))\n",
      "exprove-identity 1\nname desk\nrsa \(secret)\n",
    ] {
      try Data(bad.utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: IdentityError.self) { try Identity.loadOrCreate(name: "desk", home: home) }
      #expect("\(error!)".hasPrefix(path))
      #expect(!"\(error!)".contains(secret.prefix(12)))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == bad)
    }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: scratch.path + "/elsewhere")
    #expect(throws: IdentityError.self) { try Identity.loadOrCreate(name: "desk", home: home) }
  }

  /// Of many who make the same identity at once, all get the same.
  @Test func madeOnce() async throws {
    let scratch = try LedgerScratch()
    let home = scratch.path + "/home"
    let keys = try await withThrowingTaskGroup(of: VerifierKey.self) { group in
      for _ in 0..<16 {
        group.addTask { try Identity.loadOrCreate(name: "desk", home: home).verifier }
      }
      return try await group.reduce(into: Set<VerifierKey>()) { $0.insert($1) }
    }
    #expect(keys.count == 1)
  }

  /// A new one is new, and never takes the place of one that is there.
  @Test func madeNew() throws {
    let scratch = try LedgerScratch()
    let home = scratch.path + "/home"
    let desk = try Identity.createNew(name: "example.com/desk", home: home)
    #expect(try scratch.mode("home") == 0o700)
    #expect(throws: IdentityError.exists(name: "example.com/desk", home: home)) {
      try Identity.createNew(name: "example.com/desk", home: home)
    }
    #expect(try Identity.load(name: "example.com/desk", home: home).verifier == desk.verifier)
    #expect(try Identity.loadOrCreate(name: "example.com/desk", home: home).verifier == desk.verifier)
    #expect(try Identity.names(home: home) == ["example.com/desk"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: home) == ["example.com+desk.identity"])
    #expect(throws: IdentityError.name("..")) { try Identity.createNew(name: "..", home: home) }
  }

  @Test(arguments: [
    "", "/", "a/", "/a", "a//b", ".a", "a/.b", "..", "a b", "a+b", "ä", "a\n", String(repeating: "a", count: 129),
  ])
  func badNames(_ name: String) throws {
    let scratch = try LedgerScratch()
    #expect(throws: IdentityError.name(name)) { try Identity.loadOrCreate(name: name, home: scratch.path + "/home") }
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/home"))
  }
}
