// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import SecureAggregation

/// What a contributor can try against a masked sum and be caught at, or do no harm with. `simulate` and the tests let
/// contributors do each of them. What is missing here is the value out of range, which nothing refuses.
package enum MaskedMisconduct: String, CaseIterable, Sendable {
  /// A public key with which everybody would agree on the same masks.
  case unfitKey = "unfit_key"
  /// No share for one of the others.
  case missingShare = "missing_share"
  /// A masked vector that is too short.
  case shortVector = "short_vector"
  /// A signature under other survivors.
  case otherSurvivors = "other_survivors"
  /// A share of the other one of a contributor's two secrets.
  case otherSecret = "other_secret"
  /// Shares that are altered. With enough true ones beside them, what they should give is known; whose they are is not
  /// looked for.
  case alteredShares = "altered_shares"

  /// Whether the aggregator names who did it.
  package var isNamed: Bool { self != .alteredShares }

  /// Whether the liar's values are in the sum all the same, for the masked vector came before.
  package var isInTheSum: Bool {
    switch self {
    case .unfitKey, .missingShare, .shortVector: false
    case .otherSurvivors, .otherSecret, .alteredShares: true
    }
  }

  private var round: MaskedSumRound {
    switch self {
    case .unfitKey: .keys
    case .missingShare: .shares
    case .shortVector: .input
    case .otherSurvivors: .consistency
    case .otherSecret, .alteredShares: .unmasking
    }
  }

  /// A contributor's request, wrong in this way where the message is of its round, and well signed.
  package func request(
    _ bytes: [UInt8], by identity: Identity, _ contract: AggregationContract
  ) throws(ServiceError) -> [UInt8] {
    let request = try MaskedRequest(decoding: bytes, of: contract)
    guard !request.message.isEmpty, request.message[1] == round.rawValue else { return bytes }
    return try request.altered(by: identity) { payload in
      switch self {
      case .unfitKey: for place in 0..<32 { payload[32 + place] = 0 }
      case .missingShare:
        payload[0] -= 1
        payload.removeLast(118)
      case .shortVector: payload.removeLast(8)
      case .otherSurvivors:
        payload[0] -= 1
        payload.removeLast(2)
      case .otherSecret: payload[4] ^= 1
      case .alteredShares: for row in 0..<(payload.count - 2) / 51 { payload[2 + row * 51 + 3] ^= 1 }
      }
    }
  }
}

extension MaskedRequest {
  /// With another payload in its message, both signed by the contributor.
  func altered(by identity: Identity, _ change: (inout [UInt8]) -> Void) throws(ServiceError) -> [UInt8] {
    guard let (body, changed) = MaskedSumMessage.changed(message, change), let signature = try? identity.sign(changed)
    else { throw .cryptography("the message can't be altered") }
    return try MaskedRequest(
      contract: contract, window: window, contributor: contributor, nonce: nonce, round: round,
      message: body + signature
    ).signed(by: identity)
  }
}
