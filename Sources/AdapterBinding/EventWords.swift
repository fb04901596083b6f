// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

/// The words of `event.h` that a mapping may use, without their prefixes.
enum EventWords {
  static let kinds: [String: exprove_kind] = [
    "ORDER_ADD": EXPROVE_KIND_ORDER_ADD, "ORDER_MODIFY": EXPROVE_KIND_ORDER_MODIFY,
    "ORDER_REDUCE": EXPROVE_KIND_ORDER_REDUCE, "ORDER_EXECUTE": EXPROVE_KIND_ORDER_EXECUTE,
    "ORDER_DELETE": EXPROVE_KIND_ORDER_DELETE, "ORDER_REPLACE": EXPROVE_KIND_ORDER_REPLACE,
    "LEVEL": EXPROVE_KIND_LEVEL, "CLEAR": EXPROVE_KIND_CLEAR, "QUOTE": EXPROVE_KIND_QUOTE,
    "TRADE": EXPROVE_KIND_TRADE, "TRADE_BREAK": EXPROVE_KIND_TRADE_BREAK, "STATUS": EXPROVE_KIND_STATUS,
    "AUCTION": EXPROVE_KIND_AUCTION, "IMBALANCE": EXPROVE_KIND_IMBALANCE, "NOTICE": EXPROVE_KIND_NOTICE,
    "GAP": EXPROVE_KIND_GAP, "UNKNOWN": EXPROVE_KIND_UNKNOWN,
    "OWN_ACKNOWLEDGED": EXPROVE_KIND_OWN_ACKNOWLEDGED, "OWN_REJECTED": EXPROVE_KIND_OWN_REJECTED,
    "OWN_CANCELLED": EXPROVE_KIND_OWN_CANCELLED, "OWN_FILLED": EXPROVE_KIND_OWN_FILLED,
    "OWN_REPLACED": EXPROVE_KIND_OWN_REPLACED, "OWN_CANCEL_REJECTED": EXPROVE_KIND_OWN_CANCEL_REJECTED,
    "OWN_BROKEN": EXPROVE_KIND_OWN_BROKEN,
  ]

  /// Kinds that concern an instrument always, and kinds that have a side always.
  static let attached: Set<String> = [
    "ORDER_ADD", "ORDER_MODIFY", "ORDER_REDUCE", "ORDER_EXECUTE", "ORDER_DELETE", "ORDER_REPLACE", "LEVEL", "CLEAR",
    "QUOTE", "TRADE", "TRADE_BREAK", "AUCTION", "IMBALANCE",
  ]
  static let sided: Set<String> = ["ORDER_ADD", "LEVEL", "QUOTE"]

  static let targets: [String: ProgramBuilder.Target] = [
    "time": .time, "sequence": .sequence, "order": .order, "price": .price, "quantity": .quantity, "aux": .aux,
    "side": .side, "flags": .flags, "level": .level,
  ]

  private static let sides = constants([
    ("NONE", EXPROVE_SIDE_NONE), ("BUY", EXPROVE_SIDE_BUY), ("SELL", EXPROVE_SIDE_SELL),
  ])

  private static let flags: [String: Int64] = [
    "LAST": Int64(EXPROVE_FLAG_LAST), "SNAPSHOT": Int64(EXPROVE_FLAG_SNAPSHOT), "VOLUME": Int64(EXPROVE_FLAG_VOLUME),
    "RESTING_PRICE": Int64(EXPROVE_FLAG_RESTING_PRICE), "HIDDEN": Int64(EXPROVE_FLAG_HIDDEN),
    "CROSS": Int64(EXPROVE_FLAG_CROSS), "NO_PRICE": Int64(EXPROVE_FLAG_NO_PRICE),
    "MAKER": Int64(EXPROVE_FLAG_MAKER), "CORRECTION": Int64(EXPROVE_FLAG_CORRECTION),
    "AGGREGATE": Int64(EXPROVE_FLAG_AGGREGATE),
  ]

  private static let trading: [String: Int64] = [
    "UNKNOWN": 0, "CLOSED": 1, "PRE_OPEN": 2, "OPEN": 3, "HALTED": 4, "PAUSED": 5, "QUOTE_ONLY": 6, "AUCTION": 7,
    "POST_CLOSE": 8, "RESTRICTED": 9,
  ]

  private static let reasons: [String: Int64] = [
    "UNSPECIFIED": 0, "REQUESTED": 1, "EXPIRED": 2, "SELF_TRADE": 3, "WOULD_CROSS": 4, "HALTED": 5, "UNKNOWN_SYMBOL": 6,
    "PRICE": 7, "QUANTITY": 8, "DUPLICATE_ID": 9, "RISK": 10, "UNKNOWN_ORDER": 11, "SUPERVISORY": 12,
  ]

  /// What a result of the library means: good, of an unknown type, or one of `exprove_malformed`.
  static let outcomes: [String: Int64] = [
    "OK": 0, "SHORT": 1, "LONG": 2, "FIELD": 3, "RANGE": 4, "SYNTAX": 5, "REFERENCE": 6, "UNKNOWN": 8,
  ]

  /// The words that stand for numbers in a field of an event.
  static func words(of target: ProgramBuilder.Target, kind: String) -> [String: Int64] {
    switch (target, kind) {
    case (.side, _): sides
    case (.flags, _): flags
    case (.level, "STATUS"): trading
    case (.level, "AUCTION"): ["NEAR": 0, "FAR": 1, "REFERENCE": 2]
    case (.level, "OWN_REJECTED"), (.level, "OWN_CANCELLED"): reasons
    default: [:]
    }
  }

  private static func constants(_ pairs: [(String, exprove_side)]) -> [String: Int64] {
    Dictionary(uniqueKeysWithValues: pairs.map { ($0.0, Int64($0.1.rawValue)) })
  }
}
