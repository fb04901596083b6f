// SPDX-License-Identifier: Apache-2.0

/// One message of an order session.
struct OrderMessage {
  var bytes: [UInt8]
  var isSent = false
  /// Nanoseconds since 1970.
  var time: Int64 = 0
}

/// A pcapng capture of an order session, written from its specification and not by the reader's code.
enum OrderCapture {
  static func bytes(_ messages: [OrderMessage]) -> [UInt8] {
    var out = block(0x0A0D_0D0A, word(0x1A2B_3C4D) + [1, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
    // LINKTYPE_USER0, no limit, stamps of nanoseconds.
    out += block(1, [147, 0, 0, 0] + word(0) + [9, 0, 1, 0, 9, 0, 0, 0] + word(0))
    for message in messages {
      let time = UInt64(bitPattern: message.time)
      let size = word(UInt32(message.bytes.count))
      let padding = [UInt8](repeating: 0, count: (4 - message.bytes.count % 4) % 4)
      out += block(
        6,
        word(0) + word(UInt32(time >> 32)) + word(UInt32(truncatingIfNeeded: time)) + size + size + message.bytes
          + padding
          + [2, 0, 4, 0] + word(message.isSent ? 2 : 1) + word(0))
    }
    return out
  }

  private static func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }

  private static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
    let size = word(UInt32(body.count + 12))
    return word(type) + size + body + size
  }
}

/// An order session with the venue of `Tests/BrokenAdapters/adapters/base.h`.
enum MadeUpSession {
  static let messages: [OrderMessage] = {
    var messages: [OrderMessage] = []
    func number(_ value: UInt64, _ size: Int = 8) -> [UInt8] {
      (0..<size).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    func send(_ type: Character, _ body: [UInt8]) {
      messages.append(OrderMessage(bytes: [type.asciiValue!] + body, isSent: true))
    }
    func receive(_ type: Character, _ body: [UInt8]) { messages.append(OrderMessage(bytes: [type.asciiValue!] + body)) }
    let price = number(101_000_000_000)
    var match: UInt64 = 7_000
    func fill(_ order: UInt64, _ quantity: UInt64, late: Bool = false, of old: UInt64? = nil) {
      if old == nil { match += 1 }
      receive("F", number(order) + price + number(quantity) + number(old ?? match) + [late ? 1 : 0])
    }
    func open(_ order: UInt64) {
      send("N", number(order) + [order % 2 == 0 ? 1 : 2] + price + number(300) + Array("ABC\0\0\0\0\0".utf8))
    }
    func acknowledge(_ order: UInt64) { receive("K", number(order) + number(order + 900_000)) }
    for round in UInt64(1)...8 {
      let order = round * 10
      // Filled in two steps.
      open(order)
      acknowledge(order)
      fill(order, 100)
      fill(order, 200)
      // Cancelled, and filled for a part of that all the same.
      open(order + 1)
      acknowledge(order + 1)
      fill(order + 1, 100)
      send("C", number(order + 1) + number(0))
      receive("X", number(order + 1) + number(200))
      fill(order + 1, 100, late: true)
      // Replaced; its successor's fill is void, and told again.
      open(order + 2)
      acknowledge(order + 2)
      send("R", number(order + 3) + number(order + 2) + price + number(200))
      receive("P", number(order + 3) + number(order + 2) + price + number(200))
      fill(order + 3, 50)
      receive("B", number(order + 3) + number(match))
      fill(order + 3, 40, late: true, of: match)
      fill(order + 3, 20)
      // Rejected.
      open(order + 4)
      receive("J", number(order + 4) + [UInt8(1 + round % 12 == 9 ? 10 : 7)])
    }
    return messages
  }()
}
