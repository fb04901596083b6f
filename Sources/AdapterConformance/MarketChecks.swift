// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

extension Trial {
  /// The streams of the captures; what found frames say of orders and books is accidental.
  private func realStreams() throws -> [Stream] {
    let real = real(.marketData)
    guard !real.isEmpty else { throw Finding.skip("only a capture's market makes sense; give one with --capture") }
    let adapter = try load()
    return try real.map { group in
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      let stream = session.decode(group.frames)
      if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
      return stream
    }
  }

  private struct Execution: Hashable {
    var kind: UInt8
    var instrument: UInt32
    var match: UInt64
    var order: UInt64
  }

  func eventsExecutions() throws -> String {
    var count = 0
    for stream in try realStreams() {
      var seen: [Execution: UInt32] = [:]
      for event in stream.events {
        switch event.eventKind {
        case .trade, .orderExecute: break
        default: continue
        }
        guard event.aux != 0, !event.has(.correction), !event.has(.snapshot), !event.has(.aggregate) else { continue }
        count += 1
        let key = Execution(
          kind: event.kind, instrument: event.instrument, match: event.aux, order: event.order_id)
        if let frame = seen.updateValue(event.frame, forKey: key) {
          throw Finding.fail(
            "match id \(event.aux) is told in frame \(frame) and again in frame \(event.frame): \(Stream.brief(event)); "
              + "mark a repetition as CORRECTION or SNAPSHOT")
        }
      }
    }
    return "\(count) executions with match ids, each told once"
  }

  func eventsBooks() throws -> String {
    var published = 0
    for stream in try realStreams() {
      var books = BookPair()
      for event in stream.events {
        books.apply(event)
        guard event.has(.last) else { continue }
        published += 1
        if let crossing = books.crossing() {
          throw Finding.warn("\(crossing) after frame \(event.frame): \(Stream.brief(event))")
        }
      }
    }
    return "\(published) times published, never crossed"
  }

  func eventsVolume() throws -> String {
    var trades = 0
    var counted = 0
    for stream in try realStreams() {
      for event in stream.events {
        let isTrade: Bool
        switch event.eventKind {
        case .trade, .orderExecute, .tradeBreak: isTrade = true
        default: isTrade = false
        }
        guard isTrade || !event.has(.volume) else {
          throw Finding.fail("an event that is no trade counts towards the volume: \(Stream.brief(event))")
        }
        if isTrade { trades += 1 }
        if isTrade && event.has(.volume) { counted += 1 }
      }
    }
    guard counted > 0 || trades < 10 else {
      throw Finding.fail("none of \(trades) trades and executions carries EXPROVE_FLAG_VOLUME")
    }
    return "\(counted) of \(trades) trades and executions count towards the volume"
  }

  func eventsTicks() throws -> String {
    var checked = 0
    for stream in try realStreams() {
      var ticks: [UInt32: Int64] = [:]
      for event in stream.events {
        switch event.eventKind {
        case .instrument: ticks[event.instrument] = event.price
        case .orderAdd, .orderModify, .orderReplace, .level, .quote:
          guard let tick = ticks[event.instrument], tick > 0, !event.has(.noPrice), !event.has(.restingPrice) else {
            continue
          }
          checked += 1
          guard event.price % tick == 0 else {
            throw Finding.warn("the tick is \(tick), the price is no multiple of it: \(Stream.brief(event))")
          }
        default: continue
        }
      }
    }
    return checked == 0 ? "no instrument declares a tick" : "\(checked) prices on their ticks"
  }

  func eventsSnapshot() throws -> String {
    var compared = 0
    for stream in try realStreams() {
      var levels = LevelBook()
      for event in stream.events {
        if let difference = levels.apply(event, &compared) {
          throw Finding.fail("\(difference): \(Stream.brief(event)), frame \(event.frame)")
        }
      }
    }
    return compared == 0
      ? "no snapshot restates a known book" : "\(compared) levels of snapshots agree with the changes"
  }
}

/// Books by order and by level, no more than is needed to see whether one is crossed.
private struct BookPair {
  private struct Order {
    var price: Int64
    var quantity: Int64
    var isBid: Bool
  }
  private struct Sides {
    var orders: [UInt64: Order] = [:]
    /// Quantity that stands at each price, from orders.
    var bids = PriceSums()
    var asks = PriceSums()
    var levelBids = PriceSums()
    var levelAsks = PriceSums()
    var status: UInt16?

    /// Open, restricted, or never told.
    var trades: Bool { status.map { $0 == 3 || $0 == 9 } ?? true }
  }
  private var instruments: [UInt32: Sides] = [:]
  private var touched: UInt32 = noInstrument
  private var venueStatus: UInt16?

