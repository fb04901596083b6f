// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import CExProveABI
internal import EventFlow
package import Feeds
internal import RunJournal

/// One feed on its way to the merge: its frames, decoded ahead of their turn. Decoding depends on nothing but the
/// feed's own frames, so how far ahead it goes changes nothing.
package final class FeedLane {
  /// The feed's number in the run.
  package let index: Int
  package let venue: String
  package var session: AdapterSession
  private var reader: FeedReader
  /// Added to a venue's own time where the capture has no receive times; nil where it has them.
  private let venueLatency: Int64?

  var batch = EventBatch(frames: 4096, events: 1 << 16, bytes: 8 << 20)
  /// The next frame and event of `batch` that were not handed on, and how many of its frames are decoded.
  var nextFrame = 0
  var nextEvent = 0
  private(set) var decoded = 0

  /// What the reader found damaged after everything before it was delivered.
  private(set) package var damage: FeedError? = nil
  private var instruments = SessionInstruments()
  /// What happened to its adapter's worker.
  private var incidents: [AdapterIncident] = []
  /// Why its adapter decodes no further.
  private(set) package var quarantine: AdapterError?

  /// A feed over a capture.
  package init(
    index: Int, venue: String, session: consuming AdapterSession, reader: consuming FeedReader, venueLatency: Int64?
  ) {
    self.index = index
    self.venue = venue
    self.session = session
    self.reader = reader
    self.venueLatency = venueLatency
  }

  func takeIncidents() -> [FeedIncident] {
    defer { incidents.removeAll() }
    return incidents.map { FeedIncident(feed: UInt32(index), incident: $0) }
  }

  /// What the next frame is for the merge.
  func head() throws(RunError) -> MergeOrder.Head {
    if quarantine != nil, nextFrame == decoded { return .ended }
    if nextFrame == decoded, !(try refill()) { return .ended }
    return MergeOrder.Head(batch.frame(at: nextFrame))
  }

  /// Decodes what comes next; false at the end.
  private func refill() throws(RunError) -> Bool {
    nextEvent = 0
    do {
      if decoded < batch.frameCount {
        batch.removeEvents()
      } else {
        try session.begin(&batch)
        nextFrame = 0
        decoded = 0
        guard try read() else { return false }
      }
      defer { incidents += session.takeIncidents() }
      decoded += try session.decode(&batch, from: decoded)
    } catch let error as AdapterError {
      guard error.code == .quarantined else { throw .adapter(error) }
      quarantine = error
      return false
    } catch let error as FeedError {
      throw .feed(error)
    } catch {
      throw .internalFault("\(error)")
    }
    return true
  }

  private func read() throws -> Bool {
    guard damage == nil, quarantine == nil else { return false }
    do throws(FeedError) {
      _ = try reader.read(into: &batch, limit: batch.frameCapacity)
    } catch {
      // What was read before the damage counts; the damage itself shows in the run's summary and exit code.
      damage = error
    }
    guard batch.frameCount > 0 else { return false }
    if let venueLatency { _ = try session.frameTimes(&batch, from: 0, latency: venueLatency) }
    batch.setFeed(UInt32(index))
    return true
  }

  /// The event with the run's number of its instrument in place of the session's.
  func globalized(_ event: Event, _ run: inout GlobalInstruments) -> Event {
    instruments.globalized(event, session, venue: venue, &run)
  }
}
