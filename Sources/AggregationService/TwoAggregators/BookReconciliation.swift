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

  /// Takes up what is missing from another party's entries. Each batch and each context must carry both parties'
  /// signatures: this one takes up nothing that it has not found to be right once.
  mutating func merge(_ given: PeerEntries, from other: VerifierKey) throws(ServiceError) {
    guard Int(given.first) <= entries.count else {
      throw .lies(aggregator: other.name, "its entries begin at \(given.first), and \(entries.count) are known")
    }
    for (offset, entry) in given.entries.enumerated() {
      let index = Int(given.first) + offset
      let batch = try ClosedBatch(
        decoding: entry.batch, of: contract, signers: contract.aggregators.map(\.verifier))
      if index < entries.count {
        guard entries[index].batch.payloadDigest == batch.payloadDigest else {
          throw .lies(aggregator: other.name, "it tells of another batch of window \(batch.window)")
        }
      } else {
        guard batch.window > lastWindow ?? -1 else {
          throw .lies(aggregator: other.name, "it tells of window \(batch.window) after a later one")
        }
        // A share that was drawn, and committed to in a message whose answer was lost, can still be shown.
        let isCommitted = entry.receiver != nil && entry.receiver == drawn(batch.window)?.commitment
        try close(batch, commitment: isCommitted ? entry.sender : nil)
      }
      guard let bytes = entry.context else { continue }
      try take(bytes, index, from: other)
    }
    // What is closed without a share of one's own can't be shown any more.
    for entry in entries where isOpen(entry) && (entry.commitment == nil || drawn(entry.batch.window) == nil) {
      try lose(window: entry.batch.window)
    }
  }

  private mutating func take(_ bytes: [UInt8], _ index: Int, from other: VerifierKey) throws(ServiceError) {
    guard entries[index].context == nil else { return }
    let batch = entries[index].batch
    do throws(ContextRefusal) {
      let context = try SignedContext(decoding: bytes)
      try context.verify(by: contract.aggregators.map(\.verifier))
      guard context.context.contract == contract.digest, context.context.batch == batch.batch,
        context.context.windowStart == contract.windowStart(batch.window)
      else { throw .malformed("it is of another batch") }
      do throws(ServiceError) { return try add(context, window: batch.window) } catch {
        throw .malformed(error.description)
      }
    } catch {
      throw .lies(aggregator: other.name, "the context of window \(batch.window) \(error)")
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
      of: batch, shares: zip(contract.aggregators, [leader, helper]).map { ($0.verifier.name, $1) }, totals: totals,
      refused: refused, late: late, issuedAt: issuedAt, participations: most,
      before: contexts.last?.context, method: .twoAggregators)
  }
}
