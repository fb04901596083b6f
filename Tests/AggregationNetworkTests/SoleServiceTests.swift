// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ExecutionIR
import Foundation
import Governance
import Testing

/// The only aggregator with real sockets, in one process with its contributors.
@Suite struct SoleServiceTests {
  @Test func addUpOverTheNetwork() throws {
    let scratch = try NetworkScratch()
    let second: Int64 = 1_000_000_000
    let first: Int64 = 1_700_000_000_000_000_000
    let keys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "sole"))
    let tls = try TLSIdentity.ephemeral(name: "sole", now: today)
    let free = try TestServer()
    let port = free.server.port
    free.server.stop(within: .zero)
    let identities = try (0..<5).map { try Identity.ephemeral(name: "desk-\($0)") }
    let contract = try AggregationContract(
      name: "network",
      leader: .init(
        verifier: keys.identity.verifier, agreement: keys.agreementKey, address: "https://localhost:\(port)",
        certificate: tls.pin), helper: nil, rounds: .init(threshold: 4, lasts: 60 * second),
      contributors: identities.map(\.verifier), first: first, period: 10 * second, windows: 1, bucket: 2 * second,
      buckets: 3, minimum: 4, closesAfter: 3600 * second, closesAt: nil, clockTolerance: second,
      appliesAfter: 20 * second, holdsFor: 3600 * second,
      signals: [
        .init(
          kind: .volume, listing: TaskVenue(venue: "XNAS", symbol: "AAPL"), quantum: ExactDecimal("100"),
          maximum: 100, noise: .none, budget: 0, deltaExponent: 0)
      ])
    let service = SoleService(
      try SoleAggregator(contract, keys: keys, files: .open(directory: scratch.path + "/sole", anchor: nil)),
      clock: { first + 20 * second }, tell: { _ in })
    #expect(try service.listen(host: "localhost", port: port, tls: tls) == port)
    defer { service.stop(within: .zero) }
    let client = try AggregatorClient(contract.leader)
    defer { client.close() }
    // What nobody has signed is refused, and what is too large is not read.
    for size in [0, 10, contract.largestMaskedRequest, contract.largestMaskedRequest + 1] {
      let error = #expect(throws: ExchangeError.self) {
        try client.masked([UInt8](repeating: 1, count: size), within: patience)
      }
      guard case .refused(_, let status, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(status == (size > contract.largestMaskedRequest ? 413 : 400))
    }
    var desks: [MaskedContribution] = []
    for (number, identity) in identities.enumerated() {
      desks.append(
        try MaskedContribution(
          contract, identity: identity, window: 0, values: [[Int64(number), 10, 1000]],
          memory: .open(directory: scratch.path + "/desk-\(number)", contract: contract)))
    }
    var contexts: [SignedContext] = []
    var turns = 0
    while !desks.isEmpty, turns < 30 {
      turns += 1
      #expect(service.work())
      var left: [MaskedContribution] = []
      for desk in desks {
        switch try desk.take(client.masked(desk.request(), within: patience)) {
        case .send: left.append(desk)
        case .released(let signed): contexts.append(signed)
        case .over(let reason): Issue.record("\(reason)")
        }
      }
      desks = left
    }
    #expect(contexts.count == 5 && !service.hasOpenWindow)
    let context = try client.context(nil, within: patience)
    #expect(contexts.allSatisfy { $0 == context })
    #expect(context.context.signals.map(\.sums) == [[10, 50, 500]])
    #expect(try contract.faults(of: context) == [])
  }
}
