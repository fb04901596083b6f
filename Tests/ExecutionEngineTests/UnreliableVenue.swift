// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import VenueSimulator

/// What can go wrong, in parts per million of the occasions.
struct Mishaps {
  var orderLost: UInt32 = 0
  var cancelLost: UInt32 = 0
  var replyLost: UInt32 = 0
  var fillLost: UInt32 = 0
  var twice: UInt32 = 0
  var refuses: UInt32 = 0
  /// The venue says nothing to a cancel of an order that it does not have.
  var silent: UInt32 = 0
  /// Of the venue's acts: it cancels an order unasked, or breaks a trade.
  var unsolicited: UInt32 = 0
  var breaks: UInt32 = 0
  /// It fills what it had reported as cancelled: the venue's own breach, which no sender can prevent.
  var fillsCancelled: UInt32 = 0
  /// The most that a message of the private channel, or a request, is late; each by itself, so that they overtake.
  var delay: Int64 = 0
  /// By how much public data is late.
  var publicDelay: Int64 = 0

  static let none = Mishaps()

  static func all(_ random: inout RandomSource) -> Mishaps {
    func some(_ most: UInt64) -> UInt32 { random.below(3) == 0 ? 0 : UInt32(random.below(most)) }
    return Mishaps(
      orderLost: some(150_000), cancelLost: some(300_000), replyLost: some(400_000), fillLost: some(200_000),
      twice: some(400_000), refuses: some(200_000), silent: some(1_000_000), unsolicited: some(200_000),
      breaks: some(200_000), delay: [0, 40, 700, 3_000][Int(random.below(4))] * millisecond,
      publicDelay: [0, 15, 900][Int(random.below(3))] * millisecond)
  }
}

/// An order as the venue has it, which is the truth.
struct TrueOrder {
  let id: UInt64
  let side: Side
  let price: Int64
  let quantity: Int64
  let reference: UInt64
  var open: Int64
  var filled: Int64 = 0
  var cancelled: Int64 = 0
  var rests: Bool
}

struct TrueFill {
  let order: UInt64
  let match: UInt64
  let price: Int64
  let quantity: Int64
  var isBroken = false
}

/// What a venue says, and what the one who hears it once may then know.
struct VenueMessage {
  enum News: Equatable {
    case nothing
    case acknowledged
    case rejected(UInt64)
    case cancelled(UInt64, Int64, number: UInt64)
    case filled(UInt64, Int64, match: UInt64)
    case broken(UInt64, match: UInt64)
    case printed(Int64, match: UInt64, isOwn: Bool)
    case printBroken(match: UInt64)
  }
  enum Weight { case data, reply, fill }

  var events: [Event]
  var weight: Weight
  var news: [News]

  var isBreak: Bool {
    news.contains { if case .broken = $0 { true } else { false } }
  }
}

/// A venue with a random book, whose matching is honest and whose messages are not. It tells single orders or levels; own
/// orders that rest are part of both.
struct UnreliableVenue {
  static let ticks = 16
  static let lowest: Int64 = 9_992

  let number: Int
  let tellsOrders: Bool
  let mishaps: Mishaps
  /// What others display, by tick: bids on the lower ones, asks on the upper ones.
  private(set) var bids: [Int64]
  private(set) var asks: [Int64]
  private(set) var orders: [TrueOrder] = []
  private(set) var fills: [TrueFill] = []
  private(set) var othersPrints: [(match: UInt64, quantity: Int64, isBroken: Bool)] = []
  /// What was said, to be taken by the one who carries it.
  var said: [VenueMessage] = []
  private var random: RandomSource
  private var references: UInt64 = 1_000_000
  private var matches: UInt64
  private var sequence: UInt64 = 0

  init(_ number: Int, tellsOrders: Bool, mishaps: Mishaps, seed: UInt64) {
    self.number = number
    self.tellsOrders = tellsOrders
    self.mishaps = mishaps
    random = RandomSource(seed: seed, stream: UInt64(100 + number))
    bids = Array(repeating: 0, count: UnreliableVenue.ticks)
    asks = bids
    matches = UInt64(number + 1) * 1_000_000
  }

  static func price(_ tick: Int) -> Int64 { (lowest + Int64(tick)) * cent }
  static func tick(_ price: Int64) -> Int { Int(price / cent - lowest) }

  func others(_ side: Side) -> [Int64] { side == .buy ? bids : asks }

  func ownDisplayed(_ side: Side, _ tick: Int) -> Int64 {
    orders.reduce(0) {
      $0 + ($1.rests && $1.side == side && $1.price == UnreliableVenue.price(tick) ? $1.open : 0)
    }
  }

  /// Ticks of a side at which something is displayed, best first.
  func displayedTicks(_ side: Side) -> [Int] {
    let all = (0..<UnreliableVenue.ticks).filter { others(side)[$0] + ownDisplayed(side, $0) > 0 }
    return side == .buy ? all.reversed() : all
  }

  // MARK: - The market

  mutating func open() {
    var events = definition(number)
    for tick in 0..<8 { events += set(.buy, tick, Int64(random.below(60))) }
    for tick in 8..<16 { events += set(.sell, tick, Int64(random.below(60))) }
    say(events, .data, [.nothing])
  }

