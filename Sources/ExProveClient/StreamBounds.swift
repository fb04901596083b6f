// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// Sees to it that every number in a recorded stream can be used as an index, and learns what the numbers stand for.
struct StreamBounds {
  private(set) var directory: InstrumentDirectory
  private let feeds: UInt32

  /// `venues` names the venue of each feed, by the feed's number.
  init(venues: [String]) {
    directory = InstrumentDirectory(venues: venues)
    feeds = UInt32(venues.count)
  }

  var instrumentCount: UInt32 { UInt32(directory.instruments.count) }

  /// Takes in a batch; the reason when a frame names no feed or an event no instrument of the run.
  mutating func admit(_ batch: borrowing EventBatch) -> String? {
    let frames = batch.frames
    for index in frames.indices where frames[index].feed >= feeds {
      return "frame \(index) is of feed \(frames[index].feed); the run has \(feeds)"
    }
    let events = batch.events
    var known = instrumentCount
    for index in events.indices {
      let event = events[index]
      let kind = event.kind
      if kind == EventKind.text.rawValue || kind == EventKind.instrument.rawValue {
        directory.learn(event, feed: Int(frames[Int(event.frame)].feed))
        if kind == EventKind.text.rawValue { continue }
        if instrumentCount > known, directory.instruments[Int(known)].scale > Int(EXPROVE_MAX_QUANTITY_SCALE) {
          return "event \(index) defines quantities at a scale of \(event.level)"
        }
        known = instrumentCount
      }
      guard event.instrument < known || event.instrument == noInstrument else {
        return "event \(index) is of instrument \(event.instrument); \(known) were defined"
      }
    }
    return nil
  }
}
