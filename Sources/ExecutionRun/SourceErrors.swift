// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
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
}
