// SPDX-License-Identifier: Apache-2.0

import ExecutionEngine
import ExecutionIR
import Governance

/// Nanoseconds.
let second: Int64 = 1_000_000_000
let millisecond: Int64 = 1_000_000
/// Prices at 1e-9.
let one: Int64 = 1_000_000_000
let cent: Int64 = 10_000_000

/// A task, its reference data and its policy: plain where a test sets nothing. The window begins at `start`; one security
/// is listed at the venues V0, V1, … under the symbol S, in lots of 1.
struct Scene {
  static let start: Int64 = 1_723_161_600_000_000_000

  struct Venue {
    var lot = "1"
    /// Per unit, in the currency.
    var makerFee = "0"
    var takerFee = "0"
    /// Of the value.
    var takerRate = "0"
    var impact = "0.01"
    var impactDepth = "10000"
    var minimumQuantity = "0"
    var minimumNotional = "0"
    var maximumQuantity: String?
    /// Places behind the point of the venue's own quantities.
    var scale = 0
  }

  var side = OrderSide.buy
  var quantity = ExactDecimal(units: 4000, scale: 0)
  var objective = TaskObjective.twap
  var slices = 4
  /// Of the window, in nanoseconds.
  var length = 40 * second
  var participation: Int64 = 1_000_000
  var limit: Int64?
  var variance: String?
  var fills = FillSource.model
  var policy = Scene.policy()
  var prior: PriorVolume?
  var shared: [SharedMarketContext] = []
  var seed: UInt64 = 1
  var venues = [Venue(), Venue()]

  var names: [TaskVenue] { venues.indices.map { TaskVenue(venue: "V\($0)", symbol: "S") } }

  /// Every control that can be off is.
  static func policy(
    collar: Policy.Collar? = nil, value: String? = nil, size: String? = nil, participation: Int64? = nil,
    restricted: [String] = [], rate: Policy.MessageRate? = nil, crossing: Bool = true, age: Int64? = nil
  ) -> Policy {
    func limits(_ name: String, _ text: String?) -> [Policy.NamedLimit]? {
      guard let text, let value = try? ExactDecimal(text) else { return nil }
      return [Policy.NamedLimit(name: name, value: value)]
    }
    return Policy(
      name: "test", version: "1", priceCollar: collar, maximumOrderValue: limits("EUR", value),
      maximumOrderQuantity: limits("*", size), participation: participation, restricted: restricted, messageRate: rate,
      preventsOwnCrossing: crossing, maximumBookAge: age)
  }

  func task() throws -> LocalExecutionTask {
    try LocalExecutionTask(
      id: "scene", account: "DESK-7", capacity: .agency, instrument: "SEC", currency: "EUR", side: side,
      quantity: quantity,
      window: TaskWindow(start: Scene.start, end: Scene.start + length, zone: "UTC", zoneDigest: nil),
      objective: objective, slicing: .count(slices), participation: participation, limit: limit, venues: names,
      referenceVenues: [], algorithm: Algorithm(name: "schedule", version: "9"))
  }

  func reference() throws -> ReferenceData {
    let listings = zip(names, venues).map { name, venue in
      let maximum = venue.maximumQuantity.map { #""maximum_quantity": "\#($0)", "# } ?? ""
      return #"{"venue": "\#(name.venue)", "symbol": "S", "instrument": "SEC", "terms": [{"from": "2024-01-01", "#
        + #""ticks": [{"from": "0", "tick": "0.01"}], "lot": "\#(venue.lot)", \#(maximum)"#
        + #""minimum_quantity": "\#(venue.minimumQuantity)", "minimum_notional": "\#(venue.minimumNotional)", "#
        + #""maker_fee": {"per_unit": "\#(venue.makerFee)"}, "#
        + #""taker_fee": {"per_unit": "\#(venue.takerFee)", "rate": "\#(venue.takerRate)"}, "fee_currency": "EUR", "#
        + #""impact": {"coefficient": "\#(venue.impact)", "depth": "\#(venue.impactDepth)", "source": "test", "#
        + #""date": "2024-01-01"}}]}"#
    }
    let variances = variance.map { #", "variance": [{"from": "2024-01-01", "value": "\#($0)", "source": "test"}]"# }
    let group = names.map { #"{"venue": "\#($0.venue)", "symbol": "S"}"# }.joined(separator: ",")
    let text =
      #"{"format": "exprove-reference/1", "instruments": [{"name": "SEC", "kind": "equity", "base": "SEC", "quote": "EUR", "#
      + #""settlement": "EUR", "multiplier": "1"\#(variances ?? "")}], "listings": [\#(listings.joined(separator: ","))], "#
      + #""fungible": [{"name": "sec", "listings": [\#(group)]}]}"#
    return try ReferenceData.parse(Array(text.utf8), file: "reference.json")
  }

  /// Feed i is venue i's market data; one feed more carries what venues say of own orders.
  func configuration() throws -> EngineConfiguration {
    EngineConfiguration(
      task: try task(), reference: try reference(), policy: policy,
      feeds: (names.map(\.venue) + ["PRIVATE"]).map { EngineFeed(venue: $0, isReference: false) }, fills: fills,
      prior: prior, shared: shared, seed: seed)
  }

  var privateFeed: Int { venues.count }

  /// When look `part` (0..<8) of a slice is.
  func look(_ slice: Int, _ part: Int) -> Int64 {
    let width = length / Int64(slices)
    return Scene.start + width * Int64(slice) + width / 8 * Int64(part)
  }
}