  /// One random act of others, or of the venue.
  mutating func act(at time: Int64) {
    if random.happens(perMillion: mishaps.unsolicited) { return cancelUnasked(at: time) }
    if random.happens(perMillion: mishaps.breaks) { return breakTrade(at: time) }
    if random.below(3) == 0 { return othersTrade(at: time) }
    let side: Side = random.below(2) == 0 ? .buy : .sell
    let tick = side == .buy ? Int(random.below(8)) : 8 + Int(random.below(8))
    say(set(side, tick, random.below(4) == 0 ? 0 : Int64(random.below(60))), .data, [.nothing])
  }

  /// Sets what others display at a tick; returns the events that tell it.
  private mutating func set(_ side: Side, _ tick: Int, _ quantity: Int64) -> [Event] {
    let before = others(side)[tick]
    if side == .buy { bids[tick] = quantity } else { asks[tick] = quantity }
    guard before != quantity else { return [] }
    guard tellsOrders else { return [restated(side, tick)] }
    let id = UInt64(tick + 1)
    let price = UnreliableVenue.price(tick)
    if before == 0 { return [event(.orderAdd, number, id: id, side: side, price: price, quantity: quantity)] }
    if quantity == 0 { return [event(.orderDelete, number, id: id)] }
    return [event(.orderModify, number, id: id, price: price, quantity: quantity)]
  }

  private func restated(_ side: Side, _ tick: Int) -> Event {
    level(number, side, UnreliableVenue.price(tick), others(side)[tick] + ownDisplayed(side, tick))
  }

  /// Somebody takes from the best level of a side, own orders there among it.
  private mutating func othersTrade(at time: Int64) {
    let side: Side = random.below(2) == 0 ? .buy : .sell
    guard let tick = displayedTicks(side).first else { return }
    var wanted = 1 + Int64(random.below(40))
    let isOwnFirst = random.below(2) == 0
    if isOwnFirst { wanted -= fillResting(side, tick, wanted, at: time) }
    let part = min(wanted, others(side)[tick])
    if part > 0 { othersPrint(side, tick, part, at: time) }
    if !isOwnFirst, wanted > part { _ = fillResting(side, tick, wanted - part, at: time) }
  }

  private mutating func othersPrint(_ side: Side, _ tick: Int, _ quantity: Int64, at time: Int64) {
    matches += 1
    othersPrints.append((matches, quantity, false))
    say(
      executed(side, tick, quantity, match: matches), .data, [.printed(quantity, match: matches, isOwn: false)])
  }

  /// An execution of what others display, as the venue's data tells it: with its order, or as a trade and a level.
  private mutating func executed(_ side: Side, _ tick: Int, _ quantity: Int64, match: UInt64) -> [Event] {
    if side == .buy { bids[tick] -= quantity } else { asks[tick] -= quantity }
    if tellsOrders {
      return [
        event(
          .orderExecute, number, id: UInt64(tick + 1), quantity: quantity, aux: match, flags: [.volume, .restingPrice])
      ]
    }
    return [trade(number, UnreliableVenue.price(tick), quantity, match: match), restated(side, tick)]
  }

  private mutating func fillResting(_ side: Side, _ tick: Int, _ wanted: Int64, at time: Int64) -> Int64 {
    var left = wanted
    for index in orders.indices
    where orders[index].rests && orders[index].side == side && orders[index].price == UnreliableVenue.price(tick) {
      let part = min(left, orders[index].open)
      guard part > 0 else { continue }
      left -= part
      matches += 1
      fill(index, UnreliableVenue.price(tick), part, isMaker: true, at: time)
      let print =
        tellsOrders
        ? [
          event(
            .orderExecute, number, id: orders[index].reference, quantity: part, aux: matches,
            flags: [.volume, .restingPrice])
        ] : [trade(number, UnreliableVenue.price(tick), part, match: matches), restated(side, tick)]
      say(print, .data, [.printed(part, match: matches, isOwn: true)])
    }
    return wanted - left
  }

  private mutating func fill(_ index: Int, _ price: Int64, _ quantity: Int64, isMaker: Bool, at time: Int64) {
    orders[index].open -= quantity
    orders[index].filled += quantity
    let id = orders[index].id
    fills.append(TrueFill(order: id, match: matches, price: price, quantity: quantity))
    report(
      .ownFilled, id, price: price, quantity: quantity, aux: matches, flags: isMaker ? .maker : [], .fill,
      [.filled(id, quantity, match: matches)], at: time)
  }

  private mutating func breakTrade(at time: Int64) {
    let own = fills.indices.filter { !fills[$0].isBroken }
    let others = othersPrints.indices.filter { !othersPrints[$0].isBroken }
    if random.below(2) == 0, let index = one(of: own) {
      fills[index].isBroken = true
      let fill = fills[index]
      for order in orders.indices where orders[order].id == fill.order { orders[order].filled -= fill.quantity }
      // A break need not tell the size; and the two channels tell of it apart.
      report(
        .ownBroken, fill.order, price: 0, quantity: 0, aux: fill.match, .fill,
        [.broken(fill.order, match: fill.match)], at: time)
      say([event(.tradeBreak, number, aux: fill.match)], .data, [.printBroken(match: fill.match)])
    } else if let index = one(of: others) {
      othersPrints[index].isBroken = true
      let match = othersPrints[index].match
      say([event(.tradeBreak, number, aux: match)], .data, [.printBroken(match: match)])
    }
  }

