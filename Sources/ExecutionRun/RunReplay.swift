// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import ExecutionEngine
package import ExecutionIR
internal import Feeds
internal import Governance
package import RunJournal
internal import TransparencyLog

/// What a replay found.
package struct ReplayReport: Sendable {
  package var isIdentical: Bool { difference == nil }
  /// The first place at which the run, derived again, differs from what is recorded.
  package var difference: String?
  package var leaves = 0
  package var records: UInt64 = 0
  package var events: UInt64 = 0
  package var eventDigest: Digest? = nil
  /// Whether the adapters decoded the frames again, or the recorded events were taken.
  package var decodedAgain: Bool
  /// What vendors' functions were asked, and how much of it was asked again.
  package var questions = 0
  package var askedAgain = 0

  package var json: JSON {
    .object([
      "identical": .bool(isIdentical), "difference": difference.map { .string($0) } ?? .null,
      "leaves": .integer(Int64(leaves)), "records": .wide(records), "events": .wide(events),
      "event_digest": eventDigest.map { .string($0.description) } ?? .null,
      "decoded_again": .bool(decodedAgain), "questions": .integer(Int64(questions)),
      "asked_again": .integer(Int64(askedAgain)),
    ])
  }
}

/// Derives a run again from its journal: frames through the recorded adapters, events through the engine, statements
/// against the ledger. Fill models and simulators are not run: their recorded results are inputs.
package final class RunReplay {
  private let directory: RunDirectory
  private let description: RunDescription
  /// Asked again, where that is wanted.
  private var hooks: RunHooks?
  private var decoders: [FrameDecoder?] = []
  private var instruments = GlobalInstruments()
  private var shadows: ShadowReplay
  private var recorded: [(subject: String, digest: Digest)] = []
  private var report: ReplayReport
  private var stream = StreamSummary()
  private var output = EngineOutput()
  /// What the engine sent at its last decision, and how much of that was seen to be sent.
  private var intents: [OrderIntent] = []
  private var nextIntent = 0

  /// - Parameters:
  ///   - isolation: where the recorded adapters run; nil: nowhere, and the recorded events are taken.
  ///   - admission: which of them may be loaded; nil: every one.
  ///   - asksAgain: whether vendors' functions are asked again and must answer what is recorded.
  package static func replay(
    _ path: String, isolation: Isolation?, admission: AdapterAdmission? = nil, asksAgain: Bool = false
  ) throws(RunError) -> ReplayReport {
    let directory = RunDirectory(path)
    let (description, _) = try directory.require()
    let replay = RunReplay(directory, description, decodes: isolation != nil)
    if let isolation { try replay.openSessions(isolation, admission) }
    if asksAgain { replay.hooks = try RunHooks.recorded(description, directory) }
    try replay.readLedger()
    try replay.run()
    return replay.report
  }

  private init(_ directory: RunDirectory, _ description: RunDescription, decodes: Bool) {
    self.directory = directory
    self.description = description
    shadows = ShadowReplay(description)
    report = ReplayReport(decodedAgain: decodes)
    decoders = Array(repeating: nil, count: description.feeds.count)
  }

  private func openSessions(_ isolation: Isolation, _ admission: AdapterAdmission?) throws(RunError) {
    var loaded: [(Digest, AdapterModule)] = []
    for digest in description.feeds.flatMap({ [$0.adapter, $0.shadow?.adapter].compactMap { $0?.digest } }) {
      try admission?.refuseRevoked(
        digest, directory.adapter(digest), way: "The recorded events can be replayed without it: --from events")
    }
    for (index, feed) in description.feeds.enumerated() {
      guard let adapter = feed.adapter else { continue }
      let decoder = FrameDecoder(
        venue: feed.venue, session: try openSession(adapter, feed: index, isolation, &loaded),
        frames: FeedLane.framesAhead, largestFrame: FeedLane.bytesAhead)
      decoders[index] = decoder
      guard let shadow = feed.shadow else { continue }
      decoder.follow(
        ShadowSession(
          ShadowSession.Subject(
            feed: index, venue: feed.venue, adapter: adapter.digest, shadow: shadow.adapter.digest),
          session: try openSession(shadow.adapter, feed: index, isolation, &loaded),
          venueLatency: try venueLatency(feed, index), promoteAfter: shadow.promoteAfter))
    }
  }

  /// What a feed's frames' times are the venue's own plus; nil where its capture has times.
  private func venueLatency(_ feed: FeedDescription, _ index: Int) throws(RunError) -> Int64? {
    do throws(FeedError) { return try FeedOptions(feed.option).venueLatency } catch {
      throw .badInput("\(directory.description): feeds[\(index)].option: \(error)")
    }
  }

  private func openSession(
    _ adapter: FeedDescription.Adapter, feed index: Int, _ isolation: Isolation,
    _ loaded: inout [(Digest, AdapterModule)]
  ) throws(RunError) -> AdapterSession {
    do {
      let image = try AdapterImage.read(path: directory.adapter(adapter.digest))
      guard image.digest == adapter.digest.bytes else {
        throw RunError.badInput("\(directory.adapter(adapter.digest)): does not have the digest of its name")
      }
      let known = loaded.first { $0.0 == adapter.digest }?.1
      let module = try known ?? AdapterModule(image, isolation)
      if known == nil { loaded.append((adapter.digest, module)) }
      guard let framing = Framing(rawValue: adapter.framing), let channel = Channel(rawValue: adapter.channel) else {
        throw RunError.badInput("\(directory.description): feeds[\(index)]: an unknown framing or channel")
      }
      let configuration = AdapterSession.Configuration(
        framing: framing, channel: channel, dayStart: adapter.dayStart, seed: adapter.seed,
        settings: adapter.settings.map { AdapterSession.Configuration.Setting(key: $0.key, value: $0.value) })
      return try AdapterSession(module, configuration)
    } catch let error as RunError {
      throw error
    } catch let error as AdapterError {
      throw .adapter(error)
    } catch {
      throw .internalFault("\(error)")
    }
  }

  private func readLedger() throws(RunError) {
    guard let key = try? VerifierKey(parsing: description.verifier) else {
      throw .badInput("\(directory.description): its verifier key is not one")
    }
    let reader = AuditLedgerReader(directory: directory.ledger, keys: [key])
    let ledger = reader.verifyAll { statement in
      recorded.append((statement.statement.subjects[0].name, Digest(of: statement.statement.encoded)))
    }
    guard ledger.isSoundUpToCheckpoint else {
      throw .badInput(
        "\(directory.path): the ledger does not hold; exprove verify \(directory.path) tells what is wrong")
    }
  }

  private func run() throws(RunError) {
    let reference = try directory.reference(description.reference)
    let shared = try directory.sharedContexts(description)
    var engine = try RunDriver.begin(description.engine(reference, shared: shared.map(\.context)))
    compare(RunStatements.run(description, adapters: description.libraries))
    for signed in shared { compare(RunStatements.sharedContext(signed)) }
    var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
    do {
      var journal = try JournalReader(directory: directory.journal)
      while report.difference == nil {
        let item = try journal.next(into: &batch)
        report.records = journal.position.records
        output.removeAll()
        switch item {
        case .batch:
          if let reason = shadows.take(batch) { report.difference = "record \(report.records - 1) \(reason)" }
          try compare(batch, engine)
          stream.add(batch)
          try engine.step(batch, into: &output)
        case .input(let input):
          if let reason = shadows.take(input, decoders) {
            report.difference = "record \(report.records - 1) \(reason)"
            break
          }
          if let time = RunInputs.clockTime(input) {
            guard engine.nextDecision == time else {
              report.difference =
                "record \(journal.position.records - 1): the clock reached \(time), the engine waits for "
                + (engine.nextDecision.map { String($0) } ?? "nothing")
              break
            }
            checkAllSent()
            try engine.decide(into: &output)
            if engine.question == nil { keepIntents() }
          } else if let body = RunInputs.hookBody(input) {
            try answer(body, &engine)
          } else if let statement = RunStatements.incident(input) ?? RunStatements.shadow(input)?.statement {
            compare(statement)
          } else if let end = RunInputs.endReason(input) {
            engine.finish(reason: end.rawValue, into: &output)
          }
        case .end:
          if engine.isFinished { checkAllSent() }
          return finish()
        }
        compare(output, journal.position)
      }
    } catch let error as JournalError {
      throw .badInput(error.description)
    } catch let error as EngineError {
      report.difference = "record \(report.records): the engine refuses it: \(error)"
    } catch let error as RunError {
      throw error
    } catch {
      throw .internalFault("\(error)")
    }
  }

  /// The recorded answer to what the engine asks; where it is asked again, the same must be said.
  private func answer(_ body: JSON, _ engine: inout Engine) throws {
    guard let question = engine.question, let outcome = try RunInputs.outcome(of: question, in: body) else {
      report.difference =
        "record \(report.records - 1): a vendor's function was asked what the engine does not ask"
      return
    }
    report.questions += 1
    if let hooks {
      let now = hooks.ask(question)
      guard now == outcome else {
        report.difference =
          "record \(report.records - 1): “\(question.function.name)” was recorded with \(outcome.words) about decision "
          + "\(question.delta.sequence), and gives \(now.words) now"
        return
      }
      report.askedAgain += 1
    }
    try engine.answer(outcome, into: &output)
    // The answer to the last question ends the decision, and may send orders.
    if engine.question == nil { keepIntents() }
  }

  /// Orders of simulated venues come back as frames; a model's answers are in the record without them.
  private func keepIntents() {
    guard description.fills == .simulated else { return }
    intents = output.intents
    nextIntent = 0
  }

  private func finish() {
    report.events = stream.events
    report.eventDigest = stream.eventDigest
    if report.difference == nil, report.leaves < recorded.count {
      let extra = recorded[report.leaves]
      // Reports are written after the run, and nothing derives them from the inputs.
      if !recorded[report.leaves...].allSatisfy({ $0.subject.hasPrefix("reports/") }) {
        report.difference = "leaf \(report.leaves) (\(extra.subject)) follows from no input"
      }
    }
  }

  private func compare(_ output: EngineOutput, _ position: JournalPosition) {
    for statement in output.statements {
      compare(RunStatements.sized(statement.kind.rawValue, statement.subject, statement.body).statement)
    }
    if output.isPublishing {
      let body = RunStatements.journal(position, stream)
      compare(RunStatements.sized("journal", "journal/\(position.records)", body).statement)
    }
  }

  private func compare(_ statement: Statement) {
    guard report.difference == nil else { return }
    // An interrupted run's journal reaches further than its last checkpoint.
    guard report.leaves < recorded.count else { return }
    let leaf = recorded[report.leaves]
    if leaf.digest != Digest(of: statement.encoded) {
      report.difference =
        "leaf \(report.leaves): recorded is \(leaf.subject), the inputs give \(statement.subjects[0].name)"
        + (leaf.subject == statement.subjects[0].name ? " with another content" : "")
      return
    }
    report.leaves += 1
  }

  /// Walks the batch's frames: what the engine sends must be what was sent, and what the adapters give what they gave.
  private func compare(_ batch: borrowing EventBatch, _ engine: borrowing Engine) throws(RunError) {
    var next = 0
    for index in 0..<batch.frameCount where report.difference == nil {
      let frame = batch.frame(at: index)
      guard Int(frame.feed) < description.feeds.count else {
        report.difference = "record \(report.records - 1): names feed \(frame.feed), which run.json does not have"
        return
      }
      let bytes = batch.bytes.extracting(Int(frame.data)..<Int(frame.data + frame.length))
      var end = next
      while end < batch.eventCount, Int(batch.event(at: end).frame) == index { end += 1 }
      if frame.flags & FrameFlags.outbound.rawValue != 0 {
        let own = (next..<end).first { batch.event(at: $0).isOwn }
        try compareSent(frame, bytes, own.map { batch.event(at: $0) }, engine)
      }
      if report.decodedAgain, report.difference == nil {
        let derived = try derive(index, of: batch, bytes)
        let isSame =
          derived.count == end - next
          && derived.indices.allSatisfy {
            ModelLane.bytes(of: derived[$0]) == ModelLane.bytes(of: plain(batch.event(at: next + $0)))
          }
        if !isSame { differ(frame, "the adapter gives other events than the recorded ones") }
        if report.difference == nil, let decoder = decoders[Int(frame.feed)],
          let reason = shadows.check(decoder, feed: Int(frame.feed))
        {
          differ(frame, reason)
        }
      }
      next = end
    }
  }

  private func differ(_ frame: Frame, _ reason: String) {
    report.difference =
      "record \(report.records - 1), feed \(frame.feed) (\(description.feeds[Int(frame.feed)].venue)), frame at byte "
      + "\(frame.offset): \(reason)"
  }

  /// An order that was sent must be the next one that the engine sends, in the venue's own bytes where its adapter runs.
  private func compareSent(
    _ frame: Frame, _ bytes: Span<UInt8>, _ own: Event?, _ engine: borrowing Engine
  ) throws(RunError) {
    guard nextIntent < intents.count else { return differ(frame, "an order was sent that the engine does not send") }
    let intent = intents[nextIntent]
    nextIntent += 1
    let request = try OrderRequest(intent, engine: engine)
    let kind = intent.action == .new ? EventKind.ownNew : .ownCancelRequest
    guard let own, own.kind == kind.rawValue, own.order_id == request.orderID, own.quantity == request.quantity,
      intent.action == .cancel || own.price == request.price
    else { return differ(frame, "the engine sends another order, number \(intent.id)") }
    guard report.decodedAgain, let decoder = decoders[Int(frame.feed)] else { return }
    let sent = try decoder.encode(request)
    if !bytes.indices.elementsEqual(sent.indices) || !sent.indices.allSatisfy({ sent[$0] == bytes[$0] }) {
      differ(frame, "order \(intent.id) was sent in other bytes than the adapter gives")
    }
  }

  /// What the engine sent at its last decision must have been sent before the next one.
  private func checkAllSent() {
    guard report.difference == nil, nextIntent < intents.count else { return }
    report.difference =
      "record \(report.records - 1): the engine sends order \(intents[nextIntent].id), which was not sent"
  }

  private func plain(_ event: Event) -> Event {
    var result = event
    result.frame = 0
    return result
  }

  private func derive(
    _ index: Int, of batch: borrowing EventBatch, _ bytes: Span<UInt8>
  ) throws(RunError) -> [Event] {
    guard let decoder = decoders[Int(batch.frame(at: index).feed)] else {
      // A model's frame is its event.
      return ModelLane.event(of: bytes).map { [$0] } ?? []
    }
    try decoder.decode(frame: index, of: batch, &instruments)
    return decoder.events
  }
}
