// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import RunJournal

/// One feed's adapter, given a frame at a time: for live venues, whose frames come one by one, and for replays, which
/// compare each.
final class FrameDecoder {
  let venue: String
  private var session: AdapterSession
  private var instruments = SessionInstruments()
  private var single: EventBatch
  /// What the last frame gave, with the run's instrument numbers; `frame` is 0.
  private(set) var events: [Event] = []

  /// - Parameter largestFrame: bytes that a frame may have.
  init(venue: String, session: consuming AdapterSession, largestFrame: Int) {
    self.venue = venue
    single = EventBatch(frames: 1, events: session.adapter.manifest.maxEvents, bytes: largestFrame)
    self.session = session
  }

  /// The most events that one frame gives.
  var maxEvents: Int { session.adapter.manifest.maxEvents }

  /// Decodes a frame into `events`.
  func decode(_ frame: Frame, _ bytes: Span<UInt8>, _ run: inout GlobalInstruments) throws(RunError) {
    single.removeAll()
    events.removeAll(keepingCapacity: true)
    guard single.hasRoom(frameOf: bytes.count) else {
      throw .badInput(
        "\(venue): the frame at byte \(frame.offset) has \(bytes.count) bytes, more than the \(single.byteCapacity) that "
          + "a frame may have")
    }
    single.append(frame: frame, bytes: bytes)
    do throws(AdapterError) { _ = try session.decode(&single) } catch { throw .adapter(error) }
    for index in 0..<single.eventCount {
      var event = instruments.globalized(single.event(at: index), session, venue: venue, &run)
      event.frame = 0
      events.append(event)
    }
  }

  /// The venue's bytes for an order. It counts once they come back as a frame marked OUTBOUND.
  func encode(_ request: OrderRequest) throws(RunError) -> [UInt8] {
    do throws(AdapterError) { return try session.encode(request) } catch { throw .adapter(error) }
  }
}
