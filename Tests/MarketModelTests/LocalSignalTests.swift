// SPDX-License-Identifier: Apache-2.0

import EventFlow
import ExecutionIR
import MarketModel
import Testing

/// What is told of a market, nanosecond by nanosecond and trade by trade: what `LocalSignals` is held against.
private struct NaiveSignals {
  struct Trade {
    var time: Int64
    var quantity: Int64
    var side: Side
    var match: UInt64
    var isBroken = false
  }
  var trades: [Trade] = []
  var own: [(time: Int64, quantity: Int64)] = []
  /// By nanosecond; nil where the book had not two sides, or was halted or stale.
  var spreads: [Int64?] = []
  let start: Int64
  let bucket: Int64
  let buckets: Int
  let isOwnOnTape: Bool

  /// numerator / denominator in the unit of the kind; nil where nothing is divided by.
  func value(_ kind: SignalKind, _ index: Int, scale: Int) -> (Int128, Int128)? {
    let times = start + bucket * Int64(index)..<start + bucket * Int64(index + 1)
    let here = trades.filter { times.contains($0.time) && !$0.isBroken }
    func sum(_ side: Side?) -> Int128 {
      here.filter { side == nil || $0.side == side }.reduce(Int128(0)) { $0 + Int128($1.quantity) }
    }
    switch kind {
    case .volume: return (sum(nil), power(scale))
    case .spread:
      let seen = times.filter { $0 < spreads.count }.compactMap { spreads[Int($0)] }
      return seen.isEmpty
        ? nil : (seen.reduce(Int128(0)) { $0 + Int128(max(0, $1)) }, Int128(seen.count) * power(9))
    case .toxicity:
      let known = sum(.buy) + sum(.sell)
      return known == 0 ? nil : (abs(sum(.buy) - sum(.sell)), known)
    case .participation:
      let mine = own.filter { times.contains($0.time) }.reduce(Int128(0)) { $0 + Int128($1.quantity) }
      let all = isOwnOnTape ? max(sum(nil), mine) : sum(nil) + mine
      return all == 0 ? nil : (mine, all)
    }
  }

  func quanta(_ kind: SignalKind, quantum: ExactDecimal, maximum: Int64, scale: Int) -> [Int64] {
    (0..<buckets).map { index in
      guard let (above, below) = value(kind, index, scale: scale) else { return 0 }
      let numerator = above * power(quantum.scale)
      let denominator = below * Int128(quantum.units)
      let (whole, rest) = numerator.quotientAndRemainder(dividingBy: denominator)
      let isUp = 2 * rest > denominator || 2 * rest == denominator && whole % 2 == 1
      return Int64(min(whole + (isUp ? 1 : 0), Int128(maximum)))
    }
  }

  private func power(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { value, _ in value * 10 } }
}

