// SPDX-License-Identifier: Apache-2.0

/// One decision: how the plan changes, from which inputs, and why.
public struct PlanDelta: Hashable, Sendable {
  /// Counts a task's decisions from 0.
  public let sequence: Int64
  /// Digests of the inputs.
  public let task: Digest
  public let context: Digest
  /// Digest of the plan before, and of the plan that the changes lead to.
  public let previousPlan: Digest
  public let plan: Digest
  /// Nanoseconds UTC.
  public let decidedAt: Int64
  public let currentSlice: Int
  /// What of the parent is neither filled nor live, at the plan's scale.
  public let remaining: Int64
  /// What of `remaining` the plan leaves unplaced, because of caps or lots.
  public let unplaced: Int64
  /// The step in which it was solved, at the plan's scale.
  public let lot: Int64
  /// Only the cells that change, in order of slice and venue.
  public let changes: [PlanChange]
  /// The current slice as it stands after the changes, in order of venue.
  public let routing: [PlanRoute]
  public let terms: PlanTerms
  /// The most that a better plan could save, in the terms' unit: 0 means proven optimal.
  public let gap: Int128
  public let bindings: [PlanBinding]
  /// Nil when no other plan exists.
  public let runnerUp: PlanRunnerUp?
  /// For people; nothing is computed from it.
  public private(set) var explanation: [String]
  /// Inputs whose order nobody can tell; empty where there are none.
  public private(set) var orderUncertain: [OrderUncertainty]

  /// Plans that were weighed with the task's own terms; empty where it has none. The first one is the cheapest by the
  /// objective alone.
  public private(set) var alternatives: [PlanAlternative]
  /// Which of them this is.
  public private(set) var chosen: Int

  /// What a shared context did to it; nil where none was taken.
  public let shared: PlanInfluence?

  public var optimal: Bool { gap == 0 }

  public init(
    sequence: Int64, task: Digest, context: Digest, previousPlan: Digest, plan: Digest, decidedAt: Int64,
    currentSlice: Int, remaining: Int64, unplaced: Int64, lot: Int64, changes: [PlanChange], routing: [PlanRoute],
    terms: PlanTerms, gap: Int128, bindings: [PlanBinding], runnerUp: PlanRunnerUp?, explanation: [String],
    orderUncertain: [OrderUncertainty] = [], alternatives: [PlanAlternative] = [], chosen: Int = 0,
    shared: PlanInfluence? = nil
  ) {
    self.sequence = sequence
    self.task = task
    self.context = context
    self.previousPlan = previousPlan
    self.plan = plan
    self.decidedAt = decidedAt
    self.currentSlice = currentSlice
    self.remaining = remaining
    self.unplaced = unplaced
    self.lot = lot
    self.changes = changes
    self.routing = routing
    self.terms = terms
    self.gap = gap
    self.bindings = bindings
    self.runnerUp = runnerUp
    self.explanation = explanation
    self.orderUncertain = orderUncertain
    self.alternatives = alternatives
    self.chosen = chosen
    self.shared = shared
  }

  /// The same decision, chosen among others by what vendors' terms say of them.
  package func chosen(_ index: Int, of alternatives: [PlanAlternative], saying lines: [String]) -> PlanDelta {
    var result = self
    result.alternatives = alternatives
    result.chosen = index
    result.explanation += lines
    return result
  }

  /// The same decision, marked as one whose inputs may have come in another order.
  package func marked(_ uncertain: [OrderUncertainty]) -> PlanDelta {
    var result = self
    result.orderUncertain = uncertain
    result.explanation += uncertain.map(\.explanation)
    return result
  }
}
