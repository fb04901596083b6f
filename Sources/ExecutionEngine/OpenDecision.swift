// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import ExecutionSolver
internal import Governance
internal import MarketModel

/// A decision that waits for what vendors' functions say of it: first the task's terms, about each plan that could be taken;
/// then the policy's hooks, about the one that was.
struct OpenDecision: Sendable {
  let slice: Int
  let time: Int64
  /// What each leaves out of the current slice; the objective's own choice is the first.
  let candidates: [(leavesOut: [Int], decision: PlannedDecision)]
  /// What the policy says of its use of shared contexts; nil where it asks for none.
  let sharedControl: ControlResult?
  /// What the terms ask, candidate by candidate.
  var prices: [Int64] = []
  /// Still to be put, in order.
  var questions: [HookQuestion] = []
  /// The decision that was taken, once the terms have spoken.
  var chosen: PlanDelta?
  /// Something denied it, or did not answer.
  var isDenied = false
}

/// Slices begin here: plans are weighed, a decision is taken, and what denies it is heard.
extension Engine {
  /// So many plans, each of which leaves one venue out, are weighed beside the objective's own.
  private static let mostCandidates = 8

  /// What a vendor's function has to be asked before the engine can go on; nil when nothing.
  package var question: HookQuestion? { open?.questions.first }

  mutating func beginSlice(_ slice: Int, at time: Int64, into output: inout EngineOutput) throws(EngineError) {
    if !hasStarted { start() }
    let context = try makeContext(slice: slice, at: time)
    output.statements.append(EngineStatement(kind: .context, subject: "context/\(decisions)", body: context.json))
    // A venue that fills what it had cancelled can bring this below 0.
    let remaining = max(0, venues.quantity - blotter.totals.filled - blotter.totals.working)
    func planned(_ leavingOut: [Int]) throws(EngineError) -> PlannedDecision {
      do {
        return try Planner.plan(
          task: configuration.task, context: context, previous: plan, sequence: decisions, decidedAt: time,
          currentSlice: slice, remaining: remaining, leavingOut: leavingOut)
      } catch {
        throw .badInput("task \(configuration.task.id): no plan at \(time): \(error)")
      }
    }
    var candidates = [(leavesOut: [Int](), decision: try planned([]))]
    if !configuration.task.terms.isEmpty {
      let first = candidates[0].decision.delta
      for left in Engine.alternatives(to: first) {
        let other = try planned(left)
        // One that places less, or is priced in another unit, cannot be compared.
        guard other.delta.unplaced == first.unplaced, other.delta.terms.unit == first.terms.unit else { continue }
        candidates.append((left, other))
      }
    }
    open = OpenDecision(
      slice: slice, time: time, candidates: candidates,
      sharedControl: configuration.policy.control(of: context.shared))
    for candidate in candidates {
      for term in configuration.task.terms { ask(.term, term, candidate.decision.delta) }
    }
    if question == nil { choose(into: &output) }
  }

  private mutating func start() {
    hasStarted = true
    for venue in venues.listings.indices {
      guard let number = venues.instruments[venue] else { continue }
      volumeAtStart[venue] = market.tape(number).volume
    }
  }

  /// Each venue that gets something now can be left out for this slice, and so can all of them.
  private static func alternatives(to delta: PlanDelta) -> [[Int]] {
    let routed = delta.routing.map(\.venue)
    let single = routed.prefix(mostCandidates).map { [$0] }
    return routed.count > 1 ? single + [routed] : single
  }

  private mutating func ask(_ purpose: HookQuestion.Purpose, _ function: VendorFunction, _ delta: PlanDelta) {
    open?.questions.append(HookQuestion(number: questions, purpose: purpose, function: function, delta: delta))
    questions += 1
  }

  /// Takes the answer to `question`, and goes on as far as it can.
  package mutating func answer(_ outcome: HookOutcome, into output: inout EngineOutput) throws(EngineError) {
    guard let question, open != nil else { throw .badInput("an answer comes to a question that was not put") }
    open?.questions.removeFirst()
    var verdict = "allow"
    switch (question.purpose, outcome) {
    case (.term, .answered(let price)):
      open?.prices.append(price)
      verdict = "price"
    case (.policy, .answered(0)): break
    case (.policy, .answered), (_, .failed):
      open?.isDenied = true
      verdict = "deny"
    }
    output.statements.append(hookStatement(question, outcome, verdict: verdict))
    if self.question != nil { return }
    if open?.chosen == nil { choose(into: &output) }
    if self.question == nil { try conclude(into: &output) }
  }

  /// The cheapest plan with the terms' prices, the objective's own where a term said nothing; then the policy is asked.
  private mutating func choose(into output: inout EngineOutput) {
    guard let open else { return }
    let terms = configuration.task.terms
    var delta = open.candidates[0].decision.delta
    var best = 0
    if !terms.isEmpty, open.prices.count == open.candidates.count * terms.count {
      let alternatives = open.candidates.enumerated().map { index, candidate in
        PlanAlternative(
          leavesOut: candidate.leavesOut, objective: candidate.decision.delta.terms.objective ?? .max,
          prices: Array(open.prices[index * terms.count..<(index + 1) * terms.count]))
      }
      for (index, alternative) in alternatives.enumerated() {
        if let total = alternative.total, total < alternatives[best].total ?? .max { best = index }
      }
      delta = open.candidates[best].decision.delta.chosen(
        best, of: alternatives, saying: weighed(alternatives, best, unit: delta.terms.unit))
    }
    plan = open.candidates[best].decision.plan
    let decided = delta.marked(clocks.uncertain)
    let body = decided.json
    output.statements.append(EngineStatement(kind: .plan, subject: "plan/\(decisions)", body: body))
    lastDelta = body.digest
    decisions += 1
    self.open?.chosen = decided
    if let control = open.sharedControl {
      output.statements.append(controlStatement(control, of: decided))
      if !control.passes { self.open?.isDenied = true }
    }
    for hook in configuration.policy.hooks { ask(.policy, hook, decided) }
  }

  /// The comparison in plain words.
  private func weighed(_ alternatives: [PlanAlternative], _ best: Int, unit: Int) -> [String] {
    let task = configuration.task
    func money(_ value: Int128) -> String { "\(FixedPoint.text(value, scale: unit)) \(task.currency)" }
    return alternatives.enumerated().map { index, alternative in
      let left = alternative.leavesOut.map { task.venues[$0].venue }
      let name = left.isEmpty ? "the objective's own plan" : "nothing now to \(left.joined(separator: ", "))"
      let prices = zip(task.terms, alternative.prices).map { "\($0.name) \(money(Int128($1)))" }
      return "\(index == best ? "chosen" : "weighed"): \(name), objective \(money(alternative.objective)), "
        + prices.joined(separator: ", ")
    }
  }

  /// The slice's targets from the decision; a denied one sends nothing new.
  mutating func conclude(into output: inout EngineOutput) throws(EngineError) {
    guard let open else { return }
    for venue in targets.indices {
      filledAtSliceStart[venue] = blotter.totals(venue: venue).filled
      targets[venue] = (open.isDenied ? 0 : plan[open.slice, venue]) + blotter.totals(venue: venue).working
    }
    if open.isDenied { deniedDecisions += 1 }
    self.open = nil
    output.isPublishing = true
    try work(slice: open.slice, part: 0, at: open.time, into: &output)
    look += 1
  }
}
