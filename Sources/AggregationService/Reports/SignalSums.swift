// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import SecureAggregation

/// The contract's signals as Prio3 sums them: one `Prio3SumVec` each, with two shares. A report holds all signals, and is
/// taken as a whole or not at all.
package struct SignalSums: Sendable {
  let prios: [Prio3SumVec]
  let buckets: Int
  private let contract: Digest

  package init(_ contract: AggregationContract) throws(ServiceError) {
    self.contract = contract.digest
    buckets = contract.buckets
    var prios: [Prio3SumVec] = []
    do throws(VDAFError) {
      for signal in contract.signals {
        prios.append(try Prio3SumVec(shares: 2, length: contract.buckets, maximum: UInt128(signal.maximum)))
      }
    } catch {
      throw .cryptography("the contract's signals: \(error)")
    }
    self.prios = prios
  }

  // MARK: Sizes in bytes

  var publicSize: Int { prios.reduce(0) { $0 + $1.publicShareSize } }
  var leaderSize: Int { prios.reduce(0) { $0 + $1.inputShareSize(0) } }
  var helperSize: Int { prios.reduce(0) { $0 + $1.inputShareSize(1) } }
  var verifierSize: Int { prios.reduce(0) { $0 + $1.verifierShareSize } }
  var messageSize: Int { prios.reduce(0) { $0 + $1.verifierMessageSize } }
  var aggregateSize: Int { prios.reduce(0) { $0 + $1.aggregateShareSize } }

  /// What separates the proofs of one signal and window from all others (draft-irtf-cfrg-vdaf, the application context).
  func context(_ signal: Int, window: UInt32) -> [UInt8] {
    var writer = MessageWriter()
    writer.write(fixed: Array("exprove contribution 1 ".utf8))
    writer.write(fixed: contract.bytes)
    writer.write(window)
    writer.write(UInt32(signal))
    return writer.bytes
  }

  // MARK: A contributor's part

  /// Splits a contribution, one list of buckets per signal.
  package func shard(
    _ values: [[Int64]], window: UInt32, nonce: [UInt8]
  ) throws(VDAFError) -> (publicShares: [UInt8], leader: [UInt8], helper: [UInt8]) {
    var publicShares: [UInt8] = []
    var leader: [UInt8] = []
    var helper: [UInt8] = []
    for (signal, prio) in prios.enumerated() {
      let measurement = values[signal].map { UInt128(UInt64(bitPattern: $0)) }
      let report = try prio.shard(measurement, context: context(signal, window: window), nonce: nonce)
      publicShares += report.publicShare.encoded
      leader += try report.inputShare(0).copiedBytes
      helper += try report.inputShare(1).copiedBytes
    }
    return (publicShares, leader, helper)
  }

  // MARK: An aggregator's part

  /// What one aggregator has made of a report, waiting for the other's.
  package struct Prepared {
    let states: [VerifierBox]
    /// For the other aggregator.
    package let verifierShares: [UInt8]
  }

  /// A verifier state, which can't be copied, in a list.
  final class VerifierBox {
    private var state: VerifierState<Field128>?
    let share: VerifierShare<Field128>

    init(_ state: consuming VerifierState<Field128>) {
      share = state.verifierShare
      self.state = consume state
    }

    /// Gives the state away, once.
    func take() -> VerifierState<Field128> {
      let taken = state.take()
      return taken!
    }
  }

  package func prepare(
    verifyKey: borrowing SecretBytes, aggregator: Int, header: ReportHeader, publicShares: [UInt8],
    inputShares: borrowing SecretBytes
  ) throws(ReportRefusalError) -> Prepared {
    guard publicShares.count == publicSize, inputShares.count == (aggregator == 0 ? leaderSize : helperSize) else {
      throw ReportRefusalError(.malformedShare)
    }
    var states: [VerifierBox] = []
    var verifierShares: [UInt8] = []
    var publicOffset = 0
    var inputOffset = 0
    do throws(VDAFError) {
      for (signal, prio) in prios.enumerated() {
        let publicShare = try prio.decodePublicShare(
          Array(publicShares[publicOffset..<publicOffset + prio.publicShareSize]))
        let size = prio.inputShareSize(aggregator)
        let input = SecretBytes(copying: inputShares.span.extracting(inputOffset..<inputOffset + size))
        let state = try prio.verifyInit(
          verifyKey: verifyKey, context: context(signal, window: header.window), aggregator: aggregator,
          nonce: header.id, publicShare: publicShare, inputShare: input)
        let box = VerifierBox(state)
        verifierShares += box.share.encoded
        states.append(box)
        publicOffset += prio.publicShareSize
        inputOffset += size
      }
    } catch {
      throw ReportRefusalError(.malformedShare)
    }
    return Prepared(states: states, verifierShares: verifierShares)
  }

  /// The verifier messages of both aggregators' verifier shares: throws where a proof does not hold.
  ///
  /// The parts of the joint randomness in the public shares must be those that the aggregators have found, or one of them
  /// would refuse afterwards what the other has added up.
  package func messages(
    leader: [UInt8], helper: [UInt8], publicShares: [UInt8], window: UInt32
  ) throws(ReportRefusalError) -> [UInt8] {
    guard leader.count == verifierSize, helper.count == verifierSize else { throw ReportRefusalError(.notProven) }
    var messages: [UInt8] = []
    var parts: [UInt8] = []
    var offset = 0
    do throws(VDAFError) {
      for (signal, prio) in prios.enumerated() {
        let range = offset..<offset + prio.verifierShareSize
        let shares = [
          try prio.decodeVerifierShare(Array(leader[range])), try prio.decodeVerifierShare(Array(helper[range])),
        ]
        messages += try prio.verifierSharesToMessage(shares, context: context(signal, window: window)).encoded
        parts += leader[range].suffix(prio.verifierMessageSize) + helper[range].suffix(prio.verifierMessageSize)
        offset = range.upperBound
      }
    } catch {
      throw ReportRefusalError(.notProven)
    }
    guard parts == publicShares else { throw ReportRefusalError(.notProven) }
    return messages
  }

  /// Adds a report's output shares, once all of its signals have been found to be proven.
  func add(_ prepared: Prepared, messages: [UInt8], to sums: inout ShareSums) throws(ReportRefusalError) {
    guard messages.count == messageSize else { throw ReportRefusalError(.notProven) }
    var added = sums
    var offset = 0
    do throws(VDAFError) {
      for (signal, prio) in prios.enumerated() {
        let range = offset..<offset + prio.verifierMessageSize
        let message = try prio.decodeVerifierMessage(Array(messages[range]))
        let output = try prio.verifyNext(prepared.states[signal].take(), message: message)
        try prio.aggregateUpdate(&added.shares[signal], output)
        offset = range.upperBound
      }
    } catch {
      throw ReportRefusalError(.notProven)
    }
    sums = added
  }

  // MARK: Sums

  var zero: ShareSums { ShareSums(shares: prios.map { $0.aggregateInit() }) }

  func decode(_ bytes: [UInt8]) throws(ServiceError) -> ShareSums {
    guard bytes.count == aggregateSize else {
      throw .malformed("a share of the sums has \(bytes.count) bytes, not \(aggregateSize)")
    }
    var shares: [AggregateShare<Field128>] = []
    var offset = 0
    do throws(VDAFError) {
      for prio in prios {
        shares.append(try prio.decodeAggregateShare(Array(bytes[offset..<offset + prio.aggregateShareSize])))
        offset += prio.aggregateShareSize
      }
    } catch {
      throw .malformed("a share of the sums: \(error)")
    }
    return ShareSums(shares: shares)
  }

  func merge(_ left: ShareSums, _ right: ShareSums) throws(ServiceError) -> ShareSums {
    do throws(VDAFError) {
      var shares: [AggregateShare<Field128>] = []
      for (signal, prio) in prios.enumerated() {
        shares.append(try prio.merge([left.shares[signal], right.shares[signal]]))
      }
      return ShareSums(shares: shares)
    } catch {
      throw .malformed("shares of the sums: \(error)")
    }
  }
}

/// An aggregator's share of all signals' sums.
struct ShareSums: Equatable, Sendable {
  var shares: [AggregateShare<Field128>]

  var encoded: [UInt8] { shares.flatMap(\.encoded) }
}

/// A refusal as it is thrown within a party.
package struct ReportRefusalError: Error {
  package let refusal: ReportRefusal
  init(_ refusal: ReportRefusal) { self.refusal = refusal }
}
