// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import SecureAggregation
internal import TransparencyLog

/// What the only aggregator tells those who run it.
package enum MaskedProgress: Sendable {
  case began(window: Int, run: Int)
  /// A round is over, with so many left.
  case closed(window: Int, round: String, contributors: Int)
  /// A message of this contributor was refused; it drops out of the run unless it sends a right one.
  case refused(window: Int, contributor: Int, reason: String)
  /// Nothing was unmasked in this run; another begins.
  case givenUp(window: Int, reason: String)
  case released(SignedContext, window: Int)
  /// Nothing is ever shown of this window.
  case over(window: Int, reason: String)
}

/// The only aggregator of a contract without a second one: Bonawitz et al., "Practical Secure Aggregation for
/// Privacy-Preserving Machine Learning" (2017). Contributors send a message a round and ask for what follows; the rounds end
/// when all who are left have answered, or by time.
///
/// Whatever it answers is on the disk first, so that one that was killed goes on in the round where it was. A run that
/// loses too many before anything is unmasked is given up, and another begins under a new name; once contributors have been
/// asked to unmask, there is no other run, for the sums of two sets of survivors would show who is in one of them alone. No
/// window has two batches. One call at a time.
package final class SoleAggregator {
  package let contract: AggregationContract
  private let keys: AggregatorKeys
  private let files: PartyFiles
  private let rounds: AggregationContract.Rounds
  private var book: BatchBook
  /// The one that is worked on.
  private var window: MaskedWindow?
  /// Why nothing is shown of a window, as long as this process knows.
  private var reasons: [Int: String] = [:]
  /// How many runs a window gets.
  package static let mostRuns = 3

  package init(_ contract: AggregationContract, keys: AggregatorKeys, files: consuming PartyFiles) throws(ServiceError)
  {
    guard let rounds = contract.rounds else {
      throw .refused("\"\(contract.name)\" has two aggregators: it takes a leader and a helper, and no sole one")
    }
    guard keys.identity.verifier == contract.leader.verifier, keys.agreementKey == contract.leader.agreement else {
      throw .refused(
        "\(keys.identity.verifier.shortName) with these keys is not the aggregator of \"\(contract.name)\"")
    }
    self.contract = contract
    self.keys = keys
    self.rounds = rounds
    try files.claim(contract)
    book = try BatchBook.open(contract, path: files.book)
    self.files = files
    if let anchor = try self.files.anchor(), book.standing.closed < anchor.closed {
      throw .restored(
        "\(keys.identity.verifier.name) has once closed \(anchor.closed) batches and knows of \(book.standing.closed): a "
          + "backup was restored; restore a newer one, or agree on a new contract that begins later")
    }
    for number in try self.files.windows().sorted() {
      guard window == nil, isUnfinished(number) else {
        try self.files.remove(number)
        continue
      }
      window = try MaskedWindow(number, path: self.files.window(number), contract)
    }
    for entry in book.entries where book.isOpen(entry) && entry.batch.window != window?.number {
      try book.lose(window: entry.batch.window)
    }
  }

  private func isUnfinished(_ window: Int) -> Bool {
    if let index = book.entry(window) { return book.isOpen(book.entries[index]) }
    return window < contract.windows && window > book.lastWindow ?? -1
  }

  /// For those who ask a contract's aggregator for keys; nothing is sealed to these here.
  package var keyList: KeyList { keys.list }
  /// All contexts so far.
  package var contexts: [SignedContext] { book.contexts }
  /// How many batches are closed.
  package var closedBatches: Int { book.entries.count }
  /// The window that is worked on, the round, and how many have answered it.
  package var openRound: (window: Int, round: String, answered: Int)? {
    window.map { ($0.number, $0.round.description, $0.answered.count) }
  }

  // MARK: Contributors

  /// Answers a contributor. Throws where the request is none, or where this party's own files fail it.
  package func answer(
    _ bytes: [UInt8], now: Int64, progress: (MaskedProgress) -> Void = { _ in }
  ) throws(ServiceError) -> [UInt8] {
    let request = try MaskedRequest(decoding: bytes, of: contract)
    return try kept { () throws(ServiceError) in
      try work(now, progress)
      let answer = try answer(request, now, progress)
      try work(now, progress)
      // What was waited for may have come with this very request.
      return (answer == .wait ? try self.answer(request, now, progress) : answer).encoded
    }
  }

  /// Does all that is due by this clock.
  package func advance(now: Int64, progress: (MaskedProgress) -> Void) throws(ServiceError) {
    try kept { () throws(ServiceError) in try work(now, progress) }
  }

  /// Where the disk fails, memory may be ahead of it: then the window is read again.
  private func kept<Value>(_ body: () throws(ServiceError) -> Value) throws(ServiceError) -> Value {
    if window == nil, let number = reopening {
      window = try MaskedWindow(number, path: files.window(number), contract)
      reopening = nil
    }
    do throws(ServiceError) { return try body() } catch {
      if case .file = error, let number = window?.number {
        window = nil
        reopening = number
      }
      throw error
    }
  }

  private var reopening: Int?

  private func answer(
    _ request: MaskedRequest, _ now: Int64, _ progress: (MaskedProgress) -> Void
  ) throws(ServiceError) -> MaskedAnswer {
    let number = request.window
    if let index = book.entry(number), !book.isOpen(book.entries[index]) {
      return book.entries[index].context.map { .released($0.encoded) }
        ?? .over(reasons[number] ?? "nothing of window \(number) is shown")
    }
    guard number > book.lastWindow ?? -1 else { return .over("a later window than \(number) is closed") }
    if window == nil {
      guard now >= contract.windowEnd(number) - contract.clockTolerance else { return .wait }
      guard now < contract.closing(number) else { return .over("the batch of window \(number) is closed") }
      let opened = try MaskedWindow(number, path: files.window(number), contract)
      window = opened
      try begin(opened, deadline: contract.closing(number), progress)
    }
    guard let window, window.number == number else {
      return window?.number ?? 0 > number ? .over("a later window than \(number) is worked on") : .wait
    }
    guard request.nonce == window.nonce else {
      if window.round == .keys { return .run(nonce: window.nonce) }
      try window.note(late: request.contributor)
      return .wait
    }
    return try answer(request, in: window, progress)
  }

  private func answer(
    _ request: MaskedRequest, in window: MaskedWindow, _ progress: (MaskedProgress) -> Void
  ) throws(ServiceError) -> MaskedAnswer {
    let message = request.message
    guard !message.isEmpty else { return window.answer(to: request.contributor, round: request.round) }
    // Kind and sender, where the encoding of a masked sum's messages has them.
    guard message.count > 36, Int(message[34]) | Int(message[35]) << 8 == request.contributor else {
      return try refuse(request, window, "the message is none of this contributor's", progress)
    }
    let round = message[1]
    if round == window.round.rawValue, !window.answered.contains(request.contributor) {
      if let error = try window.receive(message) { return try refuse(request, window, "\(error)", progress) }
    } else if !window.has(message, of: request.contributor) {
      return window.answered.contains(request.contributor)
        ? try refuse(request, window, "it has answered the round of \(window.round) with other bytes", progress)
        : .left("it has not answered the rounds before the one of \(window.round) in time")
    }
    return window.answer(to: request.contributor, round: round)
  }

  private func refuse(
    _ request: MaskedRequest, _ window: MaskedWindow, _ reason: String, _ progress: (MaskedProgress) -> Void
  ) throws(ServiceError) -> MaskedAnswer {
    try window.note(refused: request.contributor)
    progress(.refused(window: window.number, contributor: request.contributor, reason: reason))
    return .left(reason)
  }

  // MARK: Rounds

  private func begin(
    _ window: MaskedWindow, deadline: Int64, _ progress: (MaskedProgress) -> Void
  ) throws(ServiceError) {
    try window.begin(deadline: deadline)
    progress(.began(window: window.number, run: window.runs))
  }

  private func work(_ now: Int64, _ progress: (MaskedProgress) -> Void) throws(ServiceError) {
    while let window = self.window {
      window.tell(now: now, lasts: rounds.lasts)
      let isFull =
        window.round == .keys && contract.closesAt.map { window.answered.count >= $0 } ?? false
      guard window.isComplete || isFull || now >= window.deadline else { return }
      // Killed as it was made, it has no run.
      guard window.runs > 0 else { return try begin(window, deadline: contract.closing(window.number), progress) }
      let (round, answered) = (window.round, window.answered.count)
      guard round != .unmasking else {
        try finish(window, now, progress)
        continue
      }
      guard let error = try window.close(deadline: now + rounds.lasts) else {
        progress(.closed(window: window.number, round: round.description, contributors: answered))
        continue
      }
      guard window.runs < SoleAggregator.mostRuns else {
        let reason = "after \(window.runs) runs: \(error)"
        try close(window, ClosedBatch.name(contract.digest, window: window.number, reports: []), [])
        try forget(window, reason, progress)
        continue
      }
      progress(.givenUp(window: window.number, reason: error.description))
      try begin(window, deadline: now + rounds.lasts, progress)
    }
  }

  private func close(_ window: MaskedWindow, _ batch: Digest, _ participants: [Int]) throws(ServiceError) {
    guard book.entry(window.number) == nil else { return }
    let closed = try ClosedBatch(
      contract: contract.digest, window: window.number, batch: batch, participants: participants,
      signedBy: keys.identity)
    try book.close(closed, commitment: nil)
    try files.write(anchor: book.standing, window: book.lastWindow)
  }

  private func forget(
    _ window: MaskedWindow, _ reason: String, _ progress: (MaskedProgress) -> Void
  ) throws(ServiceError) {
    reasons[window.number] = reason
    self.window = nil
    try files.remove(window.number)
    progress(.over(window: window.number, reason: reason))
  }

  /// Opens the masks, with the batch closed first: whatever is seen of this window, it is of this batch.
  private func finish(
    _ window: MaskedWindow, _ now: Int64, _ progress: (MaskedProgress) -> Void
  ) throws(ServiceError) {
    let batch = MaskedSums.batch(survivors: window.survivorsMessage, signatures: window.signaturesMessage)
    try close(window, batch, window.survivors)
    guard let index = book.entry(window.number), book.entries[index].batch.batch == batch, let state = window.state
    else { throw .refused("window \(window.number) was closed with another batch") }
    let totals: [[Int64]]
    do throws(ServiceError) {
      totals = try MaskedSums.totals(state, contributors: window.survivors.count, contract)
    } catch {
      try book.lose(window: window.number)
      return try forget(window, "\(error)", progress)
    }
    let context = try contract.context(
      of: book.entries[index].batch, shares: [(contract.leader.verifier.name, MaskedSums.encoded(totals))],
      totals: totals, refused: window.refused.subtracting(window.survivors).count,
      late: window.late.subtracting(window.survivors).count, issuedAt: max(now, contract.windowEnd(window.number)),
      participations: 0, before: contexts.last?.context, method: .oneAggregator)
    let signed: SignedContext
    do throws(LedgerError) { signed = try SignedContext(context, signedBy: keys.identity) } catch {
      throw .cryptography("\(error)")
    }
    try book.add(evidence: window.survivorsMessage, window.signaturesMessage, window: window.number)
    try book.add(signed, window: window.number)
    self.window = nil
    try files.remove(window.number)
    progress(.released(signed, window: window.number))
  }

  /// Who is in a window's sum, as their signatures say; nil where there is no context.
  package func signedSurvivors(_ window: Int) -> (survivors: [UInt8], signatures: [UInt8])? {
    book.entry(window).flatMap { book.entries[$0].evidence }
  }
}
