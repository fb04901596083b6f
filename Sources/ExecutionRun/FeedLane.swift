// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import ExecutionIR
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

  /// How far a feed is decoded ahead at most.
  static let framesAhead = 4096
  static let eventsAhead = 1 << 16
  static let bytesAhead = 8 << 20

  var batch = EventBatch(frames: framesAhead, events: eventsAhead, bytes: bytesAhead)
  /// The number in the feed of the batch's first frame.
  private var ordinal: UInt64 = 0
  /// The next frame and event of `batch` that were not handed on, and how many of its frames are decoded.
  var nextFrame = 0
  var nextEvent = 0
  private(set) var decoded = 0

  /// What the reader found damaged after everything before it was delivered.
  private(set) package var damage: FeedError? = nil
  private var instruments = SessionInstruments()
  /// What happened to its adapter's worker.
  private var incidents: [FeedIncident] = []
  /// A second version of its adapter, as long as one runs along.
  private var shadow: ShadowSession?
  /// What became of it, until the frame that it concerns is handed on.
  private var shadowRecord: ShadowRecord?
  /// Its failure, where an earlier attempt at the run did not record it.
  private(set) var failedShadow: ShadowRecord?
  /// Where its adapter was given up in an earlier attempt at the run.
  private var quarantineBefore: EarlierEnds.Quarantine?
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
    return incidents
  }

  private func collectIncidents() {
    incidents += session.takeIncidents().map { FeedIncident(feed: UInt32(index), incident: $0) }
    if let shadow { incidents += shadow.takeIncidents() }
  }

  /// Lets a second version of the adapter run along, before the first frame is read.
  func follow(_ shadow: ShadowSession) { self.shadow = shadow }

  /// Ends the feed where it was quarantined in an earlier attempt at the run.
  func end(as earlier: EarlierEnds) { quarantineBefore = earlier.quarantines.first { $0.feed == UInt32(index) } }

  /// Leaves out the batch's frames from that place on.
  private func endBatch(at end: EarlierEnds.Quarantine) {
    guard let first = (0..<batch.frameCount).first(where: { batch.frame(at: $0).offset >= end.offset }) else { return }
    batch.removeFrames(from: first)
    quarantine = AdapterError(
      .quarantined,
      "\(session.manifest.name): given up at byte \(end.offset) when the run was started before: \(end.text)")
  }

  /// Whether something became of the shadow at the next frame.
  var hasShadowRecord: Bool { shadowRecord.map { $0.place.ordinal == ordinal + UInt64(nextFrame) } ?? false }

  func takeShadowRecord() -> ShadowRecord? {
    defer { shadowRecord = nil }
    return shadowRecord
  }

  /// Says that the adapter was revoked; gives the feed up before its next frame where `isEnding`. Nil where the feed has
  /// ended, or is not this adapter's.
  func revoke(_ digest: Digest, reason: String, isEnding: Bool) throws(RunError) -> FeedIncident? {
    let isShadows = shadow.map { $0.subject.shadow == digest } ?? false
    guard isShadows || session.image.digest == digest.bytes, try head() != .ended else { return nil }
    let text = "\(session.manifest.name) was revoked: \(reason)"
    let offset = batch.frame(at: nextFrame).offset
    if isEnding, !isShadows {
      batch.removeFrames(from: nextFrame)
      decoded = nextFrame
      quarantine = AdapterError(.revoked, "\(text); its feed was given up at byte \(offset)")
    }
    return FeedIncident(
      feed: UInt32(index),
      incident: AdapterIncident(
        cause: .revoked(text), call: "none",
        frames: AdapterIncident.Frames(count: 1, firstOffset: offset, lastOffset: offset),
        isQuarantined: isEnding && !isShadows), isShadow: isShadows)
  }

  /// What the next frame is for the merge.
  func head() throws(RunError) -> MergeOrder.Head {
    if quarantine != nil, nextFrame == decoded, decoded == batch.frameCount { return .ended }
    if nextFrame == decoded, !(try refill()) { return .ended }
    return MergeOrder.Head(batch.frame(at: nextFrame))
  }

  /// Decodes what comes next; false at the end.
  private func refill() throws(RunError) -> Bool {
    nextEvent = 0
    // Frames' times are asked for before they are decoded, and a worker may fail at that too.
    defer { collectIncidents() }
    do {
      if decoded < batch.frameCount {
        batch.removeEvents()
      } else {
        ordinal += UInt64(batch.frameCount)
        let ended = endShadow()
        try session.begin(&batch)
        nextFrame = 0
        decoded = 0
        guard try read(ended) else { return false }
      }
      decoded += try session.decode(&batch, from: decoded)
      compareShadow()
    } catch let error as AdapterError {
      guard error.code == .quarantined else { throw .adapter(error) }
      quarantine = error
      batch.removeFrames(from: decoded)
      return false
    } catch let error as FeedError {
      throw .feed(error)
    } catch {
      throw .internalFault("\(error)")
    }
    return true
  }

  /// - Parameter ended: the shadow that the next frame ends.
  private func read(_ ended: ShadowSession?) throws -> Bool {
    guard damage == nil, quarantine == nil else { return false }
    // A shadow ends between two batches.
    let left = shadow?.end.map { Int(clamping: $0 - ordinal) } ?? .max
    do throws(FeedError) {
      _ = try reader.read(into: &batch, limit: min(batch.frameCapacity, left))
    } catch {
      // What was read before the damage counts; the damage itself shows in the run's summary and exit code.
      damage = error
    }
    if let quarantineBefore { endBatch(at: quarantineBefore) }
    guard batch.frameCount > 0 else { return false }
    batch.setFeed(UInt32(index))
    if let venueLatency { _ = try session.frameTimes(&batch, from: 0, latency: venueLatency) }
    if let ended, shadowRecord == nil {
      shadowRecord = ended.record(batch.frame(at: 0), ordinal: ordinal, .promoted)
    }
    shadow?.begin(batch, ordinal: ordinal)
    return true
  }

  /// Where the frame to come is that at which the shadow takes over, or failed in an earlier attempt: the shadow.
  private func endShadow() -> ShadowSession? {
    guard let ended = shadow, ended.end == ordinal else { return nil }
    collectIncidents()
    shadow = nil
    if let next = ended.takeSession() { session = next } else { shadowRecord = ended.failedBefore }
    return ended
  }

  private func compareShadow() {
    guard let shadow, let record = shadow.compare(batch, upTo: decoded, of: session) else { return }
    shadowRecord = record
    if case .failed = record.outcome { failedShadow = record }
    collectIncidents()
    self.shadow = nil
  }

  /// The event with the run's number of its instrument in place of the session's.
  func globalized(_ event: Event, _ run: inout GlobalInstruments) -> Event {
    instruments.globalized(event, session, venue: venue, &run)
  }
}
