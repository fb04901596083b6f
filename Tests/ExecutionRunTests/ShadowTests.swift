// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import BrokenAdapters
import CExProveABI
import EventFlow
import ExecutionIR
import ExecutionRun
import Foundation
import RunJournal
import Testing

/// A second version of an adapter beside the first: it is let pass where it gives the same, and told at the very event
/// where it does not, however the frames were cut into batches and calls.
@Suite struct ShadowTests {
  private static let frames = 9000
  private static let planted = 5003

  /// Frames of the made-up venue: a symbol, then adds, quotes and deletes; the frame that a defect sits at is a quote.
  private static func message(_ index: Int) -> [UInt8] {
    func number(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 0xFF) } }
    let sequence = number(index + 1, 2)
    if index == 0 { return [UInt8(ascii: "S")] + sequence + [0, 2] + Array("SHADOW".utf8) + [0, 0] }
    if index == planted || index % 7 == 3 {
      return [UInt8(ascii: "Q")] + sequence + [0] + number(index, 4) + number(5, 4) + number(index + 1, 4)
        + number(6, 4)
    }
    if index % 5 == 4 { return [UInt8(ascii: "D")] + sequence + [0] + number(index, 4) + number(index % 86_400, 4) }
    return [UInt8(ascii: "A")] + sequence + [0, UInt8(ascii: index % 2 == 0 ? "B" : "S")] + number(index, 4)
      + number(1000 + index, 4) + number(10, 4) + number(index % 86_400, 4)
  }

  /// The correct adapter with `change` after each frame, where `index` is the frame's sequence, and `count` and `out` may be
  /// changed.
  private static func version(
    _ change: String, mostEvents: Int = 8, times: String = "", slot: String = "base_frame_time"
  ) throws -> String {
    try Workshop.text(
      "shadow",
      """
      #include <exprove/adapter.h>
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t index, exprove_event *out);
      #define FRAME frame
      #include "base.h"
      static uint32_t frame(exprove_session *s, const uint8_t *p, uint32_t size, uint32_t at, exprove_event *out) {
        uint32_t count = base_frame(s, p, size, at, out);
        uint32_t index = size > 2 ? base_number(p + 1, 2) - 1 : 0;
        (void)index;
        \(change)
        return count;
      }
      \(times)
      #define SLOT_FRAME_TIME \(slot)
      #define MANIFEST_MAX_EVENTS "\(mostEvents)"
      #include "entry.h"
      """)
  }

  private static let configuration = AdapterSession.Configuration(framing: .message, dayStart: 1_000_000_000_000)

  private static func session(_ path: String, _ isolation: Isolation) throws -> AdapterSession {
    try AdapterSession(AdapterModule(AdapterImage.read(path: path), isolation), configuration)
  }

  /// What becomes of `shadow` beside the correct adapter.
  ///
  /// - Parameters:
  ///   - cut: frames in a batch.
  ///   - room: for the adapter's own events.
  private static func run(
    _ shadow: String, cut: Int, room: Int = 1 << 14, latency: Int64? = nil, isolation: Isolation = .inProcess
  ) throws -> (record: ShadowRecord?, incidents: [FeedIncident]) {
    var main = try session(Workshop.adapter("correct"), isolation)
    let digest = Digest(of: [1])
    let shadow = ShadowSession(
      ShadowSession.Subject(feed: 3, venue: "XTST", adapter: digest, shadow: digest),
      session: try session(shadow, isolation), venueLatency: latency, promoteAfter: nil)
    var batch = EventBatch(frames: cut, events: room, bytes: 1 << 20)
    var first = 0
    var offset: UInt64 = 0
    while first < frames {
      batch.removeAll()
      for index in first..<min(frames, first + cut) {
        var frame = Frame()
        frame.offset = offset
        frame.receive_time = Int64(index)
        frame.feed = 3
        let bytes = message(index)
        batch.append(frame: frame, bytes: bytes.span)
        offset += UInt64(bytes.count)
      }
      if let latency { _ = try main.frameTimes(&batch, latency: latency) }
      shadow.begin(batch, ordinal: UInt64(first))
      var decoded = 0
      while decoded < batch.frameCount {
        batch.removeEvents()
        decoded += try main.decode(&batch, from: decoded)
        if let record = shadow.compare(batch, upTo: decoded, of: main) { return (record, shadow.takeIncidents()) }
      }
      first += batch.frameCount
    }
    return (nil, shadow.takeIncidents())
  }

  /// Batches and rooms of several sizes, and a version that may give so many events that it decodes in smaller steps.
  private static let cuts = [(1, 16), (7, 16), (1000, 64), (4096, 1 << 14)]

  private static func difference(_ record: ShadowRecord?) throws -> ShadowRecord.Difference {
    let record = try #require(record, "it is told of none")
    guard case .differs(let difference) = record.outcome else {
      Issue.record("\(record)")
      throw RunError.internalFault("no difference")
    }
    return difference
  }

  @Test func oneThatGivesTheSameIsLetPass() throws {
    for most in [4, 8, 30_000] {
      let path = try ShadowTests.version("", mostEvents: most)
      for (cut, room) in ShadowTests.cuts {
        for latency in [nil, Int64(7)] {
          #expect(try ShadowTests.run(path, cut: cut, room: room, latency: latency).record == nil, "\(most) \(cut)")
        }
      }
    }
    #expect(try ShadowTests.run(ShadowTests.version(""), cut: 4096, isolation: .worker).record == nil)
  }

  struct Defect: Sendable, CustomTestStringConvertible {
    var change: String
    var event: UInt64
    /// What each gives at that event: its quantity.
    var adapter: String?
    var shadow: String?
    var testDescription: String { change }
  }

  @Test(arguments: [
    Defect(change: "out[1].quantity++;", event: 1, adapter: "0.06", shadow: "0.07"),
    Defect(change: "out[0].price += 100000;", event: 0, adapter: "0.05", shadow: "0.05"),
    Defect(change: "out[0].aux = 1;", event: 0, adapter: "0.05", shadow: "0.05"),
    Defect(
      change: "count = 1; out[0].flags |= EXPROVE_FLAG_LAST;", event: 0, adapter: "0.05", shadow: "0.05"),
    Defect(
      change: "out[2] = out[1]; out[1].flags &= ~EXPROVE_FLAG_LAST; count = 3;", event: 1, adapter: "0.06",
      shadow: "0.06"),
    Defect(
      change: "out[2] = out[1]; out[2].quantity = 9; out[1].flags |= EXPROVE_FLAG_LAST; count = 3;", event: 2,
      adapter: nil, shadow: "0.09"),
    Defect(
      change: "out[0] = out[1]; count = 1;", event: 0, adapter: "0.05", shadow: "0.06"),
  ])
  func theFirstDifferenceIsTold(_ defect: Defect) throws {
    var told: Set<String> = []
    for most in [8, 30_000] {
      let path = try ShadowTests.version(
        "if (index == \(ShadowTests.planted)) { \(defect.change) }", mostEvents: most)
      for (cut, room) in ShadowTests.cuts {
        let record = try #require(try ShadowTests.run(path, cut: cut, room: room).record)
        let difference = try ShadowTests.difference(record)
        let bytes = ShadowTests.message(ShadowTests.planted)
        #expect(
          record.place
            == ShadowRecord.Place(
              ordinal: UInt64(ShadowTests.planted),
              offset: UInt64((0..<ShadowTests.planted).reduce(0) { $0 + ShadowTests.message($1).count }),
              length: UInt32(bytes.count), receiveTime: Int64(ShadowTests.planted)))
        #expect(difference.event == defect.event)
        #expect(difference.bytes == Hexadecimal.encode(bytes))
        #expect(difference.adapterGives["line"]?["quantity"]?.text == defect.adapter)
        #expect(difference.shadowGives["line"]?["quantity"]?.text == defect.shadow)
        #expect(difference.adapterGives.isNull == (defect.adapter == nil))
        #expect(difference.shadowGives["line"]?["instrument"]?.text == "SHADOW")
        #expect(try ShadowRecord(json: record.body) == record, "it reads back")
        told.insert(String(decoding: record.body.canonical, as: UTF8.self))
      }
    }
    #expect(told.count == 1, "what is told depends on how the frames were cut")
  }

  /// A symbol's text that differs is told before anything that uses it.
  @Test func anotherSymbolIsADifference() throws {
    let path = try ShadowTests.version("if (index == 0) ((exprove_event_text *)out)->bytes[0] = 'X';")
    let record = try ShadowTests.run(path, cut: 4096).record
    #expect(record?.place.ordinal == 0)
    let difference = try ShadowTests.difference(record)
    #expect(difference.event == 0)
    #expect(difference.adapterGives["line"]?["kind"]?.text == "text")
    #expect(difference.adapterGives["record"] != difference.shadowGives["record"])
  }

  /// Where frames have the times that the adapter tells, another time is a difference, before all events.
  @Test func anotherTimeIsADifference() throws {
    let times = """
      static exprove_status times(const exprove_session *s, const uint8_t *bytes, uint64_t size, const exprove_frame *frames,
                                  uint32_t count, int64_t *out) {
        exprove_status status = base_frame_time(s, bytes, size, frames, count, out);
        for (uint32_t i = 0; i < count; i++)
          if (base_number(bytes + frames[i].data + 1, 2) == \(ShadowTests.planted + 3)) out[i] = 12;
        return status;
      }
      """
    let path = try ShadowTests.version(
      "if (index == \(ShadowTests.planted + 2)) out[0].aux = 5;", times: times, slot: "times")
    for (cut, room) in ShadowTests.cuts {
      let record = try ShadowTests.run(path, cut: cut, room: room, latency: 5).record
      #expect(record?.place.ordinal == UInt64(ShadowTests.planted + 2))
      let difference = try ShadowTests.difference(record)
      #expect(difference.event == nil)
      #expect(difference.shadowGives == .object(["receive_time": .integer(17)]))
      let second = Int64(ShadowTests.planted + 2)
      #expect(
        difference.adapterGives == .object(["receive_time": .wide(1_000_000_000_000 + second * 1_000_000_000 + 5)]))
    }
    // Where the capture has times, nobody is asked.
    let record = try ShadowTests.run(path, cut: 64).record
    #expect(try ShadowTests.difference(record).event == 0)
  }

  @Test(arguments: [Isolation.inProcess, .worker]) func oneThatFailsIsTold(_ isolation: Isolation) throws {
    // In this process a crash would be the test's own, so it breaks a rule.
    let change = isolation == .worker ? "*(volatile int *)8 = 1;" : "out[0].kind = 200;"
    let path = try ShadowTests.version("if (index == \(ShadowTests.planted)) { \(change) }")
    let (record, incidents) = try ShadowTests.run(path, cut: 1000, isolation: isolation)
    guard case .failed(let reason) = try #require(record).outcome else {
      Issue.record("\(String(describing: record))")
      return
    }
    switch isolation {
    case .worker:
      #expect(record?.place.ordinal == UInt64(ShadowTests.planted))
      #expect(reason.contains("SIGSEGV at address 0x8"), "\(reason)")
      #expect(
        incidents.last?.incident.isQuarantined == true && incidents.allSatisfy { $0.isShadow && $0.feed == 3 },
        "\(incidents)")
    case .inProcess:
      // A call's frames are not told apart, and all before the batch of calls were equal.
      #expect(record.map { (5000...UInt64(ShadowTests.planted)).contains($0.place.ordinal) } == true)
      #expect(reason.contains("XP-"), "\(reason)")
      #expect(incidents.isEmpty)
    }
  }

  @Test func recordsAreReadStrictly() throws {
    let place = ShadowRecord.Place(ordinal: 5, offset: .max, length: 3, receiveTime: nil)
    for outcome in [
      ShadowRecord.Outcome.promoted, .failed("why"),
      .differs(.init(event: nil, adapterGives: .null, shadowGives: .null, bytes: "")),
    ] {
      let record = ShadowRecord(
        feed: 1, adapter: Digest(of: [1]), shadow: Digest(of: [2]), place: place, outcome: outcome)
      let body = try #require(ShadowRecord.body(of: record.input))
      #expect(try ShadowRecord(json: body) == record)
      var members = try #require(body.members)
      for key in members.keys {
        var fewer = members
        fewer[key] = nil
        #expect(throws: RecordError.self) { try ShadowRecord(json: .object(fewer)) }
      }
      members["more"] = .null
      #expect(throws: RecordError.self) { try ShadowRecord(json: .object(members)) }
      members["more"] = nil
      members["what"] = .string("other")
      #expect(throws: RecordError.self) { try ShadowRecord(json: .object(members)) }
    }
  }
}
