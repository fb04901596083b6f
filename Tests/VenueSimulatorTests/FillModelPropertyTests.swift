// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import Testing
import VenueSimulator

/// What the sender of one order knows of it.
private struct Known {
  var chain: Int
  var asked: Int64
  var filled: Int64 = 0
  var cancelled: Int64 = 0
  var over = false
}

private let cent: Int64 = 10_000_000

/// A random market and a random sender; each random number is drawn in the same order whatever the model says, until
/// `cut`, after which another market follows.
private struct Scene {
  var market: RandomSource
  var sender: RandomSource
  var model: FillModel
  var orders: [UInt64: Known] = [:]
  var live: [UInt64] = []
  /// Per chain: the size that its first order was given, and what was filled.
  var chains: [(size: Int64, filled: Int64)] = []
  var lines: [String] = []
  /// Asks displayed, to bound what can have been taken.
  var nextID: UInt64 = 1

  init(seed: UInt64) {
    market = RandomSource(seed: seed, stream: 10)
    sender = RandomSource(seed: seed, stream: 11)
    var latency = RandomSource(seed: seed, stream: 12)
    model = FillModel(configuration: [
      FillModelVenue(
        instrument: 0, inbound: Int64(latency.below(40)), outbound: Int64(latency.below(40)))
    ])
  }

  mutating func observe(at time: Int64) {
    var event = Event(kind: market.below(3) == 0 ? .trade : .level)
    event.side = market.below(2) == 0 ? 1 : 2
    event.price = (100 + Int64(market.below(8))) * cent
    event.quantity = Int64(market.below(30))
    event.instrument = 0
    event.flags = EventFlags([.volume, .last]).rawValue
    model.observe(event, at: time)
  }

  mutating func listen(upTo time: Int64) {
    while let report = model.pop(upTo: time) {
      let event = report.event
      lines.append("\(report.time) \(event.kind) \(event.order_id) \(event.price) \(event.quantity) \(event.level)")
      guard var order = orders[event.order_id] else { continue }
      switch event.eventKind {
      case .ownFilled:
        #expect(!order.over, "a fill after the order's end")
        order.filled += event.quantity
        chains[order.chain].filled += event.quantity
      case .ownCancelled: order.cancelled += event.quantity
      case .ownRejected: order.over = true
      case .ownReplaced:
        order.asked = event.quantity
        orders[event.aux]?.over = true
        live.removeAll { $0 == event.aux }
      default: break
      }
      if order.filled + order.cancelled >= order.asked { order.over = true }
      #expect(order.filled + order.cancelled <= order.asked || order.over)
      orders[event.order_id] = order
      if order.over { live.removeAll { $0 == event.order_id } }
    }
  }

  mutating func act(at time: Int64) {
    let choice = sender.below(8)
    let side: Side = sender.below(2) == 0 ? .buy : .sell
    let price = (100 + Int64(sender.below(8))) * cent
    let quantity = 1 + Int64(sender.below(40))
    let immediate = sender.below(4) == 0
    let pick = sender.next()
    if choice < 3 {
      let id = nextID
      nextID += 1
      chains.append((quantity, 0))
      orders[id] = Known(chain: chains.count - 1, asked: quantity)
      live.append(id)
      model.submit(
        ModelRequest(
          childID: id, action: .new, instrument: 0, side: side, price: price, quantity: quantity,
          immediateOrCancel: immediate), at: time)
    } else if !live.isEmpty {
      let target = live[Int(pick % UInt64(live.count))]
      let known = orders[target]!
      if choice < 5 {
        model.submit(ModelRequest(childID: target, action: .cancel, instrument: 0), at: time)
      } else if choice < 7 {
        // Asks for all that its chain has left as far as it knows: fills under way must not come on top.
        let id = nextID
        nextID += 1
        let left = chains[known.chain].size - chains[known.chain].filled
        guard left > 0 else { return }
        orders[id] = Known(chain: known.chain, asked: left)
        live.append(id)
        model.submit(
          ModelRequest(
            childID: id, previousID: target, action: .replace, instrument: 0, price: price, quantity: left),
          at: time)
      }
    }
  }

  mutating func run(steps: Int, cut: Int, other: UInt64) {
    for step in 0..<steps {
      let time = Int64(step) * 10
      if step == cut { market = RandomSource(seed: other, stream: 10) }
      observe(at: time)
      listen(upTo: time)
      act(at: time)
    }
    listen(upTo: .max)
  }
}

@Suite struct FillModelPropertyTests {
  /// Fills race cancels and replacements in ten thousand random markets; no chain fills beyond its size, no order fills
  /// after its end, and the cut never changes what was said before it.
  @Test func tenThousandSeeds() {
    var races = 0
    var fills = 0
    for seed in UInt64(0)..<10_000 {
      var scene = Scene(seed: seed)
      scene.run(steps: 60, cut: .max, other: 0)
      for chain in scene.chains { #expect(chain.filled <= chain.size, "seed \(seed)") }
      races += scene.lines.count { $0.contains(" \(EventKind.ownCancelRejected.rawValue) ") }
      fills += scene.lines.count { $0.contains(" \(EventKind.ownFilled.rawValue) ") }
    }
    // The test would prove nothing if nothing ever raced.
    #expect(races > 1_000)
    #expect(fills > 10_000)
  }

  @Test func noLookAhead() {
    var differ = 0
    for seed in UInt64(0)..<300 {
      var whole = Scene(seed: seed)
      whole.run(steps: 60, cut: .max, other: 0)
      let cut = Int(seed % 55) + 2
      var other = Scene(seed: seed)
      other.run(steps: 60, cut: cut, other: seed &+ 77_777)
      let before = { (line: String) in Int64(line.prefix { $0 != " " })! < Int64(cut) * 10 }
      #expect(whole.lines.prefix(while: before) == other.lines.prefix(while: before), "seed \(seed)")
      if whole.lines != other.lines { differ += 1 }
    }
    #expect(differ > 100)
  }
}
