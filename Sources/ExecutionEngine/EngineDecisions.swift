// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance

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

  /// Decides at `nextDecision`. Where a vendor's function has to be asked first, `question` says what, and the decision ends
  /// with the last `answer`.
  package mutating func decide(into output: inout EngineOutput) throws(EngineError) {
    guard let time = nextDecision else { return }
    guard open == nil else { throw .badInput("a decision is due at \(time) before the last question was answered") }
    now = max(now, time)
    if look < looks {
      let slice = look / EngineConfiguration.looksPerSlice
      let part = look % EngineConfiguration.looksPerSlice
      if part == 0 {
        try beginSlice(slice, at: time, into: &output)
        if question == nil { try conclude(into: &output) }
        return
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
}
