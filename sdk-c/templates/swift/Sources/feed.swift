// SPDX-License-Identifier: Apache-2.0
//
// What is particular to my-venue: its messages, and the events that they become. The format is the one that
// sample/make_sample.py writes; put yours in its place, here and in manifest.c.
//
// Every frame gives an event at least. What cannot be understood is thrown as `Malformed` with the byte where it is wrong.
// A trap ends the host's process, so nothing here adds, indexes or converts what it has not checked. Nothing is
// rounded, and nothing is changed before a frame is understood.

/// A frame that cannot be understood, and the byte where it is wrong.
struct Malformed: Error {
  var reason: exprove_malformed
  var at: Int
}

/// One frame's bytes; reading beyond them throws.
struct Message {
  let bytes: UnsafeBufferPointer<UInt8>

  func number(_ at: Int, _ size: Int) throws(Malformed) -> UInt64 {
    guard at + size <= bytes.count else { throw Malformed(reason: EXPROVE_MALFORMED_SHORT, at: bytes.count) }
    var value: UInt64 = 0
    for index in at..<at + size { value = value << 8 | UInt64(bytes[index]) }
    return value
  }

  func byte(_ at: Int) throws(Malformed) -> UInt8 { UInt8(truncatingIfNeeded: try number(at, 1)) }
  func signed(_ at: Int, _ size: Int) throws(Malformed) -> Int64 {
    guard let value = Int64(exactly: try number(at, size)) else { throw Malformed(reason: EXPROVE_MALFORMED_RANGE, at: at) }
    return value
  }
  /// At 1e-4 in the message, at 1e-9 in events: 32 bits always fit.
  func price(_ at: Int) throws(Malformed) -> Int64 { try signed(at, 4) * 100_000 }
}

/// The symbol's eight bytes as one number; printable text without blanks, padded with blanks. Nil for anything else.
struct Symbol: Equatable {
  static let size = 8
  let field: UInt64
  let count: Int

  init?(_ field: UInt64) {
    var count = 0
    while count < Symbol.size, (0x21...0x7E).contains(Symbol.byte(field, count)) { count += 1 }
    for index in count..<Symbol.size where Symbol.byte(field, index) != 0x20 { return nil }
    guard count > 0 else { return nil }
    self.field = field
    self.count = count
  }

  static func byte(_ field: UInt64, _ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: field >> UInt64(56 - 8 * index)) }
}

struct Instrument: Equatable {
  var id: UInt16
  var scale: UInt8
  /// At 1e-4.
  var tick: UInt32
  var symbol: Symbol
}

/// A session: what later frames depend on.
struct Feed {
  /// The venue's midnight.
  let dayStart: Int64
  /// By the manifest's `message` lines.
  var counts = [UInt64](repeating: 0, count: Feed.types.count)
  /// The sequence number that is due, 0 before the first one.
  var next: UInt64 = 0
  /// By their numbers in the events, which are their texts' ids too.
  var instruments: [Instrument] = []
  /// By the venue's id.
  var numbers: [UInt16: UInt32] = [:]

  static let types = Array("DAEXTS".utf8)
  static let sizes = [32, 36, 39, 27, 36, 20]
  static let maxEvents = 4
  /// In nanoseconds.
  static let day: Int64 = 86_400_000_000_000

  mutating func enter(_ instrument: Instrument) {
    numbers[instrument.id] = UInt32(instruments.count)
    instruments.append(instrument)
  }

  init(dayStart: Int64) { self.dayStart = dayStart }

  /// The venue's time of a frame.
  func time(_ message: Message) throws(Malformed) -> Int64 {
    let time = try message.signed(9, 8)
    guard time < Feed.day else { throw Malformed(reason: EXPROVE_MALFORMED_RANGE, at: 9) }
    return dayStart + time
  }

  /// The events of one frame; their `frame` and the LAST of the last one are the caller's.
  mutating func decode(_ message: Message, _ out: inout Output) {
    do {
      try decodeMessage(message, &out)
    } catch {
      out.refuse(error)
    }
  }

  private mutating func decodeMessage(_ message: Message, _ out: inout Output) throws(Malformed) {
    let letter = try message.byte(0)
    guard let type = Feed.types.firstIndex(of: letter) else {
      out.put(EXPROVE_KIND_UNKNOWN) { $0.aux = UInt64(letter) }
      return
    }
    let size = Feed.sizes[type]
    guard message.bytes.count >= size else { throw Malformed(reason: EXPROVE_MALFORMED_SHORT, at: message.bytes.count) }
    guard message.bytes.count == size else { throw Malformed(reason: EXPROVE_MALFORMED_LONG, at: size) }
    out.time = try time(message)
    let sequence = try message.number(1, 8)
    // A step of more than 2^32 is a broken number, no loss.
    guard sequence > 0, sequence < .max, next == 0 || sequence <= next || sequence - next <= UInt64(UInt32.max) else {
      throw Malformed(reason: EXPROVE_MALFORMED_RANGE, at: 1)
    }
    out.sequence = sequence
    guard next == 0 || sequence >= next else {
      out.put(EXPROVE_KIND_NOTICE) { $0.aux = Output.code("REPEAT") }
      return
    }
    if next != 0 && sequence > next { out.gap(first: next, count: sequence - next) }
    next = sequence + 1
    if letter == UInt8(ascii: "D") {
      try define(message, &out)
    } else {
      guard let number = numbers[UInt16(truncatingIfNeeded: try message.number(17, 2))] else {
        throw Malformed(reason: EXPROVE_MALFORMED_REFERENCE, at: 17)
      }
      try decodeBody(message, letter, number, &out)
    }
    counts[type] += 1
  }

