// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import EventFlow
package import ExecutionEngine
package import ExecutionIR
package import Governance
package import RunJournal
internal import TransparencyLog

/// Writes a run: inputs into the journal, statements into the ledger, in an order that survives a crash at any moment.
/// A run that is taken up again starts over at its first input, and what is recorded already is compared instead
/// of written.
package final class RunRecorder {
  package let directory: RunDirectory
  package let description: RunDescription
  private var journal: JournalWriter
  private var ledger: AuditLedger
  private let lock: RunLock
  private var stream = StreamSummary()
  /// Incidents of this start that happened while records of an earlier one were gone over.
  private var waiting: [JSON] = []
  /// A shadow that failed in this attempt, and perhaps did not in an earlier one.
  package var failedShadow: ShadowRecord?

  /// Begins the run that `proposed` describes, or takes it up where `directory` holds it already.
  ///
  /// - Parameters:
  ///   - adapters: the bytes of each adapter, by digest.
  ///   - reference: the reference file's canonical bytes.
  ///   - certificates: those of the adapters that the policy asked for.
  ///   - shared: the shared contexts that `proposed` names, in its order.
  package static func begin(
    _ directory: RunDirectory, proposed: RunDescription, identity: Identity, adapters: [(Digest, [UInt8])],
    reference: [UInt8], certificates: [[UInt8]] = [], shared: [SignedContext] = []
  ) throws(RunError) -> RunRecorder {
    try directory.create()
    let lock = try RunLock.take(directory)
    var description = proposed
    if let (existing, _) = try directory.read() {
      // The first start is an input of the run, and so is the log's name that was made from it.
      description.started = existing.started
      description.origin = existing.origin
      guard description == existing else {
        throw .badInput(
          "\(directory.path): holds another run than these options describe; choose another --out, or give the same "
            + "task, feeds, reference, policy, shared contexts and identity again")
      }
    } else {
      _ = try directory.write(object: reference)
      for signed in shared { _ = try directory.write(object: signed.encoded) }
      for certificate in certificates { _ = try directory.write(object: certificate) }
      for (digest, bytes) in adapters { try directory.write(bytes, to: directory.adapter(digest)) }
      try directory.write(Array((identity.publicVerifierKey + "\n").utf8), to: directory.key)
      try directory.write(description.json.canonical, to: directory.description)
    }
    let recorder = RunRecorder(
      directory, description, lock, try openJournal(directory), try openLedger(directory, description, identity))
    try recorder.appendRunStatement(adapters: adapters.map(\.0))
    for signed in shared { try recorder.append(RunStatements.sharedContext(signed)) }
    return recorder
  }

  private init(
    _ directory: RunDirectory, _ description: RunDescription, _ lock: consuming RunLock,
    _ journal: consuming JournalWriter,
    _ ledger: consuming AuditLedger
  ) {
    self.directory = directory
    self.description = description
    self.lock = lock
    self.journal = journal
    self.ledger = ledger
  }

  private static func openJournal(_ directory: RunDirectory) throws(RunError) -> JournalWriter {
    do throws(JournalError) { return try JournalWriter.open(directory: directory.journal) } catch {
      throw failure(error)
    }
  }

  private static func openLedger(
    _ directory: RunDirectory, _ description: RunDescription, _ identity: Identity
  ) throws(RunError) -> AuditLedger {
    do throws(LedgerError) {
      return try AuditLedger(
        directory: directory.ledger, origin: description.origin, identity: identity, position: 0)
    } catch {
      throw failure(error)
    }
  }

  /// Whether the run goes over what an earlier start recorded.
  package var isResuming: Bool { journal.isResuming || ledger.isComparing }

  package func record(_ batch: borrowing EventBatch) throws(RunError) {
    try recordWaiting()
    do throws(JournalError) { try journal.append(batch) } catch { throw failure(error) }
    try filePassed()
    stream.add(batch)
  }

  package func record(input: JSON) throws(RunError) {
    try recordWaiting()
    do throws(JournalError) { try journal.append(input) } catch { throw failure(error) }
    try filePassed()
  }

  /// What an earlier start was answered to the question that comes next; nil where the run has not been so far.
  package func recordedOutcome(of question: HookQuestion) throws(RunError) -> HookOutcome? {
    let recorded: JSON?
    do throws(JournalError) { recorded = try journal.recordedInput() } catch { throw RunRecorder.failure(error) }
    guard let body = recorded.flatMap(RunInputs.hookBody) else { return nil }
    do throws(RecordError) { return try RunInputs.outcome(of: question, in: body) } catch {
      throw .badInput("\(directory.journal): \(error)")
    }
  }

  /// An incident, in the journal and in the ledger.
  package func record(_ incident: IncidentRecord) throws(RunError) {
    waiting.append(incident.input)
    try recordWaiting()
  }

  /// What became of a shadow, in the journal and in the ledger.
  package func record(_ record: ShadowRecord) throws(RunError) {
    try self.record(input: record.input)
    guard let (statement, object) = RunStatements.shadow(record.input) else { return }
    if let object { _ = try directory.write(object: object) }
    try append(statement)
  }

  /// What happens anew has no place among records that are only compared.
  private func recordWaiting() throws(RunError) {
    guard !waiting.isEmpty, !journal.isResuming else { return }
    for input in waiting {
      do throws(JournalError) { try journal.append(input) } catch { throw RunRecorder.failure(error) }
      try filePassed()
      if let statement = RunStatements.incident(input) { try append(statement) }
    }
    waiting.removeAll()
  }

  /// The incidents of an earlier start have their places in the ledger too.
  private func filePassed() throws(RunError) {
    for input in journal.takePassedIncidents() {
      if let statement = RunStatements.incident(input) { try append(statement) }
    }
  }

  /// Appends the statements of a step; publishes where the step says so.
  package func record(_ output: EngineOutput) throws(RunError) {
    for statement in output.statements { try append(statement.kind.rawValue, statement.subject, statement.body) }
    if output.isPublishing { try publish() }
  }

  /// Binds the journal so far and signs the checkpoint over everything: journal, entries and tiles are durable first.
  private func publish() throws(RunError) {
    do throws(JournalError) { try journal.sync() } catch { throw RunRecorder.failure(error) }
    try append("journal", "journal/\(journal.position.records)", RunStatements.journal(journal.position, stream))
    do throws(LedgerError) { try ledger.publish() } catch { throw RunRecorder.failure(error) }
  }

  /// Makes the journal durable when the run stops early; nothing is signed, so that a run which goes on signs at the same
  /// places as one that was never stopped.
  package func suspend() throws(RunError) {
    do throws(JournalError) { try journal.sync() } catch { throw RunRecorder.failure(error) }
  }

  private func appendRunStatement(adapters: [Digest]) throws(RunError) {
    try append(RunStatements.run(description, adapters: adapters))
  }

  private func append(_ kind: String, _ subject: String, _ body: JSON) throws(RunError) {
    let (statement, object) = RunStatements.sized(kind, subject, body)
    if let object { _ = try directory.write(object: object) }
    try append(statement)
  }

  private func append(_ statement: Statement) throws(RunError) {
    do throws(LedgerError) { try ledger.append(statement) } catch { throw RunRecorder.failure(error) }
  }

  /// A record that differs from the earlier attempt's, where a shadow's failure explains it.
  private func failure(_ error: JournalError) -> RunError {
    guard case .diverged = error, let failedShadow, case .failed(let reason) = failedShadow.outcome else {
      return RunRecorder.failure(error)
    }
    return .io(
      "feed \(failedShadow.feed): its shadow failed at a frame that it went past before: \(reason); nothing that was "
        + "recorded is changed, and the same command goes on with the run")
  }

  private static func failure(_ error: JournalError) -> RunError {
    switch error {
    case .file(let text): .io(text)
    case .damaged, .diverged: .badInput(error.description)
    }
  }

  private static func failure(_ error: LedgerError) -> RunError {
    switch error {
    case .log(.file(let error)): .io(error.description)
    default: .badInput("the ledger: \(error)")
    }
  }
}
