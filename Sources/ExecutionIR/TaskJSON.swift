// SPDX-License-Identifier: Apache-2.0

extension LocalExecutionTask {
  /// The canonical encoding.
  public var json: JSON {
    var members: [String: JSON] = [
      "id": .string(id), "account": .string(account), "capacity": .string(capacity.rawValue),
      "instrument": .string(instrument), "currency": .string(currency), "side": .string(side.rawValue),
      "quantity": quantity.json, "window": window.json, "objective": objective.json,
      "participation": .integer(participation), "venues": .array(venues.map(\.json)),
      "reference_venues": .array(referenceVenues.map(\.json)), "algorithm": algorithm.json,
    ]
    switch slicing {
    case .count(let count): members["slices"] = .integer(Int64(count))
    case .duration(let duration): members["slice_duration"] = .wide(duration)
    }
    if !terms.isEmpty { members["terms"] = .array(terms.map(\.json)) }
    if let limit { members["limit"] = .string(FixedPoint.text(limit, scale: priceScale)) }
    return .object(members)
  }

  public var digest: Digest { json.digest }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(
      json, path: "",
      keys: [
        "id", "account", "capacity", "instrument", "currency", "side", "quantity", "window", "objective", "slices",
        "slice_duration", "participation", "limit", "venues", "reference_venues", "algorithm", "terms",
      ])
    var limit: Int64?
    if reader.has("limit") {
      guard let price = try? reader.decimal("limit").units(atScale: priceScale) else {
        throw reader.error("limit", "a decimal string with at most \(priceScale) places is expected here")
      }
      limit = price
    }
    let slicing: TaskSlicing
    switch (reader.has("slices"), reader.has("slice_duration")) {
    case (true, false): slicing = .count(try reader.integer("slices"))
    case (false, true): slicing = .duration(try reader.integer("slice_duration"))
    default: throw reader.error("slices", "either slices or slice_duration is expected here")
    }
    try self.init(
      id: reader.string("id"), account: reader.string("account"), capacity: reader.choice("capacity"),
      instrument: reader.string("instrument"), currency: reader.string("currency"), side: reader.choice("side"),
      quantity: reader.decimal("quantity"), window: TaskWindow(json: reader.value("window"), path: reader.at("window")),
      objective: TaskObjective(json: reader.value("objective"), path: reader.at("objective")), slicing: slicing,
      participation: reader.integer("participation"), limit: limit, venues: reader.list("venues", TaskVenue.init),
      referenceVenues: reader.list("reference_venues", TaskVenue.init),
      algorithm: Algorithm(json: reader.value("algorithm"), path: reader.at("algorithm")),
      terms: VendorFunction.list(reader, "terms"))
  }
}

extension TaskWindow {
  package var json: JSON {
    var members: [String: JSON] = ["start": .wide(start), "end": .wide(end), "zone": .string(zone)]
    if let zoneDigest { members["zone_digest"] = .string(zoneDigest.description) }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["start", "end", "zone", "zone_digest"])
    self.init(
      start: try reader.integer("start"), end: try reader.integer("end"), zone: try reader.string("zone"),
      zoneDigest: reader.has("zone_digest") ? try reader.digest("zone_digest") : nil)
  }
}

extension TaskObjective {
  /// The word for it in task files and records.
  public var name: String {
    switch self {
    case .twap: "twap"
    case .vwap: "vwap"
    case .implementationShortfall: "is"
    }
  }

  package var json: JSON {
    var members: [String: JSON] = ["kind": .string(name)]
    if case .implementationShortfall(let riskAversion) = self { members["risk_aversion"] = riskAversion.json }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["kind", "risk_aversion"])
    let kind = try reader.string("kind")
    if kind == "is" {
      self = .implementationShortfall(riskAversion: try reader.decimal("risk_aversion"))
      return
    }
    guard !reader.has("risk_aversion") else { throw reader.error("risk_aversion", "only \"is\" has one") }
    switch kind {
    case "twap": self = .twap
    case "vwap": self = .vwap
    default: throw reader.error("kind", "expected one of twap, vwap, is")
    }
  }
}

extension TaskVenue {
  package var json: JSON { .object(["venue": .string(venue), "symbol": .string(symbol)]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["venue", "symbol"])
    self.init(venue: try reader.string("venue"), symbol: try reader.string("symbol"))
  }
}

extension Algorithm {
  package var json: JSON { .object(["name": .string(name), "version": .string(version)]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["name", "version"])
    self.init(name: try reader.string("name"), version: try reader.string("version"))
  }
}
