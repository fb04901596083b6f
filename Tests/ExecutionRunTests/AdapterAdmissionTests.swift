// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import AdapterMarketplace
import BrokenAdapters
import ExecutionIR
import ExecutionRun
import Foundation
import Governance
import RunJournal
import Testing
import TransparencyLog

/// Which adapters a host loads: installed ones with the bytes of the lock file, none that is revoked, and by a policy only what
/// the log of a marketplace has.
@Suite struct AdapterAdmissionTests {
  private static let now: Int64 = 1_800_000_000
  private static let name = AdapterName("acme/venue")!

  /// A store with one adapter, in a directory of its own, and the log that has its publication.
  private final class Store {
    let home = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-store-\(UUID())").path
    let store: AdapterStore
    let image: AdapterImage
    let adapter: LockedAdapter
    let log: Identity

    init() throws {
      store = AdapterStore(home: home)
      image = try AdapterImage.read(path: Workshop.adapter("correct"))
      log = try Identity.ephemeral(name: "example.com/log")
      let version = ReleaseFacts.ABIVersion(major: 1, minor: 1)
      adapter = LockedAdapter(
        name: name, version: SemanticVersion(1, 0, 0), platform: .host, digest: Digest(bytes: image.digest)!,
        length: Int64(image.bytes.count), certificate: Digest(of: [1]), repository: "market",
        voucher: LockedAdapter.Voucher(role: "acme", keys: ["a"], threshold: 1, version: 1),
        log: LockedAdapter.LogPosition(key: log.publicVerifierKey, index: 1, size: 3), isPinned: false, range: .any,
        installed: now, minimumABI: version, maximumABI: version)
      var change = try store.change(as: "a test")
      change.lock.put(adapter)
      try change.commit()
      try put(image.bytes, store.path(ofLibrary: adapter.digest))
      try prove(adapter.publication.leaf)
      try know(refreshed: now)
    }

    deinit { try? FileManager.default.removeItem(atPath: home) }

