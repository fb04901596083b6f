// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import SecureAggregation
internal import TransparencyLog

/// One who contributes: clips, splits, proves, seals and signs.
package struct Contributor: Sendable {
  package let contract: AggregationContract
  /// The place in the contract's list.
  package let number: Int
  private let identity: Identity
  let sums: SignalSums

  /// Throws where the contract does not have this identity.
  package init(_ contract: AggregationContract, identity: Identity) throws(ServiceError) {
    guard let number = contract.contributors.firstIndex(of: identity.verifier) else {
      throw .refused("\(identity.verifier.shortName) is no contributor of \"\(contract.name)\"")
    }
    _ = try contract.secondAggregator()
    self.contract = contract
    self.number = number
    self.identity = identity
    sums = try SignalSums(contract)
  }

  /// A report for a window: one list of quanta per signal of the contract, in its order. What is above the contract's
  /// maximum is clipped to it, and what is below 0 to 0.
  ///
  /// Each call makes a report of its own, and only one counts. Send the same bytes again rather than make another.
  package func report(
    _ values: [[Int64]], window: Int, leader: EncryptionKey, helper: EncryptionKey
  ) throws(ServiceError) -> ContributionReport {
    guard (0..<contract.windows).contains(window) else {
      throw .refused("\"\(contract.name)\" has no window \(window); its last is \(contract.windows - 1)")
    }
    guard values.count == contract.signals.count else {
      throw .refused("\(values.count) lists of values; the contract has \(contract.signals.count) signals")
    }
    var clipped: [[Int64]] = []
    for (signal, list) in zip(contract.signals, values) {
      guard list.count == contract.buckets else {
        throw .refused("\(list.count) values for \(signal.kind.rawValue); the contract has \(contract.buckets) buckets")
      }
      clipped.append(list.map { min(max($0, 0), signal.maximum) })
    }
    let header = header(window: window)
    let shares: (publicShares: [UInt8], leader: [UInt8], helper: [UInt8])
    do throws(VDAFError) { shares = try sums.shard(clipped, window: header.window, nonce: header.id) } catch {
      throw .cryptography("the contribution can't be split: \(error)")
    }
    return try seal(
      header, publicShares: shares.publicShares, leaderShare: shares.leader, helperShare: shares.helper,
      leader: leader, helper: helper)
  }

  func header(window: Int) -> ReportHeader {
    ReportHeader(
      contract: contract.digest, window: UInt32(window), id: SecretBytes.random(count: 16).copiedBytes,
      contributor: UInt32(number))
  }

  /// Seals and signs shares, whatever they are.
  func seal(
    _ header: ReportHeader, publicShares: [UInt8], leaderShare: [UInt8], helperShare: [UInt8], leader: EncryptionKey,
    helper: EncryptionKey
  ) throws(ServiceError) -> ContributionReport {
    let associated = AggregationContract.associated(header, publicShares)
    let forLeader = try SealedShare(
      sealing: leaderShare, to: leader, info: contract.sealingInfo(isLeader: true), associated: associated)
    let forHelper = try SealedShare(
      sealing: helperShare, to: helper, info: contract.sealingInfo(isLeader: false), associated: associated)
    let signed = ContributionReport.signedBytes(
      header, publicShares: publicShares, leaderDigest: Digest(of: forLeader.encoded), helperShare: forHelper)
    guard let signature = try? identity.sign(signed) else {
      throw .cryptography("the key of \(identity.verifier.name) does not sign")
    }
    return ContributionReport(
      header: header, publicShares: publicShares, leaderShare: forLeader, helperShare: forHelper, signature: signature)
  }
}
