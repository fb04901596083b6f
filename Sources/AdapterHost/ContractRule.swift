// SPDX-License-Identifier: Apache-2.0

/// What the host demands of each call to `decode` and of each event that comes back. The numbers stay what they
/// are: messages, reports and vendors' notes refer to them. `sdk-c/RULES.md` lists them with all other rules.
package enum ContractRule: Int, CaseIterable, Sendable {
  case framesUsed = 1
  case eventsFilled
  case frameOrder
  case framesCovered
  case lastFlag
  case kind
  case flags
  case simulated
  case reserved
  case side
  case sideMissing
  case quantity
  case instrumentUndefined
  case instrumentMissing
  case instrumentDense
  case instrumentFields
  case textDense
  case textLength
  case textUndefined
  case level
  case zeroedField
  case limit

  /// As messages write it, `XP-A-307`.
  package var id: String { "XP-A-\(300 + rawValue)" }

  package var reason: String {
    switch self {
    case .framesUsed: "frames_used is at least 1 and at most frame_count"
    case .eventsFilled: "events_filled is at least frames_used and at most event_capacity"
    case .frameOrder: "the first event belongs to frame 0, each further one to the same frame or the next"
    case .framesCovered: "the last event belongs to the last frame that was consumed"
    case .lastFlag: "the last event of each frame carries EXPROVE_FLAG_LAST"
    case .kind: "kind is one of exprove_kind"
    case .flags: "flags has no bits outside EXPROVE_FLAG_ALL"
    case .simulated: "EXPROVE_FLAG_SIMULATED is set by the host alone"
    case .reserved: "reserved is zero"
    case .side: "side is 0, 1 or 2"
    case .sideMissing: "an order, level or quote has side BUY or SELL"
    case .quantity: "quantity is not negative"
    case .instrumentUndefined: "instrument was defined by an INSTRUMENT event before"
    case .instrumentMissing: "this kind of event concerns an instrument"
    case .instrumentDense: "an INSTRUMENT event has the next number, counting from 0"
    case .instrumentFields:
      "an INSTRUMENT event names a text, has a scale of at most 18 and a tick that is not negative"
    case .textDense: "a TEXT event continues the open text or has the next number, counting from 0"
    case .textLength: "a TEXT event uses at most 40 bytes, in UTF-8, the unused ones being zero"
    case .textUndefined: "a text was introduced completely before it is referred to"
    case .level: "level is one of the values that its kind allows"
    case .zeroedField: "a field whose flag says that there is no value is zero"
    case .limit: "a session defines at most 1,048,576 instruments and 16,777,216 texts of 4,096 bytes"
    }
  }
}
