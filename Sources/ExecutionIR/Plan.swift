// SPDX-License-Identifier: Apache-2.0

/// What is still to be sent, per slice and venue. A cell of a past slice keeps what was planned for it last; the cell of the
/// current slice counts what is to be sent from the decision on.
public struct Plan: Hashable, Sendable {
  public let slices: Int
  /// In the order of the task's venues.
  public let venues: Int
  /// Places behind the point of every quantity.
  public let scale: Int
  /// Row by row: the quantity of slice k at venue v stands at k × `venues` + v.
  public private(set) var quantities: [Int64]

  /// A plan that sends nothing: what precedes a task's first decision.
  public init(slices: Int, venues: Int, scale: Int) {
    precondition((1...LocalExecutionTask.mostSlices).contains(slices), "slices out of range")
    precondition((1...LocalExecutionTask.mostVenues).contains(venues), "venues out of range")
    self.slices = slices
    self.venues = venues
    self.scale = scale
    quantities = [Int64](repeating: 0, count: slices * venues)
  }

  public subscript(slice: Int, venue: Int) -> Int64 {
    get { quantities[slice * venues + venue] }
    set { quantities[slice * venues + venue] = newValue }
  }

  public var json: JSON {
    .object([
      "slices": .integer(Int64(slices)), "venues": .integer(Int64(venues)), "scale": .integer(Int64(scale)),
      "quantities": .array(quantities.map { .wide($0) }),
    ])
  }

  public var digest: Digest { json.digest }

  /// This plan with the changes of `delta`, which must be made from exactly this plan and lead to the plan it names.
  public func applying(_ delta: PlanDelta) throws(RecordError) -> Plan {
    guard delta.previousPlan == digest else {
      throw RecordError(path: "previous_plan", reason: "the delta was made from another plan")
    }
    var result = self
    for (index, change) in delta.changes.enumerated() {
      let path = "changes[\(index)]"
      guard (0..<slices).contains(change.slice), (0..<venues).contains(change.venue) else {
        throw RecordError(path: path, reason: "no such cell")
      }
      let (sum, overflow) = result[change.slice, change.venue].addingReportingOverflow(change.quantity)
      guard !overflow, sum >= 0 else { throw RecordError(path: path, reason: "leaves less than nothing in the cell") }
      result[change.slice, change.venue] = sum
    }
    guard delta.plan == result.digest else {
      throw RecordError(path: "plan", reason: "the changes lead to another plan than the one that is named")
    }
    return result
  }

  /// The cells in which `next`, of the same shape, differs, in order.
  public func changes(to next: Plan) -> [PlanChange] {
    precondition(slices == next.slices && venues == next.venues && scale == next.scale, "plans of different shapes")
    var changes: [PlanChange] = []
    for slice in 0..<slices {
      for venue in 0..<venues where self[slice, venue] != next[slice, venue] {
        changes.append(PlanChange(slice: slice, venue: venue, quantity: next[slice, venue] - self[slice, venue]))
      }
    }
    return changes
  }
}

/// By how much one cell of a plan changes. `venue` is an index into the task's venues.
public struct PlanChange: Hashable, Sendable {
  public let slice: Int
  public let venue: Int
  /// At the plan's scale; not 0.
  public let quantity: Int64

  public init(slice: Int, venue: Int, quantity: Int64) {
    self.slice = slice
    self.venue = venue
    self.quantity = quantity
  }
}

/// What to send to a venue within the current slice. `venue` is an index into the task's venues.
public struct PlanRoute: Hashable, Sendable {
  public let venue: Int
  /// At the plan's scale; above 0.
  public let quantity: Int64

  public init(venue: Int, quantity: Int64) {
    self.venue = venue
    self.quantity = quantity
  }
}

/// The parts of the objective, each an exact integer; their sum is what was minimised.
public struct PlanTerms: Hashable, Sendable {
  /// All terms are in units of 10^-`unit` of the task's currency.
  public let unit: Int
  /// Temporary impact.
  public let impact: Int128
  /// Fees and half the spread.
  public let fees: Int128
  /// λ × variance of what is still open.
  public let risk: Int128
  /// Penalty for leaving the target quantities of twap and vwap; no money, but it decides.
  public let tracking: Int128

  public init(unit: Int, impact: Int128, fees: Int128, risk: Int128, tracking: Int128) {
    self.unit = unit
    self.impact = impact
    self.fees = fees
    self.risk = risk
    self.tracking = tracking
  }

