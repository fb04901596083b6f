// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import ExecutionIR
import ExecutionRun
import Foundation
import Governance
import RunJournal
import Testing

@Suite("What sharing a volume curve is worth")
struct ContextStudyTests {
  private static func report(_ seeds: ClosedRange<UInt64>) throws -> StudyReport {
    var opening = try Adapters.opening()
    var outcomes: [ContextStudy.Outcome] = []
    for seed in seeds { outcomes.append(try ContextStudy.outcome(seed: seed, &opening)) }
    return StudyReport(outcomes)
  }

  /// The figure of the command's default, which depends on nothing but the seeds.
  @Test("Over 100 simulated days VWAP by the shared curve is nearer to the market's than by the desk's own or none")
  func tracksBetter() throws {
    let report = try Self.report(1...100)
    print(report.lines.joined(separator: "\n"))
    #expect(report.error.low > 0 && report.errorOfNone.low > 0 && report.distance.low > 0.1)
    #expect(report.outcomes.allSatisfy { $0.own.filled > 0.9 && $0.shared.filled > 0.9 })
    #expect(Set(report.outcomes.map(\.context)).count == 100)
    #expect(report.lines.last == "the shared curve tracks better")
    let json = try JSON.parse(report.json.canonical)
    #expect(json["simulated"] == .bool(true) && json["days"]?.elements?.count == 100)
    let low = try #require(json["error_difference_basis_points"]?["low"]?.text)
    #expect(try ExactDecimal(low).units > 0)
  }

  /// The same seed gives the same day: what the study says can be said again.
  @Test func isRepeatable() throws {
    let first = try Self.report(7...8)
    #expect(try Self.report(7...8).json == first.json)
  }

  /// A day of the study as a run: verified with its contexts, and replayed bit for bit.
  @Test func aDayIsRecorded() throws {
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-study-\(getpid())").path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let desk = try Identity.ephemeral(name: "desk")
    let aggregators = [try Identity.ephemeral(name: "leader"), try Identity.ephemeral(name: "helper")]
    try {
      var opening = try Adapters.opening()
      let run = try ContextStudy.prepare(
        seed: 1, aggregators: aggregators, identity: desk, directory: scratch, now: 5, &opening)
      try run.run()
    }()
    let verified = try RunVerifier.verify(RunDirectory(scratch), key: desk.verifier)
    #expect(verified.verdict == .verified && verified.isFinished, "\(verified.findings)")
    let replayed = try RunReplay.replay(scratch, isolation: .inProcess)
    #expect(replayed.isIdentical && replayed.leaves == Int(verified.leaves), "\(replayed.difference ?? "")")
    let (description, _) = try RunDirectory(scratch).require()
    let signed = try RunDirectory(scratch).sharedContexts(description)
    #expect(signed.map(\.context.contributors) == [Int64(ContextStudy.desks)])
    // The same with another context is another run.
    var opening = try Adapters.opening()
    let others = [aggregators[0], try Identity.ephemeral(name: "helper")]
    #expect(throws: RunError.self) {
      try ContextStudy.prepare(seed: 1, aggregators: others, identity: desk, directory: scratch, now: 5, &opening)
    }
  }

  /// By hand: mean 5.5, standard deviation 3.02765, 9 degrees of freedom, of which t is 2.262157.
  @Test func intervalsAreStudents() {
    let difference = PairedDifference((1...10).map(Double.init))
    #expect(difference.mean == 5.5 && abs(difference.margin - 2.165850) < 1e-3)
    #expect(abs(PairedDifference((1...100).map(Double.init)).margin - 5.756509) < 1e-3)
    #expect(PairedDifference([3]).margin == .infinity && PairedDifference([]).mean == 0)
    #expect(PairedDifference([2, 2, 2]).margin == 0)
  }
}
