// SPDX-License-Identifier: Apache-2.0

import Crypto
import ExecutionIR
import Testing
import UpdateFramework

/// What metadata may not be. Each text is a change of a file that is taken.
@Suite struct MalformedTests {
  private func reason<Body: MetadataBody>(_ text: String, _ body: Body.Type) -> String? {
    do {
      _ = try SignedMetadata<Body>(decoding: Array(text.utf8), name: "x.json")
      return nil
    } catch {
      return error.description
    }
  }

  private func check<Body: MetadataBody>(
    _ text: String, _ body: Body.Type, _ changes: [(String, String, String)],
    _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(reason(text, body) == nil, sourceLocation: location)
    for (old, new, expected) in changes {
      #expect(text.contains(old), "\(old) is not there to be changed", sourceLocation: location)
      let found = reason(text.replacing(old, with: new, maxReplacements: 1), body)
      #expect(found?.hasPrefix("x.json: \(expected)") == true, "\(new): \(found ?? "taken")", sourceLocation: location)
    }
  }

  @Test func timestamps() {
    check(
      PythonFacts.timestamp, TimestampMetadata.self,
      [
        (#""version":11"#, #""version":0"#, "signed.version: 0 is less than 1"),
        (#""version":11"#, #""version":-1"#, "signed.version: -1 is less than 1"),
        (#""version":11"#, #""version":"11""#, "signed.version: an integer is expected here"),
        (#""version":11"#, #""version":true"#, "signed.version: an integer is expected here"),
        (#""version":11"#, #""version":1.5"#, "byte"),
        (#""version":11"#, #""version":1e3"#, "byte"),
        (#""version":11"#, #""version":9007199254740992"#, "byte"),
        (#""version":11"#, #""version":99999999999999999999999"#, "byte"),
        (#","version":11"#, "", "signed.version: missing"),
        (#""version":11"#, #""version":11,"version":12"#, "byte"),
        (#""signed":"#, #""signed":{},"signed":"#, "byte"),
        (#""_type":"timestamp""#, #""_type":"snapshot""#, "signed._type: this is metadata of the kind \"snapshot\""),
        (#""_type":"timestamp","#, "", "signed._type: missing"),
        ("1.0.31", "2.0.0", "signed.spec_version: only versions 1.x"),
        ("1.0.31", "1", "signed.spec_version: only versions 1.x"),
        ("1.0.31", "1.0.31.2", "signed.spec_version: only versions 1.x"),
        ("1.0.31", "1.x", "signed.spec_version: only versions 1.x"),
        ("2031-02-03T04:05:06Z", "2031-02-03", "signed.expires: a time"),
        ("2031-02-03T04:05:06Z", "2031-02-30T04:05:06Z", "signed.expires: a time"),
        ("snapshot.json", "other.json", "signed.meta.snapshot.json: missing"),
        (#""length":77"#, #""length":-77"#, "signed.meta.snapshot.json.length: -77 is less than 0"),
        (#""length":77"#, #""hashes":{}"#, "signed.meta.snapshot.json.hashes: there is no digest"),
        (#""length":77"#, #""hashes":{"sha256":1}"#, "signed.meta.snapshot.json.hashes.sha256: a string"),
        (#""keyid""#, #""key""#, "signatures[0].keyid: missing"),
        (#""sig""#, #""signature""#, "signatures[0].sig: missing"),
        (#""signatures":["#, #""signatures":[1,"#, "signatures[0]: an object"),
        (#"{"signatures""#, #"[{"signatures""#, "byte"),
        (#"{"signatures""#, #"{"a":"\#u{7}","signatures""#, "byte"),
      ])
  }

  @Test func roots() {
    check(
      PythonFacts.root, RootMetadata.self,
      [
        (#""threshold":2"#, #""threshold":0"#, "signed.roles.root.threshold: 0 is less than 1"),
        (#""snapshot":{"#, #""mirrors":{"#, "signed.roles.mirrors: it is none of the roles"),
        (#""keyids""#, #""keys""#, "signed.roles.root.keyids: missing"),
        (#""consistent_snapshot":true"#, #""consistent_snapshot":1"#, "signed.consistent_snapshot: true or false"),
        (#""keytype":"ed25519""#, #""keytype":1"#, "signed.keys.63d0"),
        (
          #"{"keyids":["63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","673e"#,
          #"{"keyids":["63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","#
            + #""63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9","673e"#,
          "signed.roles.root.keyids: a key stands twice"
        ),
      ])
  }

  @Test func targets() {
    check(
      PythonFacts.targets, TargetsMetadata.self,
      [
        (#""name":"acme""#, #""name":"root""#, "signed.delegations.roles[0].name: \"root\" can't be delegated to"),
        (#""name":"acme""#, #""name":"""#, "signed.delegations.roles[0].name: \"\" can't be delegated to"),
        (#""name":"bins""#, #""name":"acme""#, "signed.delegations.roles[1].name: another role has it too"),
        (#""terminating":true"#, #""terminating":1"#, "signed.delegations.roles[0].terminating: true or false"),
        (#""paths":["acme/*/*/*"]"#, #""paths":[1]"#, "signed.delegations.roles[0].paths[0]: a string"),
        (#""paths":["#, #""path_hash_prefixes":[],"paths":["#, "signed.delegations.roles[0].paths: exactly one"),
        (#""paths""#, #""path""#, "signed.delegations.roles[0].paths: exactly one"),
        (#""roles":["#, #""succinct_roles":["#, "signed.delegations.roles: missing"),
        (#""length":3"#, #""length":-3"#, "signed.targets.a/b.length: -3"),
        (#""sha256":"ba78"#, #""sha256":"BA78"#, "signed.targets.a/b.hashes.sha256: 64 lower-case"),
        (#""sha256":"ba78"#, #""sha384":"ba78"#, "signed.targets.a/b.hashes.sha256: 64 lower-case"),
        (#""delegations":{"#, #""delegations":{"keys":{},"#, "byte"),
      ])
  }

  @Test func twoSignaturesUnderOneKeyAreRefused() throws {
    let text = PythonFacts.timestamp
    let start = try #require(text.firstRange(of: #"{"keyid""#)).lowerBound
    let end = try #require(text.firstRange(of: "}]")).lowerBound
    let signature = text[start...end]
    check(text, TimestampMetadata.self, [("[\(signature)]", "[\(signature),\(signature)]", "signatures[1].keyid")])
  }

  /// A message is read by somebody at a terminal, and may hold what a stranger wrote.
  @Test func messagesAreBoundedAndSteerNoTerminal() throws {
    let long = String(repeating: "x", count: 1_000_000)
    for name in ["\\u001b[2J\\u009b\\u202e", long] {
      let text = PythonFacts.timestamp.replacing(#""_type":"timestamp""#, with: "\"_type\":\"\(name)\"")
      let message = try #require(reason(text, TimestampMetadata.self))
      #expect(message.count < 2_100)
      #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 0x9b && $0.value != 0x202e })
      #expect(message.hasPrefix("x.json: signed._type: this is metadata of the kind"))
      let rejected = UpdateError.unlisted(role: name + "\u{1b}", source: "memory").description
      #expect(rejected.count < 2_100 && !rejected.contains("\u{1b}"))
    }
  }

  /// Each of them would take much memory or stack of a careless reader.
  @Test(arguments: ["[", "{\"a\":", "[[[[{\"a\":["]) func nestingIsBounded(_ open: String) {
    let text = "{\"signed\":" + String(repeating: open, count: 100_000)
    #expect(reason(text, RootMetadata.self)?.contains("64 levels") == true)
  }

  @Test func textsThatAreNoMetadataAreRefused() {
    for text in ["", "{}", "[]", "null", "\"\"", "{\"signed\":1,\"signatures\":[]}", "{\"signed\":{}}", "\u{FEFF}{}"] {
      #expect(reason(text, RootMetadata.self) != nil, "\(text)")
      #expect(reason(text, TargetsMetadata.self) != nil, "\(text)")
    }
  }

  /// TUF lets a repository add members, and lets keys be of kinds that only others know.
  @Test func unknownMembersAndKeysAreLetPass() throws {
    let strange =
      PythonFacts.root
      .replacing(#""_type":"root""#, with: #""_type":"root","x-more":[{"deep":null}]"#)
      .replacing(#""keytype":"ed25519""#, with: #""keytype":"ml-dsa","x":1"#)
    let file = try SignedMetadata<RootMetadata>(decoding: Array(strange.utf8), name: "root.json")
    #expect(file.body.other["x-more"] == .array([.object(["deep": .null])]))
    let key = try #require(file.body.keys[PythonFacts.ed25519KeyID])
    #expect(key.type == "ml-dsa")
    #expect(!key.isValid(signature: [UInt8](repeating: 0, count: 64), over: []))
    let again = try RootMetadata(file.body.json)
    #expect(again == file.body)
  }

  @Test func keysThatAreNoneVerifyNothing() throws {
    let signature = [UInt8](repeating: 0, count: 64)
    for count in [0, 31, 33] {
      #expect(!MetadataKey(ed25519: [UInt8](repeating: 1, count: count)).isValid(signature: signature, over: []))
    }
    #expect(!MetadataKey(ed25519: [UInt8](repeating: 0, count: 32)).isValid(signature: signature, over: [1]))
  }
}

@Suite struct SigningTests {
  private let body = TimestampMetadata(
    version: 1, expires: MetadataTime(seconds: 0), snapshot: MetadataFile(version: 1))

  @Test func signaturesAreAddedToTheSameBytes() throws {
    let (one, two) = (try signer(1), try signer(2))
    let keys = [one.key.keyID: one.key, two.key.keyID: two.key]
    let role = try TestRepository.keys([1, 2])
    let half = try SignedMetadata<TimestampMetadata>(
      decoding: try SignedMetadata.sign(body, by: [one]), name: "timestamp.json")
    #expect(throws: MetadataError.unsigned(file: "timestamp.json", valid: 1, threshold: 2)) {
      try half.verify(role, keys: keys, name: "timestamp.json")
    }
    // The same key twice is one signature.
    #expect(try half.adding(signatureBy: one).signatures.count == 1)
    let whole = try half.adding(signatureBy: two)
    try whole.verify(role, keys: keys, name: "timestamp.json")
    #expect(whole.encoded == (try SignedMetadata.sign(body, by: [one, two])))
    // A key that is none of the role's adds nothing.
    let stranger = try half.adding(signatureBy: try signer(3))
    #expect(stranger.validSignatures(role, keys: keys) == 1)
  }

  @Test func aSignerWithAnotherKeyIsRefused() throws {
    let one = try signer(1)
    let other = Curve25519.Signing.PrivateKey()
    let wrong = MetadataSigner(key: one.key) { Array(try other.signature(for: $0)) }
    #expect(
      throws: MetadataError.signing(
        keyID: one.key.keyID, reason: "what it signs with is not the private part of this key")
    ) { try SignedMetadata.sign(body, by: [wrong]) }
    struct Locked: Error {}
    let failing = MetadataSigner(key: one.key) { _ in throw Locked() }
    #expect(throws: MetadataError.signing(keyID: one.key.keyID, reason: "Locked()")) {
      try SignedMetadata.sign(body, by: [failing])
    }
  }

  /// A threshold counts key ids, as python-tuf does (TAP 12): who writes a role so that one key stands under two ids has said
  /// that this key suffices. What is written here has each key once.
  @Test func oneKeyUnderTwoIdsCountsAsTwo() throws {
    let one = try signer(1)
    let keys = try RootMetadata(twoNames(one.key)).keys
    let role = try #require(RoleKeys(keyIDs: [one.key.keyID, "other"], threshold: 2))
    let text = String(decoding: try SignedMetadata.sign(body, by: [one]), as: UTF8.self)
    let entry = try #require(text.firstRange(of: #"{"keyid""#)).lowerBound
    let end = try #require(text.firstRange(of: "}]")).lowerBound
    let second = text[entry...end].replacing(one.key.keyID, with: "other")
    let twice = text.replacing("}]", with: "},\(second)]", maxReplacements: 1)
    let file = try SignedMetadata<TimestampMetadata>(decoding: Array(twice.utf8), name: "timestamp.json")
    #expect(file.validSignatures(role, keys: keys) == 2)
  }

  private func twoNames(_ key: MetadataKey) throws -> JSON {
    var repository = try TestRepository()
    repository.root.keys["other"] = key
    repository.root.keys[key.keyID] = key
    return repository.root.json
  }
}
