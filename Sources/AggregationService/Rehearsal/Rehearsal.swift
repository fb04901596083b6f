// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
package import Governance
internal import SecureAggregation
internal import TransparencyLog

/// All roles in one process, with contributors who lie and contributors who stay away: shows that the sum is right, that
/// liars are refused by proof, and what each party has seen of it.
package struct Rehearsal: Sendable {
  package let desks: Int
  package let malicious: Int
  package let dropouts: Int
  package let buckets: Int
  package let maximum: Int64
  package let noise: SignalNoise
  /// Of the desks' values; keys, proofs and noise are always fresh.
  package let seed: UInt64

  /// What one party has had before it.
  package struct View: Equatable, Sendable {
    package let party: String
    /// What it is, and how many bytes.
    package let seen: [(what: String, bytes: Int)]
    package static func == (left: View, right: View) -> Bool { left.json == right.json }
  }

  /// A desk whose report is not in the sum.
  package struct Refused: Equatable, Sendable {
    package let desk: String
    package let misconduct: Misconduct
    package let refusal: ReportRefusal
  }

  package struct Outcome: Sendable {
    package let signed: SignedContext
    /// Of the honest who took part, per bucket, as nobody but the rehearsal knows it.
    package let exact: [Int64]
    package let refused: [Refused]
    package let missing: [String]
    package let views: [View]
    /// The first bit of the first desk's first bucket, and the numbers that the aggregators hold of it.
    package let bit: (value: Int, leader: String, helper: String)

    package var sums: [Int64] { signed.context.signals[0].sums }
    /// By how much the context's sums differ from the exact ones: by the noise, and by nothing else.
    package var largestDifference: Int64 { zip(sums, exact).map { abs($0 - $1) }.max() ?? 0 }
  }

  package init(
    desks: Int, malicious: Int, dropouts: Int, buckets: Int, maximum: Int64, noise: SignalNoise, seed: UInt64
  ) throws(ServiceError) {
    guard malicious >= 0, dropouts >= 0, desks - malicious - dropouts >= Rehearsal.minimum else {
      throw .refused(
        "of \(desks) desks, \(malicious) malicious and \(dropouts) that drop out leave fewer than \(Rehearsal.minimum), "
          + "and the sum of so few is shown to nobody")
    }
    self.desks = desks
    self.malicious = malicious
    self.dropouts = dropouts
    self.buckets = buckets
    self.maximum = maximum
    self.noise = noise
    self.seed = seed
  }

  private static let minimum = 4
  /// 2026-01-01T00:00:00Z.
  static let start: Int64 = 1_767_225_600_000_000_000
  static let second: Int64 = 1_000_000_000
  static let listing = TaskVenue(venue: "SIM", symbol: "DEMO")

  // MARK: The parties

  private func contract(
    _ leader: AggregatorKeys, _ helper: AggregatorKeys, _ identities: [Identity]
  ) throws(ServiceError) -> AggregationContract {
    func aggregator(_ keys: AggregatorKeys) -> AggregationContract.Aggregator {
      AggregationContract.Aggregator(
        verifier: keys.identity.verifier, agreement: keys.agreementKey, address: "https://\(keys.identity.name)",
        certificate: Digest(of: keys.agreementKey))
    }
    do throws(RecordError) {
      return try AggregationContract(
        name: "rehearsal", leader: aggregator(leader), helper: aggregator(helper),
        contributors: identities.map(\.verifier), first: Rehearsal.start,
        period: 60 * Rehearsal.second * Int64(buckets), windows: 1, bucket: 60 * Rehearsal.second, buckets: buckets,
        minimum: Rehearsal.minimum, closesAfter: 10 * Rehearsal.second, closesAt: nil, clockTolerance: Rehearsal.second,
        appliesAfter: 86_400 * Rehearsal.second, holdsFor: 2 * 86_400 * Rehearsal.second,
        signals: [
          AggregationContract.Signal(
            kind: .volume, listing: Rehearsal.listing, quantum: ExactDecimal(units: 1, scale: 0), maximum: maximum,
            noise: noise, budget: noise == .none ? 0 : .max, deltaExponent: noise == .none ? 0 : 9)
        ])
    } catch {
      throw .refused("these numbers make no contract: \(error)")
    }
  }

  static func identity(_ name: String) throws(ServiceError) -> Identity {
    do throws(IdentityError) { return try Identity.ephemeral(name: name) } catch { throw .cryptography("\(error)") }
  }

  private func values(_ desk: Int) -> [Int64] {
    Rehearsal.values(desk, buckets: buckets, below: UInt64(maximum + 1), seed: seed)
  }

  /// A desk's values: SplitMix64 from the seed, each number below the limit.
  static func values(_ desk: Int, buckets: Int, below limit: UInt64, seed: UInt64) -> [Int64] {
    var state = seed &+ UInt64(desk) &* 0xD134_2543_DE82_EF95
    return (0..<buckets).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int64((word ^ (word >> 31)) % limit)
    }
  }

  // MARK: The play

  /// - Parameters:
  ///   - directory: where the aggregators keep what they know, each in a directory of its own.
  ///   - progress: told of each step.
  package func run(
    in directory: String, progress: (AggregationProgress) -> Void
  ) throws(ServiceError) -> Outcome {
    let leaderKeys = try AggregatorKeys.ephemeral(Rehearsal.identity("leader"))
    let helperKeys = try AggregatorKeys.ephemeral(Rehearsal.identity("helper"))
    var identities: [Identity] = []
    for desk in 0..<desks { identities.append(try Rehearsal.identity("desk-\(desk + 1)")) }
    let contract = try contract(leaderKeys, helperKeys, identities)
    let leader = try Leader(contract, keys: leaderKeys, files: .open(directory: directory + "/leader", anchor: nil))
    let helper = try Helper(contract, keys: helperKeys, files: .open(directory: directory + "/helper", anchor: nil))

    // The honest come first, then the malicious; the last stay away.
    let honest = desks - malicious - dropouts
    var exact = [Int64](repeating: 0, count: buckets)
    var reports: [[UInt8]] = []
    for desk in 0..<honest + malicious {
      let contributor = try Contributor(contract, identity: identities[desk])
      let keys = (leaderKeys.list.newest, helperKeys.list.newest)
      guard desk < honest else {
        let report = try contributor.report(
          [values(desk)], window: 0, leader: keys.0, helper: keys.1, misconduct: misconduct(desk - honest))
        reports.append(report.encoded)
        continue
      }
      for (bucket, value) in values(desk).enumerated() { exact[bucket] += value }
      reports.append(try contributor.report([values(desk)], window: 0, leader: keys.0, helper: keys.1).encoded)
    }
    let bit = try bit(contract, reports[0], leaderKeys)
    _ = try leader.upload(reports, now: contract.windowEnd(0))

    var toHelper = 0
    var toLeader = 0
    var signed: SignedContext?
    var refused: [Refused] = []
    try leader.advance(
      now: contract.closing(0),
      helper: { request throws(ServiceError) in
        let answer = try helper.answer(request, now: contract.closing(0))
        toHelper += request.count
        toLeader += answer.count
        return answer
      },
      progress: { step in
        if case .released(let context, _, let list) = step {
          signed = context
          refused = list.map {
            Refused(
              desk: "desk-\($0.contributor + 1)", misconduct: misconduct($0.contributor - honest), refusal: $0.refusal)
          }
        }
        progress(step)
      })
    guard let signed else { throw .refused("no context came of it") }
    let shares = SignalSize(contract, reports: reports, toHelper: toHelper, toLeader: toLeader)
    return Outcome(
      signed: signed, exact: exact, refused: refused, missing: (desks - dropouts..<desks).map { "desk-\($0 + 1)" },
      views: try shares.views(context: signed.encoded.count), bit: bit)
  }

  private func misconduct(_ number: Int) -> Misconduct {
    Misconduct.allCases[number % Misconduct.allCases.count]
  }

  /// Opens the leader's part of the first report, and tells what of one bit is in it.
  private func bit(
    _ contract: AggregationContract, _ bytes: [UInt8], _ keys: AggregatorKeys
  ) throws(ServiceError) -> (value: Int, leader: String, helper: String) {
    let sums = try SignalSums(contract)
    guard let report = try? ContributionReport(decoding: bytes, sums: sums),
      let key = keys.decryptionKey(report.leaderShare.key),
      let share = report.leaderShare.open(
        key, info: contract.sealingInfo(isLeader: true),
        associated: AggregationContract.associated(report.header, report.publicShares)),
      let element = Field128.decode(Array(share.copiedBytes.prefix(Field128.encodedSize)))?[0]
    else { throw .cryptography("a report of the rehearsal can't be opened") }
    let value = Int(values(0)[0] & 1)
    let other = Field128(reduced: UInt128(value)) - element
    return (value, String(element.integer, radix: 16), String(other.integer, radix: 16))
  }
}

