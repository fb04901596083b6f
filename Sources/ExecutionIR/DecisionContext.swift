// SPDX-License-Identifier: Apache-2.0

/// Where a venue's volume curve comes from.
public enum VolumeSource: Hashable, Sendable {
  /// A curve of an earlier day, kept in a file.
  case priorFile(date: String, digest: Digest)
  /// Made from the eligible volume received up to this time, in nanoseconds UTC.
  case received(upTo: Int64)
  /// The same for every slice, and why nothing better was there.
  case uniform(reason: String)
  /// The sum of what contributors saw, from a revision of a shared context.
  case shared(context: Digest, revision: Int64, batch: Digest)
}

/// A best price and what is displayed there. Price at 1e-9, quantity at the context's scale.
public struct Touch: Hashable, Sendable {
  public let price: Int64
  public let quantity: Int64

  public init(price: Int64, quantity: Int64) {
    self.price = price
    self.quantity = quantity
  }
}

/// What trading costs at a venue; a rebate is negative. A venue charges by value, by unit, or both.
public struct FeeSnapshot: Hashable, Sendable {
  /// In parts per billion (1e-9) of price × quantity: 0.1 % is 1,000,000.
  public let makerRate: Int64
  public let takerRate: Int64
  /// In 1e-9 of the currency per unit of the instrument: 0.003 dollars a share is 3,000,000.
  public let makerPerUnit: Int64
  public let takerPerUnit: Int64
  /// In what the venue collects it. The solver values it in the task's currency at the touch.
  public let currency: String

  public init(makerRate: Int64, takerRate: Int64, makerPerUnit: Int64, takerPerUnit: Int64, currency: String) {
    self.makerRate = makerRate
    self.takerRate = takerRate
    self.makerPerUnit = makerPerUnit
    self.takerPerUnit = takerPerUnit
    self.currency = currency
  }
}

/// Temporary impact as reference data states it: taking n units within τ seconds while `depth` units stand
/// displayed moves the average price by `coefficient` × n / τ. So it costs `coefficient` × n² / τ.
public struct ImpactSnapshot: Hashable, Sendable {
  /// In currency × seconds / unit², at least 0 (η̃ of Almgren and Chriss).
  public let coefficient: ExactDecimal
  /// At which displayed depth it holds, at the context's scale, above 0; half the depth means twice the impact.
  public let depth: Int64

  public init(coefficient: ExactDecimal, depth: Int64) {
    self.coefficient = coefficient
    self.depth = depth
  }
}

/// Whether a venue can be routed to.
public enum VenueAvailability: Hashable, Sendable {
  case open
  /// Halted, stale, without a two-sided book, …: the reason in plain words.
  case closed(reason: String)
}

/// What is known of one venue. All quantities are at the context's scale, own orders taken out.
public struct VenueContext: Hashable, Sendable {
  public let listing: TaskVenue
  public let availability: VenueAvailability
  /// Nil where that side is empty.
  public let bid: Touch?
  public let ask: Touch?
  /// What is displayed on each side near the touch, from which the impact is scaled.
  public let bidDepth: Int64
  public let askDepth: Int64
  /// Quantities go in multiples of this, above 0.
  public let lot: Int64
  public let fees: FeeSnapshot
  public let impact: ImpactSnapshot
  /// Expected volume of others, one per slice of the task, each at least 0.
  public let volume: [Int64]
  public let volumeSource: VolumeSource
  /// What a shared context says of this venue; nil where it says nothing, or none was taken.
  public let shared: SharedVenueTerms?

  public init(
    listing: TaskVenue, availability: VenueAvailability, bid: Touch?, ask: Touch?, bidDepth: Int64, askDepth: Int64,
    lot: Int64, fees: FeeSnapshot, impact: ImpactSnapshot, volume: [Int64], volumeSource: VolumeSource,
    shared: SharedVenueTerms? = nil
  ) {
    self.listing = listing
    self.availability = availability
    self.bid = bid
    self.ask = ask
    self.bidDepth = bidDepth
    self.askDepth = askDepth
    self.lot = lot
    self.fees = fees
    self.impact = impact
    self.volume = volume
    self.volumeSource = volumeSource
    self.shared = shared
  }