  private mutating func define(_ message: Message, _ out: inout Output) throws(Malformed) {
    let scale = try message.byte(19)
    guard scale <= UInt8(EXPROVE_MAX_QUANTITY_SCALE) else { throw Malformed(reason: EXPROVE_MALFORMED_RANGE, at: 19) }
    guard let symbol = Symbol(try message.number(24, 8)) else {
      throw Malformed(reason: EXPROVE_MALFORMED_FIELD, at: 24)
    }
    let instrument = Instrument(
      id: UInt16(truncatingIfNeeded: try message.number(17, 2)), scale: scale,
      tick: UInt32(truncatingIfNeeded: try message.number(20, 4)), symbol: symbol)
    if let known = numbers[instrument.id] {
      // Told again: the same, or it is another one's number.
      guard instruments[Int(known)] == instrument else { throw Malformed(reason: EXPROVE_MALFORMED_FIELD, at: 17) }
      out.put(EXPROVE_KIND_NOTICE) { $0.aux = Output.code("AGAIN") }
      return
    }
    let tick = try message.price(20)
    let number = UInt32(instruments.count)
    enter(instrument)
    out.text(number, symbol)
    out.put(EXPROVE_KIND_INSTRUMENT, number) {
      $0.aux = UInt64(number)
      $0.level = UInt16(scale)
      $0.price = tick
    }
  }

  private func decodeBody(_ m: Message, _ letter: UInt8, _ number: UInt32, _ out: inout Output) throws(Malformed) {
    switch letter {
    case UInt8(ascii: "A"):
      let order = try m.number(19, 8)
      let side = try Feed.side(m, 27, "BS")
      let (price, quantity) = (try m.price(28), try m.signed(32, 4))
      out.put(EXPROVE_KIND_ORDER_ADD, number) {
        $0.order_id = order
        $0.side = side
        $0.price = price
        $0.quantity = quantity
      }
    case UInt8(ascii: "E"):
      let (order, quantity, match) = (try m.number(19, 8), try m.signed(27, 4), try m.number(31, 8))
      out.put(EXPROVE_KIND_ORDER_EXECUTE, number) {
        $0.flags |= UInt16(EXPROVE_FLAG_RESTING_PRICE | EXPROVE_FLAG_VOLUME)
        $0.order_id = order
        $0.quantity = quantity
        $0.aux = match
      }
    case UInt8(ascii: "X"):
      let order = try m.number(19, 8)
      out.put(EXPROVE_KIND_ORDER_DELETE, number) { $0.order_id = order }
    case UInt8(ascii: "T"):
      let side = try Feed.side(m, 19, "BS ")
      let (price, quantity, match) = (try m.price(20), try m.signed(24, 4), try m.number(28, 8))
      out.put(EXPROVE_KIND_TRADE, number) {
        $0.flags |= UInt16(EXPROVE_FLAG_VOLUME)
        $0.side = side
        $0.price = price
        $0.quantity = quantity
        $0.aux = match
      }
    default:
      let state = try m.byte(19)
      let status: exprove_trading_status
      switch state {
      case UInt8(ascii: "P"): status = EXPROVE_TRADING_PRE_OPEN
      case UInt8(ascii: "O"): status = EXPROVE_TRADING_OPEN
      case UInt8(ascii: "H"): status = EXPROVE_TRADING_HALTED
      case UInt8(ascii: "C"): status = EXPROVE_TRADING_CLOSED
      default: throw Malformed(reason: EXPROVE_MALFORMED_FIELD, at: 19)
      }
      out.put(EXPROVE_KIND_STATUS, number) {
        $0.level = UInt16(status.rawValue)
        $0.aux = UInt64(state)
      }
    }
  }

  private static func side(_ message: Message, _ at: Int, _ letters: StaticString) throws(Malformed) -> UInt8 {
    switch try message.byte(at) {
    case UInt8(ascii: "B"): return UInt8(EXPROVE_SIDE_BUY.rawValue)
    case UInt8(ascii: "S"): return UInt8(EXPROVE_SIDE_SELL.rawValue)
    case UInt8(ascii: " ") where letters.utf8CodeUnitCount == 3: return UInt8(EXPROVE_SIDE_NONE.rawValue)
    default: throw Malformed(reason: EXPROVE_MALFORMED_FIELD, at: at)
    }
  }
}
