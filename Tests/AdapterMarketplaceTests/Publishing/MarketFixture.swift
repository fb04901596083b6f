// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import ExecutionIR
import Foundation
import Governance
import TransparencyLog
import UpdateFramework

/// A repository in a directory that ends with the test, with key homes, at times of the test's own.
final class MarketFixture {
  let scratch: String
  let directory: String
  static let start: Int64 = 1_900_000_000
  static let day: Int64 = 86_400
  static let name = "example.com/market"

  /// Keys of the operator are in `operator`, those of vendors in homes of their names.
  init(rootKeys: Int = 1, rootThreshold: Int = 1, vendors: [String] = ["acme"]) throws {
    scratch = NSTemporaryDirectory() + "exprove-market-" + UUID().uuidString
    directory = scratch + "/market"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    try MarketRepository.begin(
      RepositoryPlan(name: MarketFixture.name, rootKeys: rootKeys, rootThreshold: rootThreshold), directory: directory,
      keys: try keys("operator"), now: MetadataTime(seconds: MarketFixture.start))
    for vendor in vendors {
      let key = try identity(vendor).verifier
      try operate { repository throws(MarketError) in
        try repository.addVendor(vendor, keys: [key], threshold: 1)
        _ = try repository.admit()
      }
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: scratch) }

  func home(_ name: String) -> String { scratch + "/home-" + name }

  func keys(_ homes: String...) throws -> MarketKeys { try MarketKeys(homes: homes.map { KeyHome(home($0)) }) }

  /// A vendor's, or any other, in the home of its name.
  func identity(_ name: String, in place: String? = nil) throws -> Identity {
    try Identity.loadOrCreate(name: "\(name).example/release", home: home(place ?? name))
  }

  func open(
    _ homes: [String] = ["operator"], after days: Int64 = 0, lifetimes: MetadataLifetimes = MetadataLifetimes()
  ) throws -> MarketRepository {
    try MarketRepository(
      directory: directory, keys: try MarketKeys(homes: homes.map { KeyHome(home($0)) }),
      now: MetadataTime(seconds: MarketFixture.start + days * MarketFixture.day), lifetimes: lifetimes)
  }

  func operate<Value>(
    _ homes: [String] = ["operator"], after days: Int64 = 0,
    _ body: (inout MarketRepository) throws(MarketError) -> Value
  ) throws -> Value {
    var repository = try open(homes, after: days)
    return try body(&repository)
  }

  /// A library of a vendor, with a certificate by the vendor.
  func draft(
    _ name: String = "acme/itch", _ version: String = "1.0.0", library: [UInt8] = Array("a library".utf8),
    certified: [UInt8]? = nil, certifiedVersion: String? = nil, passes: String = "pass", after days: Int64 = 0,
    validDays: Int64 = 365, description: String = MarketFixture.description
  ) throws -> ReleaseDraft {
    let adapter = AdapterName(name)!
    let signer = try identity(adapter.vendor)
    let issued = (MarketFixture.start + days * MarketFixture.day) * 1_000_000_000
    let certificate = ConformanceCertificate(
      adapter: adapter.adapter, version: certifiedVersion ?? version, digest: Digest(of: certified ?? library),
      harness: "test", abi: "1.1", ir: "1", level: 5, seeds: [1], corpora: [], passes: true,
      findings: [.init(check: "static.imports", status: passes)], issued: issued,
      expires: issued + validDays * MarketFixture.day * 1_000_000_000)
    return ReleaseDraft(
      path: ReleasePath(name: adapter, version: SemanticVersion(version)!, platform: .host), library: library,
      minimumABI: .init(major: 1, minor: 0), maximumABI: .init(major: 1, minor: 1), capabilities: ["market-data"],
      licence: "Apache-2.0", certificate: try certificate.signed(by: signer), certifier: signer.verifier,
      description: Array(description.utf8))
  }

  static let description = """
    {"name": "Acme", "summary": "A feed", "who": "Acme Ltd", "links": [], "protocols": ["ITCH"], "example": "x"}
    """

  /// Publishes as vendor and operator at once.
  func publish(_ draft: ReleaseDraft, after days: Int64 = 0) throws -> MarketOutcome {
    try operate([draft.path.name.vendor, "operator"], after: days) { repository throws(MarketError) in
      _ = try repository.stage(draft)
      return try repository.admit()
    }
  }

  func audit(after days: Int64 = 0) throws -> MarketAudit {
    try MarketAudit(directory: directory, root: nil, now: MarketFixture.start + days * MarketFixture.day)
  }

  /// The client of the room below, which knows nothing of adapters, with a cache of its own.
  func client(_ name: String = "client", after days: Int64 = 0) throws -> UpdateClient {
    let cache = scratch + "/" + name
    if !FileManager.default.fileExists(atPath: cache) {
      try UpdateClient.begin(directory: cache, root: try read("metadata/1.root.json"))
    }
    var client = try UpdateClient(
      directory: cache, source: DirectorySource(directory),
      now: MetadataTime(seconds: MarketFixture.start + days * MarketFixture.day))
    _ = try client.refresh()
    return client
  }

  func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: directory + "/" + path)))
  }

  func write(_ bytes: [UInt8], _ path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: directory + "/" + path))
  }

  func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: directory + "/" + path) }
}

/// The error of a body that must fail.
func marketError(_ body: () throws -> Void) -> MarketError? {
  do { try body() } catch { return error as? MarketError }
  return nil
}
