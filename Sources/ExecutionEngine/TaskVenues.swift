// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR

/// The task's venues with what the stream and the reference data say of them. One scale serves all quantities: the finest
/// of the lots and of the parent's own quantity.
struct TaskVenues: Sendable {
  let listings: [TaskVenue]
  /// Places behind the point of every quantity in the engine.
  let scale: Int
  let quantity: Int64
  let lots: [Int64]
  /// Global numbers, once defined.
  private(set) var instruments: [Int?]
  /// When each was defined: from then on its trades are seen. Nanoseconds UTC.
  private(set) var definedAt: [Int64]

  init(task: LocalExecutionTask, reference: ReferenceData) throws(EngineError) {
    listings = task.venues
    instruments = Array(repeating: nil, count: listings.count)
    definedAt = Array(repeating: 0, count: listings.count)
    do {
      for venue in task.venues.dropFirst() {
        let differences = try reference.fungibilityDifferences(task.venues[0], venue)
        guard differences.isEmpty else {
          throw EngineError.badInput(
            "task \(task.id): \(task.venues[0].venue) \(task.venues[0].symbol) and \(venue.venue) \(venue.symbol) are not "
              + "one instrument: \(differences.joined(separator: "; ")); give one of them as a reference feed instead")
        }
      }
      var decimals: [ExactDecimal] = []
      for venue in listings {
        let terms = try reference.terms(venue: venue.venue, symbol: venue.symbol, at: task.window.start)
        guard terms.instrument.quote == task.currency else {
          throw EngineError.badInput(
            "task \(task.id): \(venue.venue) \(venue.symbol) is priced in \(terms.instrument.quote), the task in "
              + "\(task.currency)")
        }
        decimals.append(try terms.lot())
        try TaskVenues.checkStated(terms)
      }
      try TaskVenues.checkVariance(task, reference)
      let scale = decimals.reduce(task.quantity.scale) { max($0, $1.scale) }
      self.scale = scale
      quantity = try task.quantity.units(atScale: scale)
      lots = try decimals.map { (lot) throws(FixedPointError) in try lot.units(atScale: scale) }
    } catch let error as EngineError {
      throw error
    } catch {
      throw .badInput("task \(task.id): \(error)")
    }
    for (index, lot) in lots.enumerated() where quantity % lot != 0 && lots.count == 1 {
      throw .badInput(
        "task \(task.id): quantity \(task.quantity) is no multiple of the lot \(FixedPoint.text(lot, scale: scale)) of "
          + "\(listings[index].venue) \(listings[index].symbol); state one in the task")
    }
  }

  /// What an order will need of a venue's terms is missed before the run begins, not in its midst.
  private static func checkStated(_ terms: ListingTerms) throws(ReferenceError) {
    _ = try terms.makerFee()
    _ = try terms.takerFee()
    _ = try terms.feeCurrency()
    _ = try terms.impact()
    _ = try terms.minimumQuantity()
    _ = try terms.minimumNotional()
  }

  private static func checkVariance(_ task: LocalExecutionTask, _ reference: ReferenceData) throws {
    guard case .implementationShortfall = task.objective else { return }
    let instrument = try reference.listing(venue: task.venues[0].venue, symbol: task.venues[0].symbol).instrument
    guard try reference.variance(of: instrument, at: task.window.start) == nil else { return }
    throw EngineError.badInput(
      "task \(task.id): the objective \"is\" needs the variance of \(instrument), and \(reference.file) states none that "
        + "holds at \(task.window.start)")
  }

  mutating func define(_ number: Int, as instrument: ListedInstrument, at time: Int64) {
    for index in listings.indices
    where listings[index].venue == instrument.venue && listings[index].symbol == instrument.symbol {
      instruments[index] = number
      definedAt[index] = time
    }
  }

  /// Index of the venue that lists a global number.
  func venue(of number: Int) -> Int? { instruments.firstIndex { $0 == number } }

  /// A quantity at a venue's scale, brought to the engine's; nil where it does not fit or digits would be lost.
  func scaled(_ value: Int128, from venueScale: Int) -> Int64? {
    if venueScale <= scale {
      let (product, overflow) = value.multipliedReportingOverflow(by: Int128(FixedPoint.power(scale - venueScale)))
      return overflow ? nil : Int64(exactly: product)
    }
    let power = Int128(FixedPoint.power(venueScale - scale))
    // A finer print of somebody else's rounds down: it only ever lowers what one may do.
    return Int64(exactly: value / power)
  }
  /// A quantity of an own order, of which no digit may be lost; nil where one would be, or where it does not fit.
  func exactly(_ value: Int64, from venueScale: Int) -> Int64? {
    if venueScale > scale, value % FixedPoint.power(venueScale - scale) != 0 { return nil }
    return scaled(Int128(value), from: venueScale)
  }
}
