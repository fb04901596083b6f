// SPDX-License-Identifier: Apache-2.0

import ExecutionEngine
import ExecutionIR
import Governance
import Testing

/// Decisions that vendors' functions are asked about. The test answers for them.
@Suite("Vendors' functions, through the engine")
struct VendorFunctionTests {
  private static func function(_ name: String) throws -> VendorFunction {
    try VendorFunction(
      name: name, file: "rules.so", library: Digest(of: Array(name.utf8)), symbol: name,
      signature: HookSignature(parsing: "int64(const exprove_plan_delta *, int64)"), values: [5])
  }

  private static func bench(hooks: [String] = [], terms: [String] = []) throws -> Bench {
    var scene = Scene()
    scene.objective = .implementationShortfall(riskAversion: ExactDecimal(units: 1, scale: 6))
    scene.variance = "0.0004"
    let task = try scene.task()
    let plain = try scene.configuration()
    let configuration = EngineConfiguration(
      task: try LocalExecutionTask(
        id: task.id, account: task.account, capacity: task.capacity, instrument: task.instrument,
        currency: task.currency, side: task.side, quantity: task.quantity, window: task.window,
        objective: task.objective, slicing: task.slicing, participation: task.participation, limit: task.limit,
        venues: task.venues, referenceVenues: [], algorithm: task.algorithm, terms: terms.map(function)),
      reference: plain.reference,
      policy: Policy(
        name: "test", version: "1", priceCollar: nil, maximumOrderValue: nil, maximumOrderQuantity: nil,
        participation: nil, restricted: [], messageRate: nil, preventsOwnCrossing: true, maximumBookAge: nil,
        hooks: try hooks.map(function)),
      feeds: plain.feeds, fills: plain.fills, prior: nil, seed: 1)
    var bench = try Bench(scene, configuration)
    for frame in opening(scene) { try bench.step(frame) }
    return bench
  }

  @Test func aDecisionWaitsForItsAnswers() throws {
    var bench = try VendorFunctionTests.bench(hooks: ["first", "second"])
    let asked = try bench.decide()
    #expect(asked.statements.map(\.kind) == [.context, .plan] && asked.intents.isEmpty && !asked.isPublishing)
    let first = bench.question
    let question = try #require(first)
    #expect(question.function.name == "first" && question.purpose == .policy && question.number == 0)
    #expect(asked.statements[1].body == question.delta.json)
    // Nothing else comes before the answers.
    #expect(throws: EngineError.self) { try bench.decide() }
    #expect(throws: EngineError.self) { try bench.step([]) }
    let between = try bench.answer(.answered(0))
    #expect(between.statements.map(\.kind) == [.hook] && bench.question?.function.name == "second")
    let done = try bench.answer(.answered(0))
    #expect(done.statements.map(\.kind) == [.hook, .order, .order] && done.intents.count == 2 && done.isPublishing)
    #expect(bench.question == nil)
    #expect(throws: EngineError.self) { try bench.answer(.answered(0)) }
    // The looks within the slice are not asked about.
    try bench.decide()
    #expect(bench.question == nil)
  }

  @Test(arguments: [HookOutcome.answered(1), .answered(-1), .failed(kind: "overdue", text: "it took too long")])
  func oneObjectionDenies(outcome: HookOutcome) throws {
    var bench = try VendorFunctionTests.bench(hooks: ["first", "second"])
    try bench.decide()
    // All are asked even when one denies, so that the record shows the whole.
    try bench.answer(outcome)
    let done = try bench.answer(.answered(0))
    #expect(done.intents.isEmpty && done.statements.map(\.kind) == [.hook])
    #expect(bench.record.bodies(.hook).map { $0["verdict"]?.text } == ["deny", "allow"])
    for _ in 1..<EngineConfiguration.looksPerSlice { #expect(try bench.decide().intents.isEmpty) }
    // The next slice takes up what was not sent.
    try bench.decide()
    #expect(bench.question?.delta.remaining == 4000)
    try bench.answer(.answered(0))
    #expect(try !bench.answer(.answered(0)).intents.isEmpty)
  }

  @Test func termsChooseAmongPlans() throws {
    var bench = try VendorFunctionTests.bench(terms: ["toxicity"])
    let asked = try bench.decide()
    #expect(asked.statements.map(\.kind) == [.context])
    // The objective's own plan, either venue left out, both left out.
    var shown: [PlanDelta] = []
    while let question = bench.question {
      shown.append(question.delta)
      // Whatever goes to V0 now is dear.
      try bench.answer(.answered(question.delta.routing.contains { $0.venue == 0 } ? 1 << 60 : 0))
    }
    #expect(shown.map { $0.routing.map(\.venue) } == [[0, 1], [1], [0], []])
    let plan = try #require(try bench.record.plans().first)
    #expect(plan.alternatives.map(\.leavesOut) == [[], [0], [1], [0, 1]])
    #expect(plan.alternatives.map(\.prices) == [[1 << 60], [0], [1 << 60], [0]])
    let objectives = plan.alternatives.map(\.objective)
    #expect(objectives == shown.map { $0.terms.objective } && objectives.min() == objectives[0])
    let totals = plan.alternatives.map { $0.total ?? .max }
    #expect(plan.chosen == totals.firstIndex(of: totals.min()!) && !plan.routing.contains { $0.venue == 0 })
    #expect(plan.explanation.contains { $0.hasPrefix("chosen: nothing now to V0") && $0.contains("toxicity 0") })
    #expect(try PlanDelta(json: plan.json) == plan)
    #expect(bench.record.intents.allSatisfy { $0.venue == 1 })
  }

  /// Where a term says nothing, no plan can be priced: the objective's own stands in the record, and is denied.
  @Test func aTermThatFailsDenies() throws {
    var bench = try VendorFunctionTests.bench(hooks: ["rule"], terms: ["toxicity"])
    try bench.decide()
    try bench.answer(.failed(kind: "crashed", text: "SIGSEGV"))
    while bench.question?.purpose == .term { try bench.answer(.answered(0)) }
    let plan = try #require(try bench.record.plans().first)
    #expect(plan.alternatives.isEmpty && !plan.routing.isEmpty)
    #expect(try bench.answer(.answered(0)).intents.isEmpty)
  }

  /// With no function to ask nothing of a run's bytes is other than before.
  @Test func withoutFunctionsNothingIsSaid() throws {
    var bench = try VendorFunctionTests.bench()
    let output = try bench.decide()
    #expect(output.statements.map(\.kind) == [.context, .plan, .order, .order] && output.isPublishing)
    let names = Set(output.statements[1].body.members?.keys.sorted() ?? [])
    #expect(names.isDisjoint(with: ["alternatives", "chosen"]))
    #expect(try bench.scene.task().json["terms"] == nil)
    #expect(bench.scene.policy.json["hooks"] == nil)
  }

  @Test func outcomesAreReadAsTheyAreWritten() throws {
    for outcome in [HookOutcome.answered(.min), .answered(.max), .answered(0), .failed(kind: "ended", text: "é")] {
      #expect(try HookOutcome(json: outcome.json, path: "") == outcome)
    }
    for text in [
      "{}", #"{"answer":1,"failed":"x","text":""}"#, #"{"answer":1.5}"#, #"{"failed":"x"}"#, #"{"answer":"01"}"#,
    ] {
      #expect(throws: (any Error).self) { try HookOutcome(json: JSON.parse(Array(text.utf8)), path: "") }
    }
  }
}
