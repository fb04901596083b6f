// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import SecureAggregation
internal import TransparencyLog

/// The second aggregator. It answers the leader, and keeps its own account of what was proven, what was closed and what a
/// contributor has spent, so that the leader alone can show nothing and spend nothing.
///
/// Whatever is answered is on the disk first. A request that comes again gets the same answer. One call at a time.
package final class Helper {
  package let contract: AggregationContract
  /// What the contract says of this party.
  package let own: AggregationContract.Aggregator
  private let keys: AggregatorKeys
  private let sums: SignalSums
  private let costs: [PrivacyCost?]
  private let files: PartyFiles
  private var book: BatchBook
  private var window: OpenWindow?

  /// The window that jobs are about.
  private final class OpenWindow {
    let number: Int
    var jobs: WindowJobs
    let verifyKey: SecretBytes

    init(_ number: Int, _ jobs: consuming WindowJobs, verifyKey: consuming SecretBytes) {
      self.number = number
      self.jobs = jobs
      self.verifyKey = verifyKey
    }
  }

  package init(_ contract: AggregationContract, keys: AggregatorKeys, files: consuming PartyFiles) throws(ServiceError)
  {
    let own = try contract.secondAggregator()
    guard keys.identity.verifier == own.verifier, keys.agreementKey == own.agreement else {
      throw .refused("\(keys.identity.verifier.shortName) with these keys is not the helper of \"\(contract.name)\"")
    }
    self.contract = contract
    self.own = own
    self.keys = keys
    try files.claim(contract)
    sums = try SignalSums(contract)
    costs = try contract.costs()
    book = try BatchBook.open(contract, path: files.book)
    self.files = files
    for window in try self.files.windows() where window <= book.lastWindow ?? -1 { try self.files.remove(window) }
  }

  /// What contributors seal to.
  package var keyList: KeyList { keys.list }
  /// All contexts so far.
  package var contexts: [SignedContext] { book.contexts }
  /// How many batches are closed, and the window of the last one.
  package var closedBatches: Int { book.entries.count }
  package var lastClosed: Int? { book.lastWindow }

  /// Answers a request of the leader: whoever calls has made sure that it is the leader's. Throws only where this party's
  /// own files fail it; whatever is wrong with the request is answered.
  package func answer(_ bytes: [UInt8], now: Int64) throws(ServiceError) -> [UInt8] {
    let request: PeerRequest
    do throws(MessageError) { request = try PeerRequest(decoding: bytes, sums: sums) } catch {
      return PeerAnswer.refused("\(error)").encoded
    }
    do {
      return try answer(request, bytes, now).encoded
    } catch .file(let reason) {
      throw .file(reason)
    } catch {
      return PeerAnswer.refused(error.description).encoded
    }
  }

  private func answer(_ request: PeerRequest, _ bytes: [UInt8], _ now: Int64) throws(ServiceError) -> PeerAnswer {
    guard request.contract == contract.digest else {
      return .refused("\(ServiceError.otherContract(given: request.contract, own: contract.digest))")
    }
    let number = Int(request.window)
    guard number < contract.windows else { return .refused("the contract has no window \(number)") }
    if case .catchUp(let entries) = request.body {
      try book.merge(entries, from: contract.leader.verifier)
      try files.write(anchor: book.standing, window: book.lastWindow)
      return .done([])
    }
    if let answer = try compare(request) { return answer }
    if let anchor = try files.anchor(), book.standing.closed < anchor.closed {
      throw .restored(
        "the helper has once closed \(anchor.closed) batches and knows of \(book.standing.closed): a backup was restored, "
          + "and the leader does not know of more; restore a newer one")
    }
    switch request.body {
    case .job(let job): return try run(job, number, Digest(of: job.encoded), now)
    case .close(let batch, let commitment, let isGivenUp):
      return try close(batch, commitment, isGivenUp, number)
    case .reveal(let reveal): return try self.reveal(reveal, number, now)
    case .publish(let context): return try publish(context, number)
    case .restart: return try restart(number)
    case .catchUp, .greet: return .done([])
    }
  }

  // MARK: How far each is

  /// What the two books say of each other; nil where the request can be answered.
  private func compare(_ request: PeerRequest) throws(ServiceError) -> PeerAnswer? {
    let theirs = request.standing
    let own = book.standing
    guard theirs.closed <= own.closed else { return .needs(from: UInt32(book.firstOpen)) }
    guard book.chain(after: Int(theirs.closed)) == theirs.chain else {
      return .refused("the leader's \(theirs.closed) closed batches are not those that the helper has signed")
    }
    if theirs.closed < own.closed {
      // The answer to a close has not arrived: it is asked for again.
      if case .close = request.body, theirs.closed + 1 == own.closed, book.lastWindow == Int(request.window) {
        return nil
      }
      return .behind(PeerEntries(book, from: book.firstUnknown(to: theirs)))
    }
    if theirs.contexts > own.contexts {
      if case .publish = request.body { return nil }
      return .needs(from: UInt32(book.firstOpen))
    }
    return theirs.contexts < own.contexts ? .behind(PeerEntries(book, from: book.firstUnknown(to: theirs))) : nil
  }

  // MARK: Jobs

  private func open(_ number: Int) throws(ServiceError) -> OpenWindow {
    if let window, window.number == number { return window }
    let opened = OpenWindow(
      number, try WindowJobs.open(files.window(number), contract: contract, sums: sums),
      verifyKey: try keys.verifyKey(contract, window: UInt32(number)))
    window = opened
    return opened
  }

  private func run(_ job: PeerJob, _ number: Int, _ digest: Digest, _ now: Int64) throws(ServiceError) -> PeerAnswer {
    guard number > book.lastWindow ?? -1 else { return .refused("window \(number) is closed") }
    guard now >= contract.windowEnd(number) - contract.clockTolerance else {
      return .refused(
        "window \(number) ends at \(contract.windowEnd(number)), and the helper's clock says \(now): set the clocks right"
      )
    }
    let window = try open(number)
    if job.number < UInt32(window.jobs.jobs.count) {
      let earlier = window.jobs.jobs[Int(job.number)]
      guard earlier.digest == digest else {
        return .refused("job \(job.number) of window \(number) was another one before")
      }
      return .done(earlier.answer)
    }
    guard job.number == UInt32(window.jobs.jobs.count) else {
      return .refused("job \(job.number) of window \(number) comes before job \(window.jobs.jobs.count)")
    }
    var results: [PeerJobAnswer.Result] = []
    var seen: [UInt32] = []
    var accepted: [Accepted] = []
    var sums = window.jobs.sums
    for (report, verifierShares) in job.reports {
      do throws(ReportRefusalError) {
        let messages = try check(report, verifierShares, window, &seen, &sums)
        accepted.append(Accepted(contributor: report.header.contributor, id: report.header.id))
        results.append(.proven(messages: messages))
      } catch {
        results.append(.refused(error.refusal))
      }
    }
    let answer = PeerJobAnswer(results: results).encoded
    try window.jobs.add(
      digest: digest, answer: answer, seen: seen, accepted: accepted, sums: sums, self.sums)
    return .done(answer)
  }

  /// Checks one report and adds it up.
  private func check(
    _ report: HelperReport, _ leaderVerifiers: [UInt8], _ window: OpenWindow, _ seen: inout [UInt32],
    _ sums: inout ShareSums
  ) throws(ReportRefusalError) -> [UInt8] {
    let header = report.header
    if let refusal = contract.refusal(
      of: header, publicShares: report.publicShares, leaderDigest: report.leaderDigest,
      helperShare: report.helperShare, signature: report.signature)
    {
      throw ReportRefusalError(refusal)
    }
    guard Int(header.window) == window.number else { throw ReportRefusalError(.unknownWindow) }
    guard !window.jobs.seen.contains(header.contributor), !seen.contains(header.contributor) else {
      throw ReportRefusalError(.second)
    }
    seen.append(header.contributor)
    guard contract.canSpend(costs, participations: book.participations(Int(header.contributor))) else {
      throw ReportRefusalError(.budgetSpent)
    }
    guard let key = keys.decryptionKey(report.helperShare.key) else { throw ReportRefusalError(.unknownKey) }
    guard
      let inputShares = report.helperShare.open(
        key, info: contract.sealingInfo(isLeader: false),
        associated: AggregationContract.associated(header, report.publicShares))
    else { throw ReportRefusalError(.unopened) }
    let prepared = try self.sums.prepare(
      verifyKey: window.verifyKey, aggregator: 1, header: header, publicShares: report.publicShares,
      inputShares: inputShares)
    let messages = try self.sums.messages(
      leader: leaderVerifiers, helper: prepared.verifierShares, publicShares: report.publicShares,
      window: header.window)
    try self.sums.add(prepared, messages: messages, to: &sums)
    return messages
  }

  /// Forgets the jobs of a window of which nothing is closed, and so nothing shown.
  private func restart(_ number: Int) throws(ServiceError) -> PeerAnswer {
    guard number > book.lastWindow ?? -1 else { return .refused("window \(number) is closed") }
    if book.drawn(number) != nil { try book.drop(drawn: number) }
    window = nil
    try files.remove(number)
    return .done([])
  }

  // MARK: The end of a batch

  private func close(
    _ bytes: [UInt8], _ commitment: Digest, _ isGivenUp: Bool, _ number: Int
  ) throws(ServiceError) -> PeerAnswer {
    var batch = try ClosedBatch(decoding: bytes, of: contract, signers: [contract.leader.verifier])
    guard batch.window == number else { return .refused("the batch is of window \(batch.window), not \(number)") }
    if let index = book.entry(number) {
      let entry = book.entries[index]
      guard entry.batch.payloadDigest == batch.payloadDigest else {
        return .refused("window \(number) was closed with another batch")
      }
      guard entry.commitment == commitment else {
        // Whoever draws noise twice for one batch shows more than one draw hides.
        return .behind(PeerEntries(book, from: index))
      }
      return .done(closed(entry.batch))
    }
    guard number > book.lastWindow ?? -1 else { return .refused("a later window than \(number) is closed") }
    let window = try open(number)
    let accepted = window.jobs.accepted
    guard
      isGivenUp && batch.participants.isEmpty
        || batch.participants == accepted.map({ Int($0.contributor) }).sorted()
          && batch.batch == ClosedBatch.name(contract.digest, window: number, reports: accepted.map(\.id))
    else { return .differs(UInt32(accepted.count)) }
    if book.isLargeEnough(batch), book.drawn(number) == nil {
      try book.add(
        drawn: BatchBook.Drawn(
          window: number, salt: SecretBytes.random(count: 32).copiedBytes,
          share: contract.noisy(window.jobs.sums).encoded))
    }
    try batch.addSignature(by: keys.identity)
    try book.close(batch, commitment: commitment)
    try files.write(anchor: book.standing, window: book.lastWindow)
    self.window = nil
    try files.remove(number)
    return .done(closed(batch))
  }

  private func closed(_ batch: ClosedBatch) -> [UInt8] {
    var writer = MessageWriter()
    writer.write(batch.encoded)
    writer.write(fixed: (book.drawn(batch.window)?.commitment ?? contract.digest).bytes)
    return writer.bytes
  }

  private func reveal(_ reveal: PeerReveal, _ number: Int, _ now: Int64) throws(ServiceError) -> PeerAnswer {
    guard let index = book.entry(number) else { return .refused("window \(number) is not closed") }
    let entry = book.entries[index]
    guard book.isLargeEnough(entry.batch) else {
      return .refused("window \(number) has fewer than \(contract.minimum) contributions: nothing of it is shown")
    }
    guard let drawn = book.drawn(number), let commitment = entry.commitment, !entry.isLost else {
      if !entry.isLost { try book.lose(window: number) }
      return .lost
    }
    guard BatchBook.commitment(salt: reveal.salt, share: reveal.share) == commitment else {
      return .refused("the leader's share is not the one that it has committed to")
    }
    let context: SignedContext
    if let earlier = entry.pending {
      context = earlier
    } else {
      context = try sign(reveal, entry.batch, drawn, now)
      try book.add(pending: context, window: number)
    }
    var writer = MessageWriter()
    writer.write(fixed: drawn.salt)
    writer.write(drawn.share)
    writer.write(context.encoded)
    return .done(writer.bytes)
  }

  private func sign(
    _ reveal: PeerReveal, _ batch: ClosedBatch, _ drawn: BatchBook.Drawn, _ now: Int64
  ) throws(ServiceError) -> SignedContext {
    guard reveal.issuedAt <= now + contract.clockTolerance else {
      throw .refused("the leader would sign at \(reveal.issuedAt), and the helper's clock says \(now): set them right")
    }
    let context = try book.context(
      of: batch, leader: reveal.share, helper: drawn.share, refused: Int(reveal.refused), late: Int(reveal.late),
      issuedAt: reveal.issuedAt, sums: sums)
    do throws(LedgerError) { return try SignedContext(context, signedBy: keys.identity) } catch {
      throw .cryptography("\(error)")
    }
  }

  private func publish(_ bytes: [UInt8], _ number: Int) throws(ServiceError) -> PeerAnswer {
    guard let index = book.entry(number), let own = book.entries[index].pending else {
      return .refused("window \(number) has no context to publish")
    }
    let context: SignedContext
    do throws(ContextRefusal) {
      context = try SignedContext(decoding: bytes)
      try context.verify(by: contract.aggregators.map(\.verifier))
    } catch {
      return .refused("the context of window \(number) \(error)")
    }
    guard context.context == own.context else {
      return .refused("the context of window \(number) is not the one that the helper has signed")
    }
    if book.entries[index].context == nil { try book.add(context, window: number) }
    return .done([])
  }
}
