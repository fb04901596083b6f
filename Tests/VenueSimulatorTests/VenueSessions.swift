// SPDX-License-Identifier: Apache-2.0

import EventFlow
import Foundation
import Testing
import VenueSimulator

let second: Int64 = 1_000_000_000
/// 2026-03-02, 00:00 in New York.
let dayStart: Int64 = 1_772_427_600 * second
let opening = dayStart + 34_200 * second

/// One fictional security, as the demo lists it on two venues.
func venue(
  _ personality: VenuePersonality, minutes: Int64 = 10, faults: VenueFaults = VenueFaults(),
  latency: VenueLatency = VenueLatency()
) -> SimulatedVenueConfiguration {
  let nasdaq = personality == .nasdaqStyle
  var flow = OrderFlowConfiguration()
  flow.sizeLots = nasdaq ? 100 : 1
  return SimulatedVenueConfiguration(
    personality: personality, symbol: "XPRV", tick: nasdaq ? 10_000_000 : 5_000_000,
    lot: nasdaq ? 1 : 1_000, quantityScale: nasdaq ? 0 : 2, dayStart: dayStart, open: opening,
    close: opening + minutes * 60 * second,
    fairValue: FairValueConfiguration(seed: 42, initial: 50_000_000_000, unit: 1_250_000),
    flow: flow, latency: latency, faults: faults)
}

/// A venue with a client that trades at random, and the record of everything that went over the wire: lines of
/// direction (`M` market data, `O` order entry received, `I` sent), time and the bytes in hexadecimal.
struct VenueSession {
  var venue: SimulatedVenue
  var random: RandomSource
  var lines: [String] = []
  var ids: [(id: UInt64, side: Side)] = []
  var next: UInt64 = 1
  let nasdaq: Bool

  init(_ configuration: SimulatedVenueConfiguration, seed: UInt64) throws {
    venue = try SimulatedVenue(configuration: configuration, seed: seed)
    random = RandomSource(seed: seed, stream: 99)
    nasdaq = configuration.personality == .nasdaqStyle
  }

  /// Lives until the venue has nothing more to say; the client acts every `pause`, or never.
  mutating func run(pause: Int64?) {
    var wakes = pause.map { venue.configuration.open + $0 }
    while let time = [venue.nextTime, wakes].compactMap({ $0 }).min() {
      venue.advance(to: time)
      while let frame = venue.popFrame(upTo: time) {
        #expect(frame.time == time)
        record(frame.channel == .marketData ? "M" : "O", time, frame.bytes)
      }
      if let pause, let wake = wakes, wake <= time {
        act(at: time)
        wakes = time + pause < venue.configuration.close + second / 2 ? time + pause : nil
      }
    }
    for side in [Side.buy, .sell] {
      for level in venue.engine.levels(side) {
        lines.append("\(side == .buy ? "LB" : "LS") \(level.price) \(level.quantity)")
      }
    }
  }

