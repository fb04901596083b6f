// SPDX-License-Identifier: Apache-2.0

package import Governance
internal import ExecutionIR
internal import SecureAggregation
internal import TransparencyLog

/// What the leader has brought to an end.
package enum AggregationProgress: Sendable {
  /// A window takes no more reports; so many are in it.
  case frozen(window: Int, reports: Int)
  /// So many reports are checked.
  case checked(window: Int, of: Int, reports: Int)
  /// Nothing of the window is shown: it has fewer contributions than the contract demands.
  case tooFew(window: Int, contributors: Int, refused: [AggregationRefusal])
  case released(SignedContext, window: Int, refused: [AggregationRefusal])
  /// The aggregators have not found the same reports to be proven: the window is done anew, or, where that was done
  /// before, given up, and nothing of it is shown.
  case differs(window: Int, leader: Int, helper: Int, givenUp: Bool)
  /// The window's sums can't be shown any more, because one of the two aggregators has lost its share.
  case lost(window: Int)
}

/// A contributor who is not in a batch, and why.
package struct AggregationRefusal: Equatable, Sendable {
  package let contributor: Int
  package let refusal: ReportRefusal
}

/// How a request reaches the helper, and the answer comes back.
package typealias HelperCall = (_ request: [UInt8]) throws(ServiceError) -> [UInt8]

extension Leader {
  /// The books were different and are not any more: what was being done is looked at anew.
  private struct Reconciled: Error {}

  /// Does all that is due by this clock, and tells of each end as it comes. Throws where the helper does not answer or does
  /// not keep to the protocol; called again, it goes on where it stopped.
  package func advance(
    now: Int64, helper: HelperCall, progress: (AggregationProgress) -> Void
  ) throws(ServiceError) {
    while try step(now: now, helper: helper, progress: progress) {}
  }

  /// Does the next that is due, one job at most; false when nothing is. Throws as `advance` does.
  package func step(
    now: Int64, helper: HelperCall, progress: (AggregationProgress) -> Void
  ) throws(ServiceError) -> Bool {
    do {
      try greet(helper)
      let isMore = try next(now, helper, progress)
      reconciliations = 0
      return isMore
    } catch is Reconciled {
      reconciliations += 1
      guard reconciliations < 1_000 else {
        reconciliations = 0
        throw .lies(aggregator: peer.verifier.name, "its book never becomes the same")
      }
      return true
    } catch let error as ServiceError {
      throw error
    } catch {
      throw .refused("\(error)")
    }
  }

  private func greet(_ helper: HelperCall) throws {
    if !hasGreeted {
      _ = try ask(.greet, window: 0, helper)
      hasGreeted = true
    }
    if let anchor = try files.anchor(), book.standing.closed < anchor.closed {
      throw ServiceError.restored(
        "the leader has once closed \(anchor.closed) batches and knows of \(book.standing.closed): a backup was restored, "
          + "and the helper does not know of more; restore a newer one")
    }
  }

  /// False when nothing is due.
  private func next(_ now: Int64, _ helper: HelperCall, _ progress: (AggregationProgress) -> Void) throws -> Bool {
    let open = book.firstOpen
    if open < book.entries.count {
      try reveal(book.entries[open], now, helper, progress)
      return true
    }
    guard let window = nextToClose(now) else { return false }
    if !window.reports.isFrozen {
      try window.reports.freeze(sums)
      progress(.frozen(window: window.number, reports: window.reports.reports.count))
    }
    if !window.reports.isWorkedOff, window.reports.restarts < 2 {
      try work(window, helper)
      progress(
        .checked(
          window: window.number, of: min(window.reports.jobs.count * PeerJob.most, window.reports.reports.count),
          reports: window.reports.reports.count))
      return true
    }
    try close(window, helper, progress)
    return true
  }

  // MARK: Jobs

  /// A report of which the leader has made its part.
  private struct Ready {
    let place: Int
    let report: ContributionReport
    let prepared: SignalSums.Prepared
  }