    func put(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    /// Puts the proof of a log with `leaf` between two others where that of the adapter is looked for.
    func prove(_ leaf: [UInt8]) throws {
      let directory = "\(home)/log-\(UUID())"
      let sign: CheckpointSigner = { [log] (text) throws(LogError) in
        do { return [try log.noteSignature(over: text, origin: log.name)] } catch { throw .signing("\(error)") }
      }
      var writer = try LogWriter.create(directory: directory, origin: log.name, verifier: log.verifier, sign: sign)
      for each in [[1], leaf, [2]] { _ = try writer.append(each) }
      try writer.publish(sign: sign)
      let proof = try LogReader(directory: directory, verifiers: [log.verifier]).proofFile(ofLeaf: 1)
      try put(proof, store.path(ofProof: adapter.publication))
    }

    func know(refreshed: Int64, revoked: String? = nil) throws {
      var known = KnownRevocations()
      known.note("market", Knowledge(refreshed: refreshed, timestamp: 3))
      if let revoked {
        known.add(
          Revocation(
            digest: adapter.digest, target: adapter.path.library, reason: revoked, at: refreshed, repository: "market",
            source: .vendor))
      }
      try put(known.encoded, home + "/revoked.json")
    }

    func installed() throws -> InstalledAdapters { try #require(try InstalledAdapters.open(home: home)) }

    /// What comes of loading the adapter by its name or by a path, and what is warned of.
    func load(
      _ nameOrPath: String = "acme/venue", demand: MarketplaceDemand = .unsaid
    ) throws -> (refusal: RunError?, warnings: [String]) {
      var admission = try Adapters.admission(installed(), demand: demand, now: now * 1_000_000_000)
      do throws(RunError) {
        let image: AdapterImage
        do { image = try admission.locator.image(of: nameOrPath) } catch { throw .adapter(error) }
        try admission.admit(image, named: nameOrPath)
        return (nil, admission.warnings)
      } catch { return (error, admission.warnings) }
    }

    func demand(_ mode: MarketplaceDemand.Mode = .require, maximumAge: Int64? = nil, log: Identity? = nil)
      -> MarketplaceDemand
    {
      MarketplaceDemand(
        mode: mode, logs: [(log ?? self.log).publicVerifierKey], maximumAge: maximumAge, onRevocation: .stop)
    }
  }

  @Test func whatIsInstalledLoadsByItsName() throws {
    let store = try Store()
    #expect(try store.load().refusal == nil)
    #expect(try store.load(demand: store.demand()).refusal == nil)
    #expect(try store.load("acme/other").refusal?.exitCode == 66)
  }

  @Test func alteredBytesDoNotLoad() throws {
    let store = try Store()
    try store.put(store.image.bytes + [0], store.store.path(ofLibrary: store.adapter.digest))
    let refusal = try #require(try store.load().refusal)
    #expect(refusal.exitCode == 1 && "\(refusal)".contains("altered after it was installed"), "\(refusal)")
  }

  @Test func whatIsRevokedDoesNotLoadWhereverItLies() throws {
    let store = try Store()
    try store.know(refreshed: Self.now, revoked: "it lies\u{1B}[2J\u{202E}")
    let copy = store.home + "/copy.so"
    try store.put(store.image.bytes, copy)
    for asked in ["acme/venue", copy] {
      let refusal = try #require(try store.load(asked).refusal)
      #expect(refusal.exitCode == 1, "\(refusal)")
      #expect("\(refusal)".contains("was revoked: it lies\\u{1b}[2J\\u{202e} (acme/venue/1.0.0/"), "\(refusal)")
    }
    var other = store.image.bytes
    other.append(0)
    try store.put(other, copy)
    #expect(try store.load(copy).refusal == nil)
  }

  @Test func aPolicyTakesOnlyWhatTheLogHas() throws {
    let store = try Store()
    let stranger = try Identity.ephemeral(name: "example.com/log")
    #expect(try store.load(demand: store.demand(log: stranger)).refusal?.exitCode == 1)
    let warned = try store.load(demand: store.demand(.warn, log: stranger))
    #expect(warned.refusal == nil && warned.warnings.count == 1)
    // A proof of another publication, even by the right log.
    try store.prove([3])
    #expect(try store.load(demand: store.demand()).refusal?.exitCode == 1)
    try FileManager.default.removeItem(atPath: store.store.path(ofProof: store.adapter.publication))
    let missing = try #require(try store.load(demand: store.demand()).refusal)
    #expect(missing.exitCode == 1 && "\(missing)".contains("no proof"), "\(missing)")
  }

  @Test func aPolicyTakesNoAdapterThatWasNotInstalled() throws {
    let store = try Store()
    let elsewhere = store.home + "/elsewhere.so"
    try store.put(store.image.bytes + [0], elsewhere)
    let refusal = try #require(try store.load(elsewhere, demand: store.demand()).refusal)
    #expect(refusal.exitCode == 1 && "\(refusal)".contains("exprove adapter install"), "\(refusal)")
    #expect(try store.load(elsewhere).refusal == nil)
    // The very bytes of an installed one are that one.
    try store.put(store.image.bytes, elsewhere)
    #expect(try store.load(elsewhere, demand: store.demand()).refusal == nil)
  }

  @Test(arguments: [(3600, nil), (3598, "3599 s"), (1, "3599 s"), (7200, nil)] as [(Int64, String?)])
  func knowledgeIsFreshEnough(seconds: Int64, told: String?) throws {
    let store = try Store()
    try store.know(refreshed: Self.now - 3599)
    let refusal = try store.load(demand: store.demand(maximumAge: seconds * 1_000_000_000)).refusal
    #expect((refusal == nil) == (told == nil), "\(String(describing: refusal))")
    if let refusal { #expect("\(refusal)".contains("exprove adapter refresh") && refusal.exitCode == 1, "\(refusal)") }
  }

  @Test func whatIsKnownFromTheFutureIsNotKnown() throws {
    let store = try Store()
    try store.know(refreshed: Self.now + 10)
    #expect(try store.load(demand: store.demand(maximumAge: .max)).refusal?.exitCode == 1)
  }

  @Test func aWatchTellsARevocationOnce() throws {
    let store = try Store()
    var watch = RevocationWatch(try store.installed(), adapters: [store.adapter.digest], action: .finish)
    var warnings: [String] = []
    func news() -> [RevocationWatch.News] { watch.news { warnings.append($0) } }
    #expect(news() == [])
    try store.know(refreshed: Self.now + 1, revoked: "late")
    #expect(news().map(\.adapter) == [store.adapter.digest])
    try store.know(refreshed: Self.now + 22, revoked: "late")
    #expect(news() == [] && warnings == [])
    // What can't be read is told once, and what comes after it is seen.
    try store.put([1], store.home + "/revoked.json")
    #expect(news() == [] && news() == [])
    #expect(warnings.count == 1)
  }
}
