// SPDX-License-Identifier: Apache-2.0

internal import AggregationService
internal import ExecutionIR
internal import Governance
internal import SecureAggregation
internal import Synchronization
internal import TransparencyLog

/// A leader, a helper and a single aggregator that take whatever comes, and keep nothing of it. Made once, since making keys
/// and directories takes longer than reading a message.
struct FuzzedParties: ~Copyable {
  private let leader: Leader
  private let helper: Helper
  private let masked: MaskedSumAggregator

  static let standing = Mutex(FuzzedParties())

  private init() {
    do {
      let directory = ScratchDirectory.make()
      let leaderKeys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "leader"))
      let helperKeys = try AggregatorKeys.ephemeral(Identity.ephemeral(name: "helper"))
      var desks: [VerifierKey] = []
      for desk in 0..<4 { desks.append(try Identity.ephemeral(name: "desk-\(desk)").verifier) }
      let contract = try AggregationContract(
        name: "fuzzed", leader: FuzzedParties.aggregator(leaderKeys), helper: FuzzedParties.aggregator(helperKeys),
        contributors: desks, first: 0, period: 10, windows: 4, bucket: 5, buckets: 2, minimum: 4, closesAfter: 1,
        closesAt: nil, clockTolerance: 0, appliesAfter: 0, holdsFor: 1,
        signals: [
          AggregationContract.Signal(
            kind: .volume, listing: TaskVenue(venue: "FUZZ", symbol: "FUZZ"),
            quantum: ExactDecimal(units: 1, scale: 0), maximum: 3, noise: .none, budget: 0, deltaExponent: 0)
        ])
      leader = try Leader(contract, keys: leaderKeys, files: .open(directory: directory + "/leader", anchor: nil))
      helper = try Helper(contract, keys: helperKeys, files: .open(directory: directory + "/helper", anchor: nil))
      masked = MaskedSumAggregator(
        try MaskedSumTask(
          run: [UInt8](repeating: 7, count: MaskedSumTask.runSize),
          contributors: desks.map { MaskedSumTask.Contributor(name: $0.name, signingKey: $0.publicKey) }, length: 2,
          maximum: 3))
    } catch {
      fatalError("the parties can't be made: \(error)")
    }
  }

  private static func aggregator(_ keys: AggregatorKeys) -> AggregationContract.Aggregator {
    AggregationContract.Aggregator(
      verifier: keys.identity.verifier, agreement: keys.agreementKey, address: "https://fuzzed",
      certificate: Digest(of: []))
  }

  func receive(_ bytes: [UInt8]) {
    // Nobody here has signed anything, so nothing may be kept.
    let answers = try? leader.upload([bytes], now: 5)
    precondition(answers?.first ?? nil != nil, "a report that nobody has signed is kept")
    let answer = try? helper.answer(bytes, now: 5)
    precondition(answer?.isEmpty == false, "a request without an answer")
  }

  func receive(masked bytes: [UInt8]) {
    var aggregator = masked
    precondition((try? aggregator.receive(bytes)) == nil, "a message that nobody has signed is taken")
  }
}
