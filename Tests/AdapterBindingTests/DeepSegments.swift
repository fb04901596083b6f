// SPDX-License-Identifier: Apache-2.0

/// Datagrams of the Investors Exchange, made up.
enum DeepSegments {
  /// A segment of IEX-TP with DEEP messages.
  static func segment(_ messages: [[UInt8]], sequence: UInt64 = 1, session: UInt64 = 7) -> [UInt8] {
    let payload = messages.flatMap { BoundSession.number(UInt64($0.count), 2) + $0 }
    return [1, 0] + BoundSession.number(0x8004, 2) + BoundSession.number(1, 4) + BoundSession.number(session, 4)
      + BoundSession.number(UInt64(payload.count), 2) + BoundSession.number(UInt64(messages.count), 2)
      + BoundSession.number(0, 8) + BoundSession.number(sequence, 8) + BoundSession.number(0, 8) + payload
  }

  static func message(_ type: String, _ code: UInt8, _ symbol: String, _ rest: [UInt8] = []) -> [UInt8] {
    let padded = Array(symbol.utf8) + [UInt8](repeating: 32, count: max(0, 8 - symbol.utf8.count))
    return Array(type.utf8) + [code] + BoundSession.number(1_500_000_000_000_000_000, 8) + padded.prefix(8) + rest
  }

  static func level(_ type: String, _ symbol: String, price: Int64, size: UInt64, code: UInt8 = 1) -> [UInt8] {
    message(type, code, symbol, BoundSession.number(size, 4) + BoundSession.number(UInt64(bitPattern: price), 8))
  }

  static func trade(_ type: String, _ symbol: String, code: UInt8, id: UInt64) -> [UInt8] {
    message(
      type, code, symbol, BoundSession.number(100, 4) + BoundSession.number(1_234_500, 8) + BoundSession.number(id, 8))
  }
}
