// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import ExecutionEngine
import Testing
import VenueSimulator

/// Drives an engine over a market with the named fill model in the place of the venues: market first, then what the
/// model reports for that moment, and decisions behind everything that came before them.
struct ModelRun {
  /// Nanoseconds from the engine to each venue and back.
  struct Latency {
    var inbound: Int64 = 0
    var outbound: Int64 = 0
  }

  static func run(_ scene: Scene, _ market: [MarketFrame], latency: Latency = Latency()) throws -> Record {
    var bench = try Bench(scene)
    var model = FillModel(
      configuration: scene.venues.indices.map {
        FillModelVenue(instrument: UInt32($0), inbound: latency.inbound, outbound: latency.outbound)
      })
    var next = 0
    while let decision = bench.engine.nextDecision {
      let frame = next < market.count ? market[next] : nil
      if let time = model.nextTime, time < decision, time < frame?.time ?? .max {
        try report(&model, upTo: time, &bench)
      } else if let frame, frame.time < decision {
        for event in frame.events { model.observe(event, at: frame.time) }
        try bench.step(frame)
        next += 1
      } else {
        for intent in try bench.decide().intents { try send(intent, bench, &model) }
      }
    }
    return bench.record
  }

  private static func report(_ model: inout FillModel, upTo time: Int64, _ bench: inout Bench) throws {
    while let report = model.pop(upTo: time) {
      try bench.step(MarketFrame(report.time, bench.scene.privateFeed, [report.event], flags: [.simulated]))
    }
  }

  private static func send(_ intent: OrderIntent, _ bench: borrowing Bench, _ model: inout FillModel) throws {
    let instrument = bench.engine.instrument(ofVenue: intent.venue)
    let quantity = bench.engine.venueQuantity(intent.quantity, venue: intent.venue)
    model.submit(
      ModelRequest(
        childID: intent.id, action: intent.action == .new ? .new : .cancel,
        instrument: UInt32(try #require(instrument)), side: bench.engine.side, price: intent.price,
        quantity: try #require(quantity), immediateOrCancel: !intent.isPassive, postOnly: intent.isPassive),
      at: intent.time)
  }
}
