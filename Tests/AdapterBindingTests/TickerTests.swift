// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Testing

/// What the language of bindings offers, over a library that uses most of it: Tests/BrokenAdapters/libraries/ticker.c.
@Suite struct TickerTests {
  private func quote(
    _ name: String, price: Int64 = 61_685_990_0000, size: UInt64 = 140_000, at: UInt64 = 3, side: String = "b",
    head: [UInt8]? = nil
  ) -> [UInt8] {
    (head ?? Array("t".utf8) + Array(side.utf8)) + [UInt8(name.utf8.count)] + Array(name.utf8)
      + BoundSession.number(UInt64(bitPattern: price), 8) + BoundSession.number(size, 8) + BoundSession.number(at, 4)
  }

  @Test func structsPointersAndNumbersBecomeEvents() throws {
    var session = try BoundSession.open(try Workshop.bound("ticker"), dayStart: 1_000_000_000)
    let events = try BoundSession.events(&session, [quote("BTC"), quote("BTC", side: "s"), quote("ETH")])
    #expect(events.map(\.frame) == [0, 0, 0, 1, 2, 2, 2])
    #expect(session.texts == [Array("XX:BTC".utf8), Array("XX:ETH".utf8)])
    #expect(session.instruments.map(\.quantityScale) == [8, 8])
    let first = events[2]
    #expect(first.eventKind == .quote && first.eventSide == .buy && first.instrument == 0)
    #expect(first.price == 61_685_990_000_000 && first.quantity == 140_000 && first.event_time == 4_000_000_000)
    #expect(first.aux == 3 && first.has(.last) && first.has(.snapshot) && !first.has(.noEventTime))
    #expect(events[3].eventSide == .sell && events[6].instrument == 1)
    #expect(try session.counters() == [3, 0])
  }

  /// Whoever looks for the fault of a library wants to know which of its functions it is in.
  @Test func crashesNameTheFunction() throws {
    let image = try AdapterImage.read(path: try Workshop.bound("ticker"))
    var session = try AdapterSession(AdapterModule(image, .worker), .init(framing: .message))
    _ = try BoundSession.events(&session, [quote("BTC")])
    #expect(session.takeIncidents().isEmpty)
    #expect(throws: AdapterError.self) { try BoundSession.events(&session, [Array("c!".utf8)]) }
    let incidents = session.takeIncidents()
    #expect(incidents.first?.text.contains("SIGSEGV at address 0x8") == true, "\(incidents)")
    #expect(incidents.first?.text.contains("in decode (ticker_put) of the frame at byte 0") == true, "\(incidents)")
  }

  /// Without receive times in the capture, as of a compiled adapter; in the worker as well.
  @Test func framesHaveTheVenuesTimes() throws {
    let path = try Workshop.bound("ticker")
    let image = try AdapterImage.read(path: path)
    #expect(image.manifest.hasFrameTime)
    let frames = [
      quote("BTC", at: 7), [0x78], quote("ETH", at: UInt64(UInt32.max)), [], Array(quote("BTC").dropLast()),
    ]
    func times(_ module: AdapterModule, dayStart: Int64 = 1_000_000_000) throws -> [Int64?] {
      let session = try AdapterSession(module, .init(framing: .message, dayStart: dayStart))
      var batch = EventBatch(frames: 8, events: 1, bytes: 4096)
      for frame in frames { batch.append(frame: Frame(), bytes: frame.span) }
      let missing = try session.frameTimes(&batch)
      let times = frames.indices.map { index -> Int64? in
        let frame = batch.frame(at: index)
        return FrameFlags(rawValue: frame.flags).contains(.noTime) ? nil : frame.receive_time
      }
      #expect(missing == times.count { $0 == nil })
      return times
    }
    let expected: [Int64?] = [8_000_000_000, nil, 1_000_000_000 + Int64(UInt32.max) * 1_000_000_000, nil, nil]
    for isolation in [Isolation.inProcess, .worker] {
      #expect(try times(AdapterModule(image, isolation)) == expected)
    }
    // A time that leaves 64 bits is none.
    #expect(try times(AdapterModule(image, .inProcess), dayStart: .max - 7_000_000_000) == [.max, nil, nil, nil, nil])
  }

