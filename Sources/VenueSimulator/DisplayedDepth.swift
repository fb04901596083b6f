// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// A trade that the venue's data told of: what a resting order's price is held against.
struct Print {
  var price: Int64
  var quantity: Int64
}

/// What one venue displays of one instrument, and how much of it the fill model has already taken.
///
/// Size that was taken at a price stays taken until the venue displays more there: an increase offers the
/// increase, a decrease offers nothing, a level that vanished and came back offers all of it. A snapshot that
/// restates the book offers nothing again.
struct DisplayedDepth {
  struct Level {
    var price: Int64
    var displayed: Int64
    var taken: Int64
    /// What was taken before the book was cleared, until the restatement ends.
    var before: Int64
  }

  /// Best last.
  private(set) var bids: [Level] = []
  private(set) var asks: [Level] = []
  private var orders = DisplayedOrders()
  private var restating = false
  /// Whether the venue trades the instrument, as far as its data said.
  private(set) var trades = true

  /// Takes in one event of this instrument; returns a trade in the continuous market if it tells of one.
  mutating func observe(_ event: Event) -> Print? {
    guard let kind = event.eventKind else { return nil }
    switch kind {
    case .orderAdd, .orderModify, .orderReduce, .orderExecute, .orderDelete, .orderReplace:
      settle(event)
      return observeOrder(event, kind)
    case .level:
      settle(event)
      guard event.eventSide != .none else { return nil }
      set(event.eventSide, event.price, restated: event.has(.snapshot)) { _ in max(event.quantity, 0) }
    case .clear:
      orders.removeAll()
      clear()
    case .trade:
      return print(event, price: event.price)
    case .status:
      trades = DisplayedDepth.isTrading(event.level)
    default: break
    }
    return nil
  }

  private static func isTrading(_ status: UInt16) -> Bool {
    status == UInt16(EXPROVE_TRADING_OPEN.rawValue) || status == UInt16(EXPROVE_TRADING_RESTRICTED.rawValue)
      || status == UInt16(EXPROVE_TRADING_UNKNOWN.rawValue)
  }

  /// Trades that are void, corrected, outside the volume or from an auction show nobody's turn.
  private func print(_ event: Event, price: Int64) -> Print? {
    guard event.has(.volume), !event.has(.cross), !event.has(.correction), !event.has(.noPrice) else { return nil }
    return event.quantity > 0 ? Print(price: price, quantity: event.quantity) : nil
  }

  private mutating func observeOrder(_ event: Event, _ kind: EventKind) -> Print? {
    let restated = event.has(.snapshot)
    switch kind {
    case .orderAdd:
      guard event.eventSide != .none, !event.has(.noPrice) else { return nil }
      change(event.order_id, to: event.quantity, at: event.price, side: event.eventSide, restated: restated)
    case .orderModify:
      guard let old = orders[event.order_id] else { return nil }
      change(event.order_id, to: event.quantity, at: event.price, side: old.side, restated: restated)
    case .orderReplace:
      guard let old = orders[event.aux] else { return nil }
      let side = event.eventSide == .none ? old.side : event.eventSide
      change(event.aux, to: 0, at: old.price, side: old.side, restated: restated)
      change(event.order_id, to: event.quantity, at: event.price, side: side, restated: restated)
    case .orderReduce, .orderExecute:
      guard let old = orders[event.order_id], event.quantity > 0 else { return nil }
      change(
        event.order_id, to: old.quantity - min(event.quantity, old.quantity), at: old.price, side: old.side,
        restated: restated)
      if kind == .orderExecute {
        return print(event, price: event.has(.restingPrice) ? old.price : event.price)
      }
    case .orderDelete:
      guard let old = orders[event.order_id] else { return nil }
      change(event.order_id, to: 0, at: old.price, side: old.side, restated: restated)
    default: break
    }
    return nil
  }

