// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionEngine
import ExecutionIR
import Testing

/// One market, three distances from it. An order of 600 rests at 99.99 from the beginning; what is left of it takes at 100.01
/// from second 14 on.
@Suite("Latency decides what fills, and the record says why")
struct LatencyTests {
  private static let prints: [(Int64, Int64)] = [
    (5 * millisecond, 50), (400 * millisecond, 70), (1_200 * millisecond, 30),
  ]

  private static func scene() -> Scene {
    var scene = Scene()
    scene.venues = [Scene.Venue()]
    scene.slices = 1
    scene.length = 16 * second
    scene.quantity = ExactDecimal(units: 600, scale: 0)
    return scene
  }

  private static let sweep = Scene.start + 14 * second

  private static func market() -> [MarketFrame] {
    opening(scene(), depth: 1000)
      + prints.map { MarketFrame(Scene.start + $0.0, 0, [trade(0, 9_998 * cent, $0.1)]) } + [
        MarketFrame(sweep + 6 * millisecond, 0, [level(0, .sell, 10_001 * cent, 480)]),
        MarketFrame(sweep + 8 * millisecond, 0, [level(0, .sell, 10_000 * cent, 40)]),
        MarketFrame(
          sweep + 300 * millisecond, 0, [level(0, .sell, 10_000 * cent, 0), level(0, .sell, 10_001 * cent, 210)]),
      ]
  }

  /// What is displayed for sale at a price and a time, read off the market above.
  private static func displayed(_ price: Int64, at time: Int64) -> Int64 {
    var quantity: Int64 = 0
    for frame in market() where frame.time <= time {
      for event in frame.events where event.eventKind == .level && event.eventSide == .sell && event.price == price {
        quantity = event.quantity
      }
    }
    return quantity
  }

  private static func run(_ latency: Int64) throws -> Record {
    try ModelRun.run(scene(), market(), latency: ModelRun.Latency(inbound: latency, outbound: latency))
  }

  @Test("0, 10 and 500 ms give other fills")
  func differ() throws {
    func fills(_ latency: Int64) throws -> [String] {
      try Self.run(latency).fills().map {
        "\($0.order) \($0.maker == true ? "made" : "took") \($0.quantity) at \(FixedPoint.text($0.price, scale: priceScale))"
      }
    }
    #expect(try fills(0) == ["1 made 50 at 99.99", "1 made 70 at 99.99", "1 made 30 at 99.99", "2 took 450 at 100.01"])
    #expect(
      try fills(10 * millisecond)
        == ["1 made 70 at 99.99", "1 made 30 at 99.99", "2 took 40 at 100", "2 took 460 at 100.01"])
    #expect(try fills(500 * millisecond) == ["1 made 30 at 99.99", "2 took 210 at 100.01"])
  }

  @Test("Each fill is explained by its order's time, the latency and the market", arguments: [0, 10, 500] as [Int64])
  func explained(_ milliseconds: Int64) throws {
    let latency = milliseconds * millisecond
    let record = try Self.run(latency)
    let orders = try record.orders()
    #expect(orders.map(\.createdAt) == [Scene.start, Self.sweep])
    for fill in try record.fills() {
      let order = try #require(orders.first { $0.id == fill.order })
      let happened = try #require(fill.eventTime)
      // The venue's own time, and a way back.
      #expect(fill.receivedAt == happened + latency)
      #expect(fill.simulated)
      if fill.maker == true {
        // Only a print through its price after it arrived fills an order that rests, at its own price.
        #expect(happened >= order.createdAt + latency)
        #expect(Self.prints.contains { Scene.start + $0.0 == happened && $0.1 == fill.quantity })
        #expect(fill.price == order.limit)
      } else {
        #expect(happened == order.createdAt + latency)
        #expect(fill.quantity <= Self.displayed(fill.price, at: happened))
        #expect(fill.price <= order.limit ?? 0)
      }
    }
    // No print that came after the order's arrival and before its end was missed.
    let made = try record.fills().filter { $0.maker == true }.compactMap(\.eventTime)
    #expect(made == Self.prints.map { Scene.start + $0.0 }.filter { $0 >= Scene.start + latency })
    // The acknowledgement of the first order comes after both ways.
    let acknowledged = try #require(record.bodies(.report).first { $0["report"]?.text == "acknowledged" })
    #expect(acknowledged["received"]?.integer() == Scene.start + 2 * latency)
  }
}
