// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// How other participants behave.
package struct OrderFlowConfiguration: Sendable {
  /// Mean nanoseconds between two actions when the volume curve stands at 1000.
  package var meanInterval: Int64 = 20_000_000
  /// Activity over the day in thousandths, in equal parts from open to close: busy ends, quiet noon.
  package var volumeCurve: [UInt32] = [1600, 1200, 1000, 900, 800, 750, 700, 750, 800, 900, 1050, 1300, 1800]
  /// Shares of the actions. The weight of cancels holds for a book of `targetOrders`, and grows and falls with it.
  package var limitWeight: UInt32 = 500
  package var cancelWeight: UInt32 = 440
  package var marketWeight: UInt32 = 60
  /// Trades against orders that nobody sees, between the best prices; `nasdaqStyle` only.
  package var hiddenWeight: UInt32 = 6
  /// Orders that stand in the book on average.
  package var targetOrders = 160
  /// Weights of the distances of limit orders from the fair value, in ticks from 0.
  package var distances: [UInt32] = [30, 70, 110, 130, 120, 100, 80, 65, 50, 40, 32, 26, 20, 16, 12, 10, 8, 6, 4, 3]
  /// Weights of the sizes of orders: 1, 2, 3… lots of `sizeLots`.
  package var sizes: [UInt32] = [420, 210, 100, 60, 90, 20, 15, 12, 8, 45, 4, 3, 2, 2, 2, 2, 2, 2, 2, 9]
  package var sizeLots: Int64 = 1

  package init() {}

  func validate() throws(SimulatedVenueError) {
    func require(_ condition: Bool, _ reason: String) throws(SimulatedVenueError) {
      guard condition else { throw SimulatedVenueError(description: "order flow: \(reason)") }
    }
    try require((1_000...3_600_000_000_000).contains(meanInterval), "mean interval below 1 µs or above an hour")
    try require(
      !volumeCurve.isEmpty && volumeCurve.allSatisfy { (1...10_000).contains($0) },
      "the volume curve needs parts from 1 to 10000 thousandths")
    try require(limitWeight > 0 && max(limitWeight, cancelWeight) < 1 << 20, "weights out of range")
    try require(max(marketWeight, hiddenWeight) < 1 << 20, "weights out of range")
    try require((2...4_096).contains(targetOrders), "between 2 and 4096 orders can stand on average")
    for table in [distances, sizes] {
      try require(
        !table.isEmpty && table.count <= 100 && table.allSatisfy { $0 < 1 << 20 } && table.contains { $0 > 0 },
        "a table needs 1 to 100 weights, one above 0")
    }
    try require((1...1_000).contains(sizeLots), "between 1 and 1000 lots to a size")
  }
}

/// A trade against an order that nobody sees; the book does not change.
struct HiddenTrade {
  var price: Int64
  var quantity: Int64
}

/// The background: other participants' orders, cancels and trades around a fair value.
struct OrderFlow: Sendable {
  private let configuration: OrderFlowConfiguration
  private let lot: Int64
  private let tick: Int64
  private let begin: Int64
  private let open: Int64
  private let close: Int64
  private var random: RandomSource
  private var fair: FairValueProcess
  private let peak: UInt32
  /// Orders of the background that may still rest; stale ones are dropped when they come up.
  private var live: [OrderHandle] = []
  /// When somebody acts next; the far future after the close.
  private(set) var nextTime: Int64

  init(_ venue: SimulatedVenueConfiguration, seed: UInt64) {
    configuration = venue.flow
    lot = venue.lot
    tick = venue.tick
    begin = venue.begin
    open = venue.open
    close = venue.close
    random = RandomSource(seed: seed, stream: 1)
    fair = FairValueProcess(venue.fairValue, start: venue.begin)
    peak = venue.flow.volumeCurve.max() ?? 1000
    nextTime = venue.begin + 1
  }

