// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What a study says, with intervals.
package struct StudyReport: Sendable {
  package let outcomes: [ContextStudy.Outcome]
  /// Own less shared, by seed: positive where the shared curve tracks better.
  package let error: PairedDifference
  package let distance: PairedDifference
  /// No curve less shared, by seed.
  package let errorOfNone: PairedDifference

  package init(_ outcomes: [ContextStudy.Outcome]) {
    self.outcomes = outcomes
    error = PairedDifference(outcomes.map { $0.own.error - $0.shared.error })
    distance = PairedDifference(outcomes.map { $0.own.distance - $0.shared.distance })
    errorOfNone = PairedDifference(outcomes.map { $0.none.error - $0.shared.error })
  }

  /// On how many seeds the shared curve was nearer to the VWAP.
  package var nearer: Int { outcomes.count { $0.shared.error < $0.own.error } }

  private func mean(_ value: (ContextStudy.Outcome) -> Double) -> Double {
    outcomes.reduce(0) { $0 + value($1) } / Double(max(outcomes.count, 1))
  }

  package var lines: [String] {
    func interval(_ difference: PairedDifference) -> String {
      "\(StudyReport.text(difference.mean)), 95 % interval \(StudyReport.text(difference.low)) to "
        + StudyReport.text(difference.high)
    }
    return [
      "\(outcomes.count) days, \(ContextStudy.desks) desks, VWAP over \(ContextStudy.slices) slices, simulated market",
      "distance from the market's VWAP: own curve \(StudyReport.text(mean(\.own.error))) bp, shared "
        + "\(StudyReport.text(mean(\.shared.error))) bp; better by \(interval(error)) bp",
      "distance of schedules, 0 to 1: own curve \(StudyReport.text(mean(\.own.distance))), shared "
        + "\(StudyReport.text(mean(\.shared.distance))); better by \(interval(distance))",
      "without any curve: \(StudyReport.text(mean(\.none.error))) bp from the VWAP, schedules "
        + "\(StudyReport.text(mean(\.none.distance))) apart; the shared curve is better by \(interval(errorOfNone)) bp",
      "cost against the VWAP: own curve \(StudyReport.text(mean(\.own.cost))) bp, shared "
        + "\(StudyReport.text(mean(\.shared.cost))) bp",
      "filled: own curve \(StudyReport.text(100 * mean(\.own.filled))) %, shared "
        + "\(StudyReport.text(100 * mean(\.shared.filled))) %",
      "nearer to the VWAP with the shared curve on \(nearer) of \(outcomes.count) days",
      error.low > 0
        ? "the shared curve tracks better"
        : error.high < 0
          ? "the shared curve tracks worse" : "the interval holds 0: nothing is shown",
    ]
  }

  /// Decimals as strings, to 1e-6.
  package var json: JSON {
    func tracking(_ tracking: ContextStudy.Tracking) -> JSON {
      .object([
        "error_basis_points": StudyReport.json(tracking.error), "cost_basis_points": StudyReport.json(tracking.cost),
        "distance": StudyReport.json(tracking.distance), "filled": StudyReport.json(tracking.filled),
      ])
    }
    func difference(_ difference: PairedDifference) -> JSON {
      .object([
        "mean": StudyReport.json(difference.mean), "low": StudyReport.json(difference.low),
        "high": StudyReport.json(difference.high),
      ])
    }
    return .object([
      "format": .string("exprove-context-study/1"), "simulated": .bool(true),
      "desks": .integer(Int64(ContextStudy.desks)), "slices": .integer(Int64(ContextStudy.slices)),
      "seeds": .integer(Int64(outcomes.count)), "confidence": .string("0.95"), "nearer": .integer(Int64(nearer)),
      "error_difference_basis_points": difference(error), "distance_difference": difference(distance),
      "error_difference_without_curve_basis_points": difference(errorOfNone),
      "days": .array(
        outcomes.map {
          .object([
            "seed": .wide($0.seed), "own": tracking($0.own), "shared": tracking($0.shared), "none": tracking($0.none),
            "context": .string($0.context.description),
          ])
        }),
    ])
  }

  private static func json(_ value: Double) -> JSON {
    .string(FixedPoint.text(Int64((value * 1_000_000).rounded()), scale: 6))
  }

  private static func text(_ value: Double) -> String { FixedPoint.text(Int64((value * 1_000).rounded()), scale: 3) }
}