  /// Impact, fees and risk at 10^-`unit`, which is no coarser than their own; nil beyond 128 bits.
  func money(at unit: Int) -> Int128? {
    var sum: Int128 = 0
    for term in [impact, fees, risk] {
      let (next, overflow) = sum.addingReportingOverflow(term)
      if overflow { return nil }
      sum = next
    }
    for _ in self.unit..<unit {
      let (next, overflow) = sum.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      sum = next
    }
    return sum
  }

  /// The sum, or nil beyond 128 bits.
  public var objective: Int128? {
    var sum: Int128 = 0
    for term in [impact, fees, risk, tracking] {
      let (next, overflow) = sum.addingReportingOverflow(term)
      if overflow { return nil }
      sum = next
    }
    return sum
  }
}

/// What kept the plan from being cheaper.
public struct PlanBinding: Hashable, Sendable {
  public enum Constraint: String, CaseIterable, Sendable {
    /// The participation cap of a slice at a venue.
    case participation
    /// A venue that is closed, or whose touch is beyond the task's limit.
    case venue
    /// The caps of all slices and venues together hold less than remains.
    case capacity
    /// Lots: what remains is no multiple of the lot in which the plan is solved.
    case lot
  }

  public let constraint: Constraint
  /// Nil where it concerns all slices, or all venues.
  public let slice: Int?
  public let venue: Int?
  /// What the constraint allows, at the plan's scale.
  public let bound: Int64
  /// By how much one lot more of room would lower the objective, in the terms' unit; nil where that is not defined.
  public let worth: Int128?
  /// In plain words.
  public let reason: String

  public init(constraint: Constraint, slice: Int?, venue: Int?, bound: Int64, worth: Int128?, reason: String) {
    self.constraint = constraint
    self.slice = slice
    self.venue = venue
    self.bound = bound
    self.worth = worth
    self.reason = reason
  }
}

/// A plan that was weighed with the task's own terms.
public struct PlanAlternative: Hashable, Sendable {
  /// Venues that get nothing in the current slice, whatever it costs; empty for the objective's own choice.
  public let leavesOut: [Int]
  /// The sum of the objective's terms, in their unit.
  public let objective: Int128
  /// What each of the task's terms asks for it, in the same unit.
  public let prices: [Int64]

  public init(leavesOut: [Int], objective: Int128, prices: [Int64]) {
    self.leavesOut = leavesOut
    self.objective = objective
    self.prices = prices
  }

  /// What is compared; nil beyond 128 bits.
  public var total: Int128? {
    var sum = objective
    for price in prices {
      let (next, overflow) = sum.addingReportingOverflow(Int128(price))
      if overflow { return nil }
      sum = next
    }
    return sum
  }
}

/// What a shared context changed in a plan, held against the plan of the same inputs without it.
public struct PlanInfluence: Hashable, Sendable {
  public let context: SharedContextReference
  /// Digest of the plan without it, what that leaves unplaced at the plan's scale, and its terms.
  public let plan: Digest
  public let unplaced: Int64
  public let terms: PlanTerms
  /// By how much more, or less, goes to a venue in the current slice with it than without, in order of venue.
  public let changes: [PlanChange]

  public init(
    context: SharedContextReference, plan: Digest, unplaced: Int64, terms: PlanTerms, changes: [PlanChange]
  ) {
    self.context = context
    self.plan = plan
    self.unplaced = unplaced
    self.terms = terms
    self.changes = changes
  }

  /// Impact, fees and risk with `terms` less those without the context, and the places behind their point; nil beyond
  /// 128 bits. Both are what their own inputs expect: the difference is what is known better, not what is saved.
  public func costDifference(of terms: PlanTerms) -> (value: Int128, unit: Int)? {
    let unit = max(terms.unit, self.terms.unit)
    guard let with = terms.money(at: unit), let without = self.terms.money(at: unit) else { return nil }
    let (difference, overflow) = with.subtractingReportingOverflow(without)
    return overflow ? nil : (difference, unit)
  }
}

/// The cheapest plan other than the one that was chosen. It differs by one lot in one cell given for one in another;
/// for an objective of this kind (M♮-convex) no plan is nearer in cost.
public struct PlanRunnerUp: Hashable, Sendable {
  public let fromSlice: Int
  public let fromVenue: Int
  public let toSlice: Int
  public let toVenue: Int
  /// What moves, at the plan's scale.
  public let quantity: Int64
  /// What it costs more, exactly, in the terms' unit; at least 0 where the plan is proven optimal.
  public let costsMore: Int128

  public init(fromSlice: Int, fromVenue: Int, toSlice: Int, toVenue: Int, quantity: Int64, costsMore: Int128) {
    self.fromSlice = fromSlice
    self.fromVenue = fromVenue
    self.toSlice = toSlice
    self.toVenue = toVenue
    self.quantity = quantity
    self.costsMore = costsMore
  }
}
