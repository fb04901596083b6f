// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ExecutionIR
import Governance
import Testing
import TransparencyLog
import UpdateFramework

@Suite struct PublishingTests {
  private let library = "acme/itch/1.0.0/\(Platform.host).so"

  @Test func aClientFindsWhatWasPublished() throws {
    let market = try MarketFixture()
    let draft = try market.draft()
    let outcome = try market.publish(draft)
    #expect(outcome.waiting.isEmpty && outcome.refused.isEmpty && outcome.lacking == nil)
    var client = try market.client()
    let file = try #require(try client.target(library))
    #expect(try client.read(library, file, limit: 1000) == draft.library)
    let facts = try ReleaseFacts(try #require(file.custom), path: "custom")
    #expect(facts.certificate == Digest(of: draft.certificate) && facts.licence == "Apache-2.0" && facts.yanked == nil)
    #expect(try market.audit().isSound)

    // The proof leads from the leaf, which any client derives, to a checkpoint of the log that root names.
    let identity = try #require(try RepositoryIdentity(client.root))
    let publication = Publication(
      path: draft.path, digest: draft.digest, length: Int64(draft.library.count), certificate: facts.certificate)
    let proof = try LogProof(
      parsing: try market.read("targets/" + draft.path.proof(digest: draft.digest.description)))
    #expect(try proof.verify(leaf: publication.leaf, keys: [identity.log]).size == 1)
    _ = try market.publish(try market.draft("acme/itch", "1.1.0", library: [1, 2, 3]))
    #expect(try proof.verify(leaf: publication.leaf, keys: [identity.log]).size == 1)
    #expect(try market.audit().leaves == 2)
  }

  @Test func neverReplaces() throws {
    let market = try MarketFixture()
    _ = try market.publish(try market.draft())
    let again = try market.publish(try market.draft())
    #expect(again.admitted.isEmpty)
    let error = marketError { _ = try market.publish(try market.draft(library: [9])) }
    #expect(error?.description.contains("published with other bytes") == true)
    #expect(try market.audit().leaves == 1)
  }

  /// Each certificate that is none for this release, with the word that says so.
  @Test func refusesOtherCertificates() throws {
    let market = try MarketFixture()
    let cases: [(ReleaseDraft, Int64, String)] = [
      (try market.draft(certified: [1]), 0, "is for the adapter"),
      (try market.draft(certifiedVersion: "1.0.1"), 0, "certifies version 1.0.1"),
      (try market.draft(validDays: 10), 11, "expired"),
      (try market.draft(after: 2), 0, "holds from"),
    ]
    for (draft, days, reason) in cases {
      let error = marketError { _ = try market.publish(draft, after: days) }
      #expect(error?.description.contains(reason) == true, "\(reason): \(String(describing: error))")
    }
    #expect(try market.audit().releases == 0)
    #expect(!market.exists("incoming/acme.json"))
  }

  @Test func onePlatformsDescriptionIsAll() throws {
    let market = try MarketFixture()
    _ = try market.publish(try market.draft())
    let other = Platform.known.first { $0 != Platform.host.description }!
    let first = try market.draft(library: [7])
    let draft = ReleaseDraft(
      path: ReleasePath(name: first.path.name, version: first.path.version, platform: Platform(other)!),
      library: first.library, minimumABI: first.minimumABI, maximumABI: first.maximumABI,
      capabilities: first.capabilities, licence: first.licence, certificate: first.certificate,
      certifier: first.certifier, description: Array(MarketFixture.description.replacing("A feed", with: "B").utf8))
    let error = marketError { _ = try market.publish(draft) }
    #expect(error?.description.contains("the same for all platforms") == true)
  }

  @Test func vendorsAreNamesOfTheirOwn() throws {
    let market = try MarketFixture()
    let key = try market.identity("other").verifier
    for name in ["root", "targets", "catalog", "revocations", "Acme", "-a", "a/b", ""] {
      let error = marketError {
        try market.operate { r throws(MarketError) in try r.addVendor(name, keys: [key], threshold: 1) }
      }
      #expect(error?.description.contains("no vendor's name") == true, "\(name)")
    }
    let error = marketError {
      try market.operate { r throws(MarketError) in try r.addVendor("acme", keys: [key], threshold: 1) }
    }
    #expect(error?.description.contains("other keys") == true)
    let many = marketError {
      try market.operate { r throws(MarketError) in try r.addVendor("zeta", keys: [key], threshold: 2) }
    }
    #expect(many?.description.contains("threshold of 2 with 1") == true)
  }

  @Test func withdrawalsOnlyGrow() throws {
    let market = try MarketFixture()
    let draft = try market.draft()
    _ = try market.publish(draft)
    let name = draft.path.name
    let version = draft.path.version
    func withdraw(_ how: MarketRepository.Withdrawal, _ reason: String) throws -> Bool {
      try market.operate(["acme", "operator"]) { repository throws(MarketError) in
        let isChanged = try repository.stage(how, of: name, version, reason: reason)
        _ = try repository.admit()
        return isChanged
      }
    }
    #expect(try withdraw(.yank, "wrong side") && !withdraw(.yank, "again"))
    #expect(
      try withdraw(.revoke, "worse") && withdraw(.revokeAsOperator, "stolen") && !withdraw(.revokeAsOperator, "x"))
    var client = try market.client()
    let facts = try ReleaseFacts(try #require(try client.target(library)?.custom), path: "custom")
    #expect(facts.yanked?.reason == "wrong side" && facts.revoked?.reason == "worse")
    let file = try #require(try client.target(RevocationList.target))
    let list = try RevocationList(
      decoding: try client.read(RevocationList.target, file, limit: 10_000), path: RevocationList.target)
    #expect(list.entries.map(\.digest) == [draft.digest] && list.entries[0].withdrawal.reason == "stolen")
    for reason in ["", "two\nlines", "\u{202E}", String(repeating: "x", count: 301)] {
      #expect(marketError { _ = try withdraw(.yank, reason) }?.description.contains("one line") == true)
    }
    let catalog = try #require(try client.target(Catalog.target))
    #expect(catalog.length == 0)
    #expect(try market.audit().isSound)
  }

  @Test(arguments: [MarketRepository.Withdrawal.revoke, .revokeAsOperator])
  func revokedBytesAreNotPublishedAgain(how: MarketRepository.Withdrawal) throws {
    let market = try MarketFixture()
    let draft = try market.draft()
    _ = try market.publish(draft)
    try market.operate(["acme", "operator"]) { repository throws(MarketError) in
      _ = try repository.stage(how, of: draft.path.name, draft.path.version, reason: "it lies")
      _ = try repository.admit()
    }
    let error = marketError { _ = try market.publish(try market.draft("acme/itch", "1.0.1")) }
    #expect(error?.description.contains("these very bytes") == true, "\(String(describing: error))")
    #expect(!market.exists("incoming/acme.json"))
    #expect(try market.publish(try market.draft("acme/itch", "1.0.1", library: [1, 2])).admitted.count == 2)
  }

  /// What waits is held against what is revoked by then.
  @Test func whatWasRevokedWhileItWaitedIsNotAdmitted() throws {
    let market = try MarketFixture()
    let draft = try market.draft()
    _ = try market.publish(draft)
    let later = try market.draft("acme/itch", "1.0.1")
    try market.operate(["acme"]) { repository throws(MarketError) in _ = try repository.stage(later) }
    let outcome = try market.operate { repository throws(MarketError) in
      _ = try repository.stage(.revokeAsOperator, of: draft.path.name, draft.path.version, reason: "it lies")
      return try repository.admit()
    }
    #expect(outcome.refused.count == 1 && outcome.refused[0].contains("these very bytes"), "\(outcome.refused)")
    #expect(try market.audit().releases == 1)
  }

  @Test func aRepositoryIsChangedByOneAtATime() throws {
    let market = try MarketFixture()
    let first = try market.open()
    #expect(marketError { _ = try market.open() } == .inUse(path: market.directory))
    #expect(first.name == MarketFixture.name)
  }
}
