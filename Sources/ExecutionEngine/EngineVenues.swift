// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
package import ExecutionIR

/// What the outside needs to send an order to a venue of the task.
extension Engine {
  /// The task's venue, by its place there.
  package func listing(ofVenue venue: Int) -> TaskVenue { venues.listings[venue] }

  package var capacity: TradingCapacity { configuration.task.capacity }

  /// Places behind the point of the venue's quantities; nil before it defined the instrument.
  package func quantityScale(ofVenue venue: Int) -> Int? {
    venues.instruments[venue].map { directory.instruments[$0].scale }
  }
}