@Suite("Local signals")
struct LocalSignalTests {
  @Test("Random markets, against a count of single nanoseconds", arguments: 1...60)
  func againstCounting(seed: Int) {
    var random = Seeded(UInt64(seed))
    func draw(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &random) }
    let start = draw(0...40)
    let bucket = draw(1...60)
    let buckets = Int(draw(1...8))
    let isOwnOnTape = draw(0...1) == 0
    let scale = Int(draw(0...3))
    var naive = NaiveSignals(start: start, bucket: bucket, buckets: buckets, isOwnOnTape: isOwnOnTape)
    var signals = LocalSignals(
      listings: 2, start: start, bucket: bucket, buckets: buckets, isOwnOnTape: isOwnOnTape, seed: UInt64(seed))
    var market = Market(seed: 3)
    var time: Int64 = 0
    func apply(_ event: Event) {
      let applied = market.apply(event, time: time, feed: 0)
      // The other listing is asked of the same market, and nothing of this one's may get into it.
      for (listing, instrument) in [(0, 0), (1, 1)] where instrument < market.count {
        signals.take(event, applied, listing: listing, instrument: instrument, time: time, market: market)
      }
    }
    func spread() -> Int64? {
      guard !market.isHalted(0), !market.isStale(0), let spread = market.top(0).spread else { return nil }
      return Int64(spread)
    }
    apply(definition(0, scale: scale))
    apply(definition(1, scale: scale))
    var match: UInt64 = 0
    for _ in 0..<draw(20...160) {
      let next = time + draw(0...9)
      let standing = spread()
      while naive.spreads.count < next { naive.spreads.append(standing) }
      time = next
      switch draw(0...11) {
      case 0, 1, 2, 3:
        let side: Side = draw(0...1) == 0 ? .buy : .sell
        // One tick apart or crossed.
        let price = (side == .buy ? 0 : 20_000_000) + draw(-2...2) * 10_000_000
        apply(
          event(
            .level, side: side, price: 100_000_000_000 + price, quantity: draw(0...3),
            flags: draw(0...3) == 0 ? [] : [.last]))
      case 4, 5, 6, 7:
        let side = [Side.buy, .sell, .none][Int(draw(0...2))]
        let quantity = draw(1...5_000)
        match += 1
        let flags: [EventFlags] = [[.last, .volume], [.last], [.last, .volume, .cross], [.last, .volume, .noPrice]]
        let chosen = draw(0...5) > 0 ? flags[0] : flags[Int(draw(1...3))]
        apply(event(.trade, side: side, price: 1_000_000_000, quantity: quantity, aux: match, flags: chosen))
        if chosen == flags[0] {
          naive.trades.append(.init(time: time, quantity: quantity, side: side, match: match))
        }
      case 8 where match > 0:
        let broken = UInt64(draw(1...Int64(match)))
        apply(event(.tradeBreak, aux: broken))
        if let index = naive.trades.firstIndex(where: { $0.match == broken }) { naive.trades[index].isBroken = true }
      case 9:
        let statuses = [TradingStatus.open, .open, .halted, .auction]
        apply(event(.status, draw(0...1) == 0 ? 0 : -1, level: Int(statuses[Int(draw(0...3))].rawValue)))
      case 10:
        if draw(0...5) == 0 { apply(event(.gap, -1)) } else { apply(event(.clear, flags: [.last, .snapshot])) }
      default:
        let quantity = draw(1...900)
        signals.fill(quantity, listing: 0, at: time)
        naive.own.append((time, quantity))
        // About the other instrument.
        apply(event(.trade, 1, side: .buy, price: 1_000_000_000, quantity: 7, aux: match, flags: [.last, .volume]))
      }
    }
    let end = time + draw(0...40)
    let standing = spread()
    while naive.spreads.count < end { naive.spreads.append(standing) }
    signals.finish(at: end)
    for (kind, quantum, maximum) in [
      (SignalKind.volume, ExactDecimal(units: 25, scale: scale + 1), Int64(4_000)),
      (.volume, ExactDecimal(units: 1, scale: scale), .max), (.spread, ExactDecimal(units: 4, scale: 3), .max),
      (.spread, ExactDecimal(units: 1, scale: 9), 25_000_000), (.toxicity, ExactDecimal(units: 1, scale: 6), .max),
      (.toxicity, ExactDecimal(units: 1, scale: 1), 7), (.participation, ExactDecimal(units: 5, scale: 4), .max),
    ] {
      #expect(
        signals.quanta(kind, listing: 0, quantum: quantum, maximum: maximum, scale: scale)
          == naive.quanta(kind, quantum: quantum, maximum: maximum, scale: scale), "\(kind) in \(quantum)")
    }
    #expect(
      signals.quanta(.participation, listing: 1, quantum: ExactDecimal(units: 1, scale: 6), maximum: 9, scale: 0)
        .allSatisfy { $0 == 0 })
  }

  @Test("Halves go to the even quantum, and nothing leaves 64 bits")
  func edges() {
    var signals = LocalSignals(listings: 1, start: 0, bucket: 10, buckets: 2)
    var market = Market(seed: 1)
    func apply(_ event: Event, at time: Int64) {
      let applied = market.apply(event, time: time, feed: 0)
      signals.take(event, applied, listing: 0, instrument: 0, time: time, market: market)
    }
    apply(definition(0), at: 0)
    func trade(_ quantity: Int64, _ side: Side, at time: Int64) {
      apply(event(.trade, side: side, price: 1, quantity: quantity, flags: [.last, .volume]), at: time)
    }
    trade(5, .buy, at: 0)
    trade(7, .sell, at: 10)
    let two = ExactDecimal(units: 2, scale: 0)
    #expect(signals.quanta(.volume, listing: 0, quantum: two, maximum: 9, scale: 0) == [2, 4])
    #expect(signals.quanta(.volume, listing: 0, quantum: two, maximum: 3, scale: 0) == [2, 3])
    // All of one side: 1, the most there is.
    let millionth = ExactDecimal(units: 1, scale: 6)
    #expect(
      signals.quanta(.toxicity, listing: 0, quantum: millionth, maximum: .max, scale: 0) == [1_000_000, 1_000_000])
    trade(.max, .buy, at: 3)
    trade(.max, .sell, at: 4)
    let smallest = ExactDecimal(units: 1, scale: 18)
    #expect(signals.quanta(.volume, listing: 0, quantum: smallest, maximum: .max, scale: 0)[0] == .max)
    #expect(signals.quanta(.toxicity, listing: 0, quantum: millionth, maximum: .max, scale: 0)[0] == 0)
    // Outside the window nothing counts.
    trade(9, .buy, at: 20)
    signals.fill(4, listing: 0, at: -1)
    signals.fill(4, listing: 0, at: 20)
    #expect(signals.quanta(.volume, listing: 0, quantum: two, maximum: 9, scale: 0)[1] == 4)
    #expect(signals.quanta(.participation, listing: 0, quantum: millionth, maximum: 9, scale: 0) == [0, 0])
  }
}
