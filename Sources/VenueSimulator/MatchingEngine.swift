// SPDX-License-Identifier: Apache-2.0

package import EventFlow

/// What a venue accepts.
package struct MatchingRules: Sendable {
  /// Price step, at 1e-9.
  package var tick: Int64
  /// Quantity step, at the instrument's scale.
  package var lot: Int64
  package var maximumPrice: Int64
  package var maximumQuantity: Int64
  /// Orders that can rest at once; the memory for them is taken at the start.
  package var maximumOrders: Int
  /// Whether a replacement that only takes size off keeps its place in the queue.
  package var reductionKeepsPlace: Bool

  package init(
    tick: Int64, lot: Int64, maximumPrice: Int64 = 199_999_990_000_000, maximumQuantity: Int64,
    maximumOrders: Int = 16_384, reductionKeepsPlace: Bool = true
  ) {
    self.tick = tick
    self.lot = lot
    self.maximumPrice = maximumPrice
    self.maximumQuantity = maximumQuantity
    self.maximumOrders = maximumOrders
    self.reductionKeepsPlace = reductionKeepsPlace
  }
}

package enum MatchingPhase: Sendable {
  /// Orders rest, nothing trades: only orders that cross nobody are taken.
  case preOpen
  case open
  /// Cancels only.
  case halted
  case closed
}

package enum MatchingCondition: Sendable {
  case day
  case immediateOrCancel
  /// Refused if it would trade on arrival.
  case postOnly
}

package enum MatchingRefusal: Error, Equatable, Sendable {
  case price
  case quantity
  case halted
  case closed
  case wouldCross
  /// No such order is live.
  case unknownOrder
  /// `maximumOrders` rest already.
  case full
}

/// Names a resting order; it goes stale when the order leaves the book.
package struct OrderHandle: Equatable, Sendable {
  package let reference: UInt64
  let slot: Int32
}

package struct RestingOrder: Equatable, Sendable {
  package var reference: UInt64
  package var side: Side
  package var price: Int64
  package var quantity: Int64
  package var owner: UInt32
}

/// What became of an order on arrival.
package struct Placement: Equatable, Sendable {
  package var reference: UInt64
  package var filled: Int64
  /// Taken off because of its condition.
  package var cancelled: Int64
  /// What rests; nil when nothing does.
  package var resting: OrderHandle?
}

/// One thing that happened to the book, in the order in which it happened.
package struct BookChange: Equatable, Sendable {
  package enum Kind: Sendable {
    case added
    /// `reference`, at its own price, traded with `counterpart`.
    case executed
    /// `quantity` was taken off, `remaining` stays where it was in the queue.
    case reduced
    case removed
    /// `reference` came into being in place of `counterpart`, behind all others of its price.
    case replaced
  }
  package var kind: Kind
  package var side: Side
  package var reference: UInt64
  package var counterpart: UInt64
  package var price: Int64
  package var quantity: Int64
  package var remaining: Int64
  /// Number of the match, from 1; 0 where nothing traded.
  package var match: UInt64
  package var owner: UInt32
  /// Owner of the order that arrived and traded.
  package var taker: UInt32
}

