// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ExecutionIR
import Foundation
import Governance
import Synchronization
import Testing

/// A leader and a helper with real sockets between them, in one process.
@Suite struct AggregatorServiceTests {
  /// A contract whose one window has ended, and its parties.
  private struct Parties {
    let scratch: NetworkScratch
    let contract: AggregationContract
    let desks: [Identity]
    let leaderKeys: AggregatorKeys
    let helperKeys: AggregatorKeys
    let leader: TLSIdentity
    let helper: TLSIdentity

    static let second: Int64 = 1_000_000_000
    static let first: Int64 = 1_700_000_000_000_000_000
    /// After the window's end, long before its closing; a full batch closes at once.
    static let now = first + 20 * second

    init(leaderPort: Int, helperPort: Int) throws {
      scratch = try NetworkScratch()
      leaderKeys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "leader"))
      helperKeys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "helper"))
      leader = try TLSIdentity.ephemeral(name: "leader", now: today)
      helper = try TLSIdentity.ephemeral(name: "helper", now: today)
      desks = try (0..<5).map { try Identity.ephemeral(name: "desk-\($0)") }
      func aggregator(_ keys: AggregatorKeys, _ tls: TLSIdentity, _ port: Int) -> AggregationContract.Aggregator {
        .init(
          verifier: keys.identity.verifier, agreement: keys.agreementKey, address: "https://localhost:\(port)",
          certificate: tls.pin)
      }
      contract = try AggregationContract(
        name: "network", leader: aggregator(leaderKeys, leader, leaderPort),
        helper: aggregator(helperKeys, helper, helperPort), contributors: desks.map(\.verifier), first: Parties.first,
        period: 10 * Parties.second, windows: 2, bucket: 2 * Parties.second, buckets: 3, minimum: 4,
        closesAfter: 3600 * Parties.second, closesAt: 5, clockTolerance: Parties.second,
        appliesAfter: 20 * Parties.second, holdsFor: 3600 * Parties.second,
        signals: [
          .init(
            kind: .volume, listing: TaskVenue(venue: "XNAS", symbol: "AAPL"), quantum: ExactDecimal("100"),
            maximum: 100,
            noise: .none, budget: 0, deltaExponent: 0)
        ])
    }

    func leaderService(_ tell: @escaping @Sendable (ServiceEvent) -> Void = { _ in }) throws -> LeaderService {
      let files = try PartyFiles.open(directory: scratch.path + "/leader", anchor: nil)
      return try LeaderService(
        try Leader(contract, keys: leaderKeys, files: files), tls: leader, clock: { Parties.now }, tell: tell)
    }

    func helperService() throws -> HelperService {
      let files = try PartyFiles.open(directory: scratch.path + "/helper", anchor: nil)
      return HelperService(
        try Helper(contract, keys: helperKeys, files: files), clock: { Parties.now }, tell: { _ in })
    }

    func report(_ desk: Int, _ values: [Int64]) throws -> [UInt8] {
      try Contributor(contract, identity: desks[desk]).report(
        [values], window: 0, leader: leaderKeys.list.newest, helper: helperKeys.list.newest
      ).encoded
    }
  }

  /// Ports that were free a moment ago.
  private func ports() throws -> (Int, Int) {
    let servers = (try TestServer(), try TestServer())
    defer {
      servers.0.server.stop(within: .zero)
      servers.1.server.stop(within: .zero)
    }
    return (servers.0.server.port, servers.1.server.port)
  }

  @Test func addUpOverTheNetwork() throws {
    let (leaderPort, helperPort) = try ports()
    let parties = try Parties(leaderPort: leaderPort, helperPort: helperPort)
    let helper = try parties.helperService()
    #expect(try helper.listen(host: "localhost", port: helperPort, tls: parties.helper) == helperPort)
    let leader = try parties.leaderService()
    #expect(try leader.listen(host: "localhost", port: leaderPort, tls: parties.leader) == leaderPort)
    defer {
      leader.stop(within: .zero)
      helper.stop(within: .zero)
    }
    let toLeader = try AggregatorClient(parties.contract.leader)
    let toHelper = try AggregatorClient(parties.contract.aggregators[1])
    #expect(try toLeader.keys(within: patience) == parties.leaderKeys.list)
    #expect(try toHelper.keys(within: patience) == parties.helperKeys.list)
    let reports = try (0..<5).map { try parties.report($0, [Int64($0), 10, 1000]) }
    #expect(try toLeader.upload(Array(reports.prefix(4)), within: patience) == [nil, nil, nil, nil])
    #expect(leader.work { true })
    #expect(throws: ExchangeError.self) { try toLeader.context(nil, within: patience) }
    #expect(try toLeader.upload([reports[4], [1, 2, 3], reports[0]], within: patience) == [nil, .malformed, nil])
    #expect(leader.hasOpenWindows)
    #expect(leader.work { true })
    #expect(!leader.hasOpenWindows)
    let context = try toLeader.context(nil, within: patience)
    #expect(context.context.signals.map(\.sums) == [[10, 50, 500]])
    #expect(try parties.contract.faults(of: context) == [])
    #expect(try toHelper.context(1, within: patience) == context)
    #expect(try toLeader.upload([reports[0]], within: patience) == [.counted])
    // Only the leader may ask as the leader.
    let stranger = try ExchangeClient(
      peer: PeerAddress(parties.contract.aggregators[1].address), pin: parties.helper.pin, identity: parties.helper)
    let error = #expect(throws: ExchangeError.self) {
      try stranger.send(path: "/v1/peer", body: [1], within: patience)
    }
    guard case .refused(_, 403, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// With a helper that takes connections and never answers, the leader says so, and goes on taking reports meanwhile.
  @Test func aSilentHelperHoldsUpNobody() throws {
    let silent = try SilentPort()
    let (leaderPort, _) = try ports()
    let parties = try Parties(leaderPort: leaderPort, helperPort: silent.port)
    let troubles = Mutex<[String]>([])
    let leader = try parties.leaderService { event in
      if case .trouble(let text) = event { troubles.withLock { $0.append(text) } }
    }
    _ = try leader.listen(host: "localhost", port: leaderPort, tls: parties.leader)
    defer { leader.stop(within: .zero) }
    let toLeader = try AggregatorClient(parties.contract.leader)
    let reports = try (0..<5).map { try parties.report($0, [1, 2, 3]) }
    let taken = Mutex(0)
    Thread {
      for index in 0..<40 where (try? toLeader.upload([reports[index % 5]], within: patience)) == [nil] {
        taken.withLock { $0 += 1 }
      }
    }.start()
    // Were they taken only between two calls, forty would need as many.
    var calls = 0
    while calls < 20, taken.withLock({ $0 }) < 40 {
      #expect(!leader.work { true })
      calls += 1
    }
    #expect(taken.withLock { $0 } == 40)
    #expect(troubles.withLock { $0.count } == 1)
    #expect(troubles.withLock { $0.first }?.contains("no answer within") == true)
  }
}
