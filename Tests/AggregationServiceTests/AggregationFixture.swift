// SPDX-License-Identifier: Apache-2.0

import AggregationService
import DurableFiles
import ExecutionIR
import Foundation
import Governance
import SecureAggregation
import Testing
import TransparencyLog

/// A directory that is gone when the value ends.
final class Scratch: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/exprove-aggregation-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func copy(_ from: String, _ to: String) throws {
    try? FileManager.default.removeItem(atPath: path + "/" + to)
    try FileManager.default.copyItem(atPath: path + "/" + from, toPath: path + "/" + to)
  }
}

/// A small generator with a seed, so that a failure can be repeated (SplitMix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A contract with its parties, whose aggregators live in a scratch directory and can be started anew at any time.
final class Parties {
  static let first: Int64 = 1_700_000_000_000_000_000
  static let second: Int64 = 1_000_000_000

  let scratch: Scratch
  let contract: AggregationContract
  let desks: [Identity]
  var leaderKeys: AggregatorKeys
  var helperKeys: AggregatorKeys
  private(set) var leader: Leader!
  private(set) var helper: Helper!

  init(
    desks count: Int = 8, minimum: Int = 4, windows: Int = 16, closesAt: Int? = nil, noise: SignalNoise = .none,
    budget: Int64 = 0, maximum: Int64 = 1000, buckets: Int = 3, signals: Int = 2
  ) throws {
    scratch = try Scratch()
    desks = try (0..<count).map { try Identity.ephemeral(name: "example.com/desk-\($0)") }
    leaderKeys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "example.com/leader"))
    helperKeys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "example.org/helper"))
    let kinds: [SignalKind] = [.volume, .spread, .toxicity, .participation]
    contract = try AggregationContract(
      name: "example.com/opening", leader: Parties.aggregator(leaderKeys, 1), helper: Parties.aggregator(helperKeys, 2),
      contributors: desks.map(\.verifier), first: Parties.first, period: 10 * Parties.second, windows: windows,
      bucket: 2 * Parties.second, buckets: buckets, minimum: minimum, closesAfter: 2 * Parties.second,
      closesAt: closesAt,
      clockTolerance: Parties.second, appliesAfter: 20 * Parties.second, holdsFor: 3600 * Parties.second,
      signals: kinds.prefix(signals).map {
        AggregationContract.Signal(
          kind: $0, listing: TaskVenue(venue: "XNAS", symbol: "AAPL"), quantum: try ExactDecimal("100"),
          maximum: maximum, noise: noise, budget: budget, deltaExponent: noise == .none ? 0 : 9)
      })
    try restart()
  }

  private static func aggregator(_ keys: AggregatorKeys, _ number: UInt8) -> AggregationContract.Aggregator {
    AggregationContract.Aggregator(
      verifier: keys.identity.verifier, agreement: keys.agreementKey,
      address: "https://aggregator-\(number).example.com:8800",
      certificate: Digest(of: [number]))
  }

  /// As after a kill: only what is on the disk is left.
  func restart() throws {
    try restartLeader()
    try restartHelper()
  }

  func restartLeader() throws {
    leader = nil
    leader = try Leader(
      contract, keys: leaderKeys,
      files: .open(directory: scratch.path + "/leader", anchor: scratch.path + "/keys/leader.anchor"))
  }

  func restartHelper() throws {
    helper = nil
    helper = try Helper(
      contract, keys: helperKeys,
      files: .open(directory: scratch.path + "/helper", anchor: scratch.path + "/keys/helper.anchor"))
  }

  func stop() {
    leader = nil
    helper = nil
  }

  /// After a window's end, before its batch closes; and when that has come.
  func reporting(_ window: Int) -> Int64 { contract.windowEnd(window) + Parties.second }
  func closing(_ window: Int) -> Int64 { contract.closing(window) }

  func contributor(_ number: Int) throws -> Contributor { try Contributor(contract, identity: desks[number]) }

  func report(_ number: Int, _ values: [[Int64]], window: Int = 0) throws -> [UInt8] {
    try contributor(number).report(
      values, window: window, leader: leaderKeys.list.newest, helper: helperKeys.list.newest
    ).encoded
  }

  /// Values of a desk, the same each time.
  func values(_ number: Int, window: Int = 0) -> [[Int64]] {
    var generator = Generator(state: UInt64(number) << 32 | UInt64(window))
    return contract.signals.map { signal in
      (0..<contract.buckets).map { _ in Int64.random(in: 0...signal.maximum, using: &generator) }
    }
  }

  func sum(_ numbers: some Sequence<Int>, window: Int = 0) -> [[Int64]] {
    var total = contract.signals.map { _ in [Int64](repeating: 0, count: contract.buckets) }
    for number in numbers {
      for (signal, list) in values(number, window: window).enumerated() {
        for (bucket, value) in list.enumerated() { total[signal][bucket] += value }
      }
    }
    return total
  }

  /// Uploads the reports of these desks.
  func upload(_ numbers: some Sequence<Int>, window: Int = 0) throws {
    let reports = try numbers.map { try report($0, values($0, window: window), window: window) }
    #expect(try leader.upload(reports, now: reporting(window)).allSatisfy { $0 == nil })
  }

  /// Lets the leader work, and gives what came of it.
  @discardableResult
  func advance(_ now: Int64, helper call: HelperCall? = nil) throws -> [AggregationProgress] {
    var found: [AggregationProgress] = []
    let direct: HelperCall = { request throws(ServiceError) in try self.helper.answer(request, now: now) }
    try leader.advance(now: now, helper: call ?? direct) { found.append($0) }
    return found
  }
}

extension [AggregationProgress] {
  var released: [SharedMarketContext] {
    compactMap { if case .released(let signed, _, _) = $0 { signed.context } else { nil } }
  }

  var refused: [Int: ReportRefusal] {
    reduce(into: [:]) { result, progress in
      switch progress {
      case .released(_, _, let refused), .tooFew(_, _, let refused):
        for item in refused { result[item.contributor] = item.refusal }
      default: break
      }
    }
  }
}
