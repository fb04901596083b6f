// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
package import AdapterMarketplace
internal import DurableFiles
package import Feeds
package import RunJournal

extension RunError {
  package static func adapter(_ error: AdapterError) -> RunError {
    .source(error.message, exitCode: error.exitCode)
  }

  package static func feed(_ error: FeedError) -> RunError {
    let code: Int32 =
      switch error.category {
      case .usage: 64
      case .missing: 66
      case .io: 74
      case .badData: 65
      }
    return .source(error.description, exitCode: code)
  }

  /// What keeps installed adapters from being installed or loaded: 1 where a rule or a check says so.
  package static func store(_ error: StoreError) -> RunError {
    // Reasons, names and paths in it may be a stranger's.
    let text = printable(error.description)
    return switch error {
    case .file(let error) where error.isMissing: .missing(text)
    case _ where error.isOutage: .io(text)
    case .missing: .missing(text)
    case .malformed: .badInput(text)
    default: .source(text, exitCode: 1)
    }
  }
}
