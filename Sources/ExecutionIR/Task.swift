// SPDX-License-Identifier: Apache-2.0

/// In what capacity the account trades (MiFID II RTS 24 field 7: DEAL, AOTC, MTCH).
public enum TradingCapacity: String, CaseIterable, Sendable {
  case principal, agency, riskless
}

/// The side of a parent order.
public enum OrderSide: String, CaseIterable, Sendable {
  case buy, sell

  /// +1 for a buy, −1 for a sell.
  public var sign: Int64 { self == .buy ? 1 : -1 }
}

/// What a schedule shall achieve.
public enum TaskObjective: Hashable, Sendable {
  /// Equal quantities per slice.
  case twap
  /// Quantities per slice in proportion to the expected volume.
  case vwap
  /// Least expected cost plus `riskAversion` × variance of the cost (Almgren and Chriss 2000), where `riskAversion`,
  /// their λ, is per unit of the task's currency and at least 0.
  case implementationShortfall(riskAversion: ExactDecimal)
}

/// How the window is cut.
public enum TaskSlicing: Hashable, Sendable {
  /// Into this many slices, equal but for a nanosecond; 1...`LocalExecutionTask.mostSlices`.
  case count(Int)
  /// Into slices of this many nanoseconds, the last of which may be shorter.
  case duration(Int64)
}

/// Half-open interval of time [start, end), in nanoseconds since 1970-01-01T00:00:00 UTC, and where it comes from.
public struct TaskWindow: Hashable, Sendable {
  public let start: Int64
  public let end: Int64
  /// The zone in which the task gave its local times, such as `America/New_York`.
  public let zone: String
  /// Digest of the TZif file that turned them into UTC; nil for `UTC` itself, which needs none.
  public let zoneDigest: Digest?

  public init(start: Int64, end: Int64, zone: String, zoneDigest: Digest?) {
    self.start = start
    self.end = end
    self.zone = zone
    self.zoneDigest = zoneDigest
  }
}

/// An instrument as one venue lists it.
public struct TaskVenue: Hashable, Sendable {
  public let venue: String
  public let symbol: String

  public init(venue: String, symbol: String) {
    self.venue = venue
    self.symbol = symbol
  }
}

/// What decides, by name and version, as order records must tell.
public struct Algorithm: Hashable, Sendable {
  public let name: String
  public let version: String

  public init(name: String, version: String) {
    self.name = name
    self.version = version
  }
}

/// A parent order and how it shall be worked: the wish, before any market data.
public struct LocalExecutionTask: Hashable, Sendable {
  /// Limit on slices, and on venues, so that a plan stays of bounded size.
  public static let mostSlices = 4_096
  public static let mostVenues = 64
  /// The participation cap that restricts nothing.
  public static let wholeParticipation: Int64 = 1_000_000

  public let id: String
  public let account: String
  public let capacity: TradingCapacity
  /// The instrument's name in the reference data.
  public let instrument: String
  /// The currency in which prices and costs are stated.
  public let currency: String
  public let side: OrderSide
  /// In units of the instrument, above 0.
  public let quantity: ExactDecimal
  public let window: TaskWindow
  public let objective: TaskObjective
  public let slicing: TaskSlicing
  /// Cap on 10⁶ · own / (others + own), 1...1,000,000.
  public let participation: Int64
  /// Worst price that may be paid or taken, at 1e-9; nil for none.
  public let limit: Int64?
  /// Where orders may go; all of them fungible.
  public let venues: [TaskVenue]
  /// Which venues inform and are never routed to.
  public let referenceVenues: [TaskVenue]
  public let algorithm: Algorithm
  /// Vendors' functions that put a price on each decision, besides the objective's own terms.
  public let terms: [VendorFunction]

  /// Checks everything that can be checked without market or reference data.
  public init(
    id: String, account: String, capacity: TradingCapacity, instrument: String, currency: String, side: OrderSide,
    quantity: ExactDecimal, window: TaskWindow, objective: TaskObjective, slicing: TaskSlicing, participation: Int64,
    limit: Int64?, venues: [TaskVenue], referenceVenues: [TaskVenue], algorithm: Algorithm,
    terms: [VendorFunction] = []
  ) throws(RecordError) {
    self.id = id
    self.account = account
    self.capacity = capacity
    self.instrument = instrument
    self.currency = currency
    self.side = side
    self.quantity = quantity
    self.window = window
    self.objective = objective
    self.slicing = slicing
    self.participation = participation
    self.limit = limit
    self.venues = venues
    self.referenceVenues = referenceVenues
    self.algorithm = algorithm
    self.terms = terms
    try check()
  }

