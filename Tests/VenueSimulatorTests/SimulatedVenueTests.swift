// SPDX-License-Identifier: Apache-2.0

import EventFlow
import Foundation
import Testing
import VenueSimulator

@Suite struct SimulatedVenueTests {
  /// An untouched market is believable: narrow, deep, and busy; ten minutes of it.
  @Test func nasdaqBackground() throws {
    var session = try VenueSession(venue(.nasdaqStyle), seed: 1)
    session.run(pause: nil)
    let counts = try python(nasdaqReader, session.lines)
    #expect(counts["itch_S"] == 6 && counts["itch_R"] == 1 && counts["itch_H"] == 1 && counts["ouch_S"] == 2)
    try expectBelievable(
      spread: counts["spread"], depth: counts["depth"], prints: counts["prints"], seconds: 600)
    #expect(counts["itch_P", default: 0] > 10 && counts["itch_X", default: 0] > 50)
  }

  @Test func binanceBackground() throws {
    var session = try VenueSession(venue(.binanceStyle), seed: 2)
    session.run(pause: nil)
    let counts = try python(binanceReader, session.lines)
    #expect(counts["snapshot"] == 1)
    try expectBelievable(
      spread: counts["spread"], depth: counts["levels"], prints: counts["trade"], seconds: 600)
    // Every tenth of a second with changes, and most have some.
    #expect(counts["depth", default: 0] > 4_000 && counts["depth", default: 0] <= 6_001)
  }

  private func expectBelievable(spread: Double?, depth: Double?, prints: Double?, seconds: Double) throws {
    let spread = try #require(spread)
    let depth = try #require(depth)
    let prints = try #require(prints)
    print("spread \(spread) ticks, \(depth) levels, \(prints / seconds) prints a second")
    #expect((1...6).contains(spread))
    #expect(depth > 8)
    #expect((1...20).contains(prints / seconds))
  }

  @Test func nasdaqOrders() throws {
    var session = try VenueSession(venue(.nasdaqStyle), seed: 3)
    session.run(pause: second / 5)
    let counts = try python(nasdaqReader, session.lines)
    print(counts.sorted { $0.key < $1.key })
    for key in ["ouch_A", "ouch_U", "ouch_C", "ouch_E", "ouch_J", "reject_X", "reject_Z", "cancel_U", "cancel_I"] {
      #expect(counts[key, default: 0] > 20, "\(key)")
    }
    #expect(counts["cancel_F", default: 0] > 0 && counts["cancel_E", default: 0] > 0)
    // After the close.
    #expect(counts["reject_C", default: 0] > 0)
  }

  @Test func binanceOrders() throws {
    var session = try VenueSession(venue(.binanceStyle), seed: 4)
    session.run(pause: second / 5)
    let counts = try python(binanceReader, session.lines)
    print(counts.sorted { $0.key < $1.key })
    for key in [
      "answer_200", "error_1013", "error_2010", "error_2011", "error_2022", "error_1135", "report_NEW",
      "report_TRADE", "report_CANCELED", "report_EXPIRED",
    ] {
      #expect(counts[key, default: 0] > 5, "\(key)")
    }
    #expect(counts["open"] == 0, "orders end with the day")
  }

  /// What goes wrong on purpose goes wrong, and stays readable.
  @Test(arguments: [VenuePersonality.nasdaqStyle, .binanceStyle]) func faults(personality: VenuePersonality) throws {
    var faults = VenueFaults()
    faults.duplicateAcknowledgement = 200_000
    faults.lostReply = 200_000
    faults.reject = 100_000
    faults.halts = [opening + 60 * second..<opening + 100 * second]
    let slow = VenueLatency(
      orderEntryInbound: 300_000_000, orderEntryOutbound: 200_000_000, marketData: 50_000_000, jitter: 100_000_000)
    var session = try VenueSession(venue(personality, minutes: 5, faults: faults, latency: slow), seed: 5)
    session.run(pause: second / 5)
    let nasdaq = personality == .nasdaqStyle
    let counts = try python(nasdaq ? nasdaqReader : binanceReader, ["lossy"] + session.lines)
    #expect(counts["duplicates", default: 0] > 20)
    #expect(counts[nasdaq ? "reject_O" : "error_2010", default: 0] > 20)
    if nasdaq {
      #expect(counts["itch_H"] == 3)
      #expect(counts["reject_H", default: 0] > 20)
    }
  }

