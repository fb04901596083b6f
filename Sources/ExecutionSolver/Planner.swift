// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Why there is no plan.
package enum PlannerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Inputs that do not belong together; says which.
  case mismatch(String)
  /// A value that the objective needs and no input has; names it.
  case missing(String)
  /// A cost beyond 128 bits; says of what.
  case overflow(String)
  case schedule(ScheduleError)

  package var description: String {
    switch self {
    case .mismatch(let text): text
    case .missing(let text): "\(text) is missing and has no default"
    case .overflow(let text): "\(text) needs more than 128 bits"
    case .schedule(let error): error.description
    }
  }
}

/// What the planner answers.
package struct PlannedDecision: Sendable {
  package let delta: PlanDelta
  /// The plan after the delta.
  package let plan: Plan
  /// What was solved, its first slice being the current one, in lots of `delta.lot`; nil when nothing could be placed.
  package let problem: ScheduleProblem?
  package let solution: ScheduleSolution?
}

/// A pure function of its arguments: task, context and the state of the own orders to the next `PlanDelta`.
///
/// Costs are integers at 10^-e of the task's currency, each coefficient rounded once and towards zero; e is the
/// coarsest of 12, 15, 18, 21 and 24 that leaves every coefficient six digits, and stands in the delta's terms. In a lot of
/// g units, at venue v, in slice k of τ seconds:
///
/// - fee = g · (half the spread + taker fee per unit + taker rate · touch), at the context's touch. Every lot is priced as
///   taken, although orders rest before they take: no input says how much of them will fill at rest. The explanation
///   states this, and what a resting lot would cost;
/// - impact = coefficient_v / τ_k · (reference depth / displayed depth) · (mean volume / volume_k) · g², where the last factor
///   is at most `thinnest`, and 1 where no volume is known;
/// - where a shared context tells the mean spread at v in a slice after the current one, the fee has it in place of the
///   touch's; where it tells the toxicity t_k at v, in parts per million, impact is (10⁶ + t_k) / 10⁶ times as dear;
/// - risk = λ · σ² · τ_{k+1} · g² on what is open after slice k (Almgren and Chriss 2000, equations 5 and 13);
/// - the cap is what `participation` allows at the slice's expected volume, in the venue's own lots;
/// - twap and vwap weigh (Q_k − target_k)² so strongly that no cost is worth one lot away from the targets.
package enum Planner {
  /// A slice whose expected volume is below the mean's eighth is not taken to be thinner than that.
  package static let thinnest: Int64 = 8

  /// - Parameters:
  ///   - previous: the plan before; an empty one of the same shape for the first decision.
  ///   - remaining: what of the parent is neither filled nor live, at the context's scale.
  ///   - placed: what is filled or live already of the current slice, per venue, at the context's scale.
  ///   - leavingOut: venues that get nothing in the current slice, to see what that costs.
  package static func plan(
    task: LocalExecutionTask, context: DecisionContext, previous: Plan, sequence: Int64, decidedAt: Int64,
    currentSlice: Int, remaining: Int64, placed: [Int64]? = nil, leavingOut: [Int] = []
  ) throws(PlannerError) -> PlannedDecision {
    func inputs(_ context: DecisionContext) throws(PlannerError) -> PlannerInputs {
      try PlannerInputs(
        task: task, context: context, decidedAt: decidedAt, currentSlice: currentSlice, remaining: remaining,
        placed: placed ?? [Int64](repeating: 0, count: context.venues.count), leavingOut: leavingOut)
    }
    guard previous.slices == context.slices, previous.venues == context.venues.count, previous.scale == context.scale
    else { throw .mismatch("the previous plan has another shape or scale than the context") }
    let own = try context.withoutShared.map { (context) throws(PlannerError) in try inputs(context) }
    let inputs = try inputs(context)
    let schedule = try PlannerSchedule(inputs, costs: PlannerCosts(inputs))
    let plan = schedule.plan(after: previous)
    let influence = try own.map { (own) throws(PlannerError) in
      try PlannerInfluence(of: context, own, previous: previous, plan: plan)
    }
    let routing = (0..<plan.venues).compactMap { venue -> PlanRoute? in
      let quantity = plan[currentSlice, venue]
      return quantity > 0 ? PlanRoute(venue: venue, quantity: quantity) : nil
    }
    let bindings = schedule.bindings
    let delta = PlanDelta(
      sequence: sequence, task: task.digest, context: context.digest, previousPlan: previous.digest,
      plan: plan.digest, decidedAt: decidedAt, currentSlice: currentSlice, remaining: remaining,
      unplaced: schedule.unplaced, lot: schedule.lot, changes: previous.changes(to: plan), routing: routing,
      terms: schedule.terms, gap: schedule.gap, bindings: bindings, runnerUp: schedule.runnerUp,
      explanation: PlannerExplanation(inputs, schedule, routing: routing, bindings: bindings).lines
        + PlannerInfluence.lines(influence, inputs, schedule), shared: influence?.record)
    return PlannedDecision(delta: delta, plan: plan, problem: schedule.problem, solution: schedule.solution)
  }
}