  /// Works off the next job of a window.
  private func work(_ window: OpenWindow, _ helper: HelperCall) throws {
    let number = window.reports.jobs.count
    let verifyKey = try keys.verifyKey(contract, window: UInt32(window.number))
    let given = try window.reports.job(number)
    var refusals = [ReportRefusal?](repeating: nil, count: given.count)
    var states: [Ready] = []
    for (place, item) in given.enumerated() {
      do throws(ReportRefusalError) { states.append(try prepare(item.bytes, place, verifyKey)) } catch {
        refusals[place] = error.refusal
      }
    }
    var sums = window.reports.sums
    if !states.isEmpty {
      let job = PeerJob(
        number: UInt32(number), reports: states.map { (HelperReport($0.report), $0.prepared.verifierShares) })
      let answer = try PeerJobAnswer(
        decoding: ask(.job(job), window: window.number, helper), sums: self.sums)
      guard answer.results.count == states.count else {
        throw lies("it answers \(answer.results.count) of \(states.count) reports")
      }
      for (ready, result) in zip(states, answer.results) {
        switch result {
        case .refused(let refusal): refusals[ready.place] = refusal
        case .proven(let messages):
          do throws(ReportRefusalError) { try self.sums.add(ready.prepared, messages: messages, to: &sums) } catch {
            throw lies("what it says of a proof that holds does not go with the leader's own part")
          }
        }
      }
    }
    try window.reports.add(job: refusals, sums: sums, self.sums)
  }

  private func prepare(
    _ bytes: [UInt8], _ place: Int, _ verifyKey: borrowing SecretBytes
  ) throws(ReportRefusalError) -> Ready {
    let report: ContributionReport
    do throws(MessageError) { report = try ContributionReport(decoding: bytes, sums: sums) } catch {
      throw ReportRefusalError(.malformed)
    }
    guard contract.canSpend(costs, participations: book.participations(Int(report.header.contributor))) else {
      throw ReportRefusalError(.budgetSpent)
    }
    guard let key = keys.decryptionKey(report.leaderShare.key) else { throw ReportRefusalError(.unknownKey) }
    guard
      let inputShares = report.leaderShare.open(
        key, info: contract.sealingInfo(isLeader: true),
        associated: AggregationContract.associated(report.header, report.publicShares))
    else { throw ReportRefusalError(.unopened) }
    let prepared = try sums.prepare(
      verifyKey: verifyKey, aggregator: 0, header: report.header, publicShares: report.publicShares,
      inputShares: inputShares)
    return Ready(place: place, report: report, prepared: prepared)
  }

  // MARK: The end of a batch

  private func close(_ window: OpenWindow, _ helper: HelperCall, _ progress: (AggregationProgress) -> Void) throws {
    let isGivenUp = window.reports.restarts > 1
    let accepted = isGivenUp ? [] : window.reports.accepted
    let batch = try ClosedBatch(
      contract: contract.digest, window: window.number,
      batch: ClosedBatch.name(contract.digest, window: window.number, reports: accepted.map(\.id)),
      participants: accepted.map { Int($0.contributor) }.sorted(), signedBy: keys.identity)
    if book.isLargeEnough(batch), book.drawn(window.number) == nil {
      try book.add(
        drawn: BatchBook.Drawn(
          window: window.number, salt: SecretBytes.random(count: 32).copiedBytes,
          share: contract.noisy(window.reports.sums).encoded))
    }
    let commitment = book.drawn(window.number)?.commitment ?? contract.digest
    let bytes: [UInt8]
    switch try answer(
      .close(batch: batch.encoded, commitment: commitment, isGivenUp: isGivenUp), window: window.number, helper)
    {
    case .done(let answer): bytes = answer
    case .differs(let count):
      let isLast = window.reports.restarts > 0
      progress(.differs(window: window.number, leader: accepted.count, helper: count, givenUp: isLast))
      // Neither has shown anything, so the noise can be drawn anew over what is found then.
      try book.drop(drawn: window.number)
      if !isLast { _ = try ask(.restart, window: window.number, helper) }
      return try window.reports.restart(sums)
    case .lost: throw lies("it has lost what it has not closed")
    }
    var reader = MessageReader(bytes)
    let signed = try ClosedBatch(
      decoding: reader.bytes(atMost: Statement.largestSigned), of: contract,
      signers: contract.aggregators.map(\.verifier))
    let theirs = Digest(bytes: try reader.fixed(32))!
    try reader.end()
    guard signed.payloadDigest == batch.payloadDigest else { throw lies("it has signed another batch") }
    try book.close(signed, commitment: theirs)
    try files.write(anchor: book.standing, window: book.lastWindow)
    guard !book.isLargeEnough(signed) else { return }
    let refused = refusals(window)
    try forget(window.number)
    progress(.tooFew(window: window.number, contributors: signed.participants.count, refused: refused))
  }

  private func refusals(_ window: OpenWindow) -> [AggregationRefusal] {
    window.reports.refused.map { AggregationRefusal(contributor: Int($0.contributor), refusal: $0.refusal) }
  }