  /// The same inputs give the same bytes; another seed does not, but the fair value stays the same.
  @Test func deterministic() throws {
    func lines(_ seed: UInt64) throws -> [String] {
      var session = try VenueSession(venue(.nasdaqStyle, minutes: 2), seed: seed)
      session.run(pause: second / 3)
      return session.lines
    }
    let first = try lines(6)
    #expect(try lines(6) == first)
    #expect(try lines(7) != first)
  }

  /// How far time is stepped changes nothing, and neither does when frames are fetched.
  @Test func stepsDoNotMatter() throws {
    let configuration = venue(.binanceStyle, minutes: 2)
    func frames(step: Int64) throws -> [SimulatedFrame] {
      var venue = try SimulatedVenue(configuration: configuration, seed: 8)
      var frames: [SimulatedFrame] = []
      var time = configuration.begin
      while time < configuration.close + 2 * second {
        time += step
        venue.advance(to: time)
        while let frame = venue.popFrame(upTo: time) { frames.append(frame) }
      }
      return frames
    }
    let fine = try frames(step: 1_234_567)
    #expect(fine.count > 1_000)
    #expect(try frames(step: 10 * second) == fine)
    #expect(zip(fine, fine.dropFirst()).allSatisfy { $0.time <= $1.time })
  }

  /// Two venues that share the fair value agree on the price within a few ticks.
  @Test func venuesCohere() throws {
    var first = try SimulatedVenue(configuration: venue(.nasdaqStyle), seed: 9)
    var second = try SimulatedVenue(configuration: venue(.binanceStyle), seed: 10)
    var apart: [Int64] = []
    var prices: [Int64] = []
    for step in Int64(1)..<600 {
      let time = opening + step * 1_000_000_000
      first.advance(to: time)
      second.advance(to: time)
      let middles = try [first, second].map {
        (try #require($0.engine.best(.buy)?.price) + (try #require($0.engine.best(.sell)?.price))) / 2
      }
      apart.append(abs(middles[0] - middles[1]))
      prices.append(middles[0])
    }
    #expect(apart.sorted()[300] <= 30_000_000, "median distance above three ticks")
    #expect(prices.max()! - prices.min()! > 50_000_000, "the price does not move")
  }

  @Test func configurationsAreChecked() {
    func refused(_ change: (inout SimulatedVenueConfiguration) -> Void) -> Bool {
      var configuration = venue(.nasdaqStyle)
      change(&configuration)
      do {
        _ = try SimulatedVenue(configuration: configuration, seed: 1)
        return false
      } catch {
        return error.description.contains(":")
      }
    }
    #expect(!refused { _ in })
    #expect(refused { $0.symbol = "TOOLONGNAME" })
    #expect(refused { $0.symbol = "" })
    #expect(refused { $0.tick = 50_000 })
    #expect(refused { $0.quantityScale = 2 })
    #expect(refused { $0.lot = 0 })
    #expect(refused { $0.close = $0.open })
    #expect(refused { $0.dayStart = $0.open })
    #expect(refused { $0.fairValue.floor = 1 })
    #expect(refused { $0.latency.jitter = -1 })
    #expect(refused { $0.flow.distances = [] })
    #expect(refused { $0.flow.volumeCurve = [0] })
    #expect(refused { $0.lot = 1_000 })
    #expect(refused { $0.faults.halts = [opening..<opening] })
  }
}
