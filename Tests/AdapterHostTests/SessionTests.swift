// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Testing

@Suite struct SessionTests {
  private func session(
    _ name: String = "correct", _ configuration: AdapterSession.Configuration = .init(framing: .message)
  ) throws -> AdapterSession {
    try AdapterSession(LoadedAdapter(AdapterImage.read(path: try Workshop.adapter(name))), configuration)
  }

  /// A session of the base with an event of one kind of frame spoilt by a line of C.
  private func spoilt(_ name: String, _ text: String) throws -> AdapterSession {
    let path = try Workshop.text(
      "spoilt_\(name)",
      """
      #include "base.h"
      static exprove_status decode(exprove_session *s, exprove_batch *b) {
        exprove_status status = base_decode(s, b);
        exprove_event *e = b->events;
        for (uint32_t i = 0; i < b->events_filled; i++, e++) { \(text) }
        return status;
      }
      #define SLOT_DECODE decode
      #include "entry.h"
      """)
    return try AdapterSession(LoadedAdapter(AdapterImage.read(path: path)), .init(framing: .message))
  }

  @Test func framesBecomeEventsInPlace() throws {
    var session = try session("correct", .init(framing: .length16, dayStart: 1_000_000_000_000_000_000))
    var batch = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&batch, ToyVenue.day(10))
    #expect(try session.decode(&batch) == 10)
    #expect(batch.eventCount == 2 + 6 + 3 * 2)
    let events = batch.events
    #expect((0..<batch.eventCount).map { events[$0].frame } == [0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9])
    #expect(events[0].eventKind == .text && events[1].eventKind == .instrument && events[1].has(.last))
    #expect(events[2].eventKind == .orderAdd && events[2].event_time == 1_000_000_001_000_000_000)
    #expect(events[2].price == 10_000_000 && events[2].quantity == 7 && events[2].eventSide == .buy)
    #expect(session.texts == [Array("ABC".utf8)])
    #expect(
      session.instruments == [.init(symbol: Array("ABC".utf8), quantityScale: 2, tick: 0, roundLot: 0)])
    #expect(try session.counters() == [1, 6, 0, 0, 3] + [UInt64](repeating: 0, count: 10))
  }

  @Test func decodingGoesOnWhereItStopped() throws {
    let frames = ToyVenue.day(200)
    var whole = try session()
    var large = EventBatch(frames: 256, events: 1024, bytes: 8192)
    ToyVenue.fill(&large, frames)
    #expect(try whole.decode(&large) == 200)
    var parts = try session()
    // Room for two frames or three.
    var small = EventBatch(frames: 256, events: 7, bytes: 8192)
    ToyVenue.fill(&small, frames)
    var next = 0
    var kinds: [UInt8] = []
    var indices: [UInt32] = []
    while next < 200 {
      unsafe small.withStorage { _, _, _, counts in counts.events = 0 }
      let used = try parts.decode(&small, from: next)
      #expect(used > 0 && used <= 4)
      for index in 0..<small.eventCount {
        kinds.append(small.events[index].kind)
        indices.append(small.events[index].frame)
      }
      next += used
    }
    #expect(kinds == (0..<large.eventCount).map { large.events[$0].kind })
    #expect(indices == (0..<large.eventCount).map { large.events[$0].frame })
    var tiny = EventBatch(frames: 4, events: 3, bytes: 64)
    #expect(throws: AdapterError.self) { try parts.decode(&tiny) }
  }

  @Test func simulatedFramesMarkTheirEvents() throws {
    var session = try session()
    var batch = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&batch, ToyVenue.day(30)) { $0 % 3 == 0 ? .simulated : [] }
    _ = try session.decode(&batch)
    let events = batch.events
    for index in 0..<batch.eventCount { #expect(events[index].has(.simulated) == (events[index].frame % 3 == 0)) }
  }

  @Test func framesOutsideTheBytesNeverReachTheAdapter() throws {
    var session = try session()
    var batch = EventBatch(frames: 4, events: 64, bytes: 64)
    ToyVenue.fill(&batch, ToyVenue.day(2))
    unsafe batch.withStorage { frames, _, _, _ in unsafe frames[1].length = 60 }
    // What comes before it is delivered first.
    #expect(try session.decode(&batch) == 1)
    #expect(batch.eventCount > 0)
    for index in 0..<batch.eventCount { #expect(batch.event(at: index).frame == 0) }
    batch.removeEvents()
    #expect(throws: AdapterError.self) { try session.decode(&batch, from: 1) }
    #expect(batch.eventCount == 0)
  }

  @Test(arguments: [
    ("used_none", "if (i == 0) b->frames_used = 0;", ContractRule.framesUsed),
    ("used_more", "if (i == 0) b->frames_used = b->frame_count + 1;", .framesUsed),
    ("filled_few", "if (i == 0) b->events_filled = b->frames_used - 1;", .eventsFilled),
    ("filled_many", "if (i == 0) { b->events_filled = b->event_capacity + 1; return status; }", .eventsFilled),
    ("backwards", "if (e->kind == 9) e->frame = 0;", .frameOrder),
    ("skips", "e->frame *= 2;", .frameOrder),
    ("first_frame", "e->frame++;", .frameOrder),
    ("uncovered", "if (i == 0) b->frames_used--;", .framesCovered),
    ("no_last", "e->flags &= 0xFFFE;", .lastFlag),
    ("kind_0", "if (e->kind == 9) e->kind = 0;", .kind),
    ("kind_18", "if (e->kind == 9) e->kind = 18;", .kind),
    ("kind_200", "if (e->kind == 9) e->kind = 200;", .kind),
    ("flags", "if (e->kind == 1) e->flags |= 0x8000;", .flags),
    ("simulated", "if (e->kind == 1) e->flags |= EXPROVE_FLAG_SIMULATED;", .simulated),
    ("reserved", "if (e->kind == 1) e->reserved = 1;", .reserved),
    ("side", "if (e->kind == 1) e->side = 3;", .side),
    ("side_64", "if (e->kind == 1) e->side = 64;", .side),
    ("no_side", "if (e->kind == 9) e->side = 0;", .sideMissing),
    ("quantity", "if (e->kind == 1) e->quantity = -1;", .quantity),
    ("undefined", "if (e->kind == 1) e->instrument = 1;", .instrumentUndefined),
    ("no_instrument", "if (e->kind == 1) e->instrument = EXPROVE_NO_INSTRUMENT;", .instrumentMissing),
    ("dense", "if (e->kind == 16) e->instrument = 1;", .instrumentDense),
    ("scale", "if (e->kind == 16) e->level = 19;", .instrumentFields),
    ("tick", "if (e->kind == 16) e->price = -1;", .instrumentFields),
    ("symbol", "if (e->kind == 16) e->aux = 1;", .textUndefined),
    ("text_dense", "if (e->kind == 17) e->instrument = 5;", .textDense),
    ("text_length", "if (e->kind == 17) e->level = 41;", .textLength),
    ("text_tail", "if (e->kind == 17) e->aux = 1;", .textLength),
    ("text_utf8", "if (e->kind == 17) e->venue_sequence |= 0xFF;", .textLength),
    ("text_open", "if (e->kind == 17) { memset(&e->venue_sequence, 65, 40); e->level = 40; }", .textUndefined),
    ("text_id", "if (e->kind == 1) { e->flags |= EXPROVE_FLAG_TEXT_ID; e->order_id = 1; }", .textUndefined),
    ("level", "if (e->kind == 9) { e->kind = 12; e->level = 10; }", .level),
    ("time", "if (e->kind == 1) e->flags |= EXPROVE_FLAG_NO_EVENT_TIME;", .zeroedField),
    ("price", "if (e->kind == 1) e->flags |= EXPROVE_FLAG_NO_PRICE;", .zeroedField),
    ("resting", "if (e->kind == 1) e->flags |= EXPROVE_FLAG_RESTING_PRICE;", .zeroedField),
  ])
  func aBrokenRuleIsNamed(name: String, text: String, rule: ContractRule) throws {
    var session = try spoilt(name, text)
    var batch = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&batch, ToyVenue.day(8))
    do {
      _ = try session.decode(&batch)
      Issue.record("\(name) is taken")
    } catch {
      #expect(error.code == .contract && error.rule == rule && error.exitCode == 65, "\(error)")
      #expect(
        error.message.contains(rule.id) && error.message.contains("byte ") && error.message.contains("base 1.0.0"))
      #expect(batch.eventCount == 0)
    }
    // What broke its word once is not asked again.
    do {
      _ = try session.decode(&batch)
      Issue.record("the session goes on")
    } catch {
      #expect(error.code == .sessionFailed)
    }
  }

  @Test func aStatusOtherThanOKIsAnError() throws {
    var session = try spoilt("status", "(void)e; return EXPROVE_BAD_DATA;")
    var batch = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&batch, ToyVenue.day(3))
    #expect(throws: AdapterError.self) { try session.decode(&batch) }
  }

  @Test func longTextsComeInPieces() throws {
    let path = try Workshop.text(
      "long_texts",
      """
      #define MANIFEST_MAX_EVENTS "8"
      #include "base.h"
      static exprove_status decode(exprove_session *s, exprove_batch *b) {
        (void)s;
        static const uint16_t sizes[4] = {40, 40, 0, 3};
        for (int i = 0; i < 4; i++) {
          exprove_event_text *t = (exprove_event_text *)base_event(b->events + i, EXPROVE_KIND_TEXT, 0, i == 3);
          memset(t->bytes, 'a' + i, sizes[i]);
          t->level = sizes[i];
        }
        b->events[3].flags = EXPROVE_FLAG_LAST;
        b->frames_used = 1;
        b->events_filled = 4;
        return EXPROVE_OK;
      }
      #define SLOT_DECODE decode
      #include "entry.h"
      """)
    var session = try AdapterSession(LoadedAdapter(AdapterImage.read(path: path)), .init(framing: .message))
    var batch = EventBatch(frames: 4, events: 64, bytes: 64)
    ToyVenue.fill(&batch, [[1]])
    _ = try session.decode(&batch)
    #expect(session.texts.map(\.count) == [80, 3])
    #expect(session.texts[1] == Array("ddd".utf8))
  }

  @Test func stateSurvivesAndDamageIsRefused() throws {
    let frames = ToyVenue.day(60)
    var original = try session()
    var batch = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&batch, Array(frames[..<30]))
    _ = try original.decode(&batch)
    let saved = try original.save()
    var resumed = try session()
    try resumed.load(saved)
    #expect(try resumed.save() == saved)
    #expect(resumed.definitions == original.definitions)
    for part in [0, 1] {
      batch.removeAll()
      ToyVenue.fill(&batch, Array(frames[30...]))
      _ = part == 0 ? try original.decode(&batch) : try resumed.decode(&batch)
      #expect(batch.eventCount > 30)
    }
    #expect(try original.save() == resumed.save())
    let fresh = try session().save()
    for length in 0..<saved.count {
      #expect(throws: AdapterError.self) { try resumed.load(Array(saved[..<length])) }
    }
    #expect(throws: AdapterError.self) { try resumed.load(saved + [0]) }
    #expect(try resumed.save() == fresh, "a refused state leaves the session as new")
    for place in saved.indices {
      var damaged = saved
      damaged[place] ^= 0x10
      // Some bytes are the adapter's own; what it takes up must at least not break the session.
      try? resumed.load(damaged)
    }
  }

  @Test func venueTimesBecomeReceiveTimes() throws {
    let session = try session("correct", .init(framing: .message, dayStart: 86_400_000_000_000))
    var batch = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&batch, ToyVenue.day(4)) { _ in .noTime }
    #expect(try session.frameTimes(&batch, latency: 250) == 2)
    let frames = batch.frames
    #expect(frames[1].receive_time == 86_401_000_000_250 && frames[1].flags == FrameFlags.derivedTime.rawValue)
    #expect(frames[0].receive_time == 0 && frames[0].flags == FrameFlags.noTime.rawValue)
    #expect(frames[3].flags == FrameFlags.noTime.rawValue)
    let far = try self.session("correct", .init(framing: .message, dayStart: .max - 86_400_000_000_000))
    var other = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&other, ToyVenue.day(4))
    #expect(try far.frameTimes(&other, latency: .max) == 4)
  }

  @Test func ordersAreEncodedInTheVenuesWords() throws {
    var session = try session("correct", .init(framing: .message, channel: .orderEntry))
    var order = OrderRequest()
    order.side = .sell
    order.orderID = 0x0102_0304_0506_0708
    order.price = 5
    order.quantity = 9
    order.symbol = Array("XYZ".utf8)
    let bytes = try session.encode(order)
    #expect(bytes.count == 34 && bytes[0] == 0x4E && bytes[1] == 8 && bytes[8] == 1 && bytes[9] == 2)
    var batch = EventBatch(frames: 4, events: 64, bytes: 64)
    ToyVenue.fill(&batch, [bytes]) { _ in .outbound }
    _ = try session.decode(&batch)
    #expect(batch.events[2].eventKind == .ownNew && batch.events[2].order_id == order.orderID)
    order.quantityScale = 3
    do {
      _ = try session.encode(order)
      Issue.record("a quantity that the venue cannot express is encoded")
    } catch {
      #expect(error.code == .callFailed && error.message.contains("whole quantities"))
    }
    order.symbol = [UInt8](repeating: 65, count: 33)
    #expect(throws: AdapterError.self) { try session.encode(order) }
  }

  @Test func whatIsNotOfferedIsUsage() throws {
    func code(_ configuration: AdapterSession.Configuration) -> AdapterError.Code? {
      do {
        _ = try session("correct", configuration)
        return nil
      } catch {
        return (error as? AdapterError)?.code
      }
    }
    #expect(code(.init(framing: .line)) == .notOffered)
    #expect(code(.init(framing: .length16, channel: .orderEntry)) == .notOffered)
    #expect(code(.init(framing: .message, settings: [.init(key: "width", value: "1")])) == .badSetting)
    #expect(code(.init(framing: .message, settings: [.init(key: "depth", value: "deep")])) == .badSetting)
    #expect(
      code(.init(framing: .message, settings: [.init(key: "depth", value: "1"), .init(key: "depth", value: "2")]))
        == .badSetting)
    #expect(code(.init(framing: .message, settings: [.init(key: "depth", value: "20")])) == nil)
  }
}
