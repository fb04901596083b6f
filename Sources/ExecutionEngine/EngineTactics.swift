// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import Governance
internal import MarketModel

/// From a slice's targets to child orders: rest at the touch first, follow it, and take what is left from the other side
/// near the slice's end. A child is replaced in two steps, cancel and new, so that the venue's word on the old one is
/// known before the new one adds to the exposure.
extension Engine {
  mutating func work(slice: Int, part: Int, at time: Int64, into output: inout EngineOutput) throws(EngineError) {
    // Nothing fills in a shadow run, so one order per slice and venue says all there is to say.
    if configuration.fills == .shadow, part > 0 { return }
    for venue in venues.listings.indices {
      guard let number = venues.instruments[venue] else { continue }
      let isSweeping = part >= EngineConfiguration.sweepLook
      guard let price = price(number: number, isSweeping: isSweeping) else { continue }
      takeOff(venue: venue, unlessAt: isSweeping ? nil : price, at: time, into: &output)
      guard blotter.working(venue: venue) == 0 else { continue }
      let open = targets[venue] - (blotter.filled(venue: venue) - filledAtSliceStart[venue])
      let allowed = min(open, participationRoom(), venues.quantity - blotter.filled - blotter.working)
      let lot = venues.lots[venue]
      let quantity = max(0, allowed) / lot * lot
      guard quantity > 0, try meetsMinimum(venue: venue, quantity: quantity, price: price, at: time) else { continue }
      try propose(
        venue: venue, number: number, price: price, quantity: quantity, isPassive: !isSweeping, slice: slice, at: time,
        into: &output)
    }
  }

  /// The touch on the own side to rest at, or on the other side to take; nil without one, or beyond the parent's limit.
  private func price(number: Int, isSweeping: Bool) -> Int64? {
    let top = market.top(number)
    let isBuy = configuration.task.side == .buy
    guard let level = isBuy != isSweeping ? top.bid : top.ask else { return nil }
    if let limit = configuration.task.limit, isBuy ? level.price > limit : level.price < limit { return nil }
    return level.price
  }

  private mutating func takeOff(
    venue: Int, unlessAt price: Int64?, at time: Int64, into output: inout EngineOutput
  ) {
    for child in blotter.children
    where child.venue == venue && child.leaves > 0 && child.status == .live && child.price != price {
      cancel(child, at: time, reason: price == nil ? "the slice ends soon" : "the touch moved", into: &output)
    }
  }

  mutating func cancelAll(at time: Int64, reason: String, into output: inout EngineOutput) {
    for child in blotter.children where child.leaves > 0 && child.status != .pendingCancel {
      cancel(child, at: time, reason: reason, into: &output)
    }
  }

  private mutating func cancel(
    _ child: ChildState, at time: Int64, reason: String, into output: inout EngineOutput
  ) {
    blotter.requestCancel(child.id, at: time)
    messages.record(at: time)
    output.statements.append(cancelStatement(child, reason: reason, at: time))
    output.intents.append(
      OrderIntent(
        action: .cancel, id: child.id, venue: child.venue, price: child.price, quantity: 0, isPassive: child.isPassive,
        time: time))
  }

  /// What may still be asked for so that 10⁶ · own ≤ cap · (others + own) holds when all of it fills.
  private func participationRoom() -> Int64 {
    let cap = Int128(min(configuration.task.participation, configuration.policy.participation ?? 1_000_000))
    guard cap < 1_000_000 else { return .max }
    var others: Int128 = 0
    for venue in venues.listings.indices { others += othersVolume(venue: venue) }
    let (product, overflow) = others.multipliedReportingOverflow(by: cap)
    guard !overflow else { return .max }
    let room = product / (1_000_000 - cap) - Int128(blotter.filled) - Int128(blotter.working)
    return Int64(clamping: max(0, room))
  }

  /// A venue refuses what is below its minimum, so it is not sent.
  private func meetsMinimum(
    venue: Int, quantity: Int64, price: Int64, at time: Int64
  ) throws(EngineError) -> Bool {
    let listing = venues.listings[venue]
    do {
      let terms = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: time)
      let minimum = try terms.minimumQuantity().units(atScale: venues.scale)
      let notional = try terms.minimumNotional().units(atScale: priceScale)
      let (value, overflow) = Int128(price).multipliedReportingOverflow(by: Int128(quantity))
      return quantity >= minimum && (overflow || value / Int128(FixedPoint.power(venues.scale)) >= Int128(notional))
    } catch {
      throw .badInput("\(error)")
    }
  }

  private mutating func propose(
    venue: Int, number: Int, price: Int64, quantity: Int64, isPassive: Bool, slice: Int, at time: Int64,
    into output: inout EngineOutput
  ) throws(EngineError) {
    let before = blotter.children.last { $0.venue == venue && $0.slice == slice && $0.filled < $0.quantity }
    let record = childRecord(
      venue: venue, price: price, quantity: quantity, slice: slice, at: time, replaces: before?.id)
    let results = configuration.policy.evaluate(
      try proposed(venue: venue, price: price, quantity: quantity, at: time),
      inputs(venue: venue, number: number, at: time))
    guard results.allSatisfy(\.passes) else {
      denials += 1
      output.statements.append(denialStatement(record, results: results, at: time))
      return
    }
    output.statements.append(orderStatement(record, isPassive: isPassive, results: results))
    messages.record(at: time)
    guard configuration.fills != .shadow else { return }
    let child = blotter.send(
      venue: venue, price: price, quantity: quantity, isPassive: isPassive, slice: slice, at: time,
      replaces: before?.id)
    output.intents.append(
      OrderIntent(
        action: .new, id: child.id, venue: venue, price: price, quantity: quantity, isPassive: isPassive, time: time))
  }

  private func proposed(
    venue: Int, price: Int64, quantity: Int64, at time: Int64
  ) throws(EngineError) -> ProposedOrder {
    let listing = venues.listings[venue]
    do {
      let instrument = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: time)
        .instrument
      return ProposedOrder(
        instrument: instrument.name, venue: listing.venue, symbol: listing.symbol, side: configuration.task.side,
        price: price, quantity: quantity, scale: venues.scale, multiplier: instrument.multiplier,
        currency: instrument.quote)
    } catch {
      throw .badInput("\(error)")
    }
  }

  private func inputs(venue: Int, number: Int, at time: Int64) -> PolicyInputs {
    let top = market.top(number)
    let updates = [market.lastUpdate(number), market.lastQuote(number)].compactMap { $0 }
    var others: Int128 = 0
    for index in venues.listings.indices { others += othersVolume(venue: index) }
    return PolicyInputs(
      time: time, parentQuantity: venues.quantity, parentLimit: configuration.task.limit, filled: blotter.filled,
      live: blotter.leaves(in: .live), inFlight: blotter.leaves(in: .inFlight),
      pendingCancel: blotter.leaves(in: .pendingCancel), bid: top.bid?.price, ask: top.ask?.price,
      last: market.tape(number).lastPrice, isHalted: market.isHalted(number), isStale: market.isStale(number),
      lastUpdate: updates.max(), othersVolume: others,
      taskParticipation: configuration.task.participation,
      recentMessages: messages.recent(at: time, window: configuration.policy.messageRate?.window ?? 1), ownOpposite: nil
    )
  }
}

extension OrderBlotter {
  /// What can still trade of the children in one state.
  func leaves(in status: ChildStatus) -> Int64 {
    children.reduce(0) { $0 + ($1.status == status ? $1.leaves : 0) }
  }
}
