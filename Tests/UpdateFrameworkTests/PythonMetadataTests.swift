// SPDX-License-Identifier: Apache-2.0

import Crypto
import ExecutionIR
import Testing
import UpdateFramework

/// Against what python-tuf and securesystemslib wrote.
@Suite struct PythonMetadataTests {
  private let expires = MetadataTime("2031-02-03T04:05:06Z")

  private func root() throws -> SignedMetadata<RootMetadata> {
    try SignedMetadata(decoding: Array(PythonFacts.root.utf8), name: "root.json")
  }

  @Test func aRootIsReadAndItsTwoKindsOfSignaturesHold() throws {
    let file = try root()
    #expect(Digest(of: file.signedBytes).description == PythonFacts.rootSigned)
    #expect(file.body.version == 3)
    #expect(file.body.expires == expires)
    #expect(file.body.consistentSnapshot)
    #expect(file.body.other["x-exprove"]?["note"]?.text == "two\nlines")
    let keys = try #require(file.body.keys(of: .root))
    #expect(keys.threshold == 2)
    #expect(file.validSignatures(keys, keys: file.body.keys) == 2)
    try file.verify(keys, keys: file.body.keys, name: "root.json")
    // What was read is written with the same bytes.
    #expect(Digest(of: file.body.json.canonicalForSigning).description == PythonFacts.rootSigned)
  }

  @Test func theOtherKindsAreReadAndTheirSignaturesHold() throws {
    let root = try root().body
    let targets = try SignedMetadata<TargetsMetadata>(decoding: Array(PythonFacts.targets.utf8), name: "targets.json")
    try targets.verify(try #require(root.keys(of: .targets)), keys: root.keys, name: "targets.json")
    #expect(Digest(of: targets.body.json.canonicalForSigning).description == PythonFacts.targetsSigned)
    let target = try #require(targets.body.file(at: "a/b"))
    #expect(target.sha256 == Digest(of: Array("abc".utf8)))
    #expect(target.mismatch(Array("abc".utf8)) == nil)
    #expect(target.custom == .object(["z": .integer(1), "a": .array([.string("é")])]))
    let delegations = try #require(targets.body.delegations)
    #expect(delegations.roles.map(\.name) == ["acme", "bins"])
    #expect(delegations.roles.map(\.isTerminating) == [true, false])
    #expect(delegations.roles.map(\.paths) == [.patterns(["acme/*/*/*"]), .hashPrefixes(["0", "8f"])])

    let snapshot = try SignedMetadata<SnapshotMetadata>(
      decoding: Array(PythonFacts.snapshot.utf8), name: "snapshot.json")
    try snapshot.verify(try #require(root.keys(of: .snapshot)), keys: root.keys, name: "snapshot.json")
    #expect(Digest(of: snapshot.body.json.canonicalForSigning).description == PythonFacts.snapshotSigned)
    #expect(snapshot.body.files["targets.json"] == MetadataFile(version: 7))
    #expect(
      snapshot.body.files["acme.json"]
        == MetadataFile(version: 2, length: 123, sha256: Digest(of: Array("abc".utf8))))

    let timestamp = try SignedMetadata<TimestampMetadata>(
      decoding: Array(PythonFacts.timestamp.utf8), name: "timestamp.json")
    try timestamp.verify(try #require(root.keys(of: .timestamp)), keys: root.keys, name: "timestamp.json")
    #expect(Digest(of: timestamp.body.json.canonicalForSigning).description == PythonFacts.timestampSigned)
    #expect(timestamp.body.snapshot == MetadataFile(version: 9, length: 77))
    #expect(timestamp.body.version == 11)
  }

  @Test func keysHaveTheIdsAndSignaturesOfSecuresystemslib() throws {
    let secret = try Curve25519.Signing.PrivateKey(rawRepresentation: PythonFacts.seed)
    let key = MetadataKey(ed25519: Array(secret.publicKey.rawRepresentation))
    #expect(key.keyID == PythonFacts.ed25519KeyID)
    let root = try root().body
    #expect(root.keys[key.keyID] == key)
    let message = Array("ExProve".utf8)
    let signature = try #require(Hexadecimal.decode(PythonFacts.ed25519Signature))
    #expect(key.isValid(signature: signature, over: message))
    #expect(!key.isValid(signature: signature, over: message + [0]))
    #expect(!key.isValid(signature: Array(signature.dropLast()), over: message))
    let ecdsa = try #require(root.keys[PythonFacts.ecdsaKeyID])
    #expect(ecdsa.type == "ecdsa" && ecdsa.scheme == "ecdsa-sha2-nistp256")
    let other = try #require(Hexadecimal.decode(PythonFacts.ecdsaSignature))
    #expect(ecdsa.isValid(signature: other, over: message))
    #expect(!ecdsa.isValid(signature: other, over: message + [0]))
    #expect(!ecdsa.isValid(signature: signature, over: message))
  }

  @Test(arguments: 0..<PatternFacts.covered.count)
  func patternsCoverWhatPythonSays(_ index: Int) throws {
    let fact = PatternFacts.covered[index]
    let keys = try #require(RoleKeys(keyIDs: [], threshold: 1))
    let role = DelegatedRole(name: "r", keys: keys, isTerminating: true, paths: .patterns([fact.pattern]))
    #expect(PatternFacts.paths.filter(role.covers) == fact.paths)
  }

  @Test func aPatternOfStarsIsNotSlow() throws {
    let keys = try #require(RoleKeys(keyIDs: [], threshold: 1))
    let pattern = String(repeating: "*a", count: 200) + "b"
    let role = DelegatedRole(name: "r", keys: keys, isTerminating: true, paths: .patterns([pattern]))
    #expect(!role.covers(String(repeating: "a", count: 2000)))
  }

  @Test func hashPrefixesAreOfThePathsDigest() throws {
    let keys = try #require(RoleKeys(keyIDs: [], threshold: 1))
    func covers(_ prefix: String, _ path: String) -> Bool {
      DelegatedRole(name: "r", keys: keys, isTerminating: true, paths: .hashPrefixes([prefix])).covers(path)
    }
    // sha256("abc") begins with ba7816bf.
    #expect(covers("ba78", "abc") && covers("", "abc"))
    #expect(!covers("ba79", "abc") && !covers("BA78", "abc"))
  }

  /// As `urllib.parse.quote(name, "")` has it, by which python-tuf finds a role's file.
  @Test(arguments: [
    ("acme", "acme"), ("a/b", "a%2Fb"), ("..", ".."), ("é", "%C3%A9"), ("a b%", "a%20b%25"), ("~x_y-z.w", "~x_y-z.w"),
    ("😀", "%F0%9F%98%80"),
  ])
  func namesOfRolesAreQuotedInPaths(_ name: String, _ quoted: String) {
    #expect(RepositoryPath.metadata(name, version: 3) == "metadata/3.\(quoted).json")
    #expect(RepositoryPath.metadata(name, version: nil) == "metadata/\(quoted).json")
  }

  @Test func targetsHaveTheirDigestBeforeTheirName() {
    let digest = Digest(of: [])
    #expect(RepositoryPath.target("a/b/c.so", sha256: digest) == "targets/a/b/\(digest).c.so")
    #expect(RepositoryPath.target("c.so", sha256: digest) == "targets/\(digest).c.so")
    #expect(RepositoryPath.target("a/c.so", sha256: nil) == "targets/a/c.so")
  }
}
