// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// From a session's own numbers of instruments to the run's.
struct SessionInstruments {
  /// The run's number by the session's.
  private var numbers: [UInt32] = []

  /// The event with the run's number of its instrument in place of the session's. A definition that the session makes
  /// for the first time is entered in `run`.
  mutating func globalized(
    _ event: Event, _ session: borrowing AdapterSession, venue: String, _ run: inout GlobalInstruments
  ) -> Event {
    guard event.instrument != noInstrument, event.kind != EventKind.text.rawValue else { return event }
    if event.kind == EventKind.instrument.rawValue, Int(event.instrument) == numbers.count {
      numbers.append(run.number(venue: venue, symbol: session.instruments[numbers.count].symbol))
    }
    var result = event
    result.instrument = numbers[Int(event.instrument)]
    return result
  }
}
