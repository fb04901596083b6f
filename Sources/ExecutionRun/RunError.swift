// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
package import Feeds

/// Why a run, a replay or a listing of events stopped.
package enum RunError: Error, Sendable, CustomStringConvertible {
  case adapter(feed: Int, AdapterError)
  case feed(FeedError)
  /// The task, the reference data, the policy or an option does not go with the rest: exit code 65.
  case badInput(String)
  /// Something that was named is not there: 66.
  case missing(String)
  /// Writing failed: 74.
  case io(String)
  /// Options contradict each other: 64.
  case usage(String)
  /// A mistake of ours: 70.
  case internalFault(String)
  /// A signal asked the run to stop; what was recorded is valid, and the same command goes on: 130.
  case interrupted(String)

  package var description: String {
    switch self {
    case .adapter(let feed, let error): "feed \(feed): \(error.message)"
    case .feed(let error): error.description
    case .badInput(let text), .missing(let text), .io(let text), .usage(let text), .interrupted(let text): text
    case .internalFault(let text): "\(text); this is a mistake in exprove itself, please report it"
    }
  }

  /// As the documentation of the command line lists them.
  package var exitCode: Int32 {
    switch self {
    case .adapter(_, let error): error.exitCode
    case .feed(let error):
      switch error.category {
      case .usage: 64
      case .missing: 66
      case .io: 74
      case .badData: 65
      }
    case .badInput: 65
    case .missing: 66
    case .io: 74
    case .usage: 64
    case .internalFault: 70
    case .interrupted: 130
    }
  }
}
