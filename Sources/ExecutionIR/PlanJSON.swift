// SPDX-License-Identifier: Apache-2.0

extension PlanDelta {
  /// The canonical encoding.
  public var json: JSON {
    var members: [String: JSON] = [
      "sequence": .wide(sequence), "task": .string(task.description), "context": .string(context.description),
      "previous_plan": .string(previousPlan.description), "plan": .string(plan.description),
      "decided_at": .wide(decidedAt), "current_slice": .integer(Int64(currentSlice)), "remaining": .wide(remaining),
      "unplaced": .wide(unplaced), "lot": .wide(lot), "changes": .array(changes.map(\.json)),
      "routing": .array(routing.map(\.json)), "terms": terms.json, "gap": .wide(gap),
      "bindings": .array(bindings.map(\.json)), "explanation": .array(explanation.map { .string($0) }),
    ]
    if let runnerUp { members["runner_up"] = runnerUp.json }
    if !alternatives.isEmpty {
      members["alternatives"] = .array(alternatives.map(\.json))
      members["chosen"] = .integer(Int64(chosen))
    }
    if !orderUncertain.isEmpty { members["order_uncertain"] = .array(orderUncertain.map(\.json)) }
    if let shared { members["shared"] = shared.json }
    return .object(members)
  }

  public var digest: Digest { json.digest }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(RecordError) {
    let reader = try RecordReader(
      json, path: "",
      keys: [
        "sequence", "task", "context", "previous_plan", "plan", "decided_at", "current_slice", "remaining", "unplaced",
        "lot", "changes", "routing", "terms", "gap", "bindings", "runner_up", "explanation",
        "order_uncertain", "alternatives", "chosen", "shared",
      ])
    let alternatives =
      reader.has("alternatives") ? try reader.list("alternatives", atMost: 64, PlanAlternative.init) : []
    guard alternatives.isEmpty != reader.has("chosen") else {
      throw reader.error("chosen", "stands where alternatives do, and nowhere else")
    }
    let cells = LocalExecutionTask.mostSlices * LocalExecutionTask.mostVenues
    self.init(
      sequence: try reader.integer("sequence", in: 0...Int64.max), task: try reader.digest("task"),
      context: try reader.digest("context"), previousPlan: try reader.digest("previous_plan"),
      plan: try reader.digest("plan"), decidedAt: try reader.integer("decided_at"),
      currentSlice: try reader.integer("current_slice", in: 0...LocalExecutionTask.mostSlices - 1),
      remaining: try reader.integer("remaining", in: 0...Int64.max),
      unplaced: try reader.integer("unplaced", in: 0...Int64.max), lot: try reader.integer("lot", in: 1...Int64.max),
      changes: try reader.list("changes", atMost: cells, PlanChange.init),
      routing: try reader.list("routing", PlanRoute.init),
      terms: try PlanTerms(json: reader.value("terms"), path: reader.at("terms")),
      gap: try reader.integer("gap", in: 0...Int128.max),
      bindings: try reader.list("bindings", atMost: cells, PlanBinding.init),
      runnerUp: reader.has("runner_up")
        ? try PlanRunnerUp(json: reader.value("runner_up"), path: reader.at("runner_up")) : nil,
      explanation: try reader.list("explanation") { (json, path) throws(RecordError) -> String in
        guard let text = json.text else { throw RecordError(path: path, reason: "a string is expected here") }
        return text
      },
      orderUncertain: reader.has("order_uncertain") ? try reader.list("order_uncertain", OrderUncertainty.init) : [],
      alternatives: alternatives,
      chosen: alternatives.isEmpty ? 0 : try reader.integer("chosen", in: 0...alternatives.count - 1),
      shared: reader.has("shared") ? try PlanInfluence(json: reader.value("shared"), path: "shared") : nil)
  }
}

extension PlanInfluence {
  package var json: JSON {
    .object([
      "context": context.json, "plan": .string(plan.description), "unplaced": .wide(unplaced), "terms": terms.json,
      "changes": .array(changes.map(\.json)),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["context", "plan", "unplaced", "terms", "changes"])
    self.init(
      context: try SharedContextReference(json: reader.value("context"), path: reader.at("context")),
      plan: try reader.digest("plan"), unplaced: try reader.integer("unplaced", in: 0...Int64.max),
      terms: try PlanTerms(json: reader.value("terms"), path: reader.at("terms")),
      changes: try reader.list("changes", atMost: LocalExecutionTask.mostVenues, PlanChange.init))
  }
}

extension PlanChange {
  package var json: JSON {
    .object(["slice": .integer(Int64(slice)), "venue": .integer(Int64(venue)), "quantity": .wide(quantity)])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["slice", "venue", "quantity"])
    self.init(
      slice: try reader.slice("slice"), venue: try reader.venue("venue"), quantity: try reader.integer("quantity"))
    guard quantity != 0 else { throw reader.error("quantity", "a change of 0 is none") }
  }
}

