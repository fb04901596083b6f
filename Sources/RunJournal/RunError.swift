// SPDX-License-Identifier: Apache-2.0

/// Why a run, a replay, a verification or a listing stopped: each with the exit code that the command line documents.
package enum RunError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An adapter or a capture, with the exit code that its own error has.
  case source(String, exitCode: Int32)
  /// The task, the reference data, the policy or an option does not go with the rest: 65.
  case badInput(String)
  /// Something that was named is not there: 66.
  case missing(String)
  /// Reading or writing failed: 74.
  case io(String)
  /// Options contradict each other: 64.
  case usage(String)
  /// A mistake of ours: 70.
  case internalFault(String)
  /// A signal asked the run to stop; what was recorded is valid, and the same command goes on: 130.
  case interrupted(String)

  package var description: String {
    switch self {
    case .source(let text, _), .badInput(let text), .missing(let text), .io(let text), .usage(let text),
      .interrupted(let text):
      text
    case .internalFault(let text): "\(text); this is a mistake in exprove itself, please report it"
    }
  }

  package var exitCode: Int32 {
    switch self {
    case .source(_, let exitCode): exitCode
    case .badInput: 65
    case .missing: 66
    case .io: 74
    case .usage: 64
    case .internalFault: 70
    case .interrupted: 130
    }
  }
}
