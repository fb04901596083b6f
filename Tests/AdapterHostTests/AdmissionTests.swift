// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import Testing

/// The quick test of `admit` against the plain one, event by event.
@Suite struct AdmissionTests {
  /// Mostly good streams, with fields spoilt here and there.
  private struct Streams {
    var random: SystemRandomNumberGenerator = .init()

    mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: values.indices, using: &random)] }

    mutating func event(frame: UInt32, defined: inout UInt32) -> Event {
      let kinds = EventKind.allCases.filter { $0 != .text && $0 != .instrument }
      var event = Event(kind: pick(kinds))
      event.frame = frame
      event.instrument = defined == 0 ? noInstrument : UInt32.random(in: 0..<defined, using: &random)
      event.side = [.orderAdd, .level, .quote, .ownNew].contains(event.eventKind) ? pick([1, 2]) : pick([0, 1, 2])
      event.quantity = Int64.random(in: 0...1000, using: &random)
      event.price = pick([0, 5, -5])
      event.event_time = pick([0, 77])
      event.level = event.eventKind == .malformed ? 1 : 0
      event.flags = pick([0, 0, 2, 4, 0x10, 0x800])
      if event.price == 0 { event.flags |= pick([0, 8, 0x80]) }
      if event.event_time == 0 { event.flags |= pick([0, 0x40]) }
      return event
    }

    mutating func definition(frame: UInt32, id: UInt32) -> [Event] {
      var text = Event(kind: .text)
      text.frame = frame
      text.instrument = id
      text.level = 2
      text.venue_sequence = 0x4241
      var instrument = Event(kind: .instrument)
      instrument.frame = frame
      instrument.instrument = id
      instrument.aux = UInt64(id)
      return [text, instrument]
    }

    mutating func stream(frames: Int) -> [Event] {
      var events: [Event] = []
      var defined: UInt32 = 0
      for frame in 0..<UInt32(frames) {
        if defined == 0 || Int.random(in: 0..<10, using: &random) == 0 {
          events += definition(frame: frame, id: defined)
          defined += 1
        }
        for _ in 0...Int.random(in: 0..<3, using: &random) { events.append(event(frame: frame, defined: &defined)) }
        events[events.count - 1].flags |= 1
      }
      return events
    }

    mutating func spoil(_ event: inout Event) {
      switch Int.random(in: 0..<12, using: &random) {
      case 0: event.frame = pick([0, event.frame &+ 1, event.frame &- 1, .max])
      case 1: event.kind = UInt8.random(in: 0...255, using: &random)
      case 2: event.side = UInt8.random(in: 0...255, using: &random)
      case 3: event.flags ^= 1 << UInt16.random(in: 0..<16, using: &random)
      case 4: event.reserved = UInt16.random(in: 0...2, using: &random)
      case 5: event.quantity = pick([-1, .min, .max])
      case 6: event.instrument = pick([noInstrument, 0, 1, 50])
      case 7: event.level = UInt16.random(in: 0...50, using: &random)
      case 8: event.price = pick([0, 1, -1])
      case 9: event.event_time = pick([0, 1])
      case 10: event.aux = UInt64.random(in: 0...3, using: &random)
      default: event.order_id = UInt64.random(in: 0...3, using: &random)
      }
    }
  }

  @Test func theQuickTestAgreesWithThePlainOne() throws {
    var streams = Streams()
    var broken: [ContractRule: Int] = [:]
    for round in 0..<20_000 {
      let frameCount = Int.random(in: 1...6, using: &streams.random)
      var events = streams.stream(frames: frameCount)
      if round % 4 != 0 {
        let place = Int.random(in: events.indices, using: &streams.random)
        streams.spoil(&events[place])
      }
      var plain = EventValidator()
      let expected = plain.firstViolation(events, frames: frameCount)
      var quick = EventValidator()
      var copied = [Event](repeating: Event(), count: events.count)
      let frames = (0..<frameCount).map { _ in Frame() }
      var found: EventValidator.Violation?
      do {
        unsafe try events.withUnsafeBufferPointer { source in
          unsafe try copied.withUnsafeMutableBufferPointer { target in
            unsafe try frames.withUnsafeBufferPointer { frames in
              unsafe try quick.admit(
                source.baseAddress!, count: events.count, framesUsed: frameCount, into: target.baseAddress!,
                frames: frames.baseAddress!, firstFrame: 1000)
            }
          }
        }
      } catch {
        found = error as? EventValidator.Violation
      }
      guard found == expected else {
        Issue.record("round \(round): quick \(String(describing: found)), plain \(String(describing: expected))")
        return
      }
      if let expected {
        broken[expected.rule, default: 0] += 1
      } else {
        #expect(quick.definitions == plain.definitions)
        for (copy, event) in zip(copied, events) where copy.frame != event.frame + 1000 || copy.aux != event.aux {
          Issue.record("an event was copied wrongly")
        }
      }
    }
    // The streams reach what they are meant to reach.
    #expect(broken.count >= 14, "\(broken)")
  }

  /// That LAST is missing shows where the next frame begins; the culprit is the event before.
  @Test func theEventThatLacksLastIsNamed() throws {
    var streams = Streams()
    for _ in 0..<200 {
      let frameCount = Int.random(in: 1...6, using: &streams.random)
      var events = streams.stream(frames: frameCount)
      let ends = events.indices.filter { $0 + 1 == events.count || events[$0 + 1].frame != events[$0].frame }
      let culprit = streams.pick(ends)
      events[culprit].flags &= ~1
      var plain = EventValidator()
      #expect(plain.firstViolation(events, frames: frameCount) == .init(rule: .lastFlag, event: culprit))
    }
  }
}
