// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import Governance
internal import MarketModel

/// The local `DecisionContext`: what the books, the tape and the reference data say at one moment.
extension Engine {
  /// Displayed size is summed over so many best levels.
  private static let depthLevels = 5

  func makeContext(slice: Int, at time: Int64) throws(EngineError) -> DecisionContext {
    let task = configuration.task
    do {
      let given = configuration.policy.sharedContext(of: configuration.shared, at: time)
      let reference = configuration.sharedReferences.first { $0.revision == given?.context?.revision }
      let isCovering = given?.context?.covers(task, from: slice) ?? false
      var contexts: [VenueContext] = []
      for venue in venues.listings.indices {
        let terms =
          isCovering ? given?.context?.terms(of: venues.listings[venue], task: task, scale: venues.scale) : nil
        contexts.append(try venueContext(venue, slice: slice, at: time, terms, of: reference))
      }
      return try DecisionContext(
        asOf: time, computedLocally: true, scale: venues.scale, slices: task.sliceCount,
        variance: try variance(at: time), reference: configuration.reference.digest, venues: contexts,
        shared: given.map { Engine.use(of: reference, isCovering: isCovering, contexts, otherwise: $0.reason) })
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

  /// Taken is a context that says something which a plan can go by.
  private static func use(
    of reference: SharedContextReference?, isCovering: Bool, _ venues: [VenueContext], otherwise reason: String
  ) -> SharedUse {
    guard let reference else { return .notTaken(reason: reason) }
    if venues.contains(where: { $0.shared != nil }) { return .taken(reference) }
    return .notTaken(
      reason: "context r\(reference.revision) "
        + (isCovering ? "has no signal about the task's venues" : "does not speak for every slice that is left"))
  }

  private func venueContext(
    _ venue: Int, slice: Int, at time: Int64, _ said: SharedMarketContext.SliceTerms?,
    of reference: SharedContextReference?
  ) throws -> VenueContext {
    let listing = venues.listings[venue]
    let terms = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: time)
    let maker = try terms.makerFee()
    let taker = try terms.takerFee()
    let impact = try terms.impact()
    let depth = try impact.depth.units(atScale: venues.scale)
    let (own, ownSource) = volumeCurve(venue, slice: slice, at: time)
    var volume = own
    var source = ownSource
    // The shared curve wins over the desk's own, from a file or received: the contract's contributors see more of the market
    // than one desk. The own one stays beside it.
    if let reference, let curve = said?.volume {
      volume = curve
      source = .shared(context: reference.context, revision: reference.revision, batch: reference.batch)
    }
    let shared = said.map { said in
      SharedVenueTerms(
        ownVolume: said.volume == nil ? nil : OwnVolume(volume: own, source: ownSource), spreads: said.spreads,
        toxicity: said.toxicity)
    }
    let number = venues.instruments[venue]
    return VenueContext(
      listing: listing, availability: availability(venue, number),
      bid: number.flatMap { othersBest(venue, $0, .buy) }, ask: number.flatMap { othersBest(venue, $0, .sell) },
      bidDepth: depthNearTouch(venue, number, .buy),
      askDepth: depthNearTouch(venue, number, .sell), lot: venues.lots[venue],
      fees: FeeSnapshot(
        makerRate: maker.rate, takerRate: taker.rate, makerPerUnit: maker.perUnit, takerPerUnit: taker.perUnit,
        currency: try terms.feeCurrency()),
      impact: ImpactSnapshot(coefficient: impact.coefficient, depth: depth), volume: volume, volumeSource: source,
      shared: shared)
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
