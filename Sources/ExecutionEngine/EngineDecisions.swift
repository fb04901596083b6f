// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import ExecutionSolver
internal import Governance
internal import MarketModel

/// The engine's own times: a plan at the beginning of each slice, looks at the working orders within it, the window's
/// end, and the end of the run.
extension Engine {
  private var looks: Int { configuration.task.sliceCount * EngineConfiguration.looksPerSlice }

  /// When the engine wants to decide next; nil once the run is over. Nanoseconds UTC.
  package var nextDecision: Int64? {
    if isFinished { return nil }
    if look < looks { return time(ofLook: look) }
    switch look - looks {
    case 0: return configuration.task.window.end
    case 1: return configuration.task.window.end + EngineConfiguration.patience
    default: return configuration.task.window.end + EngineConfiguration.settling
    }
  }

  private func time(ofLook look: Int) -> Int64 {
    let slice = look / EngineConfiguration.looksPerSlice
    let part = look % EngineConfiguration.looksPerSlice
    let start = configuration.task.sliceStart(slice)
    let length = configuration.task.sliceStart(slice + 1) - start
    return start + length / Int64(EngineConfiguration.looksPerSlice) * Int64(part)
  }

  /// Decides at `nextDecision`.
  package mutating func decide(into output: inout EngineOutput) throws(EngineError) {
    guard let time = nextDecision else { return }
    now = max(now, time)
    if look < looks {
      let slice = look / EngineConfiguration.looksPerSlice
      let part = look % EngineConfiguration.looksPerSlice
      if part == 0 {
        try beginSlice(slice, at: time, into: &output)
        output.isPublishing = true
      }
      try work(slice: slice, part: part, at: time, into: &output)
    } else if look == looks {
      cancelAll(at: time, reason: "the window ended", into: &output)
      output.isPublishing = true
    } else if look == looks + 1 {
      cancelAll(at: time, reason: "the window ended, and no answer came", into: &output)
    } else {
      finish(reason: "the window ended", into: &output)
    }
    look += 1
  }

  /// Ends the run: no input follows. Everything that still works stays as the venue last had it.
  package mutating func finish(reason: String, into output: inout EngineOutput) {
    guard !isFinished else { return }
    isFinished = true
    output.statements.append(summaryStatement(reason: reason))
    output.isPublishing = true
  }

  private mutating func beginSlice(_ slice: Int, at time: Int64, into output: inout EngineOutput) throws(EngineError) {
    if !hasStarted { start() }
    let context = try makeContext(slice: slice, at: time)
    let contextJSON = context.json
    output.statements.append(
      EngineStatement(kind: .context, subject: "context/\(decisions)", body: contextJSON))
    // A venue that fills what it had cancelled can bring this below 0.
    let remaining = max(0, venues.quantity - blotter.totals.filled - blotter.totals.working)
    do {
      let decision = try Planner.plan(
        task: configuration.task, context: context, previous: plan, sequence: decisions, decidedAt: time,
        currentSlice: slice, remaining: remaining)
      plan = decision.plan
      let body = decision.delta.marked(clocks.uncertain).json
      output.statements.append(EngineStatement(kind: .plan, subject: "plan/\(decisions)", body: body))
      lastDelta = body.digest
    } catch {
      throw .badInput("task \(configuration.task.id): no plan at \(time): \(error)")
    }
    decisions += 1
    for venue in targets.indices {
      filledAtSliceStart[venue] = blotter.totals(venue: venue).filled
      targets[venue] = plan[slice, venue] + blotter.totals(venue: venue).working
    }
  }

  private mutating func start() {
    hasStarted = true
    for venue in venues.listings.indices {
      guard let number = venues.instruments[venue] else { continue }
      volumeAtStart[venue] = market.tape(number).volume
    }
  }
}
