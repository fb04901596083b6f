// SPDX-License-Identifier: Apache-2.0

package import EventFlow
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

  package var side: Side { configuration.task.side == .buy ? .buy : .sell }

  package var hasDecided: Bool { decisions > 0 }

  package func knows(_ venue: TaskVenue) -> Bool {
    directory.number(venue: venue.venue, symbol: venue.symbol) != nil
  }

  /// The run's number of the instrument of a task's venue.
  package func instrument(ofVenue venue: Int) -> Int? { venues.instruments[venue] }

  /// A quantity of the engine at the venue's own scale; nil where it cannot be expressed.
  package func venueQuantity(_ quantity: Int64, venue: Int) -> Int64? {
    guard let number = venues.instruments[venue] else { return nil }
    let scale = directory.instruments[number].scale
    if scale >= venues.scale {
      let (product, overflow) = quantity.multipliedReportingOverflow(by: FixedPoint.power(scale - venues.scale))
      return overflow ? nil : product
    }
    let power = FixedPoint.power(venues.scale - scale)
    return quantity % power == 0 ? quantity / power : nil
  }
}