  private func reveal(
    _ entry: BatchBook.Entry, _ now: Int64, _ helper: HelperCall, _ progress: (AggregationProgress) -> Void
  ) throws {
    let number = entry.batch.window
    guard let drawn = book.drawn(number), let commitment = entry.commitment else {
      return try lose(number, progress)
    }
    let window = try open(number)
    let refused = refusals(window)
    let reveal: PeerReveal
    if let earlier = entry.request {
      var reader = MessageReader(earlier)
      reveal = try PeerReveal(from: &reader, sums: sums)
    } else {
      reveal = PeerReveal(
        salt: drawn.salt, share: drawn.share, issuedAt: max(now, contract.windowEnd(number)),
        refused: UInt32(refused.count), late: UInt32(window.reports.late.count))
      var writer = MessageWriter()
      reveal.write(to: &writer)
      try book.add(request: writer.bytes, window: number)
    }
    guard case .done(let bytes) = try answer(.reveal(reveal), window: number, helper) else {
      return try lose(number, progress)
    }
    var reader = MessageReader(bytes)
    let salt = try reader.fixed(32)
    let share = try reader.bytes(atMost: sums.aggregateSize)
    let theirs = try reader.bytes(atMost: SignedContext.largestFile)
    try reader.end()
    guard BatchBook.commitment(salt: salt, share: share) == commitment else {
      // It may show the right one when it is asked again; a false commitment can never be met.
      falseShares += 1
      guard falseShares < Leader.patience else { return try lose(number, progress) }
      throw lies("the share that it shows is not the one that it has committed to")
    }
    falseShares = 0
    let context = try book.context(
      of: entry.batch, leader: drawn.share, helper: share, refused: Int(reveal.refused), late: Int(reveal.late),
      issuedAt: reveal.issuedAt, sums: sums)
    var signed: SignedContext
    do {
      signed = try SignedContext(decoding: theirs)
      try signed.verify(by: [peer.verifier])
    } catch {
      throw lies("its context \(error)")
    }
    guard signed.context == context else { throw lies("it has signed another context than the two shares give") }
    try signed.addSignature(by: keys.identity)
    try book.add(signed, window: number)
    try forget(number)
    // The context holds without this: the helper takes it up when it is next asked for anything.
    _ = try? ask(.publish(signed.encoded), window: number, helper)
    progress(.released(signed, window: number, refused: refused))
  }

  private func lose(_ number: Int, _ progress: (AggregationProgress) -> Void) throws {
    try book.lose(window: number)
    try forget(number)
    progress(.lost(window: number))
  }

  // MARK: Requests

  private func lies(_ reason: String) -> ServiceError {
    .lies(aggregator: peer.verifier.name, reason)
  }

  /// What a helper can answer where the two know of the same batches.
  private enum Answer {
    case done([UInt8])
    case differs(Int)
    case lost
  }

  private func ask(_ body: PeerRequest.Body, window: Int, _ helper: HelperCall) throws -> [UInt8] {
    guard case .done(let bytes) = try answer(body, window: window, helper) else {
      throw lies("its answer is none to what it was asked")
    }
    return bytes
  }

  /// Where one of the two lacks what the other has, it is brought up first, and `Reconciled` is thrown.
  private func answer(_ body: PeerRequest.Body, window: Int, _ helper: HelperCall) throws -> Answer {
    let request = PeerRequest(
      contract: contract.digest, standing: book.standing, window: UInt32(window), body: body)
    switch try PeerAnswer(decoding: helper(request.encoded)) {
    case .done(let bytes): return .done(bytes)
    case .lost: return .lost
    case .differs(let count): return .differs(Int(count))
    case .refused(let reason): throw ServiceError.refused("\(peer.verifier.name) refuses: \(reason)")
    case .behind(let entries):
      guard !entries.entries.isEmpty else { throw lies("it tells of more batches and shows none") }
      try book.merge(entries, from: peer.verifier)
      try files.write(anchor: book.standing, window: book.lastWindow)
      throw Reconciled()
    case .needs(let first):
      guard Int(first) < book.entries.count else { throw lies("it asks for batches that nobody has closed") }
      let entries = PeerEntries(book, from: Int(first))
      let catchUp = PeerRequest(
        contract: contract.digest, standing: book.standing, window: UInt32(window), body: .catchUp(entries))
      guard case .done = try PeerAnswer(decoding: helper(catchUp.encoded)) else {
        throw ServiceError.refused("\(peer.verifier.name) does not take up the batches that it has lost")
      }
      throw Reconciled()
    }
  }
}
