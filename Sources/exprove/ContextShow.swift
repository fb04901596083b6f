// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ArgumentParser
import CivilTime
import ExecutionIR
import Governance
import RunJournal
import TransparencyLog

/// `exprove context fetch`: what the aggregators have made.
struct ContextFetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch",
    abstract: "Fetch a context from an aggregator, check it against the contract, and write it to a file.",
    discussion: """
      EXAMPLE
        exprove context fetch opening.json --out latest.json
      """)

  @Argument(help: ArgumentHelp("The contract.", valueName: "file"))
  var contract: String

  @Option(help: ArgumentHelp("Which revision; the newest where none is named.", valueName: "number"))
  var revision: Int64?

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp("From which aggregator; the first where none is said.", valueName: "leader|helper|sole"))
  var role: ContextAggregate.Role?

  @Option(help: ArgumentHelp("Where it goes.", valueName: "file"))
  var out: String

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    Interrupt.listen()
    try Failure.exit {
      do {
        let contract = try Contexts.contract(contract)
        let client = try AggregatorClient(role.map { try $0.aggregator(contract) } ?? contract.leader)
        defer { client.close() }
        let context = try Contexts.retrying(
          until: .now + .seconds(10), { try client.context(revision, within: $0) })
        let faults = try contract.faults(of: context)
        guard faults.isEmpty else {
          throw RunError.source("the context that came does not hold: \(faults[0])", exitCode: 1)
        }
        try Contexts.write(context.encoded, to: out)
        let made = context.context
        if json {
          return try Console.printJSON(
            .object([
              "file": .string(out), "revision": .wide(made.revision), "digest": .string(made.digest.description),
            ]))
        }
        Console.print("\(out): revision \(made.revision), \(made.digest)")
      } catch { throw Contexts.failure(error) }
    }
  }
}

/// `exprove context show`: a context for people.
struct ContextShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a context: window, contributors, signals, and what it has cost in privacy.",
    discussion: """
      Shows what the file says; `exprove context verify` tells whether it holds.

      EXAMPLE
        exprove context show latest.json
      """)

  @Argument(help: ArgumentHelp("The context.", valueName: "file"))
  var file: String

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      let signed = try Contexts.context(file)
      if json {
        return try Console.printJSON(
          .object([
            "digest": .string(signed.context.digest.description), "context": signed.context.json,
            "signed_by": .array(signed.envelope.signatures.map { .string($0.keyID) }),
          ]))
      }
      ContextShow.tell(signed)
    }
  }

  private static func tell(_ signed: SignedContext) {
    let context = signed.context
    Console.print("\(printable(context.name)), revision \(context.revision): \(context.digest)")
    let end = context.windowStart + context.bucket * Int64(context.buckets)
    Console.print("  observed \(time(context.windowStart)) to \(time(end)), \(context.buckets) buckets")
    Console.print(
      "  speaks from \(time(context.appliesFrom)); signed \(time(context.issuedAt)), holds to \(time(context.expiresAt))"
    )
    Console.print(
      "  \(context.contributors) contributors; \(context.refused) refused, \(context.late) too late; batch \(context.batch)"
    )
    Console.print("  signed by \(signed.envelope.signatures.map { printable($0.keyID) }.joined(separator: " and "))")
    for signal in context.signals {
      Console.print(
        "  \(signal.kind.rawValue) of \(printable(signal.listing.symbol)) at \(printable(signal.listing.venue)), in \(signal.quantum)"
      )
      Console.print("    sums   \(signal.sums.map { String($0) }.joined(separator: " "))")
      Console.print("    means  \(signal.sums.map { mean($0, context.contributors) }.joined(separator: " "))")
      guard let privacy = signal.privacy else { continue }
      let spent = Contexts.decimal(privacy.spent, places: 12)
      let epsilon = Contexts.decimal(privacy.epsilon, places: 6)
      Console.print(
        "    at most ρ = \(spent) of \(Contexts.decimal(privacy.budget, places: 12)) is spent: ε = \(epsilon) at δ = 10^-\(privacy.deltaExponent)"
      )
    }
  }

  private static func time(_ nanoseconds: Int64) -> String {
    TimeText.utc(nanoseconds)
  }

  /// To a tenth, rounded towards zero.
  private static func mean(_ sum: Int64, _ count: Int64) -> String {
    let tenths = Int128(sum) * 10 / Int128(count)
    return Contexts.decimal(Int64(clamping: tenths), places: 1)
  }
}

/// `exprove context verify`: whether a context is what the contract lets it be.
struct ContextVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a context against its contract: the aggregators' signatures, every term, and the one before it.",
    discussion: """
      The contract is what you bring: its aggregators' keys must all have signed. That the sums are right is what those
      signatures say; nobody else can see the contributions. With one aggregator alone it is that one's word. Exit code 0 when all holds, 1 when something does not.

      EXAMPLE
        exprove context verify latest.json --contract opening.json
      """)

  @Argument(help: ArgumentHelp("The context.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("The contract.", valueName: "file"))
  var contract: String

  @Option(help: ArgumentHelp("The context before it.", valueName: "file"))
  var previous: String?

  @Option(
    help: ArgumentHelp("An aggregator's key that you know by other means; the contract must have it.", valueName: "key")
  )
  var vkey: [String] = []

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      do {
        let contract = try Contexts.contract(contract)
        let context = try Contexts.context(file)
        var faults = try contract.faults(of: context, previous: try previous.map { try Contexts.context($0) })
        for text in vkey {
          let key = try Verify.key(text)!
          if !contract.aggregators.map(\.verifier).contains(key) {
            faults.append("the contract names other aggregators than \(key.shortName)")
          }
        }
        let digest = context.context.digest
        if json {
          try Console.printJSON(
            .object([
              "verdict": .string(faults.isEmpty ? "verified" : "failed"), "digest": .string(digest.description),
              "revision": .wide(context.context.revision), "findings": .array(faults.map { .string($0) }),
            ]))
        } else {
          Console.print("verdict: \(faults.isEmpty ? "verified" : "failed")")
          for fault in faults { Console.print("  does not hold: \(printable(fault))") }
          Console.print("context: revision \(context.context.revision), \(digest)")
        }
        if !faults.isEmpty { throw ExitCode(1) }
      } catch let error as ExitCode { throw error } catch let error as ValidationError { throw error } catch {
        throw Contexts.failure(error)
      }
    }
  }
}
