// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// Holds a stream of events against the contract of `adapter.h` and `event.h`.
package struct EventValidator {
  package var definitions = StreamDefinitions()

  package init() {}

  /// The first event of a call that breaks a rule.
  package struct Violation: Error, Equatable, Sendable {
    package var rule: ContractRule
    /// Counted from the call's first event.
    package var event: Int

    /// What `check` found at `event`: the next frame's beginning shows that the event before it lacks LAST.
    init(found rule: ContractRule, at event: Int) {
      self.init(rule: rule, event: rule == .lastFlag ? event - 1 : event)
    }

    package init(rule: ContractRule, event: Int) {
      self.rule = rule
      self.event = event
    }
  }

  /// What an event is held against besides itself: the event before it in the same call.
  struct Position {
    /// The frame of the previous event; all ones before the first.
    var frame: UInt64 = .max
    /// Bytes 56 to 63 of the previous event; LAST before the first.
    var tail: UInt64 = 1 << 16

    mutating func advance(past event: Event) {
      frame = UInt64(event.frame)
      tail = UInt64(event.flags) << 16
    }
  }

  /// Every rule for one event, in the order of their numbers. Takes up what the event defines.
  mutating func check(_ event: Event, after position: Position) -> ContractRule? {
    let step = UInt64(event.frame) &- position.frame
    guard step <= 1 else { return .frameOrder }
    guard step == 0 || position.tail & 1 << 16 != 0 else { return .lastFlag }
    guard let kind = EventKind(rawValue: event.kind) else { return .kind }
    guard event.flags & ~EventFlags.all.rawValue == 0 else { return .flags }
    guard !event.has(.simulated) else { return .simulated }
    guard event.reserved == 0 else { return .reserved }
    guard event.side <= 2 else { return .side }
    if kind == .text { return text(event) }
    guard event.side != 0 || EventValidator.sided & 1 << UInt64(event.kind) == 0 else { return .sideMissing }
    guard event.quantity >= 0 else { return .quantity }
    if kind == .instrument {
      if let rule = definitions.define(instrument: event) { return rule }
    } else if event.instrument == noInstrument {
      guard EventValidator.unattached & 1 << UInt64(event.kind) != 0 else { return .instrumentMissing }
    } else {
      guard event.instrument < UInt32(definitions.instruments.count) else { return .instrumentUndefined }
    }
    if event.has(.textID) {
      guard event.order_id < UInt64(definitions.texts.count) else { return .textUndefined }
    }
    guard EventValidator.levels(of: kind).contains(event.level) else { return .level }
    guard !event.has(.noEventTime) || event.event_time == 0 else { return .zeroedField }
    guard event.price == 0 || !(event.has(.noPrice) || event.has(.restingPrice)) else { return .zeroedField }
    return nil
  }

  private mutating func text(_ event: Event) -> ContractRule? {
    let words = [
      event.venue_sequence, event.order_id, UInt64(bitPattern: event.price), UInt64(bitPattern: event.quantity),
      event.aux,
    ]
    let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    guard !event.has(.noEventTime) || event.event_time == 0 else { return .zeroedField }
    return definitions.define(text: event.instrument, bytes: bytes, used: event.level)
  }

  /// Kinds that say nothing without a side.
  static let sided = mask([.orderAdd, .level, .quote, .ownNew])

  /// Kinds that may concern no instrument: the whole venue, or an order whose instrument is not known.
  static let unattached = mask([
    .status, .notice, .gap, .malformed, .unknown, .ownCancelRequest, .ownReplaceRequest, .ownAcknowledged, .ownRejected,
    .ownCancelled, .ownFilled, .ownReplaced, .ownCancelRejected, .ownBroken,
  ])

  /// Kinds that need no more than the quick test of `admit`.
  static let plain = mask([
    .orderAdd, .orderModify, .orderReduce, .orderExecute, .orderDelete, .orderReplace, .level, .clear, .quote, .trade,
    .tradeBreak, .imbalance, .notice, .ownNew, .ownCancelRequest, .ownReplaceRequest, .ownAcknowledged, .ownFilled,
    .ownReplaced, .ownBroken, .gap, .unknown,
  ])

  private static func mask(_ kinds: [EventKind]) -> UInt64 {
    kinds.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
  }

  /// The values of `level` that `event.h` lists for a kind.
  private static func levels(of kind: EventKind) -> ClosedRange<UInt16> {
    switch kind {
    case .status: 0...9
    case .auction: 0...2
    case .ownRejected, .ownCancelled: 0...12
    case .malformed: 1...7
    default: 0...UInt16.max
    }
  }
}

extension EventValidator {
  /// Holds events against the contract one by one, as `admit` does for those it doubts; nil when all keep it.
  package mutating func firstViolation(_ events: [Event], frames: Int) -> Violation? {
    var position = Position()
    for (index, event) in events.enumerated() {
      if let rule = check(event, after: position) { return Violation(found: rule, at: index) }
      position.advance(past: event)
    }
    guard frames > 0 else { return events.isEmpty ? nil : Violation(rule: .framesCovered, event: 0) }
    guard position.frame == UInt64(frames) &- 1 else {
      return Violation(rule: .framesCovered, event: max(0, events.count - 1))
    }
    guard position.tail & 1 << 16 != 0 else { return Violation(rule: .lastFlag, event: events.count - 1) }
    return nil
  }
}
