// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import SecureAggregation

/// What a contributor can try against a sum. `simulate` and the tests let contributors do each of them; the aggregators
/// must refuse each, and be no worse off for it.
package enum Misconduct: String, CaseIterable, Sendable {
  /// A value of 2⁶⁰ where the contract allows far less.
  case hugeValue = "huge_value"
  /// A proof that is altered in one bit.
  case alteredProof = "altered_proof"
  /// Shares that do not belong together.
  case strangeShare = "strange_share"
  /// Aggregators are told different things of the joint randomness, so that one would refuse what the other takes.
  case falsePart = "false_part"
  /// The report has another id than the proof was made for.
  case otherNonce = "other_nonce"
  /// The proof is of another window.
  case otherWindow = "other_window"
  /// Only the leader can open its part.
  case leaderOnly = "leader_only"
  /// Only the helper can open its part.
  case helperOnly = "helper_only"
  /// A share that is too short.
  case shortShare = "short_share"
  /// A share with a number that is none of the field's.
  case unreducedShare = "unreduced_share"

  /// Why it is refused.
  package var refusal: ReportRefusal {
    switch self {
    case .hugeValue, .alteredProof, .strangeShare, .falsePart, .otherNonce, .otherWindow: .notProven
    case .leaderOnly, .helperOnly: .unopened
    case .shortShare, .unreducedShare: .malformedShare
    }
  }
}

extension Contributor {
  /// A report that is wrong in the given way, well signed.
  package func report(
    _ values: [[Int64]], window: Int, leader: EncryptionKey, helper: EncryptionKey, misconduct: Misconduct
  ) throws(ServiceError) -> ContributionReport {
    let header = header(window: window)
    let proven = misconduct == .otherWindow ? header.window ^ 1 : header.window
    let nonce = misconduct == .otherNonce ? Array(header.id.reversed()) : header.id
    var shares: (publicShares: [UInt8], leader: [UInt8], helper: [UInt8])
    do throws(VDAFError) { shares = try sums.shard(values, window: proven, nonce: nonce) } catch {
      throw .cryptography("the contribution can't be split: \(error)")
    }
    switch misconduct {
    case .hugeValue:
      // The least element is the first bit of the first bucket.
      guard let first = Field128.decode(Array(shares.leader[..<Field128.encodedSize])) else { break }
      var altered: [UInt8] = []
      Field128.encode([first[0] + Field128(reduced: 1 << 60)], into: &altered)
      shares.leader.replaceSubrange(..<Field128.encodedSize, with: altered)
    case .alteredProof: shares.leader[shares.leader.count - 48] ^= 1
    case .strangeShare: shares.helper = SecretBytes.random(count: shares.helper.count).copiedBytes
    case .falsePart: shares.publicShares[shares.publicShares.count - 1] ^= 1
    case .shortShare: shares.helper.removeLast()
    case .unreducedShare: shares.leader.replaceSubrange(..<16, with: [UInt8](repeating: 0xFF, count: 16))
    case .otherNonce, .otherWindow, .leaderOnly, .helperOnly: break
    }
    let nobody = EncryptionKey(aggregator: leader.aggregator, id: helper.id, publicKey: leader.publicKey)
    let nobodyElse = EncryptionKey(aggregator: helper.aggregator, id: leader.id, publicKey: helper.publicKey)
    return try seal(
      header, publicShares: shares.publicShares, leaderShare: shares.leader, helperShare: shares.helper,
      leader: misconduct == .helperOnly ? nobodyElse : leader, helper: misconduct == .leaderOnly ? nobody : helper)
  }
}
