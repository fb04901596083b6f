// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ExecutionIR
import Governance
import Testing
import TransparencyLog
import UpdateFramework

@Suite struct KeysTests {
  private let library = "acme/itch/1.0.0/\(Platform.host).so"

  /// Two people who never meet: one publishes, the other signs, the operator admits.
  @Test func aVendorsThresholdSignsByTurns() throws {
    let market = try MarketFixture(vendors: [])
    let keys = [try market.identity("acme").verifier, try market.identity("second").verifier]
    try market.operate { repository throws(MarketError) in
      try repository.addVendor("acme", keys: keys, threshold: 2)
      _ = try repository.admit()
    }
    let draft = try market.draft()
    let first = try market.publish(draft)
    #expect(first.waiting.contains { $0.contains("acme version 1 is signed by 1 of the 2") })
    var client = try market.client()
    // A vendor that has published nothing yet has no metadata.
    #expect(throws: UpdateError.self) { try client.target(library) }
    let signing = try market.operate(["second"]) { r throws(MarketError) in try r.sign(role: "acme") }
    #expect(signing.lack == nil && signing.added.count == 1)
    #expect(signing.changes.contains("added: targets.\(library)"))
    let outcome = try market.operate { r throws(MarketError) in try r.admit() }
    #expect(outcome.waiting.isEmpty && outcome.refused.isEmpty)
    client = try market.client()
    #expect(try client.target(library) != nil)
    #expect(try market.audit().isSound)
  }

  @Test func whoHasNoKeySaysWhichAndWhere() throws {
    let market = try MarketFixture()
    let draft = try market.draft()
    let error = marketError { try market.operate(["nobody"]) { r throws(MarketError) in _ = try r.stage(draft) } }
    guard case .key(let text) = error else { return #expect(Bool(false), "\(String(describing: error))") }
    #expect(text.contains("the role acme") && text.contains(market.home("nobody")) && text.contains("--key-home"))
    // What a vendor stages alone waits for whoever has the repository's keys.
    let staged = try market.operate(["acme"]) { repository throws(MarketError) in
      _ = try repository.stage(draft)
      return try repository.admit()
    }
    #expect(staged.lacking?.contains("timestamp") == true && market.exists("incoming/acme.json"))
    let admitted = try market.operate { r throws(MarketError) in try r.admit() }
    #expect(admitted.admitted.contains("\(library) sha256:\(draft.digest)") && !market.exists("incoming/acme.json"))
  }

  /// With the old key gone, root's threshold alone gives the timestamp another.
  @Test(arguments: ["timestamp", "snapshot", "targets"])
  func aLostKeyIsReplaced(role: String) throws {
    let market = try MarketFixture()
    _ = try market.publish(try market.draft())
    let lost = "\(MarketFixture.name)/\(role)".replacing("/", with: "+") + ".identity"
    try remove("\(market.home("operator"))/\(lost)")
    let waiting = try market.operate { repository throws(MarketError) in
      _ = try repository.rotate(role, MarketRepository.Rotation())
      return try repository.admit()
    }
    #expect(waiting.lacking != nil || !waiting.waiting.isEmpty)
    _ = try market.client("early")
    let done = try market.operate { r throws(MarketError) in try r.admit(isLost: true) }
    #expect(done.lacking == nil && done.waiting.isEmpty, "\(done)")
    _ = try market.client("early")
    var client = try market.client("late")
    #expect(try client.target(library) != nil && client.root.version == 2)
    #expect(try market.audit().isSound)
  }

  /// The root is in place, and what its new keys are to sign is not: the next command ends it.
  @Test(arguments: ["timestamp", "snapshot"])
  func aLostKeysRotationMayBeInterrupted(role: String) throws {
    let market = try MarketFixture()
    _ = try market.publish(try market.draft())
    let before = try market.read("metadata/timestamp.json")
    try market.operate { repository throws(MarketError) in
      _ = try repository.rotate(role, MarketRepository.Rotation())
      _ = try repository.admit(isLost: true)
    }
    #expect(market.exists("metadata/2.root.json"))
    try market.write(before, "metadata/timestamp.json")
    #expect(throws: UpdateError.self) { try market.client("early") }
    _ = try market.operate { r throws(MarketError) in try r.admit(renewing: true) }
    #expect(try market.client("late").root.version == 2)
    #expect(try market.audit().isSound)
  }

  /// Root metadata wait, and the targets that their new key is to sign were never written.
  @Test func signingMakesWhatAnInterruptedRotationLeftOut() throws {
    let market = try MarketFixture()
    try market.operate { r throws(MarketError) in _ = try r.rotate("targets", MarketRepository.Rotation()) }
    try remove(market.directory + "/incoming/targets.json")
    let waiting = try market.operate { r throws(MarketError) in try r.admit() }
    #expect(waiting.waiting.contains { $0.contains("sign incoming/targets.json") }, "\(waiting)")
    #expect(try market.operate { r throws(MarketError) in try r.sign(role: "targets") }.lack == nil)
    let done = try market.operate { r throws(MarketError) in try r.admit() }
    #expect(done.waiting.isEmpty && market.exists("metadata/2.root.json"))
    #expect(try market.audit().isSound)
  }

  @Test func rootNeedsItsOldThresholdAndItsNewOne() throws {
    let market = try MarketFixture(rootKeys: 2, rootThreshold: 2)
    let others = ["a", "b"].map { name in
      MarketKeysTestIdentity(name: name, home: market.home(name))
    }
    var rotation = MarketRepository.Rotation()
    rotation.keys = try others.map { try $0.make().verifier }
    let wanted = rotation
    let first = try market.operate { repository throws(MarketError) in
      _ = try repository.rotate("root", wanted)
      return try repository.admit()
    }
    #expect(first.waiting.contains { $0.contains("root version 2 is signed by 0 of the 2") }, "\(first)")
    let half = try market.operate(["a"]) { r throws(MarketError) in try r.sign(role: "root") }
    #expect(half.lack?.contains("1 of the 2") == true)
    #expect(try market.client().root.version == 1)
    _ = try market.operate(["b"]) { r throws(MarketError) in try r.sign(role: "root") }
    _ = try market.operate { r throws(MarketError) in try r.admit() }
    #expect(try market.client().root.version == 2)
    #expect(try market.audit().isSound)
  }

  @Test func rootCantRenameTheRepository() throws {
    let market = try MarketFixture()
    var body = try SignedMetadata<RootMetadata>(decoding: try market.read("metadata/1.root.json"), name: "root").body
    let other = try market.identity("other")
    body.version = 2
    body.other[RepositoryIdentity.member] = RepositoryIdentity(name: "x", log: other.verifier).json
    let root = try Identity.load(name: "\(MarketFixture.name)/root-1", home: market.home("operator"))
    let signer = MetadataSigner(key: MetadataKey(ed25519: root.verifier.publicKey)) { try root.sign($0) }
    try makeIncoming(market)
    try market.write(try SignedMetadata.sign(body, by: [signer]), "incoming/root.json")
    let outcome = try market.operate { r throws(MarketError) in try r.admit() }
    #expect(
      outcome.refused.contains { $0.contains("changes the repository's name") }
        && !market.exists("metadata/2.root.json"))
  }
}

private struct MarketKeysTestIdentity {
  let name: String
  let home: String
  func make() throws -> Identity { try Identity.loadOrCreate(name: "\(name).example/root", home: home) }
}
