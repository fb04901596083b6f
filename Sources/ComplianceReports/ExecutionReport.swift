// SPDX-License-Identifier: Apache-2.0

internal import ExecutionEngine
package import ExecutionIR
package import RunJournal
package import TransparencyLog

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

/// What others traded in the window, and how the run stands against it.
package struct ReportInterval: Sendable {
  package let trades: Int
  package let volume: Int128
  /// Decimal places of `volume`.
  package let scale: Int
  /// Nil without trades.
  package let vwap: Ratio?
  /// s · (average price − interval VWAP) per unit, positive is cost; nil without fills or trades.
  package let slippage: Ratio?
  /// The same in 1e-4 of the VWAP.
  package let slippageBasisPoints: Ratio?
  /// Own within the window, in parts per million of own and others' volume.
  package let participation: Ratio?
  /// The leaf that commits to the window's last event.
  package let leaf: UInt64?
}

/// The ledger's beginning that a report is computed from.
package struct ReportBasis: Sendable {
  package let leaves: UInt64
  package let root: MerkleHash
}

/// A read-only projection of one run directory. Nothing in it depends on the reports that were filed there.
package struct ExecutionReport: Sendable {
  /// After a fill, in nanoseconds.
  package static let horizons: [(name: String, length: Int64)] = [
    ("50 ms", 50_000_000), ("1 s", 1_000_000_000), ("15 s", 15_000_000_000), ("1 min", 60_000_000_000),
    ("5 min", 300_000_000_000),
  ]
  package let description: RunDescription
  package let verdict: ReportVerdict
  package let basis: ReportBasis
  /// The reports that the ledger names.
  package let filed: [FiledReport]
  /// Decimal places of quantities.
  package let scale: Int
  /// Units of the underlying per unit of quantity.
  package let multiplier: ExactDecimal
  package let ordered: Int64
  package let decision: ReportMid
  package let arrival: ReportMid
  package let close: ReportMid
  package let shortfall: Shortfall
  /// Why the fees have no value in the task's currency.
  package let feesReason: String?
  package let fills: [ReportFill]
  package let brokenFills: [ReportBrokenFill]
  /// Of what was filled; nil without fills.
  package let averagePrice: Ratio?
  package let interval: ReportInterval
  /// At the fills, then by horizon.
  package let spreads: [SpreadAverages]
  package let slices: [ReportSlice]
  /// Filled behind the window's end, on orders that were sent in it.
  package let filledAfter: Int64
  package let venues: [ReportVenue]
  package let plans: [(leaf: UInt64, delta: PlanDelta)]
  package let denials: [(leaf: UInt64, denial: DenialRecord)]
  /// Of vendors' functions.
  package let answers: [(leaf: UInt64, body: JSON)]
  package let shared: ReportShared
  package let cancels: [UInt64]
  package let summary: (leaf: UInt64, body: JSON)?
  package let prices: [ReportMid]
  package let events: UInt64
  package let gaps: Int64

  /// Of every fill, and of what took one back.
  package var fillLeaves: [UInt64] { (fills.map(\.leaf) + brokenFills.flatMap { [$0.leaf, $0.brokenBy] }).sorted() }
  /// Of the journal positions behind the three mids.
  package var midLeaves: [UInt64] {
    var leaves: [UInt64] = []
    for case let leaf? in [decision.leaf, arrival.leaf, close.leaf] where !leaves.contains(leaf) { leaves.append(leaf) }
    return leaves.sorted()
  }
  /// Of the journal position behind what others traded.
  package var intervalLeaves: [UInt64] { interval.leaf.map { [$0] } ?? [] }

  /// What a chart or a figure about fills says of them, and in one word what a row says.
  package var fillsLabel: String { description.fills.label }
  package var rowLabel: String { description.fills.isSimulated ? "simulated" : "shadow" }
}

/// A fill that the venue took back: it counts nowhere.
package struct ReportBrokenFill: Sendable {
  package let record: FillRecord
  package let leaf: UInt64
  package let brokenBy: UInt64
}

extension FillSource {
  package var label: String {
    switch self {
    case .shadow: "shadow, nothing was sent"
    case .model: "simulated by model"
    case .simulated: "simulated venue"
    }
  }
}
