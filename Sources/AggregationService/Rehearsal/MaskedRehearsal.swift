// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import Governance
internal import TransparencyLog

/// All roles of a sum with one aggregator in one process. It shows that the sum is right with desks that lie in the protocol
/// or fall silent, each of whom is named or harmless; and, in windows of their own, what nothing prevents: a value out of
/// range.
package struct MaskedRehearsal: Sendable {
  package let desks: Int
  package let malicious: Int
  package let dropouts: Int
  package let buckets: Int
  package let maximum: Int64
  package let seed: UInt64

  /// A desk that lied, and what the aggregator made of it.
  package struct Liar: Equatable, Sendable {
    package let desk: String
    package let misconduct: MaskedMisconduct
    /// Nil where it was not refused.
    package let refusal: String?
    package let isInTheSum: Bool
  }

  package struct Outcome: Sendable {
    package let signed: SignedContext
    /// Of those who are in the sum, as nobody but the rehearsal knows it.
    package let exact: [Int64]
    package let liars: [Liar]
    /// Who fell silent, and the round (1 to 5) that they did not answer.
    package let silent: [(desk: String, round: Int)]
    /// By how much a desk that is out of range by a little shifts the sum of a bucket, unnoticed.
    package let unnoticed: Int64
    /// What became of the window in which a desk is out of range beyond what all could give.
    package let spoiled: String

    package var sums: [Int64] { signed.context.signals[0].sums }
    package var isExact: Bool { sums == exact }
  }

  package init(
    desks: Int, malicious: Int, dropouts: Int, buckets: Int, maximum: Int64, seed: UInt64
  ) throws(ServiceError) {
    guard (5...AggregationContract.mostMasked).contains(desks) else {
      throw .refused("one aggregator alone can play with 5 to \(AggregationContract.mostMasked) desks, not \(desks)")
    }
    let threshold = AggregationContract.Rounds.threshold(contributors: desks, minimum: 4)
    guard malicious >= 0, dropouts >= 0, desks - malicious - dropouts >= threshold else {
      throw .refused(
        "of \(desks) desks, \(malicious) malicious and \(dropouts) that drop out leave fewer than the \(threshold) without whom "
          + "nothing is unmasked")
    }
    self.desks = desks
    self.malicious = malicious
    self.dropouts = dropouts
    self.buckets = buckets
    self.maximum = maximum
    self.seed = seed
  }

  /// - Parameter directory: where aggregator and desks keep what they know.
  package func run(in directory: String, progress: (MaskedProgress) -> Void) throws(ServiceError) -> Outcome {
    let keys = try AggregatorKeys.ephemeral(Rehearsal.identity("sole"))
    var identities: [Identity] = []
    for desk in 0..<desks { identities.append(try Rehearsal.identity("desk-\(desk + 1)")) }
    let contract = try contract(keys, identities)
    let aggregator = try SoleAggregator(
      contract, keys: keys, files: .open(directory: directory + "/sole", anchor: nil))
    func play(_ window: Int) throws(ServiceError) -> Play {
      let play = Play(aggregator, contract, window)
      for desk in 0..<desks {
        play.desks[desk] = try MaskedContribution(
          contract, identity: identities[desk], window: window, values: [values(desk)],
          memory: .open(directory: "\(directory)/desk-\(desk + 1)", contract: contract))
      }
      return play
    }

    // The honest come first, then the liars; the last fall silent, in one round each.
    let honest = desks - malicious - dropouts
    func misconduct(_ desk: Int) -> MaskedMisconduct? {
      guard (honest..<honest + malicious).contains(desk) else { return nil }
      return MaskedMisconduct.allCases[(desk - honest) % MaskedMisconduct.allCases.count]
    }
    func silence(_ desk: Int) -> Int? { desk < honest + malicious ? nil : (desk - honest - malicious) % 5 + 1 }
    var refusals: [Int: String] = [:]
    let first = try play(0)
    try first.run { desk, round, request throws(ServiceError) in
      if round == silence(desk) { return nil }
      return try misconduct(desk)?.request(request, by: identities[desk], contract) ?? request
    } progress: {
      if case .refused(_, let desk, let reason) = $0 { refusals[desk] = reason }
      progress($0)
    }
    guard let signed = first.released else { throw .refused("no context came of it: \(first.reason ?? "")") }
    let included = (0..<desks).filter { desk in
      misconduct(desk).map(\.isInTheSum) ?? silence(desk).map { $0 > 3 } ?? true
    }

    // What nothing prevents: by one, and by far. All others are honest.
    let second = try play(1)
    try second.run { desk, round, request throws(ServiceError) in
      desk == 0 && round == 3 ? try Self.shifted(request, by: 1, identities[0], contract) : request
    } progress: { _ in
    }
    let third = try play(2)
    try third.run { desk, round, request throws(ServiceError) in
      desk == 0 && round == 3 ? try Self.shifted(request, by: 1 << 60, identities[0], contract) : request
    } progress: { _ in
    }
    return Outcome(
      signed: signed, exact: sum(included),
      liars: (honest..<honest + malicious).compactMap { desk in
        misconduct(desk).map {
          Liar(
            desk: "desk-\(desk + 1)", misconduct: $0, refusal: refusals[desk], isInTheSum: included.contains(desk))
        }
      },
      silent: (honest + malicious..<desks).map { ("desk-\($0 + 1)", silence($0) ?? 0) },
      unnoticed: (second.released?.context.signals[0].sums[0] ?? 0) - sum(Array(0..<desks))[0],
      spoiled: third.reason ?? "")
  }

  /// The first number of the masked vector, and with it of the sum, raised by so much.
  private static func shifted(
    _ bytes: [UInt8], by amount: UInt64, _ identity: Identity, _ contract: AggregationContract
  ) throws(ServiceError) -> [UInt8] {
    try MaskedRequest(decoding: bytes, of: contract).altered(by: identity) { payload in
      let number = (0..<8).reduce(UInt64(0)) { $0 | UInt64(payload[$1]) << UInt64(8 * $1) } &+ amount
      for place in 0..<8 { payload[place] = UInt8(truncatingIfNeeded: number >> UInt64(8 * place)) }
    }
  }

  private func contract(
    _ keys: AggregatorKeys, _ identities: [Identity]
  ) throws(ServiceError) -> AggregationContract {
    let second = Rehearsal.second
    do throws(RecordError) {
      return try AggregationContract(
        name: "rehearsal",
        leader: AggregationContract.Aggregator(
          verifier: keys.identity.verifier, agreement: keys.agreementKey, address: "https://\(keys.identity.name)",
          certificate: Digest(of: keys.agreementKey)), helper: nil,
        rounds: AggregationContract.Rounds(
          threshold: AggregationContract.Rounds.threshold(contributors: desks, minimum: 4), lasts: 10 * second),
        contributors: identities.map(\.verifier), first: Rehearsal.start, period: 60 * second * Int64(buckets),
        windows: 3, bucket: 60 * second, buckets: buckets, minimum: 4, closesAfter: 30 * second, closesAt: nil,
        clockTolerance: second, appliesAfter: 86_400 * second, holdsFor: 2 * 86_400 * second,
        signals: [
          AggregationContract.Signal(
            kind: .volume, listing: Rehearsal.listing, quantum: ExactDecimal(units: 1, scale: 0), maximum: maximum,
            noise: .none, budget: 0, deltaExponent: 0)
        ])
    } catch {
      throw .refused("these numbers make no contract: \(error)")
    }
  }

  /// A desk's values: below the maximum, so that what a window is shifted by stays in the sum's range.
  private func values(_ desk: Int) -> [Int64] {
    Rehearsal.values(desk, buckets: buckets, below: UInt64(maximum), seed: seed)
  }

  private func sum(_ desks: [Int]) -> [Int64] {
    desks.reduce(into: [Int64](repeating: 0, count: buckets)) { sum, desk in
      for (bucket, value) in values(desk).enumerated() { sum[bucket] += value }
    }
  }

  /// Desks who ask in turn until their window is done.
  private final class Play {
    let aggregator: SoleAggregator
    let contract: AggregationContract
    let window: Int
    var desks: [Int: MaskedContribution] = [:]
    private(set) var released: SignedContext?
    private(set) var reason: String?

    init(_ aggregator: SoleAggregator, _ contract: AggregationContract, _ window: Int) {
      self.aggregator = aggregator
      self.contract = contract
      self.window = window
    }

    /// - Parameter alter: what goes out in place of a desk's request; nil where it falls silent.
    func run(
      _ alter: (_ desk: Int, _ round: Int, _ request: [UInt8]) throws(ServiceError) -> [UInt8]?,
      progress: (MaskedProgress) -> Void
    ) throws(ServiceError) {
      var now = contract.windowEnd(window)
      while !desks.isEmpty {
        for number in desks.keys.sorted() {
          guard let desk = desks[number] else { continue }
          let request = try desk.request()
          let message = try MaskedRequest(decoding: request, of: contract).message
          guard let sent = try alter(number, message.isEmpty ? 0 : Int(message[1]), request) else {
            desks[number] = nil
            continue
          }
          switch try desk.take(aggregator.answer(sent, now: now, progress: progress)) {
          case .send: continue
          case .released(let signed): released = signed
          case .over(let text): reason = text
          }
          desks[number] = nil
        }
        now += Rehearsal.second
      }
    }
  }
}

extension MaskedRehearsal.Outcome {
  package var json: JSON {
    .object([
      "context": signed.context.json, "exact": .array(exact.map { .wide($0) }), "is_exact": .bool(isExact),
      "liars": .array(
        liars.map {
          .object([
            "desk": .string($0.desk), "misconduct": .string($0.misconduct.rawValue),
            "refused": $0.refusal.map { .string($0) } ?? .null, "in_the_sum": .bool($0.isInTheSum),
          ])
        }),
      "silent": .array(
        silent.map { .object(["desk": .string($0.desk), "round": .integer(Int64($0.round))]) }),
      "unnoticed": .wide(unnoticed), "spoiled": .string(spoiled),
    ])
  }
}