extension PlanRoute {
  package var json: JSON { .object(["venue": .integer(Int64(venue)), "quantity": .wide(quantity)]) }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["venue", "quantity"])
    self.init(venue: try reader.venue("venue"), quantity: try reader.integer("quantity", in: 1...Int64.max))
  }
}

extension PlanTerms {
  package var json: JSON {
    .object([
      "unit": .integer(Int64(unit)), "impact": .wide(impact), "fees": .wide(fees), "risk": .wide(risk),
      "tracking": .wide(tracking),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["unit", "impact", "fees", "risk", "tracking"])
    self.init(
      unit: try reader.integer("unit", in: 0...36), impact: try reader.integer("impact"),
      fees: try reader.integer("fees"), risk: try reader.integer("risk"), tracking: try reader.integer("tracking"))
    guard objective != nil else { throw RecordError(path: path, reason: "the terms add up beyond 128 bits") }
  }
}

extension PlanBinding {
  package var json: JSON {
    var members: [String: JSON] = [
      "constraint": .string(constraint.rawValue), "bound": .wide(bound), "reason": .string(reason),
    ]
    if let slice { members["slice"] = .integer(Int64(slice)) }
    if let venue { members["venue"] = .integer(Int64(venue)) }
    if let worth { members["worth"] = .wide(worth) }
    return .object(members)
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["constraint", "slice", "venue", "bound", "worth", "reason"])
    self.init(
      constraint: try reader.choice("constraint"), slice: reader.has("slice") ? try reader.slice("slice") : nil,
      venue: reader.has("venue") ? try reader.venue("venue") : nil, bound: try reader.integer("bound"),
      worth: reader.has("worth") ? try reader.integer("worth") : nil, reason: try reader.string("reason"))
  }
}

extension PlanAlternative {
  package var json: JSON {
    .object([
      "leaves_out": .array(leavesOut.map { .integer(Int64($0)) }), "objective": .wide(objective),
      "prices": .array(prices.map { .wide($0) }),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(json, path: path, keys: ["leaves_out", "objective", "prices"])
    self.init(
      leavesOut: try reader.list("leaves_out", atMost: LocalExecutionTask.mostVenues) {
        (json, path) throws(RecordError) -> Int in
        guard let venue: Int = json.integer(), (0..<LocalExecutionTask.mostVenues).contains(venue) else {
          throw RecordError(path: path, reason: "the index of a venue is expected here")
        }
        return venue
      },
      objective: try reader.integer("objective"), prices: try reader.integers("prices", atMost: VendorFunction.most))
  }
}

extension PlanRunnerUp {
  package var json: JSON {
    .object([
      "from_slice": .integer(Int64(fromSlice)), "from_venue": .integer(Int64(fromVenue)),
      "to_slice": .integer(Int64(toSlice)), "to_venue": .integer(Int64(toVenue)), "quantity": .wide(quantity),
      "costs_more": .wide(costsMore),
    ])
  }

  package init(json: JSON, path: String) throws(RecordError) {
    let reader = try RecordReader(
      json, path: path, keys: ["from_slice", "from_venue", "to_slice", "to_venue", "quantity", "costs_more"])
    self.init(
      fromSlice: try reader.slice("from_slice"), fromVenue: try reader.venue("from_venue"),
      toSlice: try reader.slice("to_slice"), toVenue: try reader.venue("to_venue"),
      quantity: try reader.integer("quantity", in: 1...Int64.max), costsMore: try reader.integer("costs_more"))
  }
}

extension RecordReader {
  fileprivate func slice(_ key: String) throws(RecordError) -> Int {
    try integer(key, in: 0...LocalExecutionTask.mostSlices - 1)
  }
  fileprivate func venue(_ key: String) throws(RecordError) -> Int {
    try integer(key, in: 0...LocalExecutionTask.mostVenues - 1)
  }
}
