// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import Governance
internal import MarketModel

/// The one way by which an order leaves: through every control of the policy, into the record, and then out.
extension Engine {
  /// Proposes a child order. Where every control passes, it is recorded and sent; where one denies, the denial is
  /// recorded and nothing is sent. `time` is not before the last decision.
  package mutating func submit(
    _ terms: ChildTerms, at time: Int64, into output: inout EngineOutput
  ) throws(EngineError) {
    guard let number = venues.instruments[terms.venue] else { return }
    let before = predecessor(venue: terms.venue, slice: terms.slice)
    let id = nextChild
    nextChild += 1
    let child = ChildState(
      id: id, terms: terms, sentAt: time, replaces: before?.id, chain: before?.chain ?? id,
      printedBefore: printed[terms.venue])
    let record = childRecord(child)
    let results = configuration.policy.evaluate(
      try proposed(terms, at: time), policyInputs(venue: terms.venue, number: number, at: time))
    guard results.allow else {
      denials += 1
      output.statements.append(denialStatement(record, results: results, at: time))
      return
    }
    output.statements.append(orderStatement(record, isPassive: terms.isPassive, results: results))
    messages.record(at: time)
    guard configuration.fills != .shadow else { return }
    blotter.send(child)
    output.intents.append(
      OrderIntent(
        action: .new, id: id, venue: terms.venue, price: terms.price, quantity: terms.quantity,
        isPassive: terms.isPassive, time: time))
  }

  /// The last child of the slice at a venue, where it ended with something left: that is what a new one goes on with.
  private func predecessor(venue: Int, slice: Int) -> ChildState? {
    guard let last = blotter.lastChild(venue: venue), last.terms.slice == slice, last.status == .done,
      last.filled < last.terms.quantity
    else { return nil }
    return last
  }

  // MARK: - How much

  /// What may still be asked for so that 10⁶ · own ≤ cap · (others + own) holds when all of it fills.
  func participationRoom() -> Int64 {
    let cap = Int128(min(configuration.task.participation, configuration.policy.participation ?? 1_000_000))
    guard cap < 1_000_000 else { return .max }
    let (product, overflow) = othersVolume().multipliedReportingOverflow(by: cap)
    guard !overflow else { return .max }
    let own = Int128(blotter.totals.filled) + Int128(blotter.totals.working)
    return Int64(clamping: max(0, product / (1_000_000 - cap) - own))
  }

  /// Whole lots of `wanted`, at most what the venue takes in one order.
  func wholeLots(_ wanted: Int64, venue: Int, at time: Int64) throws(EngineError) -> Int64 {
    let listing = venues.listings[venue]
    var most = max(0, wanted)
    do {
      let terms = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: time)
      if let maximum = terms.values.maximumQuantity {
        // Digits beyond the task's scale are no whole lot either.
        let (units, overflow) = Int128(maximum.units).multipliedReportingOverflow(
          by: Int128(FixedPoint.power(venues.scale)))
        if !overflow { most = min(most, Int64(clamping: units / Int128(FixedPoint.power(maximum.scale)))) }
      }
    } catch {
      throw .badInput("\(error)")
    }
    return most / venues.lots[venue] * venues.lots[venue]
  }

  /// A venue refuses what is below its minimum, so it is not sent.
  func meetsMinimum(venue: Int, quantity: Int64, price: Int64, at time: Int64) throws(EngineError) -> Bool {
    let listing = venues.listings[venue]
    do {
      let terms = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: time)
      let minimum = try terms.minimumQuantity().units(atScale: venues.scale)
      let notional = try terms.minimumNotional().units(atScale: priceScale)
      let multiplier = terms.instrument.multiplier
      let (value, overflow) = (Int128(price) * Int128(quantity)).multipliedReportingOverflow(
        by: Int128(multiplier.units))
      let places = Int128(FixedPoint.power(venues.scale)) * Int128(FixedPoint.power(multiplier.scale))
      return quantity >= minimum && (overflow || value / places >= Int128(notional))
    } catch {
      throw .badInput("\(error)")
    }
  }

  // MARK: - What the controls are given

  private func proposed(_ terms: ChildTerms, at time: Int64) throws(EngineError) -> ProposedOrder {
    let listing = venues.listings[terms.venue]
    do {
      let instrument = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: time)
        .instrument
      return ProposedOrder(
        instrument: instrument.name, venue: listing.venue, symbol: listing.symbol, side: configuration.task.side,
        price: terms.price, quantity: terms.quantity, scale: venues.scale, multiplier: instrument.multiplier,
        currency: instrument.quote)
    } catch {
      throw .badInput("\(error)")
    }
  }

  private func policyInputs(venue: Int, number: Int, at time: Int64) -> PolicyInputs {
    let updates = [market.lastUpdate(number), market.lastQuote(number)].compactMap { $0 }
    let own = blotter.totals
    return PolicyInputs(
      time: time, parentQuantity: venues.quantity, parentLimit: configuration.task.limit, filled: own.filled,
      live: own.live, inFlight: own.inFlight, pendingCancel: own.pendingCancel,
      bid: othersBest(venue, number, .buy)?.price, ask: othersBest(venue, number, .sell)?.price,
      last: market.tape(number).lastPrice, isHalted: market.isHalted(number), isStale: market.isStale(number),
      lastUpdate: updates.max(), othersVolume: othersVolume(), taskParticipation: configuration.task.participation,
      recentMessages: messages.recent(at: time, window: configuration.policy.messageRate?.window ?? 1),
      // The run's own children are all on one side; see `OrdersElsewhere`.
      ownOpposite: elsewhere.opposite(of: side, instrument: number))
  }

  // MARK: - The volume of others

  /// At most what others traded over all venues since the window began.
  func othersVolume() -> Int128 {
    venues.listings.indices.reduce(0) { $0 + othersVolume(venue: $1) }
  }

  /// At most what others traded at a venue since the window began, at the engine's scale. Where own orders print on the
  /// venue's tape, each own print is taken out, once: when the venue has reported the fill, as the fill, and for good, since
  /// its break may reach the tape later; before that, the tape may show it already, and whatever was printed since the
  /// order left is taken for its own, up to what is open.
  private func othersVolume(venue: Int) -> Int128 {
    guard let number = venues.instruments[venue] else { return 0 }
    let all = market.tape(number).volume - volumeAtStart[venue]
    let scaled = Int128(venues.scaled(all, from: market.quantityScale(number)) ?? .max)
    guard configuration.fills == .simulated else { return scaled }
    let own = blotter.totals(venue: venue)
    var unreported: Int128 = 0
    if let oldest = blotter.openChildren(venue: venue).first {
      unreported = min(Int128(own.working), printed[venue] - oldest.printedBefore)
    }
    return max(0, scaled - Int128(own.executed) - unreported)
  }
}
