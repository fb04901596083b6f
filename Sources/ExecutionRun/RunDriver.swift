// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow
package import ExecutionEngine
internal import ExecutionIR
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
      let isFilled = try source.fill(&batch, before: time)
      for incident in source.takeIncidents() {
        try recorder.record(incident.record)
        noticed(incident)
      }
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
    try recorder.record(input: RunInputs.end)
    engine.finish(reason: RunInputs.endReason, into: &output)
    try deliver(engine)
  }
}
