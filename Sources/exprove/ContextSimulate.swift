// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ArgumentParser
import ExecutionIR
import FoundationEssentials
import Governance
import RunJournal

/// `exprove context simulate`: everybody in one process.
struct ContextSimulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Play a whole aggregation in one process: the sum is right, liars are refused, and who saw what.",
    discussion: """
      Desks, both aggregators, those who cheat and those who stay away are played with the real protocol. The desks' numbers
      follow from --seed; keys, proofs and noise are fresh each time. Exit code 1 when the sum is not that of the honest
      (with noise: when it is off by more than noise explains).

      With --method one-aggregator desks mask their numbers instead: liars lie in the protocol and are named or harmless, the
      silent leave in different rounds, and what this method cannot prevent, a value out of range, is shown too.

      EXAMPLE
        exprove context simulate --desks 40 --malicious 3 --dropouts 5
        exprove context simulate --method one-aggregator --desks 40 --malicious 3 --dropouts 5
      """)

  enum Method: String, ExpressibleByArgument, CaseIterable {
    case two = "two-aggregators"
    case one = "one-aggregator"
  }

  @Option(help: ArgumentHelp("How the desks' numbers are hidden.", valueName: "two-aggregators|one-aggregator"))
  var method = Method.two

  @Option(help: ArgumentHelp("How many desks the contract has.", valueName: "count"))
  var desks = 40

  @Option(help: ArgumentHelp("How many of them cheat.", valueName: "count"))
  var malicious = 3

  @Option(help: ArgumentHelp("How many of them stay away.", valueName: "count"))
  var dropouts = 5

  @Option(help: ArgumentHelp("Buckets of time in the window.", valueName: "count"))
  var buckets = 12

  @Option(help: ArgumentHelp("The most that a desk can add to a bucket.", valueName: "quanta"))
  var maximum: Int64 = 1000

  @Option(
    help: ArgumentHelp("Variance of the discrete Gaussian noise of each aggregator; 0 for none.", valueName: "quanta²"))
  var noise: Int64 = 0

  @Option(help: ArgumentHelp("From which the desks' numbers follow.", valueName: "number"))
  var seed: UInt64 = 1

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func validate() throws {
    guard (1...AggregationContract.mostContributors).contains(desks), (1...4096).contains(buckets),
      (1...Int64(UInt32.max)).contains(maximum), (0...(1 << 60)).contains(noise)
    else {
      throw ValidationError(
        "--desks, --buckets and --maximum must be above 0, --noise not below, and none beyond reason")
    }
    guard method == .two || noise == 0 else { throw ValidationError("one aggregator alone adds no noise") }
  }

  func run() throws {
    try Failure.exit {
      do {
        if method == .one { return try playMasked() }
        let rehearsal = try Rehearsal(
          desks: desks, malicious: malicious, dropouts: dropouts, buckets: buckets, maximum: maximum,
          noise: noise == 0 ? .none : .discreteGaussian(variance: noise), seed: seed)
        let directory = ContextSimulate.scratch()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let outcome = try rehearsal.run(in: directory) { progress in
          if case .checked(_, let count, let reports) = progress {
            Console.progress("\(count) of \(reports) reports checked")
          }
        }
        if json { try Console.printJSON(outcome.json) } else { tell(outcome) }
        if !holds(outcome) { throw ExitCode(1) }
      } catch let error as ExitCode { throw error } catch { throw Contexts.failure(error) }
    }
  }

  /// Exact without noise; with it, within ten standard deviations of both aggregators' noise, which one draw in 10²³ is not.
  private func holds(_ outcome: Rehearsal.Outcome) -> Bool {
    guard outcome.refused.count == malicious, outcome.missing.count == dropouts else { return false }
    let difference = Int128(outcome.largestDifference)
    return noise == 0 ? difference == 0 : difference * difference <= 200 * Int128(noise)
  }

  private func tell(_ outcome: Rehearsal.Outcome) {
    let context = outcome.signed.context
    Console.print(
      "\(context.contributors) of \(desks) desks are in the sum; \(outcome.refused.count) refused, \(outcome.missing.count) absent"
    )
    Console.print("  the sum of the honest  \(outcome.exact.map { String($0) }.joined(separator: " "))")
    Console.print("  the context says       \(outcome.sums.map { String($0) }.joined(separator: " "))")
    Console.print(
      noise == 0
        ? "  they are \(outcome.largestDifference == 0 ? "equal" : "NOT equal")"
        : "  they differ by \(outcome.largestDifference) at most, which is noise of variance \(noise) from each aggregator"
    )
    for refused in outcome.refused {
      Console.print("  refused: \(refused.desk), \(refused.misconduct.rawValue): \(refused.refusal)")
    }
    for view in outcome.views {
      Console.print("  what the \(view.party) saw:".replacing("the each", with: "each"))
      for item in view.seen { Console.print("    \(item.bytes) bytes: \(item.what)") }
    }
    Console.print("  the lowest bit of desk-1's first number is \(outcome.bit.value); of it,")
    Console.print("    the leader holds  \(outcome.bit.leader)")
    Console.print("    the helper holds  \(outcome.bit.helper)")
  }

  private func playMasked() throws {
    let rehearsal = try MaskedRehearsal(
      desks: desks, malicious: malicious, dropouts: dropouts, buckets: buckets, maximum: maximum, seed: seed)
    let directory = ContextSimulate.scratch()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let outcome = try rehearsal.run(in: directory) { progress in
      if case .closed(_, let round, let count) = progress {
        Console.progress("the round of \(round) is over, \(count) are left")
      }
    }
    if json { try Console.printJSON(outcome.json) } else { tell(outcome) }
    let areNamed = outcome.liars.allSatisfy { ($0.refusal != nil) == $0.misconduct.isNamed }
    if !outcome.isExact || !areNamed { throw ExitCode(1) }
  }

  private func tell(_ outcome: MaskedRehearsal.Outcome) {
    Console.print(
      "\(outcome.signed.context.contributors) of \(desks) desks are in the sum, which one aggregator has made")
    Console.print("  their exact sum    \(outcome.exact.map { String($0) }.joined(separator: " "))")
    Console.print("  the context says   \(outcome.sums.map { String($0) }.joined(separator: " "))")
    Console.print("  they are \(outcome.isExact ? "equal" : "NOT equal")")
    for liar in outcome.liars {
      let place = liar.isInTheSum ? "its numbers are in the sum" : "it is not in the sum"
      Console.print(
        "  \(liar.desk), \(liar.misconduct.rawValue): \(liar.refusal ?? "not refused, and no harm done"); \(place)")
    }
    for silent in outcome.silent {
      Console.print(
        "  \(silent.desk) fell silent in round \(silent.round): its numbers are \(silent.round > 3 ? "in" : "not in") the sum"
      )
    }
    Console.print("  what this method does not prevent, each in a window of its own:")
    Console.print("    a desk out of range by a little: the sum is wrong by \(outcome.unnoticed), and nobody notices")
    Console.print("    a desk out of range by 2^60: nothing is shown; \(outcome.spoiled)")
  }

  /// A directory of its own for what the aggregators keep.
  private static func scratch() -> String {
    FileManager.default.temporaryDirectory.path + "/exprove-rehearsal-" + UUID().uuidString
  }
}
