// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Governance
import Testing

private let million: Int64 = 1_000_000_000

private func order(price: Int64 = 100 * million, quantity: Int64 = 100) -> ProposedOrder {
  ProposedOrder(
    instrument: "XPRV", venue: "V", symbol: "XPRV", side: .buy, price: price, quantity: quantity, scale: 0,
    multiplier: ExactDecimal(units: 1, scale: 0), currency: "USD")
}

private func inputs(_ change: (inout PolicyInputs) -> Void = { _ in }) -> PolicyInputs {
  var inputs = PolicyInputs(
    time: 1_000 * million, parentQuantity: 1000, parentLimit: nil, filled: 0, live: 0, inFlight: 0, pendingCancel: 0,
    bid: 99 * million, ask: 101 * million, last: 100 * million, isHalted: false, isStale: false,
    lastUpdate: 999 * million, othersVolume: 1_000_000, taskParticipation: 1_000_000, recentMessages: 0,
    ownOpposite: nil)
  change(&inputs)
  return inputs
}

private func passes(_ control: PolicyControl, _ order: ProposedOrder, _ inputs: PolicyInputs) -> Bool? {
  Policy.builtIn.evaluate(order, inputs).first { $0.control == control }?.passes
}

/// Each control passes exactly at its limit and denies one past it.
@Suite struct PolicyLimitTests {
  @Test func parentQuantityCountsAllThatMayTrade() {
    let at = inputs {
      $0.filled = 300
      $0.live = 300
      $0.inFlight = 200
      $0.pendingCancel = 100
    }
    #expect(passes(.parentQuantity, order(quantity: 100), at) == true)
    #expect(passes(.parentQuantity, order(quantity: 101), at) == false)
  }

  @Test func parentLimit() {
    let at = inputs { $0.parentLimit = 100 * million }
    #expect(passes(.parentLimit, order(price: 100 * million), at) == true)
    #expect(passes(.parentLimit, order(price: 100 * million + 1), at) == false)
  }

  @Test func priceCollar() {
    // 200 basis points around a mid of 100.
    #expect(passes(.priceCollar, order(price: 102 * million), inputs()) == true)
    #expect(passes(.priceCollar, order(price: 102 * million + 1), inputs()) == false)
    #expect(passes(.priceCollar, order(price: 98 * million), inputs()) == true)
    #expect(passes(.priceCollar, order(price: 98 * million - 1), inputs()) == false)
    #expect(passes(.priceCollar, order(), inputs { $0.ask = nil }) == false)
  }

  @Test func orderValueAndQuantity() {
    #expect(passes(.orderValue, order(quantity: 100_000), inputs()) == true)
    #expect(passes(.orderValue, order(quantity: 100_001), inputs()) == false)
    #expect(passes(.orderQuantity, order(quantity: 1_000_000), inputs()) == true)
    #expect(passes(.orderQuantity, order(quantity: 1_000_001), inputs()) == false)
  }

  @Test func participation() {
    // A quarter: own ≤ others / 3.
    let at = inputs { $0.othersVolume = 300 }
    #expect(passes(.participation, order(quantity: 100), at) == true)
    #expect(passes(.participation, order(quantity: 101), at) == false)
  }

  @Test func messageRateAndBookAge() {
    #expect(passes(.messageRate, order(), inputs { $0.recentMessages = 99 }) == true)
    #expect(passes(.messageRate, order(), inputs { $0.recentMessages = 100 }) == false)
    #expect(passes(.staleBook, order(), inputs { $0.lastUpdate = 940 * million }) == true)
    #expect(passes(.staleBook, order(), inputs { $0.lastUpdate = 940 * million - 1 }) == false)
    #expect(passes(.staleBook, order(), inputs { $0.isStale = true }) == false)
    #expect(passes(.halted, order(), inputs { $0.isHalted = true }) == false)
  }

  @Test func ownCrossing() {
    let at = inputs { $0.ownOpposite = 100 * million }
    #expect(passes(.ownCrossing, order(price: 100 * million - 1), at) == true)
    #expect(passes(.ownCrossing, order(price: 100 * million), at) == false)
  }
}

@Suite struct IdentityTests {
  @Test func signsStatementsThatOnlyItsKeyVerifies() throws {
    let first = try Identity.ephemeral(name: "first")
    let second = try Identity.ephemeral(name: "second")
    let statement = Statement(
      subjects: [Statement.Subject(name: "x", digest: Digest(of: Array("x".utf8)))],
      predicateType: Statement.predicateType("test"), predicate: .object(["n": .integer(1)]))
    let envelope = try statement.signed(by: first)
    #expect(try Envelope(decoding: envelope.encoded).verified(by: [first.verifier]) == [first.verifier])
    #expect(throws: EnvelopeError.self) { try envelope.verified(by: [second.verifier]) }
    var bytes = envelope.encoded
    bytes[bytes.count / 2] ^= 1
    #expect(throws: (any Error).self) { try Envelope(decoding: bytes).verified(by: [first.verifier]) }
  }
}