  private mutating func one(of places: [Int]) -> Int? {
    places.isEmpty ? nil : places[Int(random.below(UInt64(places.count)))]
  }

  private mutating func cancelUnasked(at time: Int64) {
    let live = orders.indices.filter { orders[$0].open > 0 }
    guard let index = one(of: live) else { return }
    // All of it, or some.
    let part = random.below(2) == 0 ? orders[index].open : 1 + Int64(random.below(UInt64(orders[index].open)))
    takeOff(index, part, at: time)
  }

  // MARK: - Requests

  mutating func enter(_ id: UInt64, _ side: Side, _ price: Int64, _ quantity: Int64, isPassive: Bool, at time: Int64) {
    let tick = UnreliableVenue.tick(price)
    let opposite = displayedTicks(side.opposite).first
    let crosses = opposite.map { side == .buy ? $0 <= tick : $0 >= tick } ?? false
    if random.happens(perMillion: mishaps.refuses) || (isPassive && crosses) {
      return report(.ownRejected, id, price: 0, quantity: 0, aux: 0, .reply, [.rejected(id)], at: time)
    }
    references += 1
    orders.append(
      TrueOrder(
        id: id, side: side, price: price, quantity: quantity, reference: references, open: quantity, rests: isPassive))
    let index = orders.count - 1
    report(
      .ownAcknowledged, id, price: price, quantity: quantity, aux: references, .reply, [.acknowledged], at: time)
    if isPassive {
      let shown =
        tellsOrders
        ? event(.orderAdd, number, id: references, side: side, price: price, quantity: quantity) : restated(side, tick)
      return say([shown], .data, [.nothing])
    }
    take(index, at: time)
    if orders[index].open > 0 { takeOff(index, orders[index].open, at: time) }
  }

  private mutating func take(_ index: Int, at time: Int64) {
    let order = orders[index]
    let opposite = order.side.opposite
    for tick in displayedTicks(opposite) {
      let price = UnreliableVenue.price(tick)
      guard order.side == .buy ? price <= order.price : price >= order.price else { return }
      let part = min(orders[index].open, others(opposite)[tick])
      guard part > 0 else { continue }
      matches += 1
      fill(index, price, part, isMaker: false, at: time)
      say(
        executed(opposite, tick, part, match: matches), .data, [.printed(part, match: matches, isOwn: true)])
    }
  }

  mutating func cancel(_ id: UInt64, at time: Int64) {
    guard let index = orders.firstIndex(where: { $0.id == id }), orders[index].open > 0 else {
      if random.happens(perMillion: mishaps.silent) { return }
      return report(
        .ownCancelRejected, id, price: 0, quantity: 0, aux: 0, level: Int(EXPROVE_REASON_UNKNOWN_ORDER.rawValue),
        .reply, [.nothing], at: time)
    }
    takeOff(index, orders[index].open, at: time)
  }

  private mutating func takeOff(_ index: Int, _ quantity: Int64, at time: Int64) {
    let isBreach = random.happens(perMillion: mishaps.fillsCancelled)
    orders[index].open -= quantity
    orders[index].cancelled += quantity
    let order = orders[index]
    report(
      .ownCancelled, order.id, price: 0, quantity: quantity, aux: order.reference, .reply,
      [.cancelled(order.id, quantity, number: sequence + 1)], at: time)
    if order.rests {
      let shown =
        tellsOrders
        ? event(.orderReduce, number, id: order.reference, quantity: quantity)
        : restated(order.side, UnreliableVenue.tick(order.price))
      say([shown], .data, [.nothing])
    }
    guard isBreach else { return }
    matches += 1
    orders[index].open += quantity
    fill(index, order.price, quantity, isMaker: true, at: time)
    say(
      [trade(number, order.price, quantity, match: matches)], .data, [.printed(quantity, match: matches, isOwn: true)])
  }

  // MARK: - Saying it

  private mutating func say(_ events: [Event], _ weight: VenueMessage.Weight, _ news: [VenueMessage.News]) {
    guard !events.isEmpty else { return }
    said.append(VenueMessage(events: events, weight: weight, news: news))
  }

  private mutating func report(
    _ kind: EventKind, _ id: UInt64, price: Int64, quantity: Int64, aux: UInt64, level: Int = 0,
    flags: EventFlags = [], _ weight: VenueMessage.Weight, _ news: [VenueMessage.News], at time: Int64
  ) {
    sequence += 1
    var event = event(
      kind, number, id: id, price: price, quantity: quantity, aux: aux, level: level, flags: flags.union(.simulated),
      time: time)
    event.venue_sequence = sequence
    say([event], weight, news)
  }
}
