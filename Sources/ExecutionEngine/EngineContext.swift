// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import MarketModel

/// The local `SharedMarketContext`: what the books, the tape and the reference data say at one moment.
extension Engine {
  /// Displayed size is summed over so many best levels.
  private static let depthLevels = 5

  func makeContext(slice: Int, at time: Int64) throws(EngineError) -> SharedMarketContext {
    let task = configuration.task
    do {
      var contexts: [VenueContext] = []
      for venue in venues.listings.indices { contexts.append(try venueContext(venue, slice: slice, at: time)) }
      return try SharedMarketContext(
        asOf: time, computedLocally: true, scale: venues.scale, slices: task.sliceCount,
        variance: try variance(at: time), reference: configuration.reference.digest, venues: contexts)
    } catch let error as EngineError {
      throw error
    } catch {
      throw .badInput("\(error)")
    }
  }

  private func variance(at time: Int64) throws(ReferenceError) -> ExactDecimal? {
    let first = venues.listings[0]
    let instrument = try configuration.reference.listing(venue: first.venue, symbol: first.symbol).instrument
    return try configuration.reference.variance(of: instrument, at: time)?.value
  }

  private func venueContext(_ venue: Int, slice: Int, at time: Int64) throws -> VenueContext {
    let listing = venues.listings[venue]
    let terms = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: time)
    let maker = try terms.makerFee()
    let taker = try terms.takerFee()
    let impact = try terms.impact()
    let depth = try impact.depth.units(atScale: venues.scale)
    let (volume, source) = volumeCurve(venue, slice: slice, at: time)
    let number = venues.instruments[venue]
    return VenueContext(
      listing: listing, availability: availability(number), bid: touch(venue, number, .buy),
      ask: touch(venue, number, .sell), bidDepth: depthNearTouch(venue, number, .buy),
      askDepth: depthNearTouch(venue, number, .sell), lot: venues.lots[venue],
      fees: FeeSnapshot(
        makerRate: maker.rate, takerRate: taker.rate, makerPerUnit: maker.perUnit, takerPerUnit: taker.perUnit,
        currency: try terms.feeCurrency()),
      impact: ImpactSnapshot(coefficient: impact.coefficient, depth: depth), volume: volume, volumeSource: source)
  }

  private func availability(_ number: Int?) -> VenueAvailability {
    guard let number else { return .closed(reason: "the venue has not defined the instrument yet") }
    if market.isHalted(number) { return .closed(reason: "halted") }
    if market.isStale(number) { return .closed(reason: "messages are missing since the last snapshot") }
    let top = market.top(number)
    if top.bid == nil || top.ask == nil { return .closed(reason: "no two-sided book") }
    return .open
  }

  /// The best level of a side that isn't all own size.
  private func touch(_ venue: Int, _ number: Int?, _ side: Side) -> Touch? {
    guard let number else { return nil }
    let top = market.top(number)
    guard let best = side == .buy ? top.bid : top.ask else { return nil }
    guard isOwnSide(side) else { return scaledTouch(best, number) }
    let own = blotter.displayed(venue: venue, price: best.price)
    guard own > 0 else { return scaledTouch(best, number) }
    for level in market.depth(number, side, levels: Engine.depthLevels) {
      guard let quantity = venues.scaled(Int128(level.quantity), from: market.quantityScale(number)) else { return nil }
      let others = quantity - ownDisplayed(venue, level.price)
      if others > 0 { return Touch(price: level.price, quantity: others) }
    }
    return scaledTouch(best, number)
  }

  private func scaledTouch(_ level: PriceLevel, _ number: Int) -> Touch? {
    venues.scaled(Int128(level.quantity), from: market.quantityScale(number)).map {
      Touch(price: level.price, quantity: $0)
    }
  }

  private func depthNearTouch(_ venue: Int, _ number: Int?, _ side: Side) -> Int64 {
    guard let number else { return 0 }
    var sum: Int128 = 0
    for level in market.depth(number, side, levels: Engine.depthLevels) {
      let quantity = Int128(venues.scaled(Int128(level.quantity), from: market.quantityScale(number)) ?? 0)
      sum += isOwnSide(side) ? max(0, quantity - Int128(ownDisplayed(venue, level.price))) : quantity
    }
    return Int64(clamping: sum)
  }

  private func isOwnSide(_ side: Side) -> Bool { (configuration.task.side == .buy) == (side == .buy) }

  /// Own size is in a venue's book only where orders really reach that book.
  private func ownDisplayed(_ venue: Int, _ price: Int64) -> Int64 {
    configuration.fills == .simulated ? blotter.displayed(venue: venue, price: price) : 0
  }

  /// Expected volume of others per slice: from the prior file; else at the rate received so far, in the window or
  /// before it; else none is known.
  private func volumeCurve(_ venue: Int, slice: Int, at time: Int64) -> ([Int64], VolumeSource) {
    let count = configuration.task.sliceCount
    if let prior = configuration.prior {
      return (prior.curves[venue], .priorFile(date: prior.date, digest: prior.digest))
    }
    let first = venues.definedAt[venue]
    guard let number = venues.instruments[venue], first < time, market.tape(number).volume > 0 else {
      return (Array(repeating: 0, count: count), .uniform(reason: "no trade was received yet"))
    }
    let total = Int128(venues.scaled(market.tape(number).volume, from: market.quantityScale(number)) ?? .max)
    let curve = (0..<count).map { index -> Int64 in
      let length = configuration.task.sliceStart(index + 1) - configuration.task.sliceStart(index)
      return Int64(clamping: total * Int128(length) / Int128(time - first))
    }
    return (curve, .received(upTo: time))
  }
}