/// How much each party has had before it.
private struct SignalSize {
  let contract: AggregationContract
  let reports: [[UInt8]]
  let toHelper: Int
  let toLeader: Int

  init(_ contract: AggregationContract, reports: [[UInt8]], toHelper: Int, toLeader: Int) {
    self.contract = contract
    self.reports = reports
    self.toHelper = toHelper
    self.toLeader = toLeader
  }

  func views(context: Int) throws(ServiceError) -> [Rehearsal.View] {
    let sums = try SignalSums(contract)
    return [
      Rehearsal.View(
        party: "leader",
        seen: [
          (
            "\(reports.count) reports: who sends, and one share of the values, uniform for itself",
            reports.reduce(0) { $0 + $1.count }
          ),
          ("the helper's answers: which proofs hold, and its noisy share of the sum after its own was fixed", toLeader),
        ]),
      Rehearsal.View(
        party: "helper",
        seen: [
          (
            "the leader's requests: the other share of the values, and its noisy share of the sum after the own was fixed",
            toHelper
          ),
          ("of which sealed for it, per report", sums.helperSize),
        ]),
      Rehearsal.View(party: "each desk", seen: [("the signed context, and nothing of any other desk", context)]),
    ]
  }
}

extension Rehearsal.View {
  package var json: JSON {
    .object([
      "party": .string(party),
      "seen": .array(seen.map { .object(["what": .string($0.what), "bytes": .wide($0.bytes)]) }),
    ])
  }
}

extension Rehearsal.Outcome {
  package var json: JSON {
    .object([
      "context": signed.context.json, "exact": .array(exact.map { .wide($0) }),
      "largest_difference": .wide(largestDifference),
      "refused": .array(
        refused.map {
          .object([
            "desk": .string($0.desk), "misconduct": .string($0.misconduct.rawValue),
            "reason": .string($0.refusal.description),
          ])
        }),
      "missing": .array(missing.map { .string($0) }), "views": .array(views.map(\.json)),
      "bit": .object([
        "value": .integer(Int64(bit.value)), "leader": .string(bit.leader), "helper": .string(bit.helper),
      ]),
    ])
  }
}
