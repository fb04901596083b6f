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
        _ = try PeerAddress(contract.helper.address)
        let size = try contract.reportSize()
        let prices = try contract.prices()
        if json { return try Console.printJSON(ContextContract.object(contract, size, prices)) }
        ContextContract.tell(contract, size, prices)
      } catch { throw Contexts.failure(error) }
    }
  }

  private typealias Size = (whole: Int, signals: [Int])

  private static func object(
    _ contract: AggregationContract, _ size: Size, _ prices: [AggregationContract.Price?]
  ) -> JSON {
    let signals = zip(zip(contract.signals, prices), size.signals).map { pair, bytes -> JSON in
      let (signal, price) = pair
      var members: [String: JSON] = [
        "kind": .string(signal.kind.rawValue), "venue": .string(signal.listing.venue),
        "symbol": .string(signal.listing.symbol), "quantum": signal.quantum.json, "maximum": .wide(signal.maximum),
        "bytes": .integer(Int64(bytes)),
      ]
      if let price {
        members["rho"] = .string(Contexts.decimal(price.cost, places: 12))
        members["epsilon"] = .string(Contexts.decimal(price.epsilon, places: 6))
        members["budget_epsilon"] = .string(Contexts.decimal(price.budgetEpsilon, places: 6))
        members["batches"] = .wide(price.batches)
      }
      return .object(members)
    }
    return .object([
      "name": .string(contract.name), "digest": .string(contract.digest.description),
      "contributors": .integer(Int64(contract.contributors.count)), "minimum": .integer(Int64(contract.minimum)),
      "windows": .integer(Int64(contract.windows)), "first": .wide(contract.first),
      "last_end": .wide(contract.windowEnd(contract.windows - 1)), "report_bytes": .integer(Int64(size.whole)),
      "signals": .array(signals),
    ])
  }

  private static func tell(
    _ contract: AggregationContract, _ size: Size, _ prices: [AggregationContract.Price?]
  ) {
    Console.print("\(printable(contract.name)): \(contract.digest)")
    Console.print("  leader  \(contract.leader.verifier.name) at \(printable(contract.leader.address))")
    Console.print("  helper  \(contract.helper.verifier.name) at \(printable(contract.helper.address))")
    Console.print(
      "  \(contract.contributors.count) contributors; sums are shown of \(contract.minimum) or more together")
    Console.print(
      "  \(contract.windows) windows of \(contract.buckets) buckets, from \(contract.first) to \(contract.windowEnd(contract.windows - 1))"
    )
    Console.print("  \(size.whole) bytes a report")
    for (signal, price) in zip(contract.signals, prices) {
      let listing = "\(printable(signal.listing.symbol)) at \(printable(signal.listing.venue))"
      Console.print("  \(signal.kind.rawValue) of \(listing)")
      Console.print("    one contribution: 0 to \(signal.maximum) times \(signal.quantum) a bucket, proven to be so")
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
}
