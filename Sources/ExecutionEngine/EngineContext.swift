// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import MarketModel

/// The local `DecisionContext`: what the books, the tape and the reference data say at one moment.
extension Engine {
  /// Displayed size is summed over so many best levels.
  private static let depthLevels = 5

  func makeContext(slice: Int, at time: Int64) throws(EngineError) -> DecisionContext {
    let task = configuration.task
    do {
      var contexts: [VenueContext] = []
      for venue in venues.listings.indices { contexts.append(try venueContext(venue, slice: slice, at: time)) }
      return try DecisionContext(
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
      listing: listing, availability: availability(venue, number),
      bid: number.flatMap { othersBest(venue, $0, .buy) }, ask: number.flatMap { othersBest(venue, $0, .sell) },
      bidDepth: depthNearTouch(venue, number, .buy),
      askDepth: depthNearTouch(venue, number, .sell), lot: venues.lots[venue],
      fees: FeeSnapshot(
        makerRate: maker.rate, takerRate: taker.rate, makerPerUnit: maker.perUnit, takerPerUnit: taker.perUnit,
        currency: try terms.feeCurrency()),
      impact: ImpactSnapshot(coefficient: impact.coefficient, depth: depth), volume: volume, volumeSource: source)
  }

  private func availability(_ venue: Int, _ number: Int?) -> VenueAvailability {
    guard let number else { return .closed(reason: "the venue has not defined the instrument yet") }
    if market.isHalted(number) { return .closed(reason: "halted") }
    if market.isStale(number) { return .closed(reason: "messages are missing since the last snapshot") }
    if othersBest(venue, number, .buy) == nil || othersBest(venue, number, .sell) == nil {
      return .closed(reason: "no two-sided book")
    }
    return .open
  }

  private func depthNearTouch(_ venue: Int, _ number: Int?, _ side: Side) -> Int64 {
    guard let number else { return 0 }
    let levels = market.depth(number, side, levels: Engine.depthLevels)
    return Int64(clamping: levels.reduce(Int128(0)) { $0 + Int128(others(venue, number, side, $1)?.quantity ?? 0) })
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
    let all = Int128(venues.scaled(market.tape(number).volume, from: market.quantityScale(number)) ?? .max)
    let own = configuration.fills == .simulated ? Int128(blotter.totals(venue: venue).executed) : 0
    let total = max(0, all - own)
    let curve = (0..<count).map { index -> Int64 in
      let length = configuration.task.sliceStart(index + 1) - configuration.task.sliceStart(index)
      return Int64(clamping: total * Int128(length) / Int128(time - first))
    }
    return (curve, .received(upTo: time))
  }
}
