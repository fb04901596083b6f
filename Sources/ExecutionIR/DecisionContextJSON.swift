// SPDX-License-Identifier: Apache-2.0

extension DecisionContext {
  /// The canonical encoding.
  public var json: JSON {
    var members: [String: JSON] = [
      "version": .integer(version), "as_of": .wide(asOf), "computed_locally": .bool(computedLocally),
      "scale": .integer(Int64(scale)), "slices": .integer(Int64(slices)),
      "reference": .string(reference.description), "venues": .array(venues.map(\.json)),
    ]
    if let variance { members["variance"] = variance.json }
    if let shared { members["shared"] = shared.json }
    return .object(members)
  }

  public var digest: Digest { json.digest }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(
      json, path: "",
      keys: ["version", "as_of", "computed_locally", "scale", "slices", "variance", "reference", "venues", "shared"])
    let version: Int64 = try reader.integer("version")
    guard version == DecisionContext.currentVersion else {
      throw reader.error("version", "\(version) is not known; this is version \(DecisionContext.currentVersion)")
    }
    try self.init(
      asOf: reader.integer("as_of"), computedLocally: reader.boolean("computed_locally"),
      scale: reader.integer("scale"), slices: reader.integer("slices"),
      variance: reader.has("variance") ? reader.decimal("variance") : nil, reference: reader.digest("reference"),
      venues: reader.list("venues", VenueContext.init),
      shared: reader.has("shared") ? SharedUse(json: reader.value("shared"), path: "shared") : nil)
  }
}

extension VenueContext {
  package var json: JSON {
    var members: [String: JSON] = [
      "listing": listing.json, "bid_depth": .wide(bidDepth), "ask_depth": .wide(askDepth), "lot": .wide(lot),
      "fees": fees.json, "impact": impact.json, "volume": .array(volume.map { .wide($0) }),
      "volume_source": volumeSource.json,
    ]
    if let bid { members["bid"] = bid.json }
    if let ask { members["ask"] = ask.json }
    if case .closed(let reason) = availability { members["closed"] = .string(reason) }
    if let shared { members["shared"] = shared.json }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path,
      keys: [
        "listing", "closed", "bid", "ask", "bid_depth", "ask_depth", "lot", "fees", "impact", "volume", "volume_source",
        "shared",
      ])
    self.init(
      listing: try TaskVenue(json: reader.value("listing"), path: reader.at("listing")),
      availability: reader.has("closed") ? .closed(reason: try reader.string("closed")) : .open,
      bid: reader.has("bid") ? try Touch(json: reader.value("bid"), path: reader.at("bid")) : nil,
      ask: reader.has("ask") ? try Touch(json: reader.value("ask"), path: reader.at("ask")) : nil,
      bidDepth: try reader.integer("bid_depth"), askDepth: try reader.integer("ask_depth"),
      lot: try reader.integer("lot"), fees: try FeeSnapshot(json: reader.value("fees"), path: reader.at("fees")),
      impact: try ImpactSnapshot(json: reader.value("impact"), path: reader.at("impact")),
      volume: try reader.integers("volume", atMost: LocalExecutionTask.mostSlices),
      volumeSource: try VolumeSource(json: reader.value("volume_source"), path: reader.at("volume_source")),
      shared: reader.has("shared")
        ? try SharedVenueTerms(json: reader.value("shared"), path: reader.at("shared")) : nil)
  }
}

extension Touch {
  package var json: JSON {
    .object(["price": .string(FixedPoint.text(price, scale: priceScale)), "quantity": .wide(quantity)])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["price", "quantity"])
    guard let price = try? reader.decimal("price").units(atScale: priceScale) else {
      throw reader.error("price", "a decimal string with at most \(priceScale) places is expected here")
    }
    self.init(price: price, quantity: try reader.integer("quantity"))
  }
}

extension FeeSnapshot {
  package var json: JSON {
    .object([
      "maker_rate": .wide(makerRate), "taker_rate": .wide(takerRate), "maker_per_unit": .wide(makerPerUnit),
      "taker_per_unit": .wide(takerPerUnit), "currency": .string(currency),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["maker_rate", "taker_rate", "maker_per_unit", "taker_per_unit", "currency"])
    self.init(
      makerRate: try reader.integer("maker_rate"), takerRate: try reader.integer("taker_rate"),
      makerPerUnit: try reader.integer("maker_per_unit"), takerPerUnit: try reader.integer("taker_per_unit"),
      currency: try reader.string("currency"))
  }
}

extension ImpactSnapshot {
  package var json: JSON { .object(["coefficient": coefficient.json, "depth": .wide(depth)]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["coefficient", "depth"])
    self.init(coefficient: try reader.decimal("coefficient"), depth: try reader.integer("depth"))
  }
}

extension VolumeSource {
  package var json: JSON {
    switch self {
    case .priorFile(let date, let digest):
      .object(["kind": .string("prior_file"), "date": .string(date), "digest": .string(digest.description)])
    case .received(let time): .object(["kind": .string("received"), "up_to": .wide(time)])
    case .uniform(let reason): .object(["kind": .string("uniform"), "reason": .string(reason)])
    case .shared(let context, let revision, let batch):
      .object([
        "kind": .string("shared"), "context": .string(context.description), "revision": .wide(revision),
        "batch": .string(batch.description),
      ])
    }
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let own = ["date", "digest", "up_to", "reason", "context", "revision", "batch"]
    let reader = try RecordReader(json, path: path, keys: ["kind"] + own)
    func only(_ keys: [String]) throws(RecordError) {
      for key in own where reader.has(key) && !keys.contains(key) {
        throw reader.error(key, "does not belong to this kind")
      }
    }
    switch try reader.string("kind") {
    case "prior_file":
      try only(["date", "digest"])
      self = .priorFile(date: try reader.string("date"), digest: try reader.digest("digest"))
    case "received":
      try only(["up_to"])
      self = .received(upTo: try reader.integer("up_to"))
    case "uniform":
      try only(["reason"])
      self = .uniform(reason: try reader.string("reason"))
    case "shared":
      try only(["context", "revision", "batch"])
      self = .shared(
        context: try reader.digest("context"), revision: try reader.integer("revision", in: 1 ... .max),
        batch: try reader.digest("batch"))
    default: throw reader.error("kind", "expected one of prior_file, received, uniform, shared")
    }
  }
}
