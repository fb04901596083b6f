// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

/// Keeps what has one owner in a table.
final class Kept<Field: PrimeField> {
  private var state: VerifierState<Field>?
  let verifierShare: [UInt8]

  init(_ state: consuming VerifierState<Field>) {
    verifierShare = state.verifierShare.encoded
    self.state = consume state
  }

  func take() -> VerifierState<Field>? { state.take() }
}

/// What an aggregator has of a report: everything as bytes, and the key to check it with.
struct Delivery {
  var verifyKey = exchangeKey
  var publicShare: [UInt8]
  var inputShares: [[UInt8]]
  var nonce: [UInt8]
  var context: [UInt8]

  init(publicShare: [UInt8], inputShares: [[UInt8]], nonce: [UInt8], context: [UInt8]) {
    self.publicShare = publicShare
    self.inputShares = inputShares
    self.nonce = nonce
    self.context = context
  }

  /// The same numbers make the same report.
  init<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, _ measurement: Circuit.Measurement, _ generator: inout SeededGenerator,
    context: [UInt8] = exchangeContext
  ) throws {
    nonce = generator.bytes(16)
    self.context = context
    let report = try vdaf.shard(
      measurement, context: context, nonce: nonce,
      randomness: SecretBytes(copying: generator.bytes(vdaf.randomnessSize)))
    publicShare = report.publicShare.encoded
    inputShares = try (0..<vdaf.shares).map { try report.inputShare($0).copiedBytes }
  }
}

let exchangeContext = Array("exprove test".utf8)
let exchangeKey = (0..<32).map { UInt8($0 * 5 + 1) }

/// The aggregators, who tell each other nothing but bytes.
struct Aggregators<Circuit: ValidityCircuit> {
  let vdaf: Prio3<Circuit>
  private(set) var aggregates: [AggregateShare<Circuit.Field>]
  private(set) var count = 0

  init(_ vdaf: Prio3<Circuit>) {
    self.vdaf = vdaf
    aggregates = Array(repeating: vdaf.aggregateInit(), count: vdaf.shares)
  }

  /// What each aggregator finds in a report; `alter` may change what one of them is told.
  func begin(
    _ delivery: Delivery, alter: (Int, inout Delivery) -> Void = { _, _ in }
  ) throws(VDAFError) -> [Kept<Circuit.Field>] {
    var states: [Kept<Circuit.Field>] = []
    for aggregator in 0..<vdaf.shares {
      var seen = delivery
      alter(aggregator, &seen)
      states.append(
        Kept(
          try vdaf.verifyInit(
            verifyKey: SecretBytes(copying: seen.verifyKey), context: seen.context, aggregator: aggregator,
            nonce: seen.nonce, publicShare: vdaf.decodePublicShare(seen.publicShare),
            inputShare: SecretBytes(copying: seen.inputShares[aggregator]))))
    }
    return states
  }

  func message(_ verifierShares: [[UInt8]]) throws(VDAFError) -> [UInt8] {
    var decoded: [VerifierShare<Circuit.Field>] = []
    for share in verifierShares { decoded.append(try vdaf.decodeVerifierShare(share)) }
    return try vdaf.verifierSharesToMessage(decoded, context: exchangeContext).encoded
  }

  /// Adds the report up, or nothing of it.
  mutating func end(_ states: [Kept<Circuit.Field>], message: [UInt8]) throws(VDAFError) {
    var updated = aggregates
    for (aggregator, kept) in states.enumerated() {
      guard let state = kept.take() else { throw .badMeasurementCount(0) }
      let output = try vdaf.verifyNext(state, message: vdaf.decodeVerifierMessage(message))
      try vdaf.aggregateUpdate(&updated[aggregator], output)
    }
    aggregates = updated
    count += 1
  }

  mutating func accept(_ delivery: Delivery) throws(VDAFError) {
    let states = try begin(delivery)
    try end(states, message: message(states.map(\.verifierShare)))
  }

  func result() throws(VDAFError) -> Circuit.AggregateResult {
    var shares: [AggregateShare<Circuit.Field>] = []
    for share in aggregates { shares.append(try vdaf.decodeAggregateShare(share.encoded)) }
    return try vdaf.unshard(shares, measurements: count)
  }
}

/// Why something was refused; nil if it was not.
func refusal(_ body: () throws(VDAFError) -> Void) -> VDAFError? {
  do throws(VDAFError) {
    try body()
    return nil
  } catch {
    return error
  }
}
