// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import ExecutionEngine
package import ExecutionIR
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

  package var json: JSON {
    .object([
      "identical": .bool(isIdentical), "difference": difference.map { .string($0) } ?? .null,
      "leaves": .integer(Int64(leaves)), "records": .wide(records), "events": .wide(events),
      "event_digest": eventDigest.map { .string($0.description) } ?? .null,
      "decoded_again": .bool(decodedAgain),
    ])
  }
}

/// Derives a run again from its journal: frames through the recorded adapters, events through the engine, statements
/// against the ledger. Fill models and simulators are not run: their recorded results are inputs.
package final class RunReplay {
  private let directory: RunDirectory
  private let description: RunDescription
  private var sessions: [Int: FeedSession] = [:]
  private var instruments = GlobalInstruments()
  private var recorded: [(subject: String, digest: Digest)] = []
  private var report: ReplayReport
  private var stream = StreamSummary()
  private var output = EngineOutput()

  /// One feed's adapter at work again.
  private final class FeedSession {
    var session: AdapterSession
    var map: [UInt32] = []
    /// One frame at a time, in memory that is used again.
    var single: EventBatch
    init(_ session: consuming AdapterSession) {
      single = EventBatch(frames: 1, events: session.adapter.manifest.maxEvents, bytes: 8 << 20)
      self.session = session
    }
  }

  /// - Parameter fromEvents: take the recorded events and load no adapter.
  package static func replay(_ path: String, fromEvents: Bool) throws(RunError) -> ReplayReport {
    let directory = RunDirectory(path)
    let (description, _) = try directory.require()
    let replay = RunReplay(directory, description, decodes: !fromEvents)
    if !fromEvents { try replay.openSessions() }
    try replay.readLedger()
    try replay.run()
    return replay.report
  }

  private init(_ directory: RunDirectory, _ description: RunDescription, decodes: Bool) {
    self.directory = directory
    self.description = description
    report = ReplayReport(decodedAgain: decodes)
  }

  private func openSessions() throws(RunError) {
    var loaded: [(Digest, LoadedAdapter)] = []
    for (index, feed) in description.feeds.enumerated() {
      guard let adapter = feed.adapter else { continue }
      do {
        let image = try AdapterImage.read(path: directory.adapter(adapter.digest))
        guard image.digest == adapter.digest.bytes else {
          throw RunError.badInput("\(directory.adapter(adapter.digest)): does not have the digest of its name")
        }
        let known = loaded.first { $0.0 == adapter.digest }?.1
        let module = try known ?? LoadedAdapter(image)
        if known == nil { loaded.append((adapter.digest, module)) }
        guard let framing = Framing(rawValue: adapter.framing), let channel = Channel(rawValue: adapter.channel) else {
          throw RunError.badInput("\(directory.description): feeds[\(index)]: an unknown framing or channel")
        }
        let configuration = AdapterSession.Configuration(
          framing: framing, channel: channel, dayStart: adapter.dayStart, seed: adapter.seed,
          settings: adapter.settings.map { AdapterSession.Configuration.Setting(key: $0.key, value: $0.value) })
        sessions[index] = FeedSession(try AdapterSession(module, configuration))
      } catch let error as RunError {
        throw error
      } catch let error as AdapterError {
        throw .adapter(error)
      } catch {
        throw .internalFault("\(error)")
      }
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
    var engine = try RunDriver.begin(description.engine(reference))
    compare(RunStatements.run(description, adapters: adapterDigests()))
    var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
    do {
      var journal = try JournalReader(directory: directory.journal)
      while report.difference == nil {
        let item = try journal.next(into: &batch)
        report.records = journal.position.records
        output.removeAll()
        switch item {
        case .batch:
          if report.decodedAgain { try decode(batch) }
          stream.add(batch)
          try engine.step(batch, into: &output)
        case .input(let input):
          if let time = RunInputs.clockTime(input) {
            guard engine.nextDecision == time else {
              report.difference =
                "record \(journal.position.records - 1): the clock reached \(time), the engine waits for "
                + (engine.nextDecision.map { String($0) } ?? "nothing")
              break
            }
            try engine.decide(into: &output)
          } else if input == RunInputs.end {
            engine.finish(reason: RunInputs.endReason, into: &output)
          }
        case .end:
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

  private func adapterDigests() -> [Digest] {
    var digests: [Digest] = []
    for feed in description.feeds {
      if let digest = feed.adapter?.digest, !digests.contains(digest) { digests.append(digest) }
    }
    return digests
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

  /// Decodes the batch's frames once more and compares the events with the recorded ones.
  private func decode(_ batch: borrowing EventBatch) throws(RunError) {
    var next = 0
    for index in 0..<batch.frameCount {
      let frame = batch.frame(at: index)
      var end = next
      while end < batch.eventCount, Int(batch.event(at: end).frame) == index { end += 1 }
      let derived = try derive(batch, index, frame)
      let isSame =
        derived.count == end - next
        && derived.indices.allSatisfy {
          ModelLane.bytes(of: derived[$0]) == ModelLane.bytes(of: plain(batch.event(at: next + $0)))
        }
      guard isSame else {
        report.difference =
          "record \(report.records - 1), feed \(frame.feed), frame at byte \(frame.offset): the adapter gives other events "
          + "than the recorded ones"
        return
      }
      next = end
    }
  }

  private func plain(_ event: Event) -> Event {
    var result = event
    result.frame = 0
    return result
  }

  private func derive(_ batch: borrowing EventBatch, _ index: Int, _ frame: Frame) throws(RunError) -> [Event] {
    guard let feed = sessions[Int(frame.feed)] else {
      // A model's frame is its event.
      return ModelLane.event(of: batch.bytes.extracting(Int(frame.data)..<Int(frame.data + frame.length))).map { [$0] }
        ?? []
    }
    feed.single.removeAll()
    guard feed.single.hasRoom(frameOf: Int(frame.length)) else {
      throw .badInput(
        "record \(report.records - 1): a frame of \(frame.length) bytes, longer than this version journals")
    }
    feed.single.append(frame: index, of: batch)
    do throws(AdapterError) { _ = try feed.session.decode(&feed.single) } catch { throw .adapter(error) }
    var events: [Event] = []
    for number in 0..<feed.single.eventCount {
      var event = feed.single.event(at: number)
      if event.kind != EventKind.text.rawValue, event.instrument != noInstrument {
        if event.kind == EventKind.instrument.rawValue, Int(event.instrument) == feed.map.count {
          let symbol = feed.session.instruments[feed.map.count].symbol
          feed.map.append(instruments.number(venue: description.feeds[Int(frame.feed)].venue, symbol: symbol))
        }
        event.instrument = feed.map[Int(event.instrument)]
      }
      events.append(plain(event))
    }
    return events
  }
}
