// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionEngine
import ExecutionIR

/// A market with everything in it: venue 0 shows single orders in hundredths of a share, venue 1 levels of whole shares.
enum FullMarket {
  private static let cent: Int64 = 10_000_000

  static func frames() throws -> [ScriptedRun.Script.Frame] {
    var frames: [ScriptedRun.Script.Frame] = []
    func at(_ milliseconds: Int64, _ feed: Int, _ events: [Event]) {
      frames.append(.init(time: ScriptedRun.start + milliseconds * 1_000_000, feed: feed, events: events))
    }
    // Before the window: the books, in groups, and a trade that is broken within it.
    at(
      -5000, 0, add(1, .buy, 4990, 5000) + add(2, .buy, 4990, 700) + add(3, .sell, 5010, 9000) + add(4, .sell, 5012, 80)
    )
    at(-4000, 1, levels([(.buy, 4991, 40), (.buy, 4985, 90), (.sell, 5011, 70), (.sell, 5020, 10)]))
    at(-3000, 1, [trade(1, 5000, 7, match: 500)])
    var id: UInt64 = 10
    for step in 0..<60 {
      let time = Int64(step) * 170 + 20
      let drift = Int64((step * 7) % 11) - 5
      at(time, 0, add(id, .buy, 4990 + drift, 300) + add(id + 1, .sell, 5010 + drift, 400))
      // At the resting price, at its own price, and hidden; every third is in no volume.
      at(time + 30, 0, [execute(id, 100, match: UInt64(1000 + step), price: nil, isCounted: step % 3 != 2)])
      at(time + 40, 0, [execute(id + 1, 150, match: UInt64(2000 + step), price: 5004 + drift, isCounted: true)])
      if step % 4 == 0 {
        at(time + 45, 0, [.of(.orderReplace, 0, id: id + 500, price: 4980 * cent, quantity: 90, aux: id)])
      }
      if step % 4 == 1 { at(time + 46, 0, [.of(.orderDelete, 0, id: id)]) }
      if step % 4 == 2 { at(time + 47, 0, [.of(.orderReduce, 0, id: id, quantity: 60)]) }
      if step % 4 == 3 { at(time + 48, 0, [.of(.orderModify, 0, id: id, price: (4981 + drift) * cent, quantity: 70)]) }
      at(
        time + 60, 1,
        levels([
          (.buy, 4991 + drift, Int64(step % 5) * 10), (.sell, 5011 + drift, 30), (.sell, 5009 + drift, Int64(step % 2)),
        ]))
      at(time + 70, 1, [trade(1, 5001 + drift, Int64(1 + step % 3), match: UInt64(3000 + step))])
      id += 2
    }
    at(900, 1, [.of(.tradeBreak, 1, aux: 500), .of(.tradeBreak, 1, aux: 3002), .of(.tradeBreak, 1, aux: 3002)])
    at(950, 1, [trade(1, 7000, 1, match: 3003)])
    at(960, 1, [.of(.tradeBreak, 1, aux: 3003)])
    at(1000, 0, [.of(.trade, 0, price: 5003 * cent, quantity: 55, aux: 9001, flags: [.volume, .cross, .last])])
    at(1010, 0, [.of(.trade, 0, price: 5003 * cent, quantity: 55, aux: 9002, flags: [.volume, .hidden, .last])])
    at(1020, 0, [.of(.orderExecute, 0, id: 77_777, quantity: 10, aux: 9003, flags: [.volume, .restingPrice, .last])])
    at(1030, 0, [.of(.gap, 0, aux: 4)])
    // Everything of venue 1 is told again, in one group.
    at(4000, 1, [.of(.clear, 1, flags: [])] + levels([(.buy, 4992, 20), (.sell, 5013, 25)]))
    // The tape also has the executions of the first order, the one that was taken back among them.
    for match in [UInt64(700_010), 700_011] {
      at(5000, 0, [.of(.trade, 0, price: 5000 * cent, quantity: 200, aux: match, flags: [.volume, .last])])
    }
    at(12_500, 1, levels([(.sell, 5013, 5)]))
    at(17_000, 1, levels([(.sell, 5013, 6)]))
    return frames.sorted { $0.time < $1.time }
  }

  /// Fills every order in two parts at its own price; the second fill of all is taken back; a cancel in flight at the end
  /// meets a fill behind the window.
  static func answers(_ intent: OrderIntent) -> [(delay: Int64, event: Event)] {
    let scale: Int64 = intent.venue == 0 ? 100 : 1
    let match = 700_000 + intent.id * 10
    switch intent.action {
    case .cancel:
      return [(4_000_000, .of(.ownCancelled, quantity: 1_000_000))]
    case .new:
      let part = max(1, intent.quantity / 100 / 2) * scale
      var found: [(delay: Int64, event: Event)] = [
        (1_000_000, .of(.ownAcknowledged, aux: 40 + intent.id)),
        (2_000_000, .of(.ownFilled, price: intent.price, quantity: part, aux: match)),
        (700_000_000, .of(.ownFilled, price: intent.price, quantity: part, aux: match + 1, flags: [.last, .maker])),
      ]
      if intent.id == 1 {
        found.append((900_000_000, .of(.ownBroken, quantity: part, aux: match + 1)))
      }
      if intent.time > ScriptedRun.end - 3_000_000_000 {
        found.append((4_500_000_000, .of(.ownFilled, price: intent.price, quantity: scale, aux: match + 2)))
      }
      return found
    }
  }

  private static func add(_ id: UInt64, _ side: Side, _ cents: Int64, _ hundredths: Int64) -> [Event] {
    [.of(.orderAdd, 0, id: id, side: side, price: cents * cent, quantity: hundredths)]
  }

  private static func execute(
    _ id: UInt64, _ hundredths: Int64, match: UInt64, price: Int64?, isCounted: Bool
  ) -> Event {
    var flags: EventFlags = isCounted ? [.last, .volume] : [.last]
    if price == nil { flags.insert(.restingPrice) }
    return .of(
      .orderExecute, 0, id: id, price: (price ?? 0) * cent, quantity: hundredths, aux: match, flags: flags)
  }

  private static func trade(_ instrument: Int, _ cents: Int64, _ quantity: Int64, match: UInt64) -> Event {
    .of(.trade, instrument, price: cents * cent, quantity: quantity, aux: match, flags: [.volume, .last])
  }

  /// One group.
  private static func levels(_ changes: [(Side, Int64, Int64)]) -> [Event] {
    changes.enumerated().map { index, change in
      .of(
        .level, 1, side: change.0, price: change.1 * cent, quantity: change.2,
        flags: index == changes.count - 1 ? [.last] : [])
    }
  }
}
