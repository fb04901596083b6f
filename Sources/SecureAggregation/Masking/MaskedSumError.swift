// SPDX-License-Identifier: Apache-2.0

/// Why a step of a masked sum was refused; contributors by their names.
package enum MaskedSumError: Error, Equatable, Sendable, CustomStringConvertible {
  case badTask(String)
  case noSuchContributor(Int)
  /// The vector has another length than the task's, or a number above its maximum.
  case badVector
  case badRandomness(Int)
  case cannotSign(String)
  /// Bytes that are no message of this protocol.
  case malformed(String)
  case otherTask
  case wrongRound(expected: String, actual: String)
  case badSignature(contributor: String)
  case twice(contributor: String)
  case tooFew(round: MaskedSumRound, has: Int, needs: Int)
  /// A message names or comes from someone who is not among those that the rounds before have left.
  case notAmongThem(contributor: String, round: MaskedSumRound)
  /// Someone who has to be in it is missing.
  case leftOut(contributor: String, round: MaskedSumRound)
  /// A public key that two have, or with which everyone would agree on the same secret.
  case badKey(contributor: String)
  /// Signed a set of survivors that is not the one that was sent out.
  case otherSurvivors(contributor: String)
  /// A share of the other one of a contributor's two secrets.
  case wrongShare(from: String, of: String)
  case tooFewShares(of: String, has: Int, needs: Int)
  /// The shares give no secret of this contributor: it has dealt them so, or others have altered theirs. Which of them can't
  /// be told.
  case sharesDisagree(of: String)
  /// A contributor has put in more than it may, or not what it has shared.
  case sumOutOfRange(place: Int)

  package var description: String {
    switch self {
    case .badTask(let reason): reason
    case .noSuchContributor(let index): "the task has no contributor \(index)"
    case .badVector: "the vector's length or one of its numbers is not what the task admits"
    case .badRandomness(let count): "a contributor needs 32 bytes of randomness, not \(count)"
    case .cannotSign(let reason): "the message can't be signed: \(reason)"
    case .malformed(let reason): "the message is malformed: \(reason)"
    case .otherTask: "the message belongs to another task or run"
    case .wrongRound(let expected, let actual): "\(actual) came where only \(expected) is due"
    case .badSignature(let contributor): "the signature of \(contributor) is not valid"
    case .twice(let contributor): "\(contributor) has answered this round before"
    case .tooFew(let round, let has, let needs):
      "\(has) contributors are left in the round of \(round), and \(needs) are needed"
    case .notAmongThem(let contributor, let round):
      "\(contributor) is not among those who take part in the round of \(round)"
    case .leftOut(let contributor, let round): "\(contributor) is missing in the round of \(round)"
    case .badKey(let contributor): "a public key of \(contributor) is not fit, or another's"
    case .otherSurvivors(let contributor): "\(contributor) has signed other survivors than were sent out"
    case .wrongShare(let from, let of): "\(from) sent a share of the wrong secret of \(of)"
    case .tooFewShares(let of, let has, let needs):
      "\(has) shares of a secret of \(of) are there, and \(needs) are needed"
    case .sharesDisagree(let of):
      "the shares of a secret of \(of) don't belong together: \(of) has dealt them so, or others have altered theirs, and who "
        + "can't be told"
    case .sumOutOfRange(let place): "the sum at place \(place) is more than the contributors may give"
    }
  }
}

package enum MaskedSumRound: UInt8, Sendable, CustomStringConvertible {
  case keys = 1
  case shares
  case input
  case consistency
  case unmasking

  package var description: String {
    switch self {
    case .keys: "keys"
    case .shares: "shares"
    case .input: "masked input"
    case .consistency: "consistency"
    case .unmasking: "unmasking"
    }
  }
}
