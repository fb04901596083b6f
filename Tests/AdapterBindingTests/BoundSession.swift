// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import Testing

/// A session of a bound adapter, and frames of a test's own through it.
enum BoundSession {
  static func open(
    _ path: String, framing: Framing = .message, dayStart: Int64 = 0,
    settings: [AdapterSession.Configuration.Setting] = []
  ) throws -> AdapterSession {
    try AdapterSession(
      LoadedAdapter(AdapterImage.read(path: path)),
      .init(framing: framing, dayStart: dayStart, settings: settings))
  }

  /// All events of some frames, their frame counted from the first.
  static func events(_ session: inout AdapterSession, _ frames: [[UInt8]]) throws -> [Event] {
    let bytes = frames.reduce(0) { $0 + $1.count }
    var batch = EventBatch(frames: frames.count, events: 1 << 16, bytes: max(1, bytes))
    for (index, frame) in frames.enumerated() {
      var head = Frame()
      head.receive_time = Int64(index) * 1_000
      batch.append(frame: head, bytes: frame.span)
    }
    #expect(try session.decode(&batch) == frames.count)
    return batch.events.indices.map { batch.event(at: $0) }
  }

  static func number(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// Bytes of an event, to compare whole.
  static func isSame(_ left: Event, _ right: Event) -> Bool {
    left.event_time == right.event_time && left.venue_sequence == right.venue_sequence
      && left.order_id == right.order_id && left.price == right.price && left.quantity == right.quantity
      && left.aux == right.aux && left.instrument == right.instrument && left.frame == right.frame
      && left.kind == right.kind && left.side == right.side && left.flags == right.flags && left.level == right.level
      && left.reserved == right.reserved
  }
}

/// What a test's randomness comes from: always the same.
struct Dice {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func roll(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % max(1, bound)
  }
}