  @Test func settingsReachTheLibrary() throws {
    let path = try Workshop.bound("ticker")
    var session = try BoundSession.open(path, framing: .line, settings: [.init(key: "market", value: "ABC")])
    _ = try BoundSession.events(&session, [quote("X")])
    #expect(session.texts == [Array("ABC:X".utf8)])
    // The library refuses this one through its result.
    #expect {
      _ = try BoundSession.open(path, settings: [.init(key: "market", value: "none")])
    } throws: { "\($0)".contains("ticker_new gave nothing to work with") }
    #expect { _ = try BoundSession.open(path, settings: [.init(key: "depth", value: "x")]) } throws: {
      "\($0)".contains("is no value of setting “depth”")
    }
  }

  @Test func numbersThatDoNotFitAreMalformed() throws {
    var session = try BoundSession.open(try Workshop.bound("ticker"))
    let events = try BoundSession.events(
      &session,
      [
        quote("A", price: Int64.max), quote("A", size: UInt64.max), quote("A", side: "q"), quote("A", price: -5),
        quote(""), quote("A\u{1}"), [UInt8](repeating: 0x6E, count: 1),
      ])
    let told = events.filter { $0.eventKind != .text && $0.eventKind != .instrument }
    #expect(
      told.map(\.eventKind) == [.malformed, .malformed, .malformed, .quote, .quote, .malformed, .malformed, .malformed])
    #expect(told.filter { $0.eventKind == .malformed }.map(\.level) == [4, 4, 3, 3, 3, 3])
    // The last one twice: what it was called with, and a result that the binding does not list.
    #expect(told[6].frame == 6 && told[7].frame == 6 && told[7].has(.last))
    #expect(told[3].price == -500)
    // The symbol of an empty name is still the market's.
    #expect(session.instruments.count == 2)
    #expect(try session.counters() == [2, 0])
  }

  @Test func resultsMeanWhatTheBindingSays() throws {
    var session = try BoundSession.open(try Workshop.bound("ticker"))
    let events = try BoundSession.events(&session, [[], Array("t".utf8), Array("y?".utf8), Array("x".utf8)])
    #expect(events.map(\.eventKind) == [.malformed, .unknown, .unknown, .malformed])
    // Empty: SHORT. A result that is not listed: FIELD.
    #expect(events[0].level == 1 && events[3].level == 3 && events[2].aux == UInt64(UInt8(ascii: "y")))
    #expect(events.allSatisfy { $0.has(.last) })
  }

  @Test func textsOfAnyLengthAreInterned() throws {
    var session = try BoundSession.open(try Workshop.bound("ticker"))
    let ids = ["7", String(repeating: "x", count: 40), String(repeating: "y", count: 63), "7"]
    let events = try BoundSession.events(&session, ids.map { Array("o\($0)".utf8) })
    #expect(session.texts == ids[..<3].map { Array($0.utf8) })
    let orders = events.filter { $0.eventKind == .notice }
    #expect(orders.map(\.order_id) == [0, 1, 2, 0] && orders.allSatisfy { $0.has(.textID) })
    #expect(orders.map(\.event_time) == [0, 1_000, 2_000, 3_000])
    #expect(orders.allSatisfy { $0.aux == UInt64.max })
    #expect(try session.counters() == [0, 4])
  }

  @Test func moreEventsThanDeclaredAreMalformed() throws {
    var session = try BoundSession.open(try Workshop.bound("ticker"))
    func many(_ count: UInt8) -> [UInt8] { quote("A", head: [UInt8(ascii: "m"), count]) }
    // Of 40 two introduce the symbol, and one says that it was too much.
    let fits = try BoundSession.events(&session, [many(37)])
    #expect(fits.count == 39 && fits.last?.eventKind == .quote)
    let over = try BoundSession.events(&session, [many(255), quote("A")])
    #expect(over.count == 41)
    #expect(over[39].eventKind == .malformed && over[39].level == 7 && over[39].frame == 0 && over[39].has(.last))
    #expect(over[40].eventKind == .quote && over[40].frame == 1)
  }

  @Test func moreSymbolsThanDeclaredAreMalformed() throws {
    var session = try BoundSession.open(try Workshop.bound("ticker"))
    let events = try BoundSession.events(&session, ["A", "B", "C", "D", "A"].map { quote($0) })
    #expect(events.map(\.frame) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4])
    #expect(events[9].eventKind == .malformed && events[9].level == 4 && events[10].eventKind == .quote)
  }

  @Test func stateOfTheBinderAloneIsSaved() throws {
    let path = try Workshop.bound("ticker")
    var session = try BoundSession.open(path)
    _ = try BoundSession.events(&session, [quote("A"), Array("oid".utf8), quote("B")])
    let state = try session.save()
    var resumed = try BoundSession.open(path)
    try resumed.load(state)
    #expect(try resumed.save() == state)
    #expect(try resumed.counters() == [2, 1])
    let events = try BoundSession.events(&resumed, [quote("B"), quote("C"), Array("oid".utf8)])
    #expect(events.map(\.eventKind) == [.quote, .text, .instrument, .quote, .notice])
    #expect(events[0].instrument == 1 && events[3].instrument == 2 && events[4].order_id == 1)
  }
}
