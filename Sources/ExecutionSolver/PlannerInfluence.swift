// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// What a shared context changed in a decision: the same inputs are planned without it, and the two are held together.
struct PlannerInfluence {
  let record: PlanInfluence
  /// What goes out in the current slice without it.
  private let routing: [PlanRoute]

  /// - Parameters:
  ///   - context: the one that takes the shared context.
  ///   - own: the same inputs without it.
  ///   - plan: the plan with it.
  init(of context: DecisionContext, _ own: PlannerInputs, previous: Plan, plan: Plan) throws(PlannerError) {
    guard case .taken(let reference) = context.shared else { throw .missing("the shared context") }
    let schedule = try PlannerSchedule(own, costs: PlannerCosts(own))
    let without = schedule.plan(after: previous)
    let slice = own.currentSlice
    let changes = (0..<plan.venues).compactMap { venue -> PlanChange? in
      let difference = plan[slice, venue] - without[slice, venue]
      return difference == 0 ? nil : PlanChange(slice: slice, venue: venue, quantity: difference)
    }
    record = PlanInfluence(
      context: reference, plan: without.digest, unplaced: schedule.unplaced, terms: schedule.terms, changes: changes)
    routing = (0..<plan.venues).compactMap { venue in
      without[slice, venue] > 0 ? PlanRoute(venue: venue, quantity: without[slice, venue]) : nil
    }
  }

  /// What it says in plain words; so does a decision that was given contexts and took none.
  static func lines(
    _ influence: PlannerInfluence?, _ inputs: PlannerInputs, _ schedule: PlannerSchedule
  ) -> [String] {
    if case .notTaken(let reason) = inputs.context.shared { return ["shared context: none is used: \(reason)"] }
    return influence?.lines(inputs, schedule) ?? []
  }

  private func lines(_ inputs: PlannerInputs, _ schedule: PlannerSchedule) -> [String] {
    let context = record.context
    let currency = inputs.task.currency
    func amount(_ quantity: Int64) -> String { FixedPoint.text(quantity, scale: inputs.context.scale) }
    func name(_ venue: Int) -> String { inputs.context.venues[venue].listing.venue }
    var lines = [
      "shared context: \(context.name) revision \(context.revision), \(context.context), from batch \(context.batch)"
    ]
    for venue in inputs.context.venues {
      guard let terms = venue.shared else { continue }
      var parts: [String] = []
      if terms.ownVolume != nil { parts.append("volume curve") }
      if terms.spreads != nil { parts.append("mean spread of the slices to come") }
      if terms.toxicity != nil { parts.append("toxicity, which makes impact dearer") }
      lines.append("\(venue.listing.venue) takes from it: \(parts.joined(separator: ", "))")
    }
    let sent = routing.map { "\(amount($0.quantity)) to \(name($0.venue))" }
    lines.append("without it this slice would get \(sent.isEmpty ? "nothing" : sent.joined(separator: ", "))")
    let changes = record.changes.map {
      "\(amount(abs($0.quantity))) \($0.quantity > 0 ? "more" : "less") to \(name($0.venue))"
    }
    lines.append("it changes this slice by \(changes.isEmpty ? "nothing" : changes.joined(separator: ", "))")
    if let (difference, unit) = record.costDifference(of: schedule.terms) {
      let size = FixedPoint.text(difference.magnitude, scale: unit)
      lines.append(
        difference == 0
          ? "impact, fees and risk are expected to cost the same with it as without"
          : "impact, fees and risk are expected to cost \(size) \(currency) \(difference > 0 ? "more" : "less") with it "
            + "than without")
    }
    return lines
  }
}