  /// Gives an order new terms, quantity 0 to end it. A change of size at one price moves the level by the difference.
  private mutating func change(_ id: UInt64, to quantity: Int64, at price: Int64, side: Side, restated: Bool) {
    let old = orders[id]
    let quantity = max(quantity, 0)
    if let old, old.price != price || old.side != side {
      set(old.side, old.price, restated: restated) { $0 - min(old.quantity, $0) }
      set(side, price, restated: restated) { Self.sum($0, quantity) }
    } else {
      let less = old?.quantity ?? 0
      set(side, price, restated: restated) { Self.sum($0 - min(less, $0), quantity) }
    }
    if quantity > 0 {
      orders.set(DisplayedOrder(id: id, price: price, quantity: quantity, side: side))
    } else {
      orders.remove(id)
    }
  }

  /// Sizes of a hostile feed may exceed 64 bits together; no order is as large as that, so the most is enough.
  private static func sum(_ a: Int64, _ b: Int64) -> Int64 {
    let (total, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : total
  }

  // MARK: Levels

  private mutating func set(_ side: Side, _ price: Int64, restated: Bool, _ quantity: (Int64) -> Int64) {
    if side == .buy {
      Self.set(&bids, ascending: true, price, restated: restating && restated, quantity)
    } else {
      Self.set(&asks, ascending: false, price, restated: restating && restated, quantity)
    }
  }

  private static func set(
    _ levels: inout [Level], ascending: Bool, _ price: Int64, restated: Bool, _ quantity: (Int64) -> Int64
  ) {
    var low = 0
    var high = levels.count
    while low < high {
      let middle = (low + high) / 2
      let before = ascending ? levels[middle].price < price : levels[middle].price > price
      if before { low = middle + 1 } else { high = middle }
    }
    let exists = low < levels.count && levels[low].price == price
    let displayed = quantity(exists ? levels[low].displayed : 0)
    if exists {
      levels[low].displayed = displayed
      levels[low].taken = min(restated ? levels[low].before : levels[low].taken, displayed)
      if displayed == 0, levels[low].before == 0 { levels.remove(at: low) }
    } else if displayed > 0 {
      levels.insert(Level(price: price, displayed: displayed, taken: 0, before: 0), at: low)
    }
  }

  private mutating func clear() {
    Self.clear(&bids)
    Self.clear(&asks)
    restating = true
  }

  private static func clear(_ levels: inout [Level]) {
    for index in levels.indices {
      levels[index].before = max(levels[index].taken, levels[index].before)
      levels[index].displayed = 0
      levels[index].taken = 0
    }
    levels.removeAll { $0.before == 0 }
  }

  /// The restatement is over with the first change that is not part of it.
  private mutating func settle(_ event: Event) {
    guard restating, !event.has(.snapshot) else { return }
    restating = false
    Self.settle(&bids)
    Self.settle(&asks)
  }

  private static func settle(_ levels: inout [Level]) {
    for index in levels.indices { levels[index].before = 0 }
    levels.removeAll { $0.displayed == 0 }
  }

  // MARK: Taking

  /// Whether something that was not taken yet is displayed within `limit` for an order on `side`.
  func reaches(_ side: Side, _ limit: Int64) -> Bool {
    for level in (side == .buy ? asks : bids).reversed() {
      guard side == .buy ? level.price <= limit : level.price >= limit else { return false }
      if level.displayed > 0 { return true }
    }
    return false
  }

  /// Takes up to `quantity` for an order on `side`, best price first, none beyond `limit`.
  mutating func take(_ side: Side, limit: Int64, quantity: Int64) -> [Print] {
    side == .buy
      ? Self.take(&asks, { $0 <= limit }, quantity) : Self.take(&bids, { $0 >= limit }, quantity)
  }

  private static func take(_ levels: inout [Level], _ within: (Int64) -> Bool, _ quantity: Int64) -> [Print] {
    var left = quantity
    var taken: [Print] = []
    for index in levels.indices.reversed() {
      guard left > 0, within(levels[index].price) else { break }
      let part = min(left, levels[index].displayed - levels[index].taken)
      guard part > 0 else { continue }
      levels[index].taken += part
      left -= part
      taken.append(Print(price: levels[index].price, quantity: part))
    }
    return taken
  }
}
