// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import AggregationService
import ArgumentParser
import ExecutionIR
import Governance
import RunJournal

/// `exprove context contribute` for a contract with one aggregator alone: the rounds of a masked sum.
extension ContextContribute {
  func mask(_ contract: AggregationContract, _ window: Int, _ home: KeyHome) throws {
    let key = try Contexts.identity(identity, in: home)
    let values = try values.map { try ContextContribute.values($0, contract) } ?? read(contract, window)
    let desk = try MaskedContribution(
      contract, identity: key, window: window, values: values,
      memory: .open(
        directory: "\(home.path)/contributions/\(contract.digest)/\(Identity.fileName(identity))", contract: contract))
    let deadline = ContinuousClock.now + .seconds(patience)
    let aggregator = try AggregatorClient(contract.leader)
    defer { aggregator.close() }
    var standing = ""
    while true {
      let request = try desk.request()
      let answer = try Contexts.retrying(until: deadline, { try aggregator.masked(request, within: $0) })
      switch try desk.take(answer) {
      case .released(let signed): return try tell(contract, window, signed, nil)
      case .over(let reason):
        try tell(contract, window, nil, reason)
        throw ExitCode(1)
      case .send(let soon):
        if desk.standing != standing {
          standing = desk.standing
          Console.note("window \(window): \(printable(standing))")
        }
        if Interrupt.happened {
          throw RunError.interrupted(
            "interrupted; the same command takes part in the window's next run, if there is one")
        }
        guard ContinuousClock.now < deadline else {
          throw RunError.io("window \(window) is not done after \(patience) s: \(standing); raise --patience")
        }
        if !soon { Contexts.pause(.milliseconds(200)) }
      }
    }
  }

  private func tell(
    _ contract: AggregationContract, _ window: Int, _ signed: SignedContext?, _ reason: String?
  ) throws {
    guard json else {
      if let reason { return Console.note("window \(window): nothing is shown: \(printable(reason))") }
      guard let context = signed?.context else { return }
      return Console.print(
        "window \(window): revision \(context.revision) of \(context.contributors) contributors, \(context.digest)")
    }
    try Console.printJSON(
      .object([
        "contract": .string(contract.digest.description), "window": .integer(Int64(window)),
        "revision": signed.map { .wide($0.context.revision) } ?? .null,
        "digest": signed.map { .string($0.context.digest.description) } ?? .null,
        "over": reason.map { .string($0) } ?? .null,
      ]))
  }
}