/// The planner's arguments, checked against each other.
struct PlannerInputs {
  let task: LocalExecutionTask
  let context: DecisionContext
  let currentSlice: Int
  let remaining: Int64
  let placed: [Int64]
  /// Why a venue is left out of all slices, or nil.
  let excluded: [String?]
  /// Why a venue is left out of the current slice only, or nil.
  let leftOutNow: [String?]

  init(
    task: LocalExecutionTask, context: DecisionContext, decidedAt: Int64, currentSlice: Int, remaining: Int64,
    placed: [Int64], leavingOut: [Int]
  ) throws(PlannerError) {
    self.task = task
    self.context = context
    self.currentSlice = currentSlice
    self.remaining = remaining
    self.placed = placed
    guard context.venues.map(\.listing) == task.venues else {
      throw .mismatch("the context's venues are not the task's, in the same order")
    }
    guard context.slices == task.sliceCount else {
      throw .mismatch("the context has \(context.slices) slices, the task \(task.sliceCount)")
    }
    guard (0..<context.slices).contains(currentSlice) else {
      throw .mismatch("slice \(currentSlice) is none of the task's \(context.slices)")
    }
    guard context.asOf <= decidedAt else { throw .mismatch("the context is of a later time than the decision") }
    guard (0...ScheduleProblem.mostLots).contains(remaining) else {
      throw .mismatch("the remaining quantity must be 0 to 2^60 at the context's scale")
    }
    guard placed.count == context.venues.count, placed.allSatisfy({ (0...ScheduleProblem.mostLots).contains($0) })
    else { throw .mismatch("one quantity of 0 or more is expected per venue for what is placed already") }
    excluded = context.venues.map { PlannerInputs.exclusion($0, task.side) }
    leftOutNow = context.venues.enumerated().map { index, venue in
      leavingOut.contains(index)
        ? "so that the task's terms can be asked about it" : PlannerInputs.exclusionByLimit(venue, task)
    }
  }

  private static func exclusion(_ venue: VenueContext, _ side: OrderSide) -> String? {
    if case .closed(let reason) = venue.availability { return reason }
    guard venue.bid != nil, venue.ask != nil else { return "no two-sided book" }
    guard venue.spread != nil else { return "a spread beyond 64 bits" }
    return (side == .buy ? venue.askDepth : venue.bidDepth) > 0 ? nil : "nothing is displayed to trade against"
  }

  private static func exclusionByLimit(_ venue: VenueContext, _ task: LocalExecutionTask) -> String? {
    guard let limit = task.limit, let touch = task.side == .buy ? venue.ask : venue.bid else { return nil }
    guard task.side == .buy ? touch.price > limit : touch.price < limit else { return nil }
    return "its touch \(FixedPoint.text(touch.price, scale: priceScale)) is beyond the limit "
      + FixedPoint.text(limit, scale: priceScale)
  }

  /// Slices from the current one on.
  var slicesLeft: Int { context.slices - currentSlice }

  func length(ofSlice slice: Int) -> Int64 { task.sliceStart(slice + 1) - task.sliceStart(slice) }

  /// Whether anything is known of a venue's volume. A uniform curve of zeros says that nothing is; then the plan is not
  /// capped there, and the control on child orders still is.
  func knowsVolume(_ venue: Int) -> Bool {
    if case .uniform = context.venues[venue].volumeSource { return context.venues[venue].volume.contains { $0 > 0 } }
    return true
  }

  /// What may still be sent in a slice, in units of the context's scale.
  func cap(_ slice: Int, _ venue: Int) -> Int64 {
    if excluded[venue] != nil { return 0 }
    if slice == currentSlice, leftOutNow[venue] != nil { return 0 }
    let whole = LocalExecutionTask.wholeParticipation
    guard task.participation < whole, knowsVolume(venue) else { return remaining }
    // own ≤ p · (others + own)  ⇔  own ≤ p · others / (1 − p)
    let others = Int128(context.venues[venue].volume[slice])
    var own = others * Int128(task.participation) / Int128(whole - task.participation)
    if slice == currentSlice { own = max(0, own - Int128(placed[venue])) }
    return Int64(min(own, Int128(remaining)))
  }
}
