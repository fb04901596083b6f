// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import MarketModel
import Testing

/// What a message costs. The figures are printed; the bound is far above them, so that only a change of kind (a walk,
/// an allocation at every event) fails on a busy machine.
@Suite("Speed of books", .enabled(if: Captures.areHere), .serialized)
struct SpeedTests {
  private func batches(_ events: [Event]) -> [Int] { Array(stride(from: 0, to: events.count, by: 4096)) }

  /// The best of the repeats, which says most of a machine that others use too.
  private func nanoseconds(_ events: [Event], repeats: Int, instruments: Int) -> Double {
    var market = Market(seed: 3)
    for number in 0..<instruments { market.apply(definition(number), time: 0, feed: 0) }
    var batch = EventBatch(frames: 1, events: 4096, bytes: 16)
    batch.append(frame: Frame(), bytes: [0].span)
    let clock = ContinuousClock()
    var best = Duration.seconds(1000)
    for _ in 0..<repeats {
      var spent = Duration.zero
      for start in batches(events) {
        batch.removeAll()
        batch.append(frame: Frame(), bytes: [0].span)
        for index in start..<min(start + 4096, events.count) { batch.append(events[index]) }
        spent += clock.measure { market.apply(batch) }
      }
      for number in 0..<instruments { market.apply(event(.clear, number), time: 0, feed: 0) }
      best = min(best, spent)
    }
    #expect(market.counters.unknownOrders == 0)
    let (seconds, attoseconds) = best.components
    return (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(events.count)
  }

  @Test("ITCH capture, one symbol")
  func one() throws {
    var translator = ItchTranslator()
    let events = Array(translator.events(try Captures.bytes("itch50/aapl-20200130-10k.bin")).dropFirst())
    _ = nanoseconds(events, repeats: 20, instruments: 1)
    let cost = nanoseconds(events, repeats: 1000, instruments: 1)
    print("book of one symbol: \(cost) ns a message")
    #expect(cost < 1000)
  }

  @Test("ITCH capture, two hundred symbols in turn")
  func many() throws {
    var translator = ItchTranslator()
    let one = Array(translator.events(try Captures.bytes("itch50/aapl-20200130-10k.bin")).dropFirst())
    var events: [Event] = []
    events.reserveCapacity(one.count * 200)
    for index in 0..<one.count * 200 {
      let (step, symbol) = (index / 200, index % 200)
      var next = one[step]
      next.instrument = UInt32(symbol)
      // As a venue numbers them: one count for all symbols.
      next.order_id = next.order_id * 200 + UInt64(symbol)
      if next.eventKind == .orderReplace { next.aux = next.aux * 200 + UInt64(symbol) }
      if next.eventKind == .orderExecute || next.eventKind == .trade { next.aux = next.aux * 200 + UInt64(symbol) }
      events.append(next)
    }
    let cost = nanoseconds(events, repeats: 5, instruments: 200)
    print("books of two hundred symbols: \(cost) ns a message")
    #expect(cost < 1000)
  }
}