  /// One participant acts at `nextTime`.
  mutating func act(_ engine: inout MatchingEngine) -> HiddenTrade? {
    let time = nextTime
    fair.advance(to: time)
    guard engine.phase != .preOpen else {
      nextTime = min(time + max((open - begin) / Int64(configuration.targetOrders + 1), 1), open)
      if nextTime == open { schedule(after: open) }
      addLimit(&engine)
      return nil
    }
    schedule(after: time)
    let standing = UInt64(live.count) * UInt64(configuration.cancelWeight) / UInt64(configuration.targetOrders)
    let cancels = UInt32(min(standing, 1 << 20))
    let weights = [configuration.limitWeight, cancels, configuration.marketWeight, configuration.hiddenWeight]
    switch random.choose(weights) {
    case 0 where engine.phase == .open: addLimit(&engine)
    case 1: cancel(&engine)
    case 2 where engine.phase == .open: trade(&engine)
    case 3 where engine.phase == .open: return hidden(engine)
    default: break
    }
    return nil
  }

  /// Draws at the curve's peak and keeps what the curve at that time lets through, which is exact for any curve.
  private mutating func schedule(after time: Int64) {
    let mean = max(configuration.meanInterval / Int64(peak) * 1000, 1)
    var at = time
    repeat {
      at += random.exponential(mean: mean) + 1
      guard at < close else {
        nextTime = .max
        return
      }
      let part = Int128(at - open) * Int128(configuration.volumeCurve.count) / Int128(close - open)
      if random.below(UInt64(peak)) < UInt64(configuration.volumeCurve[Int(part)]) { break }
    } while true
    nextTime = at
  }

  /// The fair value in ticks, rounded down; above the deepest distance because of the configuration's floor.
  private var fairTicks: Int64 { fair.value / tick }

  private mutating func size() -> Int64 {
    (Int64(random.choose(configuration.sizes)) + 1) * configuration.sizeLots * lot
  }

  private mutating func addLimit(_ engine: inout MatchingEngine) {
    let distance = Int64(random.choose(configuration.distances))
    let side: Side = random.below(2) == 0 ? .buy : .sell
    let price = (side == .buy ? fairTicks - distance : fairTicks + 1 + distance) * tick
    guard
      let placement = try? engine.add(side: side, price: price, quantity: size(), condition: .day, owner: 0),
      let handle = placement.resting
    else { return }
    // Executed orders linger here until they come up; as many as can rest are enough.
    if live.count >= engine.rules.maximumOrders { live.removeAll { engine.order($0) == nil } }
    live.append(handle)
  }

  private mutating func cancel(_ engine: inout MatchingEngine) {
    while !live.isEmpty {
      let index = Int(random.below(UInt64(live.count)))
      let handle = live[index]
      live.swapAt(index, live.count - 1)
      live.removeLast()
      guard let order = engine.order(handle) else { continue }
      // One in eight takes only a part off.
      let part = order.quantity / (2 * lot) * lot
      if part > 0, random.below(8) == 0 {
        live.append(handle)
        _ = try? engine.cancel(handle, quantity: part)
      } else {
        _ = try? engine.cancel(handle)
      }
      return
    }
  }

  /// An immediate order at most three ticks through the best price, rather towards the fair value than away from it.
  private mutating func trade(_ engine: inout MatchingEngine) {
    guard let bid = engine.best(.buy), let ask = engine.best(.sell) else { return }
    let middle = (bid.price + ask.price) / 2
    let buys: UInt64 = fair.value > middle + tick ? 7 : fair.value < middle - tick ? 3 : 5
    let side: Side = random.below(10) < buys ? .buy : .sell
    let price = side == .buy ? ask.price + 3 * tick : max(bid.price - 3 * tick, tick)
    _ = try? engine.add(side: side, price: price, quantity: size(), condition: .immediateOrCancel, owner: 0)
  }

  private mutating func hidden(_ engine: MatchingEngine) -> HiddenTrade? {
    guard let bid = engine.best(.buy), let ask = engine.best(.sell) else { return nil }
    let between = (ask.price - bid.price) / tick - 1
    guard between > 0 else { return nil }
    let price = bid.price + (Int64(random.below(UInt64(between))) + 1) * tick
    return HiddenTrade(price: price, quantity: size())
  }
}
