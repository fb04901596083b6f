// SPDX-License-Identifier: Apache-2.0

import AdapterHost
import ExecutionRun
import Feeds
import RunJournal

/// A capture of another venue or format is not an empty market: it is told apart by none of its frames being a message.
enum UnknownCapture {
  /// Asked once the captures were read to their ends.
  static func check(_ lanes: [FeedLane], _ setups: [FeedSetup]) throws {
    for (lane, setup) in zip(lanes, setups) {
      let understood: Bool
      do throws(AdapterError) { understood = try lane.session.counters().contains { $0 > 0 } } catch {
        throw RunError.adapter(error)
      }
      guard !understood else { continue }
      throw RunError.badInput(
        "\(setup.options.path): no frame of it is a message that \(setup.adapter.manifest.name) knows; see that the capture "
          + "is of this venue and format, or name its frames with framing=")
    }
  }
}
