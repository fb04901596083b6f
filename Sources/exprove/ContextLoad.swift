// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ArgumentParser
import ExecutionIR
import Governance
import RunJournal

/// `exprove context desks`: contributors for a rehearsal.
struct ContextDesks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "desks",
    abstract: "Make many identities for a rehearsal, and print the list that goes into its contract.",
    discussion: """
      They are called PREFIX-0, PREFIX-1 and so on, and are made where there are none.

      EXAMPLE
        exprove context desks rehearsal/desk 40
      """)

  @Argument(help: ArgumentHelp("What all names begin with.", valueName: "prefix"))
  var prefix: String

  @Argument(help: ArgumentHelp("How many.", valueName: "count"))
  var count: Int

  func validate() throws {
    guard (1...AggregationContract.mostContributors).contains(count) else {
      throw ValidationError("1 to \(AggregationContract.mostContributors) can be made")
    }
  }

  func run() throws {
    try Failure.exit {
      do {
        let home = try Contexts.home()
        let keys = try (0..<count).map {
          try Identity.loadOrCreate(name: "\(prefix)-\($0)", home: home.path).publicVerifierKey
        }
        try Console.printJSON(.array(keys.map { .string($0) }))
      } catch { throw Contexts.failure(error) }
    }
  }
}

/// `exprove context load`: many desks in one process, for a rehearsal with real aggregators.
struct ContextLoad: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Play many desks of a rehearsal: made-up values, some cheating, some silent; print what the sum must be.",
    discussion: """
      Who cheats, how, who is silent and what the others contribute follow from --seed and the window, and so does the sum.

      EXAMPLE
        exprove context load rehearsal.json --prefix rehearsal/desk --desks 40 --malicious 3 --dropouts 5 --window 0
      """)

  @Argument(help: ArgumentHelp("The contract.", valueName: "file"))
  var contract: String

  @Option(help: ArgumentHelp("What the desks' names begin with.", valueName: "prefix"))
  var prefix: String

  @Option(help: ArgumentHelp("How many desks there are.", valueName: "count"))
  var desks: Int

  @Option(help: ArgumentHelp("How many of them cheat.", valueName: "count"))
  var malicious = 0

  @Option(help: ArgumentHelp("How many of them send nothing.", valueName: "count"))
  var dropouts = 0

  @Option(help: ArgumentHelp("From which all choices follow.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(help: ArgumentHelp("For which window of the contract.", valueName: "number"))
  var window: Int

  @Option(help: ArgumentHelp("How many seconds to go on trying.", valueName: "seconds"))
  var patience = 120

  func validate() throws {
    guard desks >= 1, malicious >= 0, dropouts >= 0, malicious + dropouts <= desks else {
      throw ValidationError("there must be as many --desks as --malicious and --dropouts together")
    }
  }

  func run() throws {
    Interrupt.listen()
    try Failure.exit {
      do { try play() } catch { throw Contexts.failure(error) }
    }
  }

  private func play() throws {
    let contract = try Contexts.contract(contract)
    let home = try Contexts.home()
    let deadline = ContinuousClock.now + .seconds(patience)
    let leader = try AggregatorClient(contract.leader)
    guard let second = contract.helper else {
      throw RunError.usage(
        "desks are played for two aggregators; for one, each desk contributes in a process of its own")
    }
    let helper = try AggregatorClient(second)
    defer {
      leader.close()
      helper.close()
    }
    let leaderKeys = try Contexts.retrying(until: deadline, { try leader.keys(within: $0) })
    let helperKeys = try Contexts.retrying(until: deadline, { try helper.keys(within: $0) })
    var generator = RehearsalGenerator(state: seed &* 0x1_0000_0001 &+ UInt64(window))
    let order = Array(0..<desks).shuffled(using: &generator)
    let silent = Set(order.prefix(dropouts))
    let cheats = Dictionary(
      uniqueKeysWithValues: order.dropFirst(dropouts).prefix(malicious).enumerated().map {
        ($1, Misconduct.allCases[$0 % Misconduct.allCases.count])
      })
    var sums = contract.signals.map { _ in [Int64](repeating: 0, count: contract.buckets) }
    var reports: [[UInt8]] = []
    var cheating: [JSON] = []
    for number in 0..<desks where !silent.contains(number) {
      let values = contract.signals.map { signal in
        (0..<contract.buckets).map { _ in Int64.random(in: 0...signal.maximum, using: &generator) }
      }
      let desk = try Contributor(contract, identity: try Contexts.identity("\(prefix)-\(number)", in: home))
      if let misconduct = cheats[number] {
        reports.append(
          try desk.report(
            values, window: window, leader: leaderKeys.newest, helper: helperKeys.newest, misconduct: misconduct
          ).encoded)
        cheating.append(
          .object([
            "contributor": .integer(Int64(desk.number)), "misconduct": .string(misconduct.rawValue),
            "reason": .string(misconduct.refusal.name),
          ]))
      } else {
        for (signal, list) in values.enumerated() {
          for (bucket, value) in list.enumerated() { sums[signal][bucket] += value }
        }
        reports.append(
          try desk.report(values, window: window, leader: leaderKeys.newest, helper: helperKeys.newest).encoded)
      }
      Console.progress("\(reports.count) of \(desks - dropouts) reports made")
    }
    var refused: [String: JSON] = [:]
    for start in stride(from: 0, to: reports.count, by: ContextLoad.atOnce) {
      let part = Array(reports[start..<min(start + ContextLoad.atOnce, reports.count)])
      let answers = try Contexts.retrying(
        until: deadline, { try leader.upload(part, within: $0) }, again: { $0.contains(.tooEarly) })
      for refusal in answers {
        guard let name = refusal?.name else { continue }
        refused[name] = .integer((refused[name]?.integer() ?? 0) + 1)
      }
    }
    try Console.printJSON(
      .object([
        "window": .integer(Int64(window)), "sent": .integer(Int64(reports.count)),
        "honest": .integer(Int64(reports.count - cheats.count)), "silent": .integer(Int64(silent.count)),
        "sums": .array(sums.map { .array($0.map { .wide($0) }) }), "cheating": .array(cheating),
        "refused": .object(refused),
      ]))
  }

  /// Reports in one request.
  private static let atOnce = 50
}

/// A small generator with a seed, so that a rehearsal can be repeated (SplitMix64: Steele, Lea and Flood 2014).
private struct RehearsalGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
