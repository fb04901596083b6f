// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import RunJournal

/// What a verification said, shown before anything else. The report itself verifies nothing.
package struct ReportVerdict: Equatable, Sendable {
  package let text: String
  package let holds: Bool
  package let findings: [String]
  package let notProven: [String]

  package init(text: String, holds: Bool, findings: [String], notProven: [String]) {
    self.text = text
    self.holds = holds
    self.findings = findings
    self.notProven = notProven
  }

  package init(_ report: VerificationReport) {
    self.init(
      text: report.verdict.rawValue, holds: report.verdict != .failed, findings: report.findings,
      notProven: report.notProven)
  }
}

/// A doubled mid with the leaf of the ledger that commits to the events it was computed from.
package struct ReportMid: Equatable, Sendable {
  package let name: String
  /// Nanoseconds UTC.
  package let time: Int64
  package let mid: Int128?
  /// Why `mid` is nil.
  package let reason: String?
  package let leaf: UInt64?
}

package struct ReportFill: Sendable {
  package let record: FillRecord
  package let leaf: UInt64
  package let mid: ReportMid
  /// By horizon.
  package let later: [ReportMid]
  package let quality: FillQuality
}

/// One slice of the schedule. Quantities at the report's scale.
package struct ReportSlice: Sendable {
  package let start: Int64
  package let end: Int64
  /// By the first plan, and by the plan made when the slice began.
  package let first: Int64
  package let planned: Int64
  package let filled: Int64
  package let leaves: [UInt64]
}

package struct ReportVenue: Sendable {
  package let listing: TaskVenue
  package let orders: Int
  package let quantity: Int64
  package let fills: Int
  package let leaves: [UInt64]
}

/// A read-only projection of one run directory.
package struct ExecutionReport: Sendable {
  /// After a fill, in nanoseconds.
  package static let horizons: [(name: String, length: Int64)] = [
    ("50 ms", 50_000_000), ("1 s", 1_000_000_000), ("15 s", 15_000_000_000), ("1 min", 60_000_000_000),
    ("5 min", 300_000_000_000),
  ]
  package let description: RunDescription
  package let verdict: ReportVerdict
  /// Decimal places of quantities.
  package let scale: Int
  package let ordered: Int64
  package let decision: ReportMid
  package let arrival: ReportMid
  package let close: ReportMid
  package let shortfall: Shortfall
  package let fills: [ReportFill]
  /// Of what was filled; nil without fills.
  package let averagePrice: Ratio?
  /// Of others in the window; nil without trades.
  package let vwap: Ratio?
  package let trades: Int
  package let othersVolume: Int128
  /// Own within the window, in parts per million of own and others' volume.
  package let participation: Ratio?
  package let slices: [ReportSlice]
  /// Filled behind the window's end, on orders that were sent in it.
  package let filledAfter: Int64
  package let venues: [ReportVenue]
  package let plans: [(leaf: UInt64, delta: PlanDelta)]
  package let denials: [(leaf: UInt64, denial: DenialRecord)]
  package let cancels: Int
  package let summary: (leaf: UInt64, body: JSON)?
  package let prices: [ReportMid]
  package let events: UInt64
  package let gaps: Int64

  package var fillLeaves: [UInt64] { fills.map(\.leaf) }
  package var journalLeaves: [UInt64] {
    var leaves: [UInt64] = []
    for leaf in [decision.leaf, arrival.leaf, close.leaf] {
      if let leaf, !leaves.contains(leaf) { leaves.append(leaf) }
    }
    return leaves
  }
}
