// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// How long messages travel between the host and the venue of one instrument, in the fill model.
package struct FillModelVenue: Sendable {
  /// The engine's number of the instrument; an instrument is one venue's listing.
  package var instrument: UInt32
  /// Nanoseconds from sending a request to its effect, 0 or more.
  package var inbound: Int64
  /// Nanoseconds from an effect to its report, 0 or more.
  package var outbound: Int64

  package init(instrument: UInt32, inbound: Int64, outbound: Int64) {
    self.instrument = instrument
    self.inbound = inbound
    self.outbound = outbound
  }
}

/// A child order's request, as it would go to the venue.
package struct ModelRequest: Sendable, Equatable {
  package enum Action: UInt8, Sendable {
    case new = 1
    /// `quantity`: what shall stay live, 0 for nothing.
    case cancel = 2
    /// `previousID` becomes `childID` with the new price; `quantity`: what shall then be live.
    case replace = 3
  }
  package var childID: UInt64
  package var previousID: UInt64
  package var action: Action
  package var instrument: UInt32
  package var side: Side
  /// The limit, at 1e-9.
  package var price: Int64
  /// At the instrument's scale.
  package var quantity: Int64
  package var immediateOrCancel: Bool
  package var postOnly: Bool

  package init(
    childID: UInt64, previousID: UInt64 = 0, action: Action, instrument: UInt32, side: Side = .none,
    price: Int64 = 0, quantity: Int64 = 0, immediateOrCancel: Bool = false, postOnly: Bool = false
  ) {
    self.childID = childID
    self.previousID = previousID
    self.action = action
    self.instrument = instrument
    self.side = side
    self.price = price
    self.quantity = quantity
    self.immediateOrCancel = immediateOrCancel
    self.postOnly = postOnly
  }
}

/// What the model has to say about an own order, flagged simulated.
package struct ModelEvent: Sendable {
  /// When it reaches the host; the event's own time is when it took effect.
  package var time: Int64
  package var event: Event
}

