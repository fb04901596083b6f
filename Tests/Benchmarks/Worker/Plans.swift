// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import ExecutionSolver

/// Solves a schedule problem to its optimum in whole lots, from coefficients to quantities and the exact terms.
final class PlanSolve: Contestant {
  private let problem: ScheduleProblem
  private let optimum: Int128?

  init(_ json: JSON) throws {
    problem = try ScheduleProblem(json: json)
    optimum = json["optimum"]?.integer()
  }

  func pass() throws -> Pass {
    var watch = Stopwatch()
    var objective: Int128 = 0
    let count = 200
    try watch.measure {
      for _ in 0..<count { objective = try problem.solve().objective }
    }
    guard objective == optimum else {
      throw BenchmarkError("the plan costs \(objective), the optimum is \(optimum.map(\.description) ?? "not stated")")
    }
    return Pass(units: count, nanoseconds: watch.nanoseconds, answer: "\(objective)")
  }
}