  /// Ask less bid, at 1e-9; negative when the book is crossed, nil when a side is empty.
  public var spread: Int64? {
    guard let bid, let ask else { return nil }
    let (spread, overflow) = ask.price.subtractingReportingOverflow(bid.price)
    return overflow ? nil : spread
  }
}

/// All that one decision depends on beside the task and the state of its own orders, named by its digest: the desk's
/// own books and tapes, and what a `SharedMarketContext` adds to them.
public struct DecisionContext: Hashable, Sendable {
  /// Of this encoding.
  public static let currentVersion: Int64 = 1

  public let version: Int64
  /// Nothing received later went into it. Nanoseconds UTC.
  public let asOf: Int64
  /// True when this host made it from its own feeds; false when it was received.
  public let computedLocally: Bool
  /// Places behind the point of every quantity here, 0...18.
  public let scale: Int
  /// How many slices each volume curve has.
  public let slices: Int
  /// σ² in currency² / (unit² × seconds), at least 0; nil when no reference states it, and then a task for
  /// implementation shortfall cannot be planned.
  public let variance: ExactDecimal?
  /// Digest of the reference data from which fees, lots, impact and variance come.
  public let reference: Digest
  /// In the order of the task's venues.
  public let venues: [VenueContext]
  /// Which shared context was taken, or why none was; nil where none was given.
  public let shared: SharedUse?

  /// Checks what can be checked without the task.
  public init(
    asOf: Int64, computedLocally: Bool, scale: Int, slices: Int, variance: ExactDecimal?, reference: Digest,
    venues: [VenueContext], shared: SharedUse? = nil
  ) throws(RecordError) {
    self.version = DecisionContext.currentVersion
    self.asOf = asOf
    self.computedLocally = computedLocally
    self.scale = scale
    self.slices = slices
    self.variance = variance
    self.reference = reference
    self.venues = venues
    self.shared = shared
    guard (0...18).contains(scale) else { throw RecordError(path: "scale", reason: "must be 0 to 18") }
    guard (1...LocalExecutionTask.mostSlices).contains(slices) else {
      throw RecordError(path: "slices", reason: "must be 1 to \(LocalExecutionTask.mostSlices)")
    }
    if let variance, variance.units < 0 { throw RecordError(path: "variance", reason: "must not be below 0") }
    guard (1...LocalExecutionTask.mostVenues).contains(venues.count) else {
      throw RecordError(path: "venues", reason: "must be 1 to \(LocalExecutionTask.mostVenues)")
    }
    for (index, venue) in venues.enumerated() {
      try check(venue, path: "venues[\(index)]")
      try checkShared(venue, path: "venues[\(index)]")
    }
  }

  private func check(_ venue: VenueContext, path: String) throws(RecordError) {
    func refuse(_ key: String, _ reason: String) -> RecordError { RecordError(path: "\(path).\(key)", reason: reason) }
    guard venue.lot > 0 else { throw refuse("lot", "must be above 0") }
    guard venue.impact.coefficient.units >= 0 else { throw refuse("impact.coefficient", "must not be below 0") }
    guard venue.impact.depth > 0 else { throw refuse("impact.depth", "must be above 0") }
    guard venue.bidDepth >= 0, venue.askDepth >= 0 else { throw refuse("bid_depth", "depth must not be below 0") }
    guard venue.volume.count == slices else { throw refuse("volume", "\(venue.volume.count) slices, not \(slices)") }
    guard venue.volume.allSatisfy({ $0 >= 0 }) else { throw refuse("volume", "must not be below 0") }
  }

  /// Copies what was checked.
  init(_ context: DecisionContext, venues: [VenueContext]) {
    version = context.version
    asOf = context.asOf
    computedLocally = context.computedLocally
    scale = context.scale
    slices = context.slices
    variance = context.variance
    reference = context.reference
    self.venues = venues
    shared = nil
  }
}