  private mutating func record(_ direction: String, _ time: Int64, _ bytes: [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = Array("\(direction) \(time) ".utf8)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    lines.append(String(decoding: text, as: UTF8.self))
  }

  private mutating func act(at time: Int64) {
    let rules = venue.engine.rules
    let side: Side = random.below(2) == 0 ? .buy : .sell
    let base = venue.engine.best(side)?.price ?? 50_000_000_000
    var price = base + (Int64(random.below(7)) - 3) * rules.tick
    var quantity = (Int64(random.below(8)) + 1) * max(rules.lot, 100)
    // Now and then something that a venue must refuse.
    if random.below(40) == 0 { price += 1_000_000 }
    if random.below(40) == 0 { quantity = rules.maximumQuantity + rules.lot }
    let kind = random.below(10)
    let pick = ids.isEmpty ? nil : ids[ids.count - 1 - Int(random.below(UInt64(min(ids.count, 12))))]
    let immediate = random.below(3) == 0
    let postOnly = !immediate && random.below(5) == 0
    let bytes: [UInt8]
    switch (kind, pick) {
    case (0..<3, let pick?):
      let keep = nasdaq && random.below(3) == 0 ? quantity : 0
      bytes = nasdaq ? ouchCancel(pick.id, keep) : json("order.cancel", next, "\"origClientOrderId\":\"xp-\(pick.id)\"")
      if !nasdaq { next += 1 }
    case (3..<5, let pick?):
      bytes =
        nasdaq
        ? ouchReplace(pick.id, next, price, quantity, immediate, postOnly)
        : json(
          "order.cancelReplace", next,
          "\"cancelReplaceMode\":\"STOP_ON_FAILURE\",\"cancelOrigClientOrderId\":\"xp-\(pick.id)\","
            + terms(next, pick.side, price, quantity, immediate, postOnly))
      ids.append((next, pick.side))
      next += 1
    default:
      bytes =
        nasdaq
        ? ouchEnter(next, side, price, quantity, immediate, postOnly)
        : json("order.place", next, terms(next, side, price, quantity, immediate, postOnly))
      ids.append((next, side))
      next += 1
    }
    record("I", time, bytes)
    venue.receive(bytes, at: time)
    // The same again now and then, and noise: both are to be ignored or refused.
    if random.below(30) == 0 { venue.receive(bytes, at: time) }
    if random.below(30) == 0 { venue.receive((0..<random.below(60)).map { _ in UInt8(random.below(256)) }, at: time) }
  }
}

// MARK: A client's bytes, written independently of any adapter

private func big(_ value: Int64, _ count: Int) -> [UInt8] {
  (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
}

private func token(_ id: UInt64) -> [UInt8] {
  let text = "T\(id)"
  return Array((text + String(repeating: " ", count: 14 - text.utf8.count)).utf8)
}

private func ouchEnter(
  _ id: UInt64, _ side: Side, _ price: Int64, _ quantity: Int64, _ immediate: Bool, _ postOnly: Bool
) -> [UInt8] {
  Array("O".utf8) + token(id) + Array((side == .buy ? "B" : "S").utf8) + big(quantity, 4) + Array("XPRV    ".utf8)
    + big(price / 100_000, 4) + big(immediate ? 0 : 99_998, 4) + Array("XPRO".utf8)
    + Array((postOnly ? "P" : "Y").utf8) + Array("AN".utf8) + big(0, 4) + Array("N ".utf8)
}

private func ouchReplace(
  _ old: UInt64, _ id: UInt64, _ price: Int64, _ quantity: Int64, _ immediate: Bool, _ postOnly: Bool
) -> [UInt8] {
  Array("U".utf8) + token(old) + token(id) + big(quantity, 4) + big(price / 100_000, 4)
    + big(immediate ? 0 : 99_998, 4) + Array((postOnly ? "P" : "Y").utf8) + Array("N".utf8) + big(0, 4)
}

private func ouchCancel(_ id: UInt64, _ keep: Int64) -> [UInt8] { Array("X".utf8) + token(id) + big(keep, 4) }

private func json(_ method: String, _ id: UInt64, _ parameters: String) -> [UInt8] {
  Array("{\"id\":\"r\(id)\",\"method\":\"\(method)\",\"params\":{\"symbol\":\"XPRV\",\(parameters)}}".utf8)
}

private func decimal(_ value: Int64, _ scale: Int) -> String {
  let digits = String(value)
  let filled = String(repeating: "0", count: max(scale + 1 - digits.utf8.count, 0)) + digits
  return scale == 0 ? filled : filled.dropLast(scale) + "." + filled.suffix(scale)
}

private func terms(
  _ id: UInt64, _ side: Side, _ price: Int64, _ quantity: Int64, _ immediate: Bool, _ postOnly: Bool
) -> String {
  let type =
    postOnly ? "\"type\":\"LIMIT_MAKER\"" : "\"type\":\"LIMIT\",\"timeInForce\":\"\(immediate ? "IOC" : "GTC")\""
  return "\"side\":\"\(side == .buy ? "BUY" : "SELL")\",\(type),\"price\":\"\(decimal(price, 9))\","
    + "\"quantity\":\"\(decimal(quantity, 2))\",\"newClientOrderId\":\"xp-\(id)\""
}

/// Runs a Python program over the lines; it prints one JSON object, and fails with a reason on standard error.
func python(_ program: String, _ lines: [String]) throws -> [String: Double] {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["python3", "-c", program]
  let input = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-\(UUID().uuidString).txt")
  try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: input)
  defer { try? FileManager.default.removeItem(at: input) }
  process.standardInput = try FileHandle(forReadingFrom: input)
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0, "the Python reader objects, see its message above")
  guard process.terminationStatus == 0 else { return [:] }
  let object = try JSONSerialization.jsonObject(with: text)
  return try #require(object as? [String: Any]).compactMapValues { ($0 as? NSNumber)?.doubleValue }
}
