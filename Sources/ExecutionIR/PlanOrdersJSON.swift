// SPDX-License-Identifier: Apache-2.0

extension ChildOrder {
  /// The canonical encoding.
  public var json: JSON {
    var members: [String: JSON] = [
      "id": .wide(id), "parent": .string(parent.description), "chain": .wide(chain),
      "decision": .string(decision.description), "created_at": .wide(createdAt), "slice": .integer(Int64(slice)),
      "listing": listing.json, "side": .string(side.rawValue),
      "quantity": .string(FixedPoint.text(quantity, scale: scale)), "scale": .integer(Int64(scale)),
      "account": .string(account), "capacity": .string(capacity.rawValue), "algorithm": algorithm.json,
      "simulated": .bool(simulated),
    ]
    if let replaces { members["replaces"] = .wide(replaces) }
    if let limit { members["limit"] = .string(FixedPoint.text(limit, scale: priceScale)) }
    return .object(members)
  }

  public var digest: Digest { json.digest }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(RecordError) { try self.init(json: json, path: "") }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path,
      keys: [
        "id", "parent", "replaces", "chain", "decision", "created_at", "slice", "listing", "side", "quantity", "scale",
        "limit", "account", "capacity", "algorithm", "simulated",
      ])
    let scale: Int = try reader.integer("scale", in: 0...18)
    self.init(
      id: try reader.integer("id", in: 1...UInt64.max), parent: try reader.digest("parent"),
      replaces: reader.has("replaces") ? try reader.integer("replaces", in: 1...UInt64.max) : nil,
      chain: try reader.integer("chain", in: 1...UInt64.max), decision: try reader.digest("decision"),
      createdAt: try reader.integer("created_at"),
      slice: try reader.integer("slice", in: 0...LocalExecutionTask.mostSlices - 1),
      listing: try TaskVenue(json: reader.value("listing"), path: reader.at("listing")),
      side: try reader.choice("side"), quantity: try reader.fixed("quantity", scale: scale), scale: scale,
      limit: reader.has("limit") ? try reader.fixed("limit", scale: priceScale) : nil,
      account: try reader.string("account"), capacity: try reader.choice("capacity"),
      algorithm: try Algorithm(json: reader.value("algorithm"), path: reader.at("algorithm")),
      simulated: try reader.boolean("simulated"))
    guard quantity > 0 else { throw reader.error("quantity", "must be above 0") }
    guard replaces != nil || chain == id else {
      throw reader.error("chain", "an order that replaces none begins its own")
    }
  }
}

extension FillRecord {
  /// The canonical encoding.
  public var json: JSON {
    var members: [String: JSON] = [
      "order": .wide(order), "parent": .string(parent.description), "execution": .string(execution),
      "listing": listing.json, "side": .string(side.rawValue),
      "price": .string(FixedPoint.text(price, scale: priceScale)),
      "quantity": .string(FixedPoint.text(quantity, scale: scale)), "scale": .integer(Int64(scale)),
      "fee": .string(FixedPoint.text(fee.amount, scale: Money.scale)), "fee_currency": .string(fee.currency),
      "received_at": .wide(receivedAt), "sequence": .wide(sequence), "simulated": .bool(simulated),
    ]
    if let maker { members["maker"] = .bool(maker) }
    if let eventTime { members["event_time"] = .wide(eventTime) }
    return .object(members)
  }

  public var digest: Digest { json.digest }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(
      json, path: "",
      keys: [
        "order", "parent", "execution", "listing", "side", "price", "quantity", "scale", "fee", "fee_currency", "maker",
        "event_time", "received_at", "sequence", "simulated",
      ])
    let scale: Int = try reader.integer("scale", in: 0...18)
    self.init(
      order: try reader.integer("order", in: 1...UInt64.max), parent: try reader.digest("parent"),
      execution: try reader.string("execution"),
      listing: try TaskVenue(json: reader.value("listing"), path: reader.at("listing")),
      side: try reader.choice("side"), price: try reader.fixed("price", scale: priceScale),
      quantity: try reader.fixed("quantity", scale: scale), scale: scale,
      fee: try reader.money("fee", currency: "fee_currency"),
      maker: reader.has("maker") ? try reader.boolean("maker") : nil,
      eventTime: reader.has("event_time") ? try reader.integer("event_time") : nil,
      receivedAt: try reader.integer("received_at"), sequence: try reader.integer("sequence"),
      simulated: try reader.boolean("simulated"))
    guard quantity > 0 else { throw reader.error("quantity", "must be above 0") }
  }
}

extension DenialRecord {
  /// The canonical encoding.
  public var json: JSON {
    let reasons = reasons.map { reason -> JSON in
      .object([
        "control": .string(reason.control), "measured": .string(reason.measured), "limit": .string(reason.limit),
      ])
    }
    return .object([
      "order": order.json, "policy": .string(policy.description), "reasons": .array(reasons),
      "denied_at": .wide(deniedAt),
    ])
  }

  public var digest: Digest { json.digest }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(json, path: "", keys: ["order", "policy", "reasons", "denied_at"])
    self.init(
      order: try ChildOrder(json: reader.value("order"), path: reader.at("order")), policy: try reader.digest("policy"),
      reasons: try reader.list("reasons") { (json, path) throws(RecordError) -> Reason in
        let reader = try RecordReader(json, path: path, keys: ["control", "measured", "limit"])
        return Reason(
          control: try reader.string("control"), measured: try reader.string("measured"),
          limit: try reader.string("limit"))
      }, deniedAt: try reader.integer("denied_at"))
    guard !reasons.isEmpty else { throw reader.error("reasons", "a denial has at least one") }
  }
}

extension RecordReader {
  /// A decimal string in its shortest form, as an integer at 10^-`scale`.
  fileprivate func fixed(_ key: String, scale: Int) throws(RecordError) -> Int64 {
    try fixed(key, scale: scale, as: Int64.self)
  }

  fileprivate func money(_ key: String, currency: String) throws(RecordError) -> Money {
    Money(amount: try fixed(key, scale: Money.scale, as: Int128.self), currency: try string(currency))
  }

  private func fixed<T: FixedWidthInteger & SignedInteger>(
    _ key: String, scale: Int, as type: T.Type
  ) throws(RecordError) -> T {
    let text = try string(key)
    guard let value = try? FixedPoint.parse(text, scale: scale, as: type), FixedPoint.text(value, scale: scale) == text
    else {
      throw error(key, "a decimal with at most \(scale) places, in its shortest form, is expected here")
    }
    return value
  }
}
