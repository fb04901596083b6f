// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// What a decision says about itself.
extension PlannerSchedule {
  /// So many binding caps stand in a delta, the dearest first.
  static let mostCaps = 8

  var terms: PlanTerms {
    let terms = solution?.terms ?? ScheduleTerms()
    return PlanTerms(
      unit: costs.unit, impact: terms.impact, fees: terms.fees, risk: terms.risk, tracking: terms.tracking)
  }

  var runnerUp: PlanRunnerUp? {
    guard let exchange = solution?.runnerUp else { return nil }
    return PlanRunnerUp(
      fromSlice: exchange.from.slice + inputs.currentSlice, fromVenue: exchange.from.venue,
      toSlice: exchange.to.slice + inputs.currentSlice, toVenue: exchange.to.venue, quantity: lot,
      costsMore: exchange.cost)
  }

  var bindings: [PlanBinding] {
    var result: [PlanBinding] = []
    for venue in inputs.context.venues.indices {
      let name = inputs.context.venues[venue].listing.venue
      if let reason = inputs.excluded[venue] {
        result.append(
          PlanBinding(
            constraint: .venue, slice: nil, venue: venue, bound: 0, worth: nil, reason: "\(name) is left out: \(reason)"
          ))
      } else if let reason = inputs.leftOutNow[venue] {
        result.append(
          PlanBinding(
            constraint: .venue, slice: inputs.currentSlice, venue: venue, bound: 0, worth: nil,
            reason: "\(name) is left out of this slice: \(reason)"))
      }
    }
    if unplaced > 0 { result.append(shortfall) }
    return result + caps
  }

  private var shortfall: PlanBinding {
    let amount = FixedPoint.text(unplaced, scale: inputs.context.scale)
    if capacity < inputs.remaining / lot {
      return PlanBinding(
        constraint: .capacity, slice: nil, venue: nil, bound: capacity * lot, worth: nil,
        reason: "\(amount) stays unplaced: the caps of all slices and venues hold no more")
    }
    return PlanBinding(
      constraint: .lot, slice: nil, venue: nil, bound: costs.commonLot, worth: nil,
      reason: "\(amount) stays unplaced: it is less than a lot, or no multiple of one")
  }

  private var caps: [PlanBinding] {
    guard let problem, let solution else { return [] }
    // A cell that was held in place for its larger lot is not bound by participation.
    let bindings = problem.analysis(of: solution).bindings.filter { binding in
      guard let venue = binding.venue else { return false }
      return problem.floor[binding.slice * problem.venues + venue] < binding.cap
    }
    let dearest = bindings.enumerated().sorted { ($1.element.worth, $0.offset) < ($0.element.worth, $1.offset) }
    return dearest.prefix(PlannerSchedule.mostCaps).map(\.element).map { binding in
      let slice = binding.slice + inputs.currentSlice
      let name = binding.venue.map { inputs.context.venues[$0].listing.venue } ?? ""
      let bound = binding.cap * lot
      return PlanBinding(
        constraint: .participation, slice: slice, venue: binding.venue, bound: bound, worth: binding.worth,
        reason: "at most \(FixedPoint.text(bound, scale: inputs.context.scale)) at \(name) in slice \(slice)")
    }
  }
}

/// A decision in plain words. Numbers are exact; nothing is computed from the text.
struct PlannerExplanation {
  let lines: [String]

  init(_ inputs: PlannerInputs, _ schedule: PlannerSchedule, routing: [PlanRoute], bindings: [PlanBinding]) {
    let task = inputs.task
    let unit = schedule.costs.unit
    func amount(_ quantity: Int64) -> String { FixedPoint.text(quantity, scale: inputs.context.scale) }
    func money(_ value: Int128) -> String { "\(FixedPoint.text(value, scale: unit)) \(task.currency)" }
    func name(_ venue: Int) -> String { inputs.context.venues[venue].listing.venue }
    var lines = [
      "\(task.side.rawValue) \(task.instrument): \(amount(inputs.remaining)) remains, slice \(inputs.currentSlice) "
        + "of \(inputs.context.slices), objective \(PlannerExplanation.objective(task))"
    ]
    lines +=
      routing.isEmpty
      ? ["send nothing in this slice"]
      : routing.map { "send \(amount($0.quantity)) to \(name($0.venue)) in this slice" }
    for venue in inputs.context.venues.indices where inputs.excluded[venue] == nil {
      let resting = schedule.costs.restingFee[venue].map { "; one that rests and fills would cost \(money($0))" } ?? ""
      lines.append(
        "\(name(venue)): half the spread and the taker fee cost \(money(schedule.costs.baseFee[venue]))"
          + " a lot of \(amount(schedule.lot))\(resting); \(PlannerExplanation.volume(inputs, venue))")
    }
    lines.append("every lot is priced as taken from the other side, because no input says how much will rest and fill")
    let terms = schedule.terms
    lines.append(
      "expected: impact \(money(terms.impact)), fees and spread \(money(terms.fees)), risk \(money(terms.risk))"
        + (terms.tracking == 0 ? "" : ", away from the targets \(terms.tracking)"))
    lines += bindings.map { binding in
      "binding: \(binding.reason)" + (binding.worth.map { "; one lot more would save \(money($0))" } ?? "")
    }
    if let runnerUp = schedule.runnerUp {
      lines.append(
        "next best: \(amount(runnerUp.quantity)) from slice \(runnerUp.fromSlice) at \(name(runnerUp.fromVenue)) to slice "
          + "\(runnerUp.toSlice) at \(name(runnerUp.toVenue)), for \(money(runnerUp.costsMore)) more")
    }
    lines.append(
      schedule.gap == 0
        ? "proven optimal: no exchange of a lot is cheaper"
        : "at most \(money(schedule.gap)) above the optimum, because the venues' lots differ")
    self.lines = lines
  }

  private static func objective(_ task: LocalExecutionTask) -> String {
    if case .implementationShortfall(let riskAversion) = task.objective {
      return "is with risk aversion \(riskAversion) per \(task.currency)"
    }
    return task.objective.name
  }

  private static func volume(_ inputs: PlannerInputs, _ venue: Int) -> String {
    switch inputs.context.venues[venue].volumeSource {
    case .priorFile(let date, _): "volume curve of \(date)"
    case .received(let time): "volume as received up to \(time)"
    case .shared(_, let revision, _): "volume curve of the shared context's revision \(revision)"
    case .uniform(let reason) where inputs.knowsVolume(venue): "uniform volume: \(reason)"
    case .uniform(let reason): "no volume is known, so the plan has no cap there: \(reason)"
    }
  }
}
