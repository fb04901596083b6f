// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ArgumentParser
import ExecutionIR
import Governance
import RunJournal
import TransparencyLog

/// `exprove context aggregator`: who adds up.
struct ContextAggregator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aggregator",
    abstract: "Make or show an aggregator's keys and certificate, and print what goes into a contract.",
    discussion: """
      Identity, keys and certificate are files of mode 0600 in $EXPROVE_HOME, or ~/.exprove; they are made where there are
      none. What is printed is public: the object that stands as "leader" or "helper" in a contract.
      Where there is one aggregator alone, it stands as "leader", and there is no helper.

      EXAMPLE
        exprove context aggregator example.com/leader --address https://leader.example.com:8800
      """)

  @Argument(help: ArgumentHelp("The aggregator's name, as of an identity.", valueName: "name"))
  var name: String

  @Option(help: ArgumentHelp("Where it will answer.", valueName: "https://host:port"))
  var address = "https://localhost:8800"

  @Flag(help: "Add a fresh encryption key; what is sealed to the seven before it still opens.")
  var rotate = false

  @Flag(help: "The same: one JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      do {
        let address = try PeerAddress(address)
        let home = try Contexts.home()
        let identity = try Identity.loadOrCreate(name: name, home: home.path)
        var keys = try AggregatorKeys.loadOrCreate(identity, home: home.path)
        if rotate { keys = try AggregatorKeys.rotate(identity, home: home.path) }
        let certificate = try Contexts.certificate(name, in: home)
        let aggregator = AggregationContract.Aggregator(
          verifier: identity.verifier, agreement: keys.agreementKey, address: address.description,
          certificate: certificate.pin)
        try Console.printJSON(aggregator.json)
      } catch { throw Contexts.failure(error) }
    }
  }
}

/// `exprove context contract`: what one agrees to.
struct ContextContract: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contract",
    abstract: "Check a contract, and tell what it means: digest, windows, size of a report, price in privacy.",
    discussion: """
      EXAMPLE
        exprove context contract opening.json
      """)

  @Argument(help: ArgumentHelp("The contract.", valueName: "file"))
  var file: String

  @Flag(help: "One JSON object on standard output.")
  var json = false

  func run() throws {
    try Failure.exit {
      do {
        let contract = try Contexts.contract(file)
        _ = try PeerAddress(contract.leader.address)
        if let helper = contract.helper { _ = try PeerAddress(helper.address) }
        let size = contract.helper == nil ? nil : try contract.reportSize()
        let prices = try contract.prices()
        if json { return try Console.printJSON(ContextContract.object(contract, size, prices)) }
        ContextContract.tell(contract, size, prices)
      } catch { throw Contexts.failure(error) }
    }
  }

  /// Of a report; nil where there are rounds of a masked sum instead.
  private typealias Size = (whole: Int, signals: [Int])?

  private static func object(
    _ contract: AggregationContract, _ size: Size, _ prices: [AggregationContract.Price?]
  ) -> JSON {
    let signals = contract.signals.indices.map { index -> JSON in
      let (signal, price) = (contract.signals[index], prices[index])
      var members: [String: JSON] = [
        "kind": .string(signal.kind.rawValue), "venue": .string(signal.listing.venue),
        "symbol": .string(signal.listing.symbol), "quantum": signal.quantum.json, "maximum": .wide(signal.maximum),
      ]
      if let size { members["bytes"] = .integer(Int64(size.signals[index])) }
      if let price {
        members["rho"] = .string(Contexts.decimal(price.cost, places: 12))
        members["epsilon"] = .string(Contexts.decimal(price.epsilon, places: 6))
        members["budget_epsilon"] = .string(Contexts.decimal(price.budgetEpsilon, places: 6))
        members["batches"] = .wide(price.batches)
      }
      return .object(members)
    }
    var members: [String: JSON] = [
      "name": .string(contract.name), "digest": .string(contract.digest.description),
      "contributors": .integer(Int64(contract.contributors.count)), "minimum": .integer(Int64(contract.minimum)),
      "windows": .integer(Int64(contract.windows)), "first": .wide(contract.first),
      "last_end": .wide(contract.windowEnd(contract.windows - 1)), "method": .string(contract.method.rawValue),
      "signals": .array(signals),
    ]
    if let size { members["report_bytes"] = .integer(Int64(size.whole)) }
    if let rounds = contract.rounds {
      members["threshold"] = .integer(Int64(rounds.threshold))
      members["round_lasts"] = .wide(rounds.lasts)
    }
    return .object(members)
  }

  private static func tell(
    _ contract: AggregationContract, _ size: Size, _ prices: [AggregationContract.Price?]
  ) {
    Console.print("\(printable(contract.name)): \(contract.digest)")
    for (role, aggregator) in zip(contract.helper == nil ? ["sole  "] : ["leader", "helper"], contract.aggregators) {
      Console.print("  \(role)  \(aggregator.verifier.name) at \(printable(aggregator.address))")
    }
    Console.print(
      "  \(contract.contributors.count) contributors; sums are shown of \(contract.minimum) or more together")
    Console.print(
      "  \(contract.windows) windows of \(contract.buckets) buckets, from \(contract.first) to \(contract.windowEnd(contract.windows - 1))"
    )
    if let size { Console.print("  \(size.whole) bytes a report") }
    if let rounds = contract.rounds { warn(rounds, contract) }
    for (signal, price) in zip(contract.signals, prices) {
      let listing = "\(printable(signal.listing.symbol)) at \(printable(signal.listing.venue))"
      Console.print("  \(signal.kind.rawValue) of \(listing)")
      Console.print(
        "    one contribution: 0 to \(signal.maximum) times \(signal.quantum) a bucket, \(size == nil ? "and nothing proves it" : "proven to be so")"
      )
      guard let price else {
        Console.print("    no noise: whoever knows all other contributions knows the last one")
        continue
      }
      let cost = Contexts.decimal(price.cost, places: 12)
      let epsilon = Contexts.decimal(price.epsilon, places: 6)
      Console.print("    one batch costs ρ = \(cost), ε = \(epsilon) at δ = 10^-\(signal.deltaExponent)")
      let all = Contexts.decimal(price.budgetEpsilon, places: 6)
      Console.print("    the budget allows \(price.batches) batches, ε = \(all) in all")
    }
  }

  /// What one aggregator promises less than two; PRIVACY.md says it at length.
  private static func warn(_ rounds: AggregationContract.Rounds, _ contract: AggregationContract) {
    Console.print("  one aggregator alone promises less (PRIVACY.md, \"One aggregator\"):")
    Console.print(
      "    no contribution is proven to be in range: one desk can make a sum wrong, and nobody can tell which")
    Console.print("    no noise is added, and the sum is as the aggregator says: no other party checks it")
    Console.print(
      "    \(rounds.threshold) of \(contract.contributors.count) desks must stay through five rounds; with too many of them the aggregator can read the others"
    )
  }
}