  private func check() throws(RecordError) {
    let texts = [
      ("id", id), ("account", account), ("instrument", instrument), ("currency", currency),
      ("window.zone", window.zone),
      ("algorithm.name", algorithm.name), ("algorithm.version", algorithm.version),
    ]
    for (path, text) in texts {
      guard (1...256).contains(text.utf8.count) else {
        throw RecordError(path: path, reason: "1 to 256 bytes of text are expected here")
      }
    }
    guard quantity.units > 0 else { throw RecordError(path: "quantity", reason: "must be above 0") }
    guard window.start < window.end, !window.end.subtractingReportingOverflow(window.start).overflow else {
      throw RecordError(path: "window", reason: "ends before it begins, or lasts more than 292 years")
    }
    guard (1...LocalExecutionTask.wholeParticipation).contains(participation) else {
      throw RecordError(path: "participation", reason: "must be 1 to 1000000 parts per million")
    }
    if let limit, limit <= 0 { throw RecordError(path: "limit", reason: "must be above 0") }
    if case .implementationShortfall(let riskAversion) = objective, riskAversion.units < 0 {
      throw RecordError(path: "objective.risk_aversion", reason: "must not be below 0")
    }
    try checkSlicing()
    guard terms.count <= VendorFunction.most else {
      throw RecordError(path: "terms", reason: "more than \(VendorFunction.most) terms")
    }
    guard !venues.isEmpty else { throw RecordError(path: "venues", reason: "names no venue") }
    let all = venues + referenceVenues
    guard all.count <= LocalExecutionTask.mostVenues else {
      throw RecordError(path: "venues", reason: "more than \(LocalExecutionTask.mostVenues) venues")
    }
    for (index, venue) in all.enumerated() {
      let path = index < venues.count ? "venues[\(index)]" : "reference_venues[\(index - venues.count)]"
      guard (1...256).contains(venue.venue.utf8.count), (1...256).contains(venue.symbol.utf8.count) else {
        throw RecordError(path: path, reason: "a venue and a symbol of 1 to 256 bytes are expected here")
      }
      guard all.firstIndex(of: venue) == index else { throw RecordError(path: path, reason: "stands twice") }
    }
  }

  private func checkSlicing() throws(RecordError) {
    let length = window.end - window.start
    switch slicing {
    case .count(let count):
      guard count >= 1, count <= LocalExecutionTask.mostSlices, Int64(count) <= length else {
        throw RecordError(
          path: "slices", reason: "must be 1 to \(LocalExecutionTask.mostSlices), each of a nanosecond or more")
      }
    case .duration(let duration):
      guard duration > 0, (length - 1) / duration < LocalExecutionTask.mostSlices else {
        throw RecordError(
          path: "slice_duration",
          reason: "must be above 0 and cut the window into at most \(LocalExecutionTask.mostSlices) slices")
      }
    }
  }
}

extension LocalExecutionTask {
  public var sliceCount: Int {
    switch slicing {
    case .count(let count): count
    case .duration(let duration): Int((window.end - window.start - 1) / duration) + 1
    }
  }

  /// When slice `index` (0..<`sliceCount`) begins; `sliceCount` gives the window's end.
  public func sliceStart(_ index: Int) -> Int64 {
    precondition((0...sliceCount).contains(index), "no such slice")
    switch slicing {
    case .count(let count):
      // 128 bits: the product of a window's length and a count of slices can exceed 64.
      return window.start + Int64(Int128(window.end - window.start) * Int128(index) / Int128(count))
    case .duration(let duration):
      return index == sliceCount ? window.end : window.start + duration * Int64(index)
    }
  }

  /// The slice in which `time` lies; nil outside the window.
  public func slice(at time: Int64) -> Int? {
    guard time >= window.start, time < window.end else { return nil }
    var low = 0
    var high = sliceCount
    while high - low > 1 {
      let middle = (low + high) / 2
      if sliceStart(middle) <= time { low = middle } else { high = middle }
    }
    return low
  }
}
