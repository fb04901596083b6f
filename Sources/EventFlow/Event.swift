// SPDX-License-Identifier: Apache-2.0

package import CExProveABI

/// The normalized event, 64 bytes; `event.h` is its definition.
package typealias Event = exprove_event
/// One frame of a feed, 32 bytes; `event.h` is its definition.
package typealias Frame = exprove_frame

/// What an event says; `event.h` tells which fields each kind uses.
package enum EventKind: UInt8, CaseIterable, Sendable {
  case orderAdd = 1
  case orderModify, orderReduce, orderExecute, orderDelete, orderReplace, level, clear, quote, trade, tradeBreak
  case status, auction, imbalance, notice, instrument, text
  case ownNew = 32
  case ownCancelRequest, ownReplaceRequest, ownAcknowledged, ownRejected, ownCancelled, ownFilled, ownReplaced
  case ownCancelRejected, ownBroken
  case gap = 48
  case malformed, unknown

  /// The name that `by_kind` and exported events use.
  package var name: String {
    switch self {
    case .orderAdd: "order_add"
    case .orderModify: "order_modify"
    case .orderReduce: "order_reduce"
    case .orderExecute: "order_execute"
    case .orderDelete: "order_delete"
    case .orderReplace: "order_replace"
    case .level: "level"
    case .clear: "clear"
    case .quote: "quote"
    case .trade: "trade"
    case .tradeBreak: "trade_break"
    case .status: "status"
    case .auction: "auction"
    case .imbalance: "imbalance"
    case .notice: "notice"
    case .instrument: "instrument"
    case .text: "text"
    case .ownNew: "own_new"
    case .ownCancelRequest: "own_cancel_request"
    case .ownReplaceRequest: "own_replace_request"
    case .ownAcknowledged: "own_acknowledged"
    case .ownRejected: "own_rejected"
    case .ownCancelled: "own_cancelled"
    case .ownFilled: "own_filled"
    case .ownReplaced: "own_replaced"
    case .ownCancelRejected: "own_cancel_rejected"
    case .ownBroken: "own_broken"
    case .gap: "gap"
    case .malformed: "malformed"
    case .unknown: "unknown"
    }
  }
}

/// The bits of an event's `flags`; `event.h` gives their meanings.
package struct EventFlags: OptionSet, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let last = EventFlags(rawValue: 0x0001)
  package static let snapshot = EventFlags(rawValue: 0x0002)
  package static let volume = EventFlags(rawValue: 0x0004)
  package static let restingPrice = EventFlags(rawValue: 0x0008)
  package static let hidden = EventFlags(rawValue: 0x0010)
  package static let cross = EventFlags(rawValue: 0x0020)
  package static let noEventTime = EventFlags(rawValue: 0x0040)
  package static let noPrice = EventFlags(rawValue: 0x0080)
  package static let simulated = EventFlags(rawValue: 0x0100)
  package static let maker = EventFlags(rawValue: 0x0200)
  package static let textID = EventFlags(rawValue: 0x0400)
  package static let correction = EventFlags(rawValue: 0x0800)
  package static let aggregate = EventFlags(rawValue: 0x1000)
  package static let all = EventFlags(rawValue: 0x1FFF)

  /// The names of the flags that are set, in the order of their bits.
  package var names: [String] {
    EventFlags.names.enumerated().filter { rawValue & (1 << $0.offset) != 0 }.map(\.element)
  }

  private static let names = [
    "last", "snapshot", "volume", "resting_price", "hidden", "cross", "no_event_time", "no_price", "simulated",
    "maker", "text_id", "correction", "aggregate",
  ]
}

/// The bits of a frame's `flags`; `event.h` gives their meanings.
package struct FrameFlags: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let simulated = FrameFlags(rawValue: 0x01)
  package static let derivedTime = FrameFlags(rawValue: 0x02)
  package static let outbound = FrameFlags(rawValue: 0x04)
  package static let noTime = FrameFlags(rawValue: 0x08)
  package static let truncated = FrameFlags(rawValue: 0x10)
}

package enum Side: UInt8, Sendable {
  case none = 0
  case buy = 1
  case sell = 2

  package var opposite: Side {
    switch self {
    case .none: .none
    case .buy: .sell
    case .sell: .buy
    }
  }

  /// +1 for a buy, −1 for a sell, 0 for neither.
  package var sign: Int64 {
    switch self {
    case .none: 0
    case .buy: 1
    case .sell: -1
    }
  }
}

extension exprove_event {
  /// Nil for a kind that this version does not know; a validated event has one.
  package var eventKind: EventKind? { EventKind(rawValue: kind) }
  package var eventSide: Side { Side(rawValue: side) ?? .none }
  package var eventFlags: EventFlags { EventFlags(rawValue: flags) }

  package func has(_ flag: EventFlags) -> Bool { flags & flag.rawValue != 0 }

  /// Whether it is about an order of the host's own.
  package var isOwn: Bool { kind >= EventKind.ownNew.rawValue && kind <= EventKind.ownBroken.rawValue }

  /// An event that is all zeros but for its kind.
  package init(kind: EventKind) {
    self.init()
    self.kind = kind.rawValue
  }
}

/// `Event.instrument` of an event that concerns none.
package let noInstrument: UInt32 = 0xFFFF_FFFF
