// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow
package import ExecutionEngine
internal import ExecutionIR
internal import Governance
package import RunJournal

/// Moves a run forward: inputs into journal and engine, what the engine decides into the ledger and to the venues.
package final class RunDriver {
  private let source: any RunSource
  private let recorder: RunRecorder
  private let hooks: RunHooks
  private var batch = EventBatch(frames: 1024, events: 1 << 16, bytes: 8 << 20)
  private var output = EngineOutput()

  /// Asked between batches; true stops the run.
  package var shouldStop: () -> Bool = { false }
  /// Told what happened to an adapter's worker.
  package var noticed: (FeedIncident) -> Void = { _ in }
  /// Looks whether an adapter of the run is revoked meanwhile; nil where nothing is installed that could be.
  package var watch: RevocationWatch?
  /// Told what is not as it should be and does not keep the run from going on.
  package var warned: (String) -> Void = { _ in }
  /// Told the time and the number of events from time to time.
  package var progress: (_ time: Int64, _ events: UInt64) -> Void = { _, _ in }

  package init(source: any RunSource, recorder: RunRecorder, hooks: RunHooks) {
    self.source = source
    self.recorder = recorder
    self.hooks = hooks
  }

  /// Runs to the window's end or to the end of the input.
  package func run(_ configuration: EngineConfiguration) throws(RunError) {
    var engine = try RunDriver.begin(configuration)
    while let time = engine.nextDecision {
      if shouldStop() {
        try recorder.suspend()
        throw .interrupted(
          "interrupted; what was recorded in \(recorder.directory.path) is valid, and the same command goes on from there"
        )
      }
      if let news = try tellRevocations() { return try stop(&engine, news) }
      let isFilled = try source.fill(&batch, before: time)
      try record(source.takeIncidents())
      recorder.failedShadow = source.failedShadow
      for record in source.takeShadowRecords() { try recorder.record(record) }
      if isFilled {
        try recorder.record(batch)
        try step(&engine)
        progress(engine.now, engine.sequence)
      } else if try source.nextTime() == nil {
        try end(&engine, configuration)
      } else {
        try decide(&engine)
      }
    }
    for venue in configuration.task.venues where !engine.knows(venue) {
      throw .badInput(
        "task \(configuration.task.id): \(venue.symbol) was never seen on \(venue.venue); look at what the capture holds "
          + "with exprove normalize --summary, and name the symbol as the venue does")
    }
  }

  private func record(_ incidents: [FeedIncident]) throws(RunError) {
    for incident in incidents {
      try recorder.record(incident.record)
      noticed(incident)
    }
  }

  /// Records what was revoked since; the first revocation that ends the run, or nil. A run that is taken up looks where it goes
  /// on, not among records that are only compared.
  private func tellRevocations() throws(RunError) -> RevocationWatch.News? {
    guard watch != nil, !recorder.isResuming else { return nil }
    var ending: RevocationWatch.News?
    for news in watch!.news(warn: warned) {
      let action = watch!.action
      let incidents = try source.revoke(news.adapter, reason: news.reason, isEnding: action != .finish)
      try record(incidents)
      // A shadow may take over later, and has no feed of its own to be quarantined.
      guard action == .stop || action == .quarantine && incidents.contains(where: \.isShadow) else { continue }
      ending = ending ?? news
    }
    return ending
  }

  /// Ends the run where its adapter was revoked, as its policy says.
  private func stop(_ engine: inout Engine, _ news: RevocationWatch.News) throws(RunError) {
    let text = "the adapter sha256:\(news.adapter) was revoked: \(news.reason)"
    guard engine.hasDecided else {
      try recorder.suspend()
      throw .source("\(text); the run stopped before its first decision, and nothing is signed", exitCode: 1)
    }
    output.removeAll()
    try recorder.record(input: RunInputs.end(.adapterRevoked))
    engine.finish(reason: RunInputs.End.adapterRevoked.rawValue, into: &output)
    try deliver(engine)
    throw .source(
      "\(text); the run was ended there, as its policy says, and \(recorder.directory.path) is whole and signed up to it",
      exitCode: 1)
  }

  package static func begin(_ configuration: EngineConfiguration) throws(RunError) -> Engine {
    do throws(EngineError) { return try Engine.begin(configuration) } catch { throw .badInput(error.description) }
  }

  private func step(_ engine: inout Engine) throws(RunError) {
    output.removeAll()
    do throws(EngineError) { try engine.step(batch, into: &output) } catch { throw .badInput(error.description) }
    try deliver(engine)
  }

  /// That the clock has reached the engine's time is an input: no frame says so.
  private func decide(_ engine: inout Engine) throws(RunError) {
    guard let time = engine.nextDecision else { return }
    output.removeAll()
    try recorder.record(input: RunInputs.clock(time))
    do throws(EngineError) { try engine.decide(into: &output) } catch { throw .badInput(error.description) }
    try deliver(engine)
    while let question = engine.question { try answer(question, &engine) }
  }

  /// What a vendor's function says is an input: the engine waits for it, and a run that goes on takes what was recorded.
  private func answer(_ question: HookQuestion, _ engine: inout Engine) throws(RunError) {
    let outcome = try recorder.recordedOutcome(of: question) ?? hooks.ask(question)
    output.removeAll()
    try recorder.record(input: RunInputs.hook(question, outcome))
    do throws(EngineError) { try engine.answer(outcome, into: &output) } catch { throw .badInput(error.description) }
    try deliver(engine)
  }

  /// A statement is recorded before what it allows is sent.
  private func deliver(_ engine: borrowing Engine) throws(RunError) {
    try recorder.record(output)
    for intent in output.intents { try source.send(intent, engine: engine) }
  }

  private func end(_ engine: inout Engine, _ configuration: EngineConfiguration) throws(RunError) {
    if !engine.hasDecided {
      throw .badInput(
        "task \(configuration.task.id): the captures end at \(engine.now) (nanoseconds UTC), before the window begins at "
          + "\(configuration.task.window.start); move the window or give captures that reach into it")
    }
    output.removeAll()
    try recorder.record(input: RunInputs.end(.inputEnded))
    engine.finish(reason: RunInputs.End.inputEnded.rawValue, into: &output)
    try deliver(engine)
  }
}
