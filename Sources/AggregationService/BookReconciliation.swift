// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import TransparencyLog

/// What one book takes from the other: a party whose backup was restored gets back from its peer what it has signed
/// before, and what was spent stays spent.
extension BatchBook {
  /// The first entry for which a context is still to come; the count of entries where there is none.
  var firstOpen: Int {
    for (index, entry) in entries.enumerated() where isOpen(entry) { return index }
    return entries.count
  }

  /// Takes up what is missing. Each batch must carry both parties' signatures, each context at least the other's.
  ///
  /// - Parameters:
  ///   - other: the party from which they come.
  ///   - identity: this party, which signs contexts that it had signed before.
  mutating func merge(
    _ given: PeerEntries, _ contract: AggregationContract, by other: VerifierKey, as identity: Identity
  ) throws(ServiceError) {
    guard Int(given.first) <= entries.count else {
      throw .lies(aggregator: other.name, "its entries begin at \(given.first), and \(entries.count) are known")
    }
    for (offset, entry) in given.entries.enumerated() {
      let index = Int(given.first) + offset
      let batch = try ClosedBatch(
        decoding: entry.batch, of: contract, signers: [contract.leader.verifier, contract.helper.verifier])
      if index < entries.count {
        guard entries[index].batch.payloadDigest == batch.payloadDigest else {
          throw .lies(aggregator: other.name, "it tells of another batch of window \(batch.window)")
        }
      } else {
        guard batch.window > lastWindow ?? -1 else {
          throw .lies(aggregator: other.name, "it tells of window \(batch.window) after a later one")
        }
        try close(batch, commitment: nil)
      }
      guard let bytes = entry.context else { continue }
      try take(bytes, index, contract, by: other, as: identity)
    }
    // What is closed without a share of one's own can't be shown any more.
    for entry in entries where isOpen(entry) && (entry.commitment == nil || drawn(entry.batch.window) == nil) {
      try lose(window: entry.batch.window)
    }
  }

  private mutating func take(
    _ bytes: [UInt8], _ index: Int, _ contract: AggregationContract, by other: VerifierKey, as identity: Identity
  ) throws(ServiceError) {
    guard entries[index].context == nil else { return }
    do {
      var context = try SignedContext(decoding: bytes)
      try context.verify(by: [other])
      guard context.context.contract == contract.digest, context.context.batch == entries[index].batch.batch,
        context.context.windowStart == contract.windowStart(entries[index].batch.window)
      else { throw ContextRefusal.malformed("it is of another batch") }
      try context.addSignature(by: identity)
      try add(context, window: entries[index].batch.window)
    } catch let error as ServiceError {
      throw error
    } catch {
      throw .lies(aggregator: other.name, "the context of window \(entries[index].batch.window): \(error)")
    }
  }

  /// The context that two shares of a batch give.
  func context(
    of batch: ClosedBatch, leader: [UInt8], helper: [UInt8], refused: Int, late: Int, issuedAt: Int64, sums: SignalSums
  ) throws(ServiceError) -> SharedMarketContext {
    let shares = [try sums.decode(leader), try sums.decode(helper)]
    let totals = try contract.totals(shares, sums: sums, contributors: batch.participants.count)
    let most = (0..<contract.contributors.count).map { participations($0) }.max() ?? 0
    return try contract.context(
      of: batch, shares: [(contract.leader.verifier.name, leader), (contract.helper.verifier.name, helper)],
      totals: totals, refused: refused, late: late, issuedAt: issuedAt, participations: most,
      before: contexts.last?.context, method: .twoAggregators)
  }
}
