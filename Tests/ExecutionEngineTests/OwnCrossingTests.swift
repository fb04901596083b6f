// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionEngine
import ExecutionIR
import Governance
import Testing

/// Children of one parent are all on one side and never meet. What an order can trade against are the house's other orders,
/// of which the venue's private messages tell.
@Suite("Orders of the house on the other side")
struct OwnCrossingTests {
  private let price = 10_001 * cent

  /// Whether a taking order at the ask is sent to `venue`, after private messages about other orders.
  private func isSent(to venue: Int = 0, _ reports: [Event], side: OrderSide = .buy, crossing: Bool = true) throws
    -> Bool
  {
    var scene = Scene()
    scene.side = side
    scene.policy = Scene.policy(crossing: crossing)
    var bench = try Bench(scene)
    for frame in opening(scene, bid: price, ask: price) { try bench.step(frame) }
    if !reports.isEmpty { try bench.step(reports.map { MarketFrame(Scene.start - 1, scene.privateFeed, [$0]) }) }
    let output = try bench.submit(
      ChildTerms(venue: venue, price: price, quantity: 10, isPassive: false, slice: 0), at: Scene.start)
    #expect(output.intents.count == (output.statements.last?.kind == .order ? 1 : 0))
    return !output.intents.isEmpty
  }

  private func other(
    _ kind: EventKind, _ id: UInt64 = 900, side: Side = .sell, price: Int64? = nil, _ quantity: Int64 = 10,
    aux: UInt64 = 0, flags: EventFlags = [], venue: Int = 0
  ) -> Event {
    event(kind, venue, id: id, side: side, price: price ?? self.price, quantity: quantity, aux: aux, flags: flags)
  }

  @Test("An order that can trade against one of them is denied")
  func denied() throws {
    #expect(try isSent([]))
    #expect(try !isSent([other(.ownAcknowledged)]))
    // The best of several decides.
    #expect(
      try !isSent([
        other(.ownAcknowledged, 901, price: 200 * one), other(.ownAcknowledged),
        other(.ownAcknowledged, 902, price: 201 * one),
      ]))
    #expect(try isSent([other(.ownAcknowledged, price: price + 1)]))
    // A seller's order meets buys.
    #expect(try !isSent([other(.ownAcknowledged, side: .buy)], side: .sell))
    #expect(try isSent([other(.ownAcknowledged, side: .buy, price: price - 1)], side: .sell))
  }

  @Test("What is on the same side, at another venue or switched off is no reason")
  func allowed() throws {
    #expect(try isSent([other(.ownAcknowledged, side: .buy)]))
    #expect(try isSent(to: 1, [other(.ownAcknowledged)]))
    #expect(try !isSent(to: 1, [other(.ownAcknowledged, venue: 1)]))
    #expect(try isSent([other(.ownAcknowledged)], crossing: false))
  }

  @Test("It counts until it is filled, cancelled, rejected or replaced, and a repeated acknowledgement revives nothing")
  func goes() throws {
    let ack = other(.ownAcknowledged)
    #expect(try !isSent([ack, other(.ownFilled, 9)]))
    #expect(try isSent([ack, other(.ownFilled, 900, 10)]))
    #expect(try isSent([ack, other(.ownFilled, 900, 4), other(.ownCancelled, 900, 6)]))
    #expect(try !isSent([ack, other(.ownFilled, 900, 4), other(.ownCancelled, 900, 5)]))
    #expect(try isSent([ack, other(.ownCancelled, 900, 10), ack]))
    #expect(try isSent([ack, other(.ownRejected, 900, 0)]))
    // Replaced: the new one counts, at its own price; some venues keep the number.
    #expect(try isSent([ack, other(.ownReplaced, 901, price: price + 1, aux: 900)]))
    #expect(try !isSent([other(.ownAcknowledged, price: price + 1), other(.ownReplaced, 901, aux: 900)]))
    #expect(try isSent([ack, other(.ownReplaced, 900, price: price + 1)]))
    // A name and a number are two orders.
    let named = other(.ownAcknowledged, flags: .textID)
    #expect(try !isSent([named, other(.ownCancelled, 900, 10)]))
    #expect(try isSent([named, other(.ownCancelled, 900, 10, flags: .textID)]))
  }
}