/// A price-time-priority limit order book for one instrument. Prices are at 1e-9 and multiples of the tick,
/// quantities multiples of the lot. Memory is bounded and flat: a pool of orders linked by index, and a sorted
/// array of price levels on each side with the best one last.
package struct MatchingEngine: Sendable {
  struct Node: Sendable {
    var order: RestingOrder
    var next: Int32
    var previous: Int32
  }

  package struct Level: Equatable, Sendable {
    package var price: Int64
    package var quantity: Int64
    package var count: Int32
    var first: Int32
    var last: Int32
  }

  package let rules: MatchingRules
  package var phase: MatchingPhase = .open
  /// What happened since `clearChanges`.
  package private(set) var changes: [BookChange] = []
  package private(set) var orderCount = 0

  var nodes: [Node]
  var bids: [Level] = []
  var asks: [Level] = []
  private var free: Int32
  private var nextReference: UInt64
  private var nextMatch: UInt64

  /// References and matches are numbered upwards from the given ones.
  package init(rules: MatchingRules, firstReference: UInt64 = 1, firstMatch: UInt64 = 1) {
    precondition(rules.tick > 0 && rules.lot > 0 && rules.maximumPrice >= rules.tick)
    precondition((1...(1 << 20)).contains(rules.maximumOrders))
    precondition(
      rules.maximumQuantity >= rules.lot && rules.maximumQuantity <= .max / Int64(rules.maximumOrders),
      "a level's total must fit 64 bits")
    self.rules = rules
    let nobody = RestingOrder(reference: 0, side: .none, price: 0, quantity: 0, owner: 0)
    nodes = []
    nodes.reserveCapacity(rules.maximumOrders)
    for index in 0..<rules.maximumOrders {
      let next = index + 1 < rules.maximumOrders ? Int32(index + 1) : -1
      nodes.append(Node(order: nobody, next: next, previous: -1))
    }
    free = 0
    nextReference = firstReference
    nextMatch = firstMatch
  }

  package mutating func clearChanges() { changes.removeAll(keepingCapacity: true) }

  /// The next reference, for an order that is acknowledged and goes no further.
  package mutating func claimReference() -> UInt64 {
    defer { nextReference += 1 }
    return nextReference
  }

  package mutating func claimMatch() -> UInt64 {
    defer { nextMatch += 1 }
    return nextMatch
  }

  // MARK: Looking

  package func order(_ handle: OrderHandle) -> RestingOrder? {
    let order = nodes[Int(handle.slot)].order
    return order.reference == handle.reference && order.quantity > 0 ? order : nil
  }

  package func best(_ side: Side) -> Level? { side == .buy ? bids.last : asks.last }

  /// Price levels of a side, the best first.
  package func levels(_ side: Side, limit: Int = .max) -> [Level] {
    let all = side == .buy ? bids : asks
    return Array(all.reversed().prefix(limit))
  }

  /// What stands at a price; 0 when nothing does.
  package func quantity(_ side: Side, at price: Int64) -> Int64 {
    let found = find(side, price)
    return found.exists ? (side == .buy ? bids : asks)[found.index].quantity : 0
  }

  /// The orders of a price level in the order of their turn.
  package func queue(_ side: Side, at price: Int64) -> [RestingOrder] {
    let found = find(side, price)
    guard found.exists else { return [] }
    var result: [RestingOrder] = []
    var slot = (side == .buy ? bids : asks)[found.index].first
    while slot >= 0 {
      result.append(nodes[Int(slot)].order)
      slot = nodes[Int(slot)].next
    }
    return result
  }

  package func wouldCross(_ side: Side, _ price: Int64) -> Bool {
    guard let opposite = best(side.opposite) else { return false }
    return side == .buy ? opposite.price <= price : opposite.price >= price
  }

  package func check(price: Int64, quantity: Int64) throws(MatchingRefusal) {
    guard price > 0, price <= rules.maximumPrice, price % rules.tick == 0 else { throw .price }
    guard quantity > 0, quantity <= rules.maximumQuantity, quantity % rules.lot == 0 else { throw .quantity }
  }

  // MARK: Acting

  /// Takes an order: matches what crosses at the resting orders' prices, best price and earliest order first, and
  /// lets the rest stand or lapse. `owner` is handed back in changes.
  package mutating func add(
    side: Side, price: Int64, quantity: Int64, condition: MatchingCondition, owner: UInt32
  ) throws(MatchingRefusal) -> Placement {
    try check(price: price, quantity: quantity)
    try admit(side: side, price: price, condition: condition)
    return place(side: side, price: price, quantity: quantity, condition: condition, owner: owner, old: nil)
  }

  /// Takes `quantity` off an order, all of it when nil or when no more stands. Returns what was taken off.
  package mutating func cancel(_ handle: OrderHandle, quantity: Int64? = nil) throws(MatchingRefusal) -> Int64 {
    guard phase != .closed else { throw .closed }
    guard let order = order(handle) else { throw .unknownOrder }
    guard let quantity, quantity < order.quantity else {
      report(.removed, order, quantity: order.quantity, remaining: 0)
      unlink(handle.slot)
      return order.quantity
    }
    guard quantity > 0, quantity % rules.lot == 0 else { throw .quantity }
    reduce(handle.slot, by: quantity)
    report(.reduced, order, quantity: quantity, remaining: order.quantity - quantity)
    return quantity
  }

  /// Gives an order a new price and quantity. It keeps reference and place when only size comes off and the rules
  /// say so; otherwise it gets a new reference and goes to the end of its queue, or trades on arrival.
  package mutating func replace(
    _ handle: OrderHandle, price: Int64, quantity: Int64, condition: MatchingCondition = .day, owner: UInt32? = nil
  ) throws(MatchingRefusal) -> Placement {
    guard let order = order(handle) else { throw .unknownOrder }
    try check(price: price, quantity: quantity)
    try admit(side: order.side, price: price, condition: condition, takesSlot: false)
    if rules.reductionKeepsPlace, price == order.price, quantity <= order.quantity, condition != .immediateOrCancel {
      nodes[Int(handle.slot)].order.owner = owner ?? order.owner
      if quantity < order.quantity {
        reduce(handle.slot, by: order.quantity - quantity)
        report(.reduced, order, quantity: order.quantity - quantity, remaining: quantity)
      }
      return Placement(reference: order.reference, filled: 0, cancelled: 0, resting: handle)
    }
    unlink(handle.slot)
    return place(
      side: order.side, price: price, quantity: quantity, condition: condition, owner: owner ?? order.owner, old: order)
  }

  private func admit(
    side: Side, price: Int64, condition: MatchingCondition, takesSlot: Bool = true
  ) throws(MatchingRefusal) {
    switch phase {
    case .open: if condition == .postOnly, wouldCross(side, price) { throw .wouldCross }
    case .preOpen: if condition == .immediateOrCancel || wouldCross(side, price) { throw .wouldCross }
    case .halted: throw .halted
    case .closed: throw .closed
    }
    // What rests takes one slot at most; a replacement has the old order's.
    guard !takesSlot || orderCount < rules.maximumOrders else { throw .full }
  }

  private mutating func place(
    side: Side, price: Int64, quantity: Int64, condition: MatchingCondition, owner: UInt32, old: RestingOrder?
  ) -> Placement {
    let reference = claimReference()
    var placement = Placement(reference: reference, filled: 0, cancelled: 0, resting: nil)
    // A replacement that neither trades nor lapses is told as one change; any other as a removal and what follows.
    let trades = wouldCross(side, price)
    let inOne = old != nil && !trades && condition != .immediateOrCancel
    if let old, !inOne { report(.removed, old, quantity: old.quantity, remaining: 0) }
    if trades {
      placement.filled = match(side: side, price: price, quantity: quantity, reference: reference, owner: owner)
    }
    let rest = quantity - placement.filled
    guard rest > 0 else { return placement }
    guard condition != .immediateOrCancel else {
      placement.cancelled = rest
      return placement
    }
    let order = RestingOrder(reference: reference, side: side, price: price, quantity: rest, owner: owner)
    placement.resting = OrderHandle(reference: reference, slot: link(order))
    report(inOne ? .replaced : .added, order, counterpart: inOne ? old!.reference : 0, quantity: rest, remaining: rest)
    return placement
  }

  private mutating func match(
    side: Side, price: Int64, quantity: Int64, reference: UInt64, owner: UInt32
  ) -> Int64 {
    var left = quantity
    while left > 0, let level = best(side.opposite), side == .buy ? level.price <= price : level.price >= price {
      let slot = level.first
      let resting = nodes[Int(slot)].order
      let traded = min(left, resting.quantity)
      left -= traded
      if traded == resting.quantity { unlink(slot) } else { reduce(slot, by: traded) }
      report(
        .executed, resting, counterpart: reference, quantity: traded, remaining: resting.quantity - traded,
        match: claimMatch(), taker: owner)
    }
    return quantity - left
  }

  private mutating func report(
    _ kind: BookChange.Kind, _ order: RestingOrder, counterpart: UInt64 = 0, quantity: Int64, remaining: Int64,
    match: UInt64 = 0, taker: UInt32 = 0
  ) {
    changes.append(
      BookChange(
        kind: kind, side: order.side, reference: order.reference, counterpart: counterpart, price: order.price,
        quantity: quantity, remaining: remaining, match: match, owner: order.owner, taker: taker))
  }

  // MARK: The lists

  /// Where a price stands among its side's levels, or would.
  private func find(_ side: Side, _ price: Int64) -> (index: Int, exists: Bool) {
    // Best last: bids ascend, asks descend.
    let levels = side == .buy ? bids : asks
    var low = 0
    var high = levels.count
    while low < high {
      let middle = (low + high) / 2
      let before = side == .buy ? levels[middle].price < price : levels[middle].price > price
      if before { low = middle + 1 } else { high = middle }
    }
    return (low, low < levels.count && levels[low].price == price)
  }

  private mutating func withLevels<Result>(_ side: Side, _ body: (inout [Level]) -> Result) -> Result {
    side == .buy ? body(&bids) : body(&asks)
  }

  private mutating func link(_ order: RestingOrder) -> Int32 {
    let slot = free
    free = nodes[Int(slot)].next
    nodes[Int(slot)] = Node(order: order, next: -1, previous: -1)
    orderCount += 1
    let place = find(order.side, order.price)
    if place.exists {
      let last = withLevels(order.side) { levels in
        let last = levels[place.index].last
        levels[place.index].last = slot
        levels[place.index].quantity += order.quantity
        levels[place.index].count += 1
        return last
      }
      nodes[Int(last)].next = slot
      nodes[Int(slot)].previous = last
    } else {
      let level = Level(price: order.price, quantity: order.quantity, count: 1, first: slot, last: slot)
      withLevels(order.side) { $0.insert(level, at: place.index) }
    }
    return slot
  }

  private mutating func reduce(_ slot: Int32, by quantity: Int64) {
    let order = nodes[Int(slot)].order
    let place = find(order.side, order.price)
    nodes[Int(slot)].order.quantity -= quantity
    withLevels(order.side) { $0[place.index].quantity -= quantity }
  }

  private mutating func unlink(_ slot: Int32) {
    let node = nodes[Int(slot)]
    let place = find(node.order.side, node.order.price)
    if node.previous >= 0 { nodes[Int(node.previous)].next = node.next }
    if node.next >= 0 { nodes[Int(node.next)].previous = node.previous }
    withLevels(node.order.side) { levels in
      levels[place.index].quantity -= node.order.quantity
      levels[place.index].count -= 1
      if levels[place.index].first == slot { levels[place.index].first = node.next }
      if levels[place.index].last == slot { levels[place.index].last = node.previous }
      if levels[place.index].count == 0 { levels.remove(at: place.index) }
    }
    nodes[Int(slot)].order.quantity = 0
    nodes[Int(slot)].next = free
    free = slot
    orderCount -= 1
  }
}
