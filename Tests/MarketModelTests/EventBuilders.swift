// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import MarketModel

/// Short forms of events.
func event(
  _ kind: EventKind, _ instrument: Int = 0, id: UInt64 = 0, side: Side = .none, price: Int64 = 0, quantity: Int64 = 0,
  aux: UInt64 = 0, level: Int = 0, flags: EventFlags = [.last]
) -> Event {
  var event = Event(kind: kind)
  event.instrument = instrument < 0 ? noInstrument : UInt32(instrument)
  event.order_id = id
  event.side = side.rawValue
  event.price = price
  event.quantity = quantity
  event.aux = aux
  event.level = UInt16(level)
  event.flags = flags.rawValue
  return event
}

func definition(_ instrument: Int, scale: Int = 0) -> Event { event(.instrument, instrument, level: scale) }

/// The messages of TotalView-ITCH 5.0 that concern books and trades, read independently of the adapter, for one
/// symbol, which becomes instrument 0. Prices have four decimals.
struct ItchTranslator {
  var nondisplayed: Int64 = 0
  var executed: Int64 = 0
  var executions = 0
  var lastExecution: (price: Int64, quantity: Int64) = (0, 0)
  private(set) var live: [UInt64: Int64] = [:]

  mutating func events(_ bytes: [UInt8]) -> [Event] {
    var result = [definition(0)]
    var at = 0
    while at + 2 <= bytes.count {
      let length = Int(bytes[at]) << 8 | Int(bytes[at + 1])
      let message = bytes[(at + 2)..<(at + 2 + length)]
      if let event = translate(Array(message)) { result.append(event) }
      at += 2 + length
    }
    return result
  }

  private func number(_ message: [UInt8], _ start: Int, _ length: Int) -> UInt64 {
    message[start..<start + length].reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func translate(_ m: [UInt8]) -> Event? {
    let id = m.count >= 19 ? number(m, 11, 8) : 0
    switch m[0] {
    case UInt8(ascii: "A"), UInt8(ascii: "F"):
      let price = Int64(number(m, 32, 4))
      live[id] = price
      return event(
        .orderAdd, id: id, side: m[19] == UInt8(ascii: "B") ? .buy : .sell, price: price * 100_000,
        quantity: Int64(number(m, 20, 4)))
    case UInt8(ascii: "E"):
      let quantity = Int64(number(m, 19, 4))
      executions += 1
      executed += quantity
      lastExecution = (live[id]!, quantity)
      return event(
        .orderExecute, id: id, quantity: quantity, aux: number(m, 23, 8), flags: [.last, .volume, .restingPrice])
    case UInt8(ascii: "C"):
      let printable = m[31] == UInt8(ascii: "Y")
      return event(
        .orderExecute, id: id, price: Int64(number(m, 32, 4)) * 100_000, quantity: Int64(number(m, 19, 4)),
        aux: number(m, 23, 8), flags: printable ? [.last, .volume] : [.last])
    case UInt8(ascii: "X"): return event(.orderReduce, id: id, quantity: Int64(number(m, 19, 4)))
    case UInt8(ascii: "D"): return event(.orderDelete, id: id)
    case UInt8(ascii: "U"):
      let fresh = number(m, 19, 8)
      live[fresh] = Int64(number(m, 31, 4))
      return event(
        .orderReplace, id: fresh, price: Int64(number(m, 31, 4)) * 100_000, quantity: Int64(number(m, 27, 4)), aux: id)
    case UInt8(ascii: "P"):
      nondisplayed += Int64(number(m, 20, 4))
      return event(
        .trade, side: .none, price: Int64(number(m, 32, 4)) * 100_000, quantity: Int64(number(m, 20, 4)),
        aux: number(m, 36, 8), flags: [.last, .volume, .hidden])
    default: return nil
    }
  }
}