  mutating func apply(_ event: Event) {
    if event.eventKind == .status, event.instrument == noInstrument { venueStatus = event.level }
    guard event.instrument != noInstrument, event.eventKind != .text else { return }
    touched = event.instrument
    var sides = instruments.removeValue(forKey: event.instrument) ?? Sides()
    defer { instruments[event.instrument] = sides }
    func add(_ order: Order, _ id: UInt64) {
      sides.orders[id] = order
      if order.isBid {
        sides.bids.add(order.price, order.quantity)
      } else {
        sides.asks.add(order.price, order.quantity)
      }
    }
    func remove(_ id: UInt64) -> Order? {
      guard let order = sides.orders.removeValue(forKey: id) else { return nil }
      if order.isBid {
        sides.bids.add(order.price, -order.quantity)
      } else {
        sides.asks.add(order.price, -order.quantity)
      }
      return order
    }
    switch event.eventKind {
    case .status: sides.status = event.level
    case .clear:
      let status = sides.status
      sides = Sides()
      sides.status = status
    case .orderAdd:
      _ = remove(event.order_id)
      // Market orders have no price to cross at.
      if !event.has(.noPrice) {
        add(Order(price: event.price, quantity: event.quantity, isBid: event.side == 1), event.order_id)
      }
    case .orderModify:
      guard let old = remove(event.order_id) else { return }
      add(Order(price: event.price, quantity: event.quantity, isBid: old.isBid), event.order_id)
    case .orderReduce, .orderExecute:
      guard var old = remove(event.order_id) else { return }
      old.quantity -= event.quantity
      if old.quantity > 0 { add(old, event.order_id) }
    case .orderDelete: _ = remove(event.order_id)
    case .orderReplace:
      guard let old = remove(event.aux) else { return }
      let isBid = event.side == 0 ? old.isBid : event.side == 1
      add(Order(price: event.price, quantity: event.quantity, isBid: isBid), event.order_id)
    case .level:
      if event.side == 1 {
        sides.levelBids.set(event.price, event.quantity)
      } else {
        sides.levelAsks.set(event.price, event.quantity)
      }
    default: break
    }
  }

  /// In words, where the instrument that was touched last is crossed although it trades.
  func crossing() -> String? {
    guard let sides = instruments[touched], sides.trades, venueStatus.map({ $0 == 3 || $0 == 9 }) ?? true else {
      return nil
    }
    for (kind, bids, asks) in [
      ("orders", sides.bids, sides.asks), ("levels", sides.levelBids, sides.levelAsks),
    ] {
      if let bid = bids.highest, let ask = asks.lowest, bid > ask {
        return "the book of \(kind) of instrument \(touched) bids \(bid) and asks \(ask)"
      }
    }
    return nil
  }
}

/// What stands at each price, sorted by price.
private struct PriceSums {
  private var prices: [Int64] = []
  private var quantities: [Int64] = []

  var lowest: Int64? { prices.first }
  var highest: Int64? { prices.last }

  mutating func set(_ price: Int64, _ quantity: Int64) {
    let place = place(of: price)
    let isThere = place < prices.count && prices[place] == price
    if quantity <= 0 {
      if isThere {
        prices.remove(at: place)
        quantities.remove(at: place)
      }
    } else if isThere {
      quantities[place] = quantity
    } else {
      prices.insert(price, at: place)
      quantities.insert(quantity, at: place)
    }
  }

  mutating func add(_ price: Int64, _ change: Int64) {
    let place = place(of: price)
    let old = place < prices.count && prices[place] == price ? quantities[place] : 0
    set(price, old.addingReportingOverflow(change).partialValue)
  }

  private func place(of price: Int64) -> Int {
    var low = 0
    var high = prices.count
    while low < high {
      let middle = (low + high) / 2
      if prices[middle] < price { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// What stands by level, from a first snapshot on, for as long as nothing was missed.
private struct LevelBook {
  private struct Place: Hashable {
    var side: UInt8
    var price: Int64
  }
  private struct Levels {
    var now: [Place: Int64] = [:]
    /// What stood when the CLEAR of a snapshot came, until the group ends: the snapshot itself may take several steps.
    var before: [Place: Int64]?
    var isWithinSnapshot = true
  }
  /// By instrument, from its first CLEAR on.
  private var known: [UInt32: Levels] = [:]

  /// The difference between a restated level and the book that led to it.
  mutating func apply(_ event: Event, _ compared: inout Int) -> String? {
    if event.eventKind == .gap {
      // Whatever was missed, the next snapshot may differ.
      known = [:]
      return nil
    }
    guard event.eventKind != .text, event.instrument != noInstrument else { return nil }
    var finding: String?
    if event.eventKind == .clear {
      known[event.instrument] = Levels(before: known[event.instrument]?.now)
    } else if event.eventKind == .level, var levels = known.removeValue(forKey: event.instrument) {
      let place = Place(side: event.side, price: event.price)
      if event.has(.snapshot), !levels.isWithinSnapshot, let stood = levels.now[place] {
        compared += 1
        if stood != event.quantity { finding = LevelBook.words(event.quantity, stood, place) }
      }
      levels.now[place] = event.quantity == 0 ? nil : event.quantity
      known[event.instrument] = levels
    }
    if event.has(.last), var levels = known[event.instrument], levels.isWithinSnapshot {
      if let before = levels.before {
        for (place, quantity) in levels.now.sorted(by: { ($0.key.side, $0.key.price) < ($1.key.side, $1.key.price) }) {
          guard let stood = before[place] else { continue }
          compared += 1
          if stood != quantity { finding = finding ?? LevelBook.words(quantity, stood, place) }
        }
      }
      levels.before = nil
      levels.isWithinSnapshot = false
      known[event.instrument] = levels
    }
    return finding
  }

  private static func words(_ now: Int64, _ stood: Int64, _ place: Place) -> String {
    "the snapshot has \(now) at price \(place.price), the changes before it lead to \(stood)"
  }
}
