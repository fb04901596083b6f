// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import ExecutionSolver

/// Solves a schedule problem to its optimum in whole lots, with its exact terms.
final class PlanSolve: Contestant {
  private let problem: ScheduleProblem
  private let optimum: Int128?
  /// Whether each solution begins with coefficients that are still to be checked, as for a solver that is set up anew.
  private let withSetup: Bool

  init(_ json: JSON, withSetup: Bool) throws {
    problem = try ScheduleProblem(json: json)
    optimum = json["optimum"]?.integer()
    self.withSetup = withSetup
  }

  func pass() throws -> Pass {
    var watch = Stopwatch()
    var objective: Int128 = 0
    let count = 200
    try watch.measure {
      for _ in 0..<count { objective = try (withSetup ? setUp() : problem).solve().objective }
    }
    guard objective == optimum else {
      throw BenchmarkError("the plan costs \(objective), the optimum is \(optimum.map(\.description) ?? "not stated")")
    }
    return Pass(units: count, nanoseconds: watch.nanoseconds, answer: "")
  }

  private func setUp() throws -> ScheduleProblem {
    try ScheduleProblem(
      slices: problem.slices, venues: problem.venues, lots: problem.lots, impact: problem.impact, fee: problem.fee,
      cap: problem.cap, risk: problem.risk)
  }
}
