// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Feeds
internal import Foundation
internal import Testing

/// The shipped example: a library over a real format, bound by declaration and compiled in.
@Suite(.serialized) struct DeepTests {
  @Test func everyMessageBecomesItsEvent() throws {
    var session = try BoundSession.open(try Workshop.deep(), framing: .packet)
    let events = try BoundSession.events(
      &session,
      [
        DeepSegments.segment([
          DeepSegments.message("S", UInt8(ascii: "R"), "").prefix(10) + [],
          DeepSegments.message("H", UInt8(ascii: "H"), "ZVZZT", Array("T1  ".utf8)),
          DeepSegments.level("8", "ZVZZT", price: 99_0500, size: 300, code: 0),
          DeepSegments.level("5", "ZVZZT", price: 99_0600, size: 0),
          DeepSegments.trade("T", "ZVZZT", code: 0x08, id: 77), DeepSegments.trade("B", "ZVZZT", code: 0, id: 77),
          DeepSegments.message("P", UInt8(ascii: "1"), "ZVZZT", [UInt8(ascii: "A")]),
          DeepSegments.message("A", 67, "ZVZZT"),
        ]),
        DeepSegments.segment([DeepSegments.message("E", UInt8(ascii: "O"), "OTHER")], sequence: 12),
        DeepSegments.segment([], sequence: 13),
      ])
    #expect(
      events.map(\.eventKind) == [
        .status, .text, .instrument, .status, .level, .level, .trade, .tradeBreak, .notice, .unknown,
        .gap, .text, .instrument, .notice, .notice,
      ])
    #expect(events[0].level == 3 && events[0].instrument == noInstrument && events[0].aux == UInt64(UInt8(ascii: "R")))
    #expect(events[3].level == 4 && events[3].aux == 0x3154 && events[3].instrument == 0)
    #expect(events[4].price == 99_050_000_000 && events[4].quantity == 300 && events[4].eventSide == .buy)
    #expect(!events[4].has(.last) && events[5].has(.last) && events[5].eventSide == .sell && events[5].quantity == 0)
    #expect(
      events[6].aux == 77 && events[6].has(.cross) && events[6].has(.volume) && events[6].price == 123_450_000_000)
    #expect(events[7].has(.correction) && !events[7].has(.volume))
    #expect(events[6].venue_sequence == 5 && events[6].event_time == 1_500_000_000_000_000_000)
    #expect(events[10].venue_sequence == 9 && events[10].aux == 3)
    #expect(try session.counters() == [1, 0, 1, 0, 1, 1, 1, 1, 1, 1])
  }

  @Test func damagedSegmentsTellWhere() throws {
    var session = try BoundSession.open(try Workshop.deep(), framing: .packet)
    let good = DeepSegments.segment([DeepSegments.level("8", "A", price: 1, size: 1)])
    var version = good
    version[0] = 2
    var short = good
    short[40] = 4
    let events = try BoundSession.events(&session, [Array(good.dropLast()), good + [0], version, short])
    #expect(
      events.map(\.eventKind) == [.malformed, .text, .instrument, .level, .malformed, .unknown, .gap, .malformed])
    let told = events.filter { $0.eventKind == .malformed || $0.eventKind == .unknown }
    #expect(told.map(\.level) == [1, 2, 0, 3])
    #expect(told[0].aux == UInt64(good.count - 1) && told[1].aux == UInt64(good.count) && told[3].aux == 40)
  }

  /// Random segments, good and damaged, as no capture has them.
  @Test func boundAndCompiledAgreeOnAnything() throws {
    var dice = Dice(42)
    let symbols = ["A", "ZVZZT", "LONGNAME", "", "é", "X Y", "\u{7}"]
    let codes = Array("OSRMECHPTN01x\0".utf8) + [0x80, 0xFF]
    var frames: [[UInt8]] = []
    var sequence: UInt64 = 1
    for _ in 0..<4_000 {
      var messages: [[UInt8]] = []
      for _ in 0..<dice.roll(6) {
        let symbol = dice.roll(4) == 0 ? "S\(dice.roll(900))" : symbols[dice.roll(symbols.count)]
        let code = codes[dice.roll(codes.count)]
        switch dice.roll(6) {
        case 0:
          messages.append(
            DeepSegments.level(
              "8", symbol, price: dice.roll(9) == 0 ? .max : Int64(dice.roll(1 << 30)),
              size: UInt64(dice.roll(1 << 30)), code: code))
        case 1: messages.append(DeepSegments.level("5", symbol, price: -Int64(dice.roll(1 << 30)), size: 0, code: code))
        case 2:
          messages.append(
            DeepSegments.trade(dice.roll(2) == 0 ? "T" : "B", symbol, code: code, id: UInt64(dice.roll(1 << 30))))
        case 3:
          messages.append(
            DeepSegments.message(
              ["H", "P", "O", "E", "D", "S"][dice.roll(6)], code, symbol, (0..<13).map { _ in UInt8(dice.roll(128)) }))
        case 4: messages.append([UInt8(dice.roll(256))] + (0..<dice.roll(40)).map { _ in UInt8(dice.roll(256)) })
        default: messages.append(Array(repeating: 0x41, count: 1 + dice.roll(3)))
        }
      }
      sequence &+= UInt64(dice.roll(3))
      var frame = DeepSegments.segment(messages, sequence: sequence, session: UInt64(dice.roll(50) / 49))
      sequence &+= UInt64(messages.count)
      if dice.roll(3) == 0 {
        for _ in 0...dice.roll(3) where !frame.isEmpty { frame[dice.roll(frame.count)] = UInt8(dice.roll(256)) }
      }
      if dice.roll(20) == 0 { frame.removeLast(dice.roll(frame.count)) }
      frames.append(frame)
    }
    var bound = try BoundSession.open(try Workshop.deep(), framing: .packet)
    var compiled = try BoundSession.open(try Workshop.compiledDeep(), framing: .packet)
    let left = try BoundSession.events(&bound, frames)
    let right = try BoundSession.events(&compiled, frames)
    #expect(left.count == right.count && left.count > 4_000)
    let differing = zip(left, right).first { !BoundSession.isSame($0, $1) }
    #expect(differing == nil, "\(String(describing: differing))")
    #expect(try bound.counters() == compiled.counters())
    for kind: EventKind in [.level, .trade, .tradeBreak, .status, .notice, .gap, .unknown, .malformed, .instrument] {
      #expect(left.contains { $0.eventKind == kind }, "no \(kind.name) came of it")
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["EXPROVE_DATA"] != nil))
  func boundAndCompiledAgreeOnTheCapture() throws {
    let data = try #require(ProcessInfo.processInfo.environment["EXPROVE_DATA"])
    let options = try FeedOptions("IEXG=deep:\(data)/iex/DEEP10.pcap.gz")
    var reader = try FeedReader.open(options.path, feed: 0, declared: [.packet], options: options)
    var bound = try BoundSession.open(try Workshop.deep(), framing: .packet)
    var compiled = try BoundSession.open(try Workshop.compiledDeep(), framing: .packet)
    var (packets, events, differences) = (0, 0, 0)
    var isAtEnd = false
    while !isAtEnd {
      var left = EventBatch(frames: 4096, events: 1 << 18, bytes: 8 << 20)
      do {
        isAtEnd = try reader.read(into: &left, limit: left.frameCapacity) == 0
      } catch {
        // The capture is cut within its last packet.
        isAtEnd = true
        #expect("\(error)".contains("the capture ends after 476 of 1506 bytes"))
      }
      if left.frameCount == 0 { break }
      var right = EventBatch(frames: 4096, events: 1 << 18, bytes: 8 << 20)
      for index in 0..<left.frameCount {
        let frame = left.frame(at: index)
        right.append(frame: frame, bytes: left.bytes.extracting(Int(frame.data)..<Int(frame.data + frame.length)))
      }
      #expect(try bound.decode(&left) == left.frameCount)
      #expect(try compiled.decode(&right) == right.frameCount)
      try #require(left.eventCount == right.eventCount)
      for index in 0..<left.eventCount where !BoundSession.isSame(left.event(at: index), right.event(at: index)) {
        differences += 1
      }
      packets += left.frameCount
      events += left.eventCount
    }
    #expect(differences == 0)
    #expect(packets == 121_315)
    // S D H O P E 8 5 T B, as counted with an independent script, which took a message's first byte for the message: the
    // capture ends within its 12,950th 8, of which 24 of 30 bytes are there.
    let counts: [UInt64] = [44, 0, 93_638, 93_638, 93_636, 59, 12_949, 14_630, 83_343, 73]
    #expect(try bound.counters() == counts)
    #expect(try compiled.counters() == counts)
    print("bound and compiled: \(packets) packets, \(events) events, \(differences) differences")
  }
}