/// The named fill model `displayed-depth/1`. Nobody fills an order against a historical capture; this says,
/// the same way every time, what would plausibly have been filled:
///
/// - A request takes effect `inbound` after it was sent, on the market as observed by then: events received at
///   that very nanosecond count. It never depends on anything observed later.
/// - A new order takes displayed size within its limit, best price first, at the displayed prices. Size that was
///   taken stays taken until the venue displays more at that price.
/// - What rests fills only when a trade prints strictly beyond its price, at its own price, and at most
///   for the printed quantity, which own orders share by price and time.
/// - Of an immediate-or-cancel order the rest is cancelled at once. A post-only order that would trade is rejected.
/// - Cancels and replacements take effect with the same latency, and may find the order gone. The size that a
///   replacement or a reduction asks for is held against the fills that had been reported when it was
///   sent: fills that crossed it on the way are taken off, so that nothing overfills.
/// - While the venue says that it does not trade, new orders and replacements are rejected.
package struct FillModel: Sendable {
  package static let name = "displayed-depth/1"

  private var markets: [Market] = []
  private var orders: [ModelOrder] = []
  private var chains: [Chain] = []
  /// Looked up, never iterated.
  private var orderIndex: [UInt64: Int] = [:]
  private var arrivals: [Arrival] = []
  private var deliveries: [Delivery] = []
  private var sequence: UInt64 = 0
  private var matches: UInt64 = 0
  private var observed = Int64.min

  struct Market {
    var venue: FillModelVenue
    var depth = DisplayedDepth()
    /// Orders that rest here, as indices into `orders`, by price and then arrival; buys and sells together.
    var resting: [Int] = []
  }

  struct ModelOrder {
    var id: UInt64
    var market: Int
    var side: Side
    var price: Int64
    /// What is live; 0 when the order is gone.
    var remaining: Int64
    var chain: Int
    var venueID: UInt64
  }

  /// An order and what replaced it.
  struct Chain {
    var filled: Int64 = 0
    /// Of that, what was reported to the host.
    var reported: Int64 = 0
  }

  private struct Arrival {
    var time: Int64
    var sequence: UInt64
    var request: ModelRequest
    /// Fills of the chain that the sender knew of.
    var known: Int64
  }

  private struct Delivery {
    var time: Int64
    var sequence: UInt64
    var event: Event
    var chain: Int
  }

  /// One entry per instrument that orders may go to.
  package init(configuration: [FillModelVenue]) {
    for venue in configuration { add(venue) }
  }

  /// One instrument more, before its first event: numbers are known only once a venue has defined them.
  package mutating func add(_ venue: FillModelVenue) {
    precondition(venue.inbound >= 0 && venue.outbound >= 0 && market(venue.instrument) == nil)
    let place = markets.firstIndex { $0.venue.instrument > venue.instrument } ?? markets.count
    // Orders name their market by its place, so none may have come before.
    precondition(place == markets.count || orders.isEmpty)
    markets.insert(Market(venue: venue), at: place)
  }

  // MARK: In

  /// Takes in a market event, received at `time`, in the engine's total order. Requests that arrive strictly earlier
  /// take effect first.
  package mutating func observe(_ event: Event, at time: Int64) {
    guard let market = market(event.instrument) else { return }
    run(before: time)
    observed = max(observed, time)
    guard let print = markets[market].depth.observe(event), !markets[market].resting.isEmpty else { return }
    fillThrough(market, print, at: time)
  }

  /// Sends a request at `time`. It takes effect no earlier than what was already observed.
  package mutating func submit(_ request: ModelRequest, at time: Int64) {
    let inbound = market(request.instrument).map { markets[$0].venue.inbound } ?? 0
    let (sum, overflow) = time.addingReportingOverflow(inbound)
    let subject = request.action == .cancel ? request.childID : request.previousID
    let known = orderIndex[subject].map { chains[orders[$0].chain].reported } ?? 0
    sequence += 1
    let arrival = Arrival(
      time: max(overflow ? .max : sum, observed), sequence: sequence, request: request, known: known)
    let place = arrivals.lastIndex { $0.time <= arrival.time }.map { $0 + 1 } ?? 0
    arrivals.insert(arrival, at: place)
  }

  // MARK: Out

  /// When the model next has something to do or to report, so far as is known.
  package var nextTime: Int64? {
    switch (arrivals.first?.time, deliveries.first?.time) {
    case (let arrival?, let delivery?): min(arrival, delivery)
    case (let arrival, let delivery): arrival ?? delivery
    }
  }

  /// The next report that reaches the host at `time` or earlier; call until nil. All market events up to and
  /// including `time` have been observed.
  package mutating func pop(upTo time: Int64) -> ModelEvent? {
    while let arrival = arrivals.first, arrival.time <= time { arrive(arrivals.removeFirst()) }
    guard let first = deliveries.first, first.time <= time else { return nil }
    deliveries.removeFirst()
    if first.event.eventKind == .ownFilled { chains[first.chain].reported += first.event.quantity }
    return ModelEvent(time: first.time, event: first.event)
  }

  /// What is live of an order at the venue; 0 for one that is gone or unknown.
  package func remaining(_ childID: UInt64) -> Int64 { orderIndex[childID].map { orders[$0].remaining } ?? 0 }

  private func market(_ instrument: UInt32) -> Int? {
    var low = 0
    var high = markets.count
    while low < high {
      let middle = (low + high) / 2
      if markets[middle].venue.instrument < instrument { low = middle + 1 } else { high = middle }
    }
    return low < markets.count && markets[low].venue.instrument == instrument ? low : nil
  }

  private mutating func run(before time: Int64) {
    while let arrival = arrivals.first, arrival.time < time { arrive(arrivals.removeFirst()) }
  }

  // MARK: At the venue

  private mutating func arrive(_ arrival: Arrival) {
    let request = arrival.request
    guard let market = market(request.instrument) else {
      return refuse(request, nil, EXPROVE_REASON_UNKNOWN_SYMBOL, at: arrival.time)
    }
    switch request.action {
    case .new: enter(request, market, at: arrival.time)
    case .cancel: cancel(request, market, known: arrival.known, at: arrival.time)
    case .replace: replace(request, market, known: arrival.known, at: arrival.time)
    }
  }

  private func objection(_ request: ModelRequest, _ side: Side, _ market: Int) -> exprove_reason? {
    if orderIndex[request.childID] != nil || request.childID == 0 { return EXPROVE_REASON_DUPLICATE_ID }
    if side == .none { return EXPROVE_REASON_UNSPECIFIED }
    if request.quantity <= 0 { return EXPROVE_REASON_QUANTITY }
    if !markets[market].depth.trades { return EXPROVE_REASON_HALTED }
    if request.postOnly, markets[market].depth.reaches(side, request.price) { return EXPROVE_REASON_WOULD_CROSS }
    return nil
  }

  private mutating func enter(_ request: ModelRequest, _ market: Int, at time: Int64) {
    if let reason = objection(request, request.side, market) { return refuse(request, market, reason, at: time) }
    chains.append(Chain())
    let index = register(request, market, request.side, request.quantity, chain: chains.count - 1)
    var event = own(.ownAcknowledged, index, at: time)
    event.price = request.price
    event.quantity = request.quantity
    event.aux = orders[index].venueID
    report(event, index, at: time)
    work(index, immediateOrCancel: request.immediateOrCancel, at: time)
  }

  private mutating func cancel(_ request: ModelRequest, _ market: Int, known: Int64, at time: Int64) {
    guard let index = orderIndex[request.childID], orders[index].market == market, orders[index].remaining > 0 else {
      return refuseCancel(request, market, EXPROVE_REASON_UNKNOWN_ORDER, at: time)
    }
    let crossed = chains[orders[index].chain].filled - known
    let stays = max(max(request.quantity, 0) - crossed, 0)
    guard stays < orders[index].remaining else {
      return refuseCancel(request, market, EXPROVE_REASON_QUANTITY, at: time)
    }
    takeOff(index, orders[index].remaining - stays, EXPROVE_REASON_REQUESTED, at: time)
  }

  private mutating func replace(_ request: ModelRequest, _ market: Int, known: Int64, at time: Int64) {
    guard let previous = orderIndex[request.previousID], orders[previous].market == market,
      orders[previous].remaining > 0
    else { return refuse(request, market, EXPROVE_REASON_UNKNOWN_ORDER, at: time) }
    let side = orders[previous].side
    if let reason = objection(request, side, market) { return refuse(request, market, reason, at: time) }
    let quantity = request.quantity - (chains[orders[previous].chain].filled - known)
    guard quantity > 0 else {
      // The fills that crossed the request were all that it asked for.
      takeOff(previous, orders[previous].remaining, EXPROVE_REASON_REQUESTED, at: time)
      return refuse(request, market, EXPROVE_REASON_QUANTITY, at: time)
    }
    orders[previous].remaining = 0
    markets[market].resting.removeAll { $0 == previous }
    let index = register(request, market, side, quantity, chain: orders[previous].chain)
    var event = own(.ownReplaced, index, at: time)
    event.aux = request.previousID
    event.price = request.price
    event.quantity = quantity
    report(event, index, at: time)
    work(index, immediateOrCancel: request.immediateOrCancel, at: time)
  }

  private mutating func register(
    _ request: ModelRequest, _ market: Int, _ side: Side, _ quantity: Int64, chain: Int
  ) -> Int {
    orders.append(
      ModelOrder(
        id: request.childID, market: market, side: side, price: request.price, remaining: quantity, chain: chain,
        venueID: UInt64(orders.count) + 1))
    orderIndex[request.childID] = orders.count - 1
    return orders.count - 1
  }

  /// Takes what is displayed within the limit and lets the rest stand or lapse.
  private mutating func work(_ index: Int, immediateOrCancel: Bool, at time: Int64) {
    let order = orders[index]
    for part in markets[order.market].depth.take(order.side, limit: order.price, quantity: order.remaining) {
      fill(index, price: part.price, quantity: part.quantity, maker: false, at: time)
    }
    guard orders[index].remaining > 0 else { return }
    if immediateOrCancel { return takeOff(index, orders[index].remaining, EXPROVE_REASON_EXPIRED, at: time) }
    // Better prices first on each side, earlier orders first at one price.
    let place = markets[order.market].resting.firstIndex { other in
      orders[other].side == order.side
        && (order.side == .buy ? orders[other].price < order.price : orders[other].price > order.price)
    }
    markets[order.market].resting.insert(index, at: place ?? markets[order.market].resting.count)
  }

  private mutating func fillThrough(_ market: Int, _ print: Print, at time: Int64) {
    var left = print.quantity
    var gone = false
    for index in markets[market].resting where left > 0 {
      let order = orders[index]
      guard order.side == .buy ? print.price < order.price : print.price > order.price else { continue }
      let part = min(left, order.remaining)
      fill(index, price: order.price, quantity: part, maker: true, at: time)
      left -= part
      gone = gone || part == order.remaining
    }
    if gone {
      let live = markets[market].resting.filter { orders[$0].remaining > 0 }
      markets[market].resting = live
    }
  }

  private mutating func fill(_ index: Int, price: Int64, quantity: Int64, maker: Bool, at time: Int64) {
    orders[index].remaining -= quantity
    chains[orders[index].chain].filled += quantity
    matches += 1
    var event = own(.ownFilled, index, at: time)
    event.price = price
    event.quantity = quantity
    event.aux = matches
    if maker { event.flags |= EventFlags.maker.rawValue }
    report(event, index, at: time)
  }

  private mutating func takeOff(_ index: Int, _ quantity: Int64, _ reason: exprove_reason, at time: Int64) {
    orders[index].remaining -= quantity
    if orders[index].remaining == 0 { markets[orders[index].market].resting.removeAll { $0 == index } }
    var event = own(.ownCancelled, index, at: time)
    event.quantity = quantity
    event.level = UInt16(reason.rawValue)
    event.aux = orders[index].venueID
    report(event, index, at: time)
  }

  // MARK: Reports

  private func own(_ kind: EventKind, _ index: Int, at time: Int64) -> Event {
    let order = orders[index]
    return bare(kind, order.id, markets[order.market].venue.instrument, order.side, at: time)
  }

  private func bare(_ kind: EventKind, _ id: UInt64, _ instrument: UInt32, _ side: Side, at time: Int64) -> Event {
    var event = Event(kind: kind)
    event.event_time = time
    event.order_id = id
    event.instrument = instrument
    event.side = side.rawValue
    event.flags = EventFlags([.simulated, .last]).rawValue
    return event
  }

  private mutating func refuse(_ request: ModelRequest, _ market: Int?, _ reason: exprove_reason, at time: Int64) {
    if request.action == .cancel { return refuseCancel(request, market, reason, at: time) }
    let previous = orderIndex[request.previousID].map { orders[$0].side } ?? .none
    let side = request.side == .none ? previous : request.side
    var event = bare(.ownRejected, request.childID, request.instrument, side, at: time)
    event.level = UInt16(reason.rawValue)
    deliver(event, chain: -1, market, at: time)
  }

  private mutating func refuseCancel(
    _ request: ModelRequest, _ market: Int?, _ reason: exprove_reason, at time: Int64
  ) {
    let side = orderIndex[request.childID].map { orders[$0].side } ?? request.side
    var event = bare(.ownCancelRejected, request.childID, request.instrument, side, at: time)
    event.level = UInt16(reason.rawValue)
    deliver(event, chain: -1, market, at: time)
  }

  private mutating func report(_ event: Event, _ index: Int, at time: Int64) {
    deliver(event, chain: orders[index].chain, orders[index].market, at: time)
  }

  private mutating func deliver(_ event: Event, chain: Int, _ market: Int?, at time: Int64) {
    let outbound = market.map { markets[$0].venue.outbound } ?? 0
    let (sum, overflow) = time.addingReportingOverflow(outbound)
    sequence += 1
    let delivery = Delivery(time: overflow ? .max : sum, sequence: sequence, event: event, chain: chain)
    let place = deliveries.lastIndex { $0.time <= delivery.time }.map { $0 + 1 } ?? 0
    deliveries.insert(delivery, at: place)
  }
}
