// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import RunJournal

/// One feed's adapter for those who need the events frame by frame: live venues, whose frames come one by one, and
/// replays, which compare each.
final class FrameDecoder {
  let venue: String
  private var session: AdapterSession
  private var instruments = SessionInstruments()
  private var batch: EventBatch
  /// The next frame and event of `batch` to be handed out, and how many of its frames are decoded.
  private var nextFrame = 0
  private var nextEvent = 0
  private var decoded = 0
  /// The number in the feed of the batch's first frame.
  private var ordinal: UInt64 = 0
  /// A second version of its adapter, as long as one runs along.
  private var shadow: ShadowSession?
  /// What was found of it.
  private var shadowRecord: ShadowRecord?
  /// What the last frame gave, with the run's instrument numbers; `frame` is 0.
  private(set) var events: [Event] = []

  /// - Parameters:
  ///   - frames: how many are decoded ahead at most.
  ///   - largestFrame: bytes that a frame may have.
  init(venue: String, session: consuming AdapterSession, frames: Int, largestFrame: Int) {
    self.venue = venue
    batch = EventBatch(frames: frames, events: max(16 * frames, session.manifest.maxEvents), bytes: largestFrame)
    self.session = session
  }

  /// The most events that one frame gives.
  var maxEvents: Int { session.manifest.maxEvents }

  /// What its worker did or suffered since this was last asked.
  func takeIncidents() -> [AdapterIncident] { session.takeIncidents() }

  /// Lets a second version of the adapter run along, before the first frame.
  func follow(_ shadow: ShadowSession) { self.shadow = shadow }

  /// The shadow does not run along any further; it takes the adapter's place from the next frame on, if that is wished.
  func endShadow(isPromoted: Bool) {
    if isPromoted, let next = shadow?.takeSession() { session = next }
    shadow = nil
  }

  /// Where the shadow gave another stream, or failed, since this was last asked.
  func takeShadowRecord() -> ShadowRecord? {
    defer { shadowRecord = nil }
    return shadowRecord
  }

  /// Decodes a frame into `events`.
  func decode(_ frame: Frame, _ bytes: Span<UInt8>, _ run: inout GlobalInstruments) throws(RunError) {
    try begin()
    try append(frame, bytes)
    try take(&run)
  }

  /// Decodes frame `index` of a batch into `events`; the feed's frames behind it are decoded along, up to the next order
  /// that was sent, before which the session must not know it.
  func decode(
    frame index: Int, of source: borrowing EventBatch, _ run: inout GlobalInstruments
  ) throws(RunError) {
    if nextFrame == batch.frameCount {
      try begin()
      let feed = source.frame(at: index).feed
      for next in index..<source.frameCount where source.frame(at: next).feed == feed {
        let frame = source.frame(at: next)
        let isSent = frame.flags & FrameFlags.outbound.rawValue != 0
        if next > index, isSent || !batch.hasRoom(frameOf: Int(frame.length)) { break }
        try append(frame, source.bytes.extracting(Int(frame.data)..<Int(frame.data + frame.length)))
        if isSent { break }
      }
      shadow?.begin(batch, ordinal: ordinal)
    }
    try take(&run)
  }

  private func begin() throws(RunError) {
    ordinal += UInt64(batch.frameCount)
    do throws(AdapterError) { try session.begin(&batch) } catch { throw .adapter(error) }
    nextFrame = 0
    nextEvent = 0
    decoded = 0
  }

  private func append(_ frame: Frame, _ bytes: Span<UInt8>) throws(RunError) {
    guard batch.hasRoom(frameOf: bytes.count) else {
      throw .badInput(
        "\(venue): the frame at byte \(frame.offset) has \(bytes.count) bytes, more than the \(batch.byteCapacity) that "
          + "a frame may have")
    }
    batch.append(frame: frame, bytes: bytes)
  }

  /// Hands out the next frame's events.
  private func take(_ run: inout GlobalInstruments) throws(RunError) {
    events.removeAll(keepingCapacity: true)
    if nextFrame == decoded {
      batch.removeEvents()
      nextEvent = 0
      do throws(AdapterError) { decoded += try session.decode(&batch, from: decoded) } catch { throw .adapter(error) }
      if let record = shadow?.compare(batch, upTo: decoded, of: session) {
        shadowRecord = record
        shadow = nil
      }
    }
    while nextEvent < batch.eventCount, Int(batch.event(at: nextEvent).frame) == nextFrame {
      var event = instruments.globalized(batch.event(at: nextEvent), session, venue: venue, &run)
      event.frame = 0
      events.append(event)
      nextEvent += 1
    }
    nextFrame += 1
  }

  /// The venue's bytes for an order. It counts once they come back as a frame marked OUTBOUND.
  func encode(_ request: OrderRequest) throws(RunError) -> [UInt8] {
    do throws(AdapterError) { return try session.encode(request) } catch { throw .adapter(error) }
  }
}
