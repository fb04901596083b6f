// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import CExProveABI
package import EventFlow
package import Feeds
internal import RunJournal

/// One feed on its way to the merge: its frames, decoded ahead of their turn. Decoding depends on nothing but the
/// feed's own frames, so how far ahead it goes changes nothing.
package final class FeedLane {
  /// A frame that comes from a simulator or goes out to it.
  package struct Arrival: Sendable {
    package var time: Int64
    package var flags: FrameFlags
    package var bytes: [UInt8]

    package init(time: Int64, flags: FrameFlags, bytes: [UInt8]) {
      self.time = time
      self.flags = flags
      self.bytes = bytes
    }
  }

  /// The feed's number in the run.
  package let index: Int
  package let venue: String
  package var session: AdapterSession
  /// Nil for a feed that lives on `arrivals`.
  private var reader: FeedReader?
  /// Added to a venue's own time where the capture has no receive times; nil where it has them.
  private let venueLatency: Int64?
  private var arrivals: [Arrival] = []
  private var arrivalsTaken = 0
  /// Bytes that earlier arrivals of this feed took: a feed without a file counts its own.
  private var arrivalOffset: UInt64 = 0

  var batch = EventBatch(frames: 4096, events: 1 << 16, bytes: 8 << 20)
  /// The next frame and event of `batch` that were not handed on, and how many of its frames are decoded.
  var nextFrame = 0
  var nextEvent = 0
  private(set) var decoded = 0
  private(set) var isExhausted = false

  /// The running maximum of receive times, which is the time that counts in the merge.
  private(set) package var time = Int64.min
  /// Frames that were stamped before a frame ahead of them.
  private(set) package var stepsBack = 0
  /// What the reader found damaged after everything before it was delivered.
  private(set) package var damage: FeedError? = nil
  /// Global numbers by the session's own.
  private var map: [UInt32] = []

  /// A feed over a capture.
  package init(
    index: Int, venue: String, session: consuming AdapterSession, reader: consuming FeedReader, venueLatency: Int64?
  ) {
    self.index = index
    self.venue = venue
    self.session = session
    self.reader = consume reader
    self.venueLatency = venueLatency
  }

  /// A feed whose frames are handed in as they come about.
  package init(index: Int, venue: String, session: consuming AdapterSession) {
    self.index = index
    self.venue = venue
    self.session = session
    self.reader = nil
    self.venueLatency = nil
  }

  /// Hands in a frame; times do not go backwards.
  package func arrive(_ arrival: Arrival) {
    arrivals.append(arrival)
    isExhausted = false
  }

  /// The merge time of the next frame, nil when there is none now.
  func peek() throws(RunError) -> Int64? {
    if nextFrame == decoded, !(try refill()) { return nil }
    return max(time, batch.frame(at: nextFrame).receive_time)
  }

  /// Passes the merge time over the next frame, which the caller takes.
  func advance(to frameTime: Int64) {
    if frameTime < time { stepsBack += 1 } else { time = frameTime }
  }

  /// Decodes what comes next; false at the end, or when nothing has arrived.
  private func refill() throws(RunError) -> Bool {
    nextEvent = 0
    do {
      if decoded < batch.frameCount {
        batch.removeEvents()
      } else {
        batch.removeAll()
        nextFrame = 0
        decoded = 0
        guard try read() else {
          isExhausted = true
          return false
        }
      }
      decoded += try session.decode(&batch, from: decoded)
    } catch let error as AdapterError {
      throw .adapter(error)
    } catch let error as FeedError {
      throw .feed(error)
    } catch {
      throw .internalFault("\(error)")
    }
    return true
  }

  private func read() throws -> Bool {
    guard reader != nil else { return takeArrivals() }
    guard damage == nil else { return false }
    do throws(FeedError) {
      _ = try reader!.read(into: &batch, limit: batch.frameCapacity)
    } catch {
      // What was read before the damage counts; the damage itself shows in the run's summary and exit code.
      damage = error
    }
    guard batch.frameCount > 0 else { return false }
    if let venueLatency { _ = try session.frameTimes(&batch, from: 0, latency: venueLatency) }
    batch.setFeed(UInt32(index))
    return true
  }

  private func takeArrivals() -> Bool {
    while arrivalsTaken < arrivals.count {
      let arrival = arrivals[arrivalsTaken]
      guard batch.hasRoom(frameOf: arrival.bytes.count) else { break }
      var frame = Frame()
      frame.receive_time = arrival.time
      frame.offset = arrivalOffset
      frame.feed = UInt32(index)
      frame.flags = arrival.flags.rawValue
      batch.append(frame: frame, bytes: arrival.bytes.span)
      arrivalOffset += UInt64(arrival.bytes.count)
      arrivalsTaken += 1
    }
    if arrivalsTaken == arrivals.count {
      arrivals.removeAll(keepingCapacity: true)
      arrivalsTaken = 0
    }
    return batch.frameCount > 0
  }

  /// The event with the run's number of its instrument in place of the session's.
  func globalized(_ event: Event, _ instruments: inout GlobalInstruments) -> Event {
    guard event.instrument != noInstrument, event.kind != EventKind.text.rawValue else { return event }
    var result = event
    if event.kind == EventKind.instrument.rawValue, Int(event.instrument) == map.count {
      let symbol = session.instruments[map.count].symbol
      map.append(instruments.number(venue: venue, symbol: symbol))
    }
    result.instrument = map[Int(event.instrument)]
    return result
  }
}
