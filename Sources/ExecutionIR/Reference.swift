// SPDX-License-Identifier: Apache-2.0

/// A value of the reference data that is wrong, or that is needed and missing: there are no defaults.
public struct ReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
  public let file: String
  /// The byte (`byte 120`), the path (`listings[2].terms[0].lot`) or the listing and field (`XNAS AAPL: lot`).
  public let place: String
  public let reason: String
  public var description: String { "\(file): \(place): \(reason)" }

  package init(file: String, place: String, reason: String) {
    self.file = file
    self.place = place
    self.reason = reason
  }
}

/// What kind of contract an instrument is.
public enum InstrumentKind: String, CaseIterable, Sendable {
  case equity, spot, perpetual, future, option
}

/// What is traded, whoever lists it.
public struct ReferenceInstrument: Hashable, Sendable {
  public let name: String
  public let kind: InstrumentKind
  /// What one unit is of: a currency of a pair, or the name of the security.
  public let base: String
  /// The currency of the price.
  public let quote: String
  /// The currency that changes hands.
  public let settlement: String
  /// How many units of `base` one unit of quantity stands for; above 0.
  public let multiplier: ExactDecimal
  /// By date, the earliest first; empty when nobody states it.
  public let variances: [ReferenceVariance]
}

/// σ² of the price, as `DecisionContext.variance` needs it.
public struct ReferenceVariance: Hashable, Sendable {
  /// From when it holds, nanoseconds since 1970.
  public let from: Int64
  /// In currency² / (unit² × seconds), at least 0.
  public let value: ExactDecimal
  /// Where the figure comes from, in plain words.
  public let source: String
}

/// One row of a tick table: from this price on, prices are multiples of `tick`. Both at 1e-9.
public struct TickRow: Hashable, Sendable {
  public let from: Int64
  public let tick: Int64
}

/// What a venue takes for one side of a trade, or gives where it is negative.
public struct ReferenceFee: Hashable, Sendable {
  /// In 1e-9 of price × quantity × multiplier: 0.1 % is 1,000,000.
  public let rate: Int64
  /// In 1e-9 of the fee's currency per unit of quantity.
  public let perUnit: Int64
}

/// The impact coefficient and where it comes from; see `ImpactSnapshot` for the formula.
public struct ReferenceImpact: Hashable, Sendable {
  /// In currency × seconds / unit², at least 0.
  public let coefficient: ExactDecimal
  /// The displayed quantity at which it holds, above 0.
  public let depth: ExactDecimal
  public let source: String
  /// When it was estimated, nanoseconds since 1970.
  public let date: Int64
}

/// The terms of a listing from a date on. What is nil was not stated; `ListingTerms` turns a need of it into an error.
public struct ReferenceTerms: Hashable, Sendable {
  /// Nanoseconds since 1970; the terms hold until the next ones begin.
  public let from: Int64
  public let ticks: [TickRow]?
  public let lot: ExactDecimal?
  public let minimumQuantity: ExactDecimal?
  public let maximumQuantity: ExactDecimal?
  public let minimumNotional: ExactDecimal?
  /// The time zone of the venue, such as `America/New_York`, and the name of its calendar.
  public let zone: String?
  public let calendar: String?
  public let makerFee: ReferenceFee?
  public let takerFee: ReferenceFee?
  public let feeCurrency: String?
  public let impact: ReferenceImpact?
}

/// An instrument as one venue lists it.
public struct ReferenceListing: Hashable, Sendable {
  public let venue: String
  public let symbol: String
  /// The name of a `ReferenceInstrument`.
  public let instrument: String
  /// By date, the earliest first; at least one.
  public let terms: [ReferenceTerms]

  public var name: String { "\(venue) \(symbol)" }
}

/// Listings that may stand for each other: one consolidated book, one task's venues.
public struct FungibleGroup: Hashable, Sendable {
  public let name: String
  public let listings: [TaskVenue]
}

/// All of `--reference FILE`: what the run knows of instruments and venues without having seen a message. Part of the
/// run, named by the digest of the file's canonical form.
public struct ReferenceData: Hashable, Sendable {
  /// As given on the command line, for messages only.
  public let file: String
  /// By name.
  public let instruments: [ReferenceInstrument]
  /// By venue, then symbol.
  public let listings: [ReferenceListing]
  public let groups: [FungibleGroup]
  /// The file's content in canonical form: what is digested and kept with the run.
  public let json: JSON

  public var digest: Digest { json.digest }

  /// The listing of a symbol on a venue.
  public func listing(venue: String, symbol: String) throws(ReferenceError) -> ReferenceListing {
    guard let listing = listings.first(where: { $0.venue == venue && $0.symbol == symbol }) else {
      throw missing("listings", "no listing of \(symbol) on \(venue); add one with its terms")
    }
    return listing
  }

  public func instrument(_ name: String) throws(ReferenceError) -> ReferenceInstrument {
    guard let instrument = instruments.first(where: { $0.name == name }) else {
      throw missing("instruments", "no instrument \(name); add it with kind, currencies and multiplier")
    }
    return instrument
  }

  /// What holds for a listing at a time, nanoseconds since 1970.
  public func terms(venue: String, symbol: String, at time: Int64) throws(ReferenceError) -> ListingTerms {
    let listing = try listing(venue: venue, symbol: symbol)
    guard let terms = listing.terms.last(where: { $0.from <= time }) else {
      throw missing(
        "\(listing.name): terms", "none hold at \(time); the first begin at \(listing.terms.first?.from ?? 0)")
    }
    return ListingTerms(file: file, listing: listing, instrument: try instrument(listing.instrument), values: terms)
  }

  /// σ² of an instrument at a time; nil when the file states none.
  public func variance(of instrument: String, at time: Int64) throws(ReferenceError) -> ReferenceVariance? {
    try self.instrument(instrument).variances.last { $0.from <= time }
  }

  /// Whether all of these listings stand in one fungible group.
  public func areFungible(_ venues: [TaskVenue]) -> Bool {
    groups.contains { group in venues.allSatisfy { group.listings.contains($0) } }
  }

  /// Why two listings are not one instrument, in words for the message that refuses them: each term that differs with
  /// both values, or that no group declares them fungible. Empty when they are.
  public func fungibilityDifferences(_ first: TaskVenue, _ second: TaskVenue) throws(ReferenceError) -> [String] {
    let left = try listing(venue: first.venue, symbol: first.symbol)
    let right = try listing(venue: second.venue, symbol: second.symbol)
    var differences = ReferenceData.differences(try instrument(left.instrument), try instrument(right.instrument))
    if differences.isEmpty, first != second, !areFungible([first, second]) {
      differences.append("no fungible group of \(file) holds both \(left.name) and \(right.name)")
    }
    return differences
  }

  static func differences(_ left: ReferenceInstrument, _ right: ReferenceInstrument) -> [String] {
    let terms = [
      ("kind", left.kind.rawValue, right.kind.rawValue), ("base", left.base, right.base),
      ("quote currency", left.quote, right.quote), ("settlement", left.settlement, right.settlement),
      ("multiplier", left.multiplier.description, right.multiplier.description),
    ]
    return terms.filter { $0.1 != $0.2 }.map { "\($0.0) is \($0.1) and \($0.2)" }
  }

  private func missing(_ place: String, _ reason: String) -> ReferenceError {
    ReferenceError(file: file, place: place, reason: reason)
  }
}
