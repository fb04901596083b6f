// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ExecutionIR
import ExecutionRun
import ExecutionSolver
import RunJournal

/// `exprove plan`: the solver alone.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Plan a task in a given market context, or solve a schedule problem.",
    discussion: """
      EXAMPLES
        exprove plan --task buy.exprove --context context.json --explain
        exprove plan --problem problem.json --json
      """)

  @Option(help: ArgumentHelp("The task: an .exprove file with exactly one task.", valueName: "file"))
  var task: String?

  @Option(help: ArgumentHelp("The context of a decision, as a run's ledger holds it.", valueName: "file"))
  var context: String?

  @Option(help: ArgumentHelp("A schedule problem with integer coefficients.", valueName: "file"))
  var problem: String?

  @Flag(help: "Say why, in plain words.")
  var explain = false

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    guard (problem == nil) != (task == nil) else {
      throw ValidationError("give either --task with --context, or --problem")
    }
    guard task == nil || context != nil else {
      throw ValidationError("--task needs --context: what the market is like")
    }
  }

  func run() throws {
    try Failure.exit {
      if let problem { return try solve(problem) }
      guard let task, let context else { return }
      let order = try RunSetup.task(task, reference: nil)
      let bytes = try RunSetup.read(context)
      let decision: PlannedDecision
      do {
        let market = try DecisionContext(json: try JSON.parse(bytes))
        decision = try Planner.plan(
          task: order, context: market,
          previous: Plan(slices: market.slices, venues: market.venues.count, scale: market.scale),
          sequence: 0, decidedAt: max(market.asOf, order.window.start), currentSlice: 0,
          remaining: try order.quantity.units(atScale: market.scale))
      } catch {
        throw RunError.badInput("\(context): \(error)")
      }
      if !order.terms.isEmpty {
        Console.note("exprove: the task's own terms are asked in a run only; this is the objective's own plan")
      }
      if json { return try Console.printJSON(decision.delta.json) }
      for line in explain ? decision.delta.explanation : [decision.delta.explanation.first ?? ""] {
        Console.print(line)
      }
      for change in decision.delta.changes {
        Console.print(
          "slice \(change.slice)\t\(order.venues[change.venue].venue)\t"
            + FixedPoint.text(change.quantity, scale: decision.plan.scale))
      }
    }
  }

  private func solve(_ path: String) throws {
    let bytes = try RunSetup.read(path)
    do {
      let schedule = try ScheduleProblem(json: try JSON.parse(bytes))
      let solution = try schedule.solve()
      let result = solution.json(for: schedule)
      if json { return try Console.printJSON(result) }
      Console.print("objective \(solution.objective)")
    } catch {
      throw RunError.badInput("\(path): \(error)")
    }
  }
}
