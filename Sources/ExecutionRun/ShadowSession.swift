// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
internal import CExProveABI
package import EventFlow
package import ExecutionIR
package import RunJournal

/// A second version of a feed's adapter, which decodes the frames that the first one decodes and is compared with it, all 64
/// bytes of each event. Texts and instruments are introduced by events and numbered in their order, so equal streams
/// have equal tables, and whichever of the two goes on, the numbers stay.
package final class ShadowSession {
  /// What it is about, for the record.
  package struct Subject: Sendable {
    /// The feed's number in the run.
    var feed: Int
    var venue: String
    var adapter: Digest
    var shadow: Digest

    package init(feed: Int, venue: String, adapter: Digest, shadow: Digest) {
      self.feed = feed
      self.venue = venue
      self.adapter = adapter
      self.shadow = shadow
    }
  }

  let subject: Subject
  private var session: AdapterSession?
  /// Added to a venue's own time where the capture has no receive times; the two must tell the same times then.
  private let venueLatency: Int64?
  /// After so many frames with equal streams it takes over.
  private let promoteAfter: UInt64?
  /// Where it failed in an earlier attempt at the same run.
  let failedBefore: ShadowRecord?

  /// The same frames, with its own events.
  private var batch = EventBatch(
    frames: FeedLane.framesAhead, events: FeedLane.eventsAhead, bytes: FeedLane.bytesAhead)
  /// The number in the feed of the batch's first frame.
  private var ordinal: UInt64 = 0
  private var nextEvent = 0
  /// How many of the batch's frames are decoded, and of these compared.
  private var decoded = 0
  private var compared = 0
  /// The first frame of the batch of which it tells another time.
  private var otherTime: Int?
  private var failure: AdapterError?
  private var incidents: [AdapterIncident] = []
  /// Why its worker was given up.
  private var lastIncident: AdapterIncident?

  package init(
    _ subject: Subject, session: consuming AdapterSession, venueLatency: Int64?, promoteAfter: UInt64?,
    failedBefore: ShadowRecord? = nil
  ) {
    self.subject = subject
    self.session = consume session
    self.venueLatency = venueLatency
    self.promoteAfter = promoteAfter
    self.failedBefore = failedBefore
  }

  /// The frame at which it ends as things stand: it takes over there, or failed there before.
  var end: UInt64? {
    guard let promoteAfter else { return failedBefore?.place.ordinal }
    return min(promoteAfter, failedBefore?.place.ordinal ?? .max)
  }

  /// Gives its session away to whom it takes over from, at `end`; nil when it failed there before.
  func takeSession() -> AdapterSession? {
    guard let promoteAfter, promoteAfter == end else { return nil }
    return session.take()
  }

  package func takeIncidents() -> [FeedIncident] {
    collectIncidents()
    defer { incidents.removeAll() }
    return incidents.map { FeedIncident(feed: UInt32(subject.feed), incident: $0, isShadow: true) }
  }

  private func collectIncidents() {
    let new = session?.takeIncidents() ?? []
    incidents += new
    if let last = new.last { lastIncident = last }
  }

  /// Takes over the frames of a batch, none of which is decoded yet. The first one has the number `ordinal` in the feed.
  package func begin(_ main: borrowing EventBatch, ordinal: UInt64) {
    self.ordinal = ordinal
    batch.removeAll()
    nextEvent = 0
    decoded = 0
    compared = 0
    otherTime = nil
    for index in 0..<main.frameCount {
      var frame = main.frame(at: index)
      if venueLatency != nil {
        // As the capture has it, before anybody was asked for its time.
        frame.receive_time = 0
        frame.flags = frame.flags & ~FrameFlags.derivedTime.rawValue | FrameFlags.noTime.rawValue
      }
      batch.append(
        frame: frame, bytes: main.bytes.extracting(Int(frame.data)..<Int(frame.data) + Int(frame.length)))
    }
    guard let venueLatency else { return }
    do throws(AdapterError) { _ = try session?.frameTimes(&batch, from: 0, latency: venueLatency) } catch {
      failure = error
    }
    otherTime = (0..<main.frameCount).first {
      let (own, other) = (batch.frame(at: $0), main.frame(at: $0))
      return own.receive_time != other.receive_time || own.flags != other.flags
    }
  }

  /// Compares with the events of `main`, which the feed's own session gave for the frames from the last comparison up to
  /// `end`.
  ///
  /// - Returns: the first difference, or that it failed; it is not to be used any further then.
  package func compare(
    _ main: borrowing EventBatch, upTo end: Int, of adapter: borrowing AdapterSession
  ) -> ShadowRecord? {
    var next = 0
    let last = min(end, otherTime ?? end)
    while compared < last {
      if let failure { return failed(failure, main) }
      if compared == decoded {
        batch.removeEvents()
        nextEvent = 0
        do throws(AdapterError) { decoded += try session?.decode(&batch, from: decoded) ?? 0 } catch {
          return failed(error, main)
        }
      }
      let reached = min(decoded, last)
      let count = main.firstEvent(ofFrame: reached, from: next) - next
      let ownCount = batch.firstEvent(ofFrame: reached, from: nextEvent) - nextEvent
      let equal = main.equalEvents(from: next, as: batch, from: nextEvent, count: min(count, ownCount))
      guard equal == count, equal == ownCount else {
        return differs(
          main, equal < count ? next + equal : nil, equal < ownCount ? nextEvent + equal : nil, adapter)
      }
      next += count
      nextEvent += ownCount
      compared = reached
    }
    if compared < end, let failure { return failed(failure, main) }
    return compared < end ? differsInTime(main) : nil
  }

  // MARK: Records

  /// `place` is the number of a frame in the feed.
  func record(_ frame: Frame, ordinal: UInt64, _ outcome: ShadowRecord.Outcome) -> ShadowRecord {
    ShadowRecord(
      feed: UInt32(subject.feed), adapter: subject.adapter, shadow: subject.shadow,
      place: ShadowRecord.Place(frame, ordinal: ordinal), outcome: outcome)
  }

  /// The first frame of which nothing is known to be equal.
  private func record(_ main: borrowing EventBatch, _ index: Int, _ outcome: ShadowRecord.Outcome) -> ShadowRecord {
    record(main.frame(at: index), ordinal: ordinal + UInt64(index), outcome)
  }

  private func failed(_ error: AdapterError, _ main: borrowing EventBatch) -> ShadowRecord {
    collectIncidents()
    let reason =
      if error.code == .quarantined, let lastIncident { "\(lastIncident.text); \(error.message)" } else {
        error.message
      }
    return record(main, compared, .failed(reason))
  }

  /// The numbers of the first events that are not the same; nil where there is none.
  private func differs(
    _ main: borrowing EventBatch, _ index: Int?, _ ownIndex: Int?, _ adapter: borrowing AdapterSession
  ) -> ShadowRecord {
    let event = index.map { main.event(at: $0) }
    let own = ownIndex.map { batch.event(at: $0) }
    let number = Int(min(event?.frame ?? .max, own?.frame ?? .max))
    // What is before in the frame is equal, so either batch can count it.
    let before =
      if let index, event?.frame == UInt32(number) {
        index - main.firstEvent(ofFrame: number, from: 0)
      } else if let ownIndex {
        ownIndex - batch.firstEvent(ofFrame: number, from: 0)
      } else { 0 }
    let frame = main.frame(at: number)
    return record(
      main, number,
      .differs(
        ShadowRecord.Difference(
          event: UInt64(before), adapterGives: gives(event, number, frame, adapter.definitions),
          shadowGives: gives(own, number, frame, session?.definitions ?? StreamDefinitions()),
          bytes: ShadowSession.shown(main, frame))))
  }

  private func differsInTime(_ main: borrowing EventBatch) -> ShadowRecord {
    let frame = main.frame(at: compared)
    func time(_ frame: Frame) -> JSON {
      let time = ShadowRecord.Place(frame, ordinal: 0).receiveTime
      return .object(["receive_time": time.map { .wide($0) } ?? .null])
    }
    return record(
      main, compared,
      .differs(
        ShadowRecord.Difference(
          event: nil, adapterGives: time(frame), shadowGives: time(batch.frame(at: compared)),
          bytes: ShadowSession.shown(main, frame))))
  }

  /// An event of frame `number` as `normalize` prints it, and its 64 bytes with the frame's number as 0. Its symbols are
  /// those that its own stream introduced before it, however far that was decoded ahead.
  private func gives(_ event: Event?, _ number: Int, _ frame: Frame, _ known: StreamDefinitions) -> JSON {
    guard var event, Int(event.frame) == number else { return .null }
    event.frame = 0
    let isText = event.kind == EventKind.text.rawValue
    let instrument: ListedInstrument? =
      if !isText, Int(event.instrument) < known.instruments.count {
        ListedInstrument(
          venue: subject.venue,
          symbol: String(decoding: known.instruments[Int(event.instrument)].symbol, as: UTF8.self),
          scale: Int(known.instruments[Int(event.instrument)].quantityScale))
      } else { nil }
    var order: [UInt8]?
    if event.has(.textID), let id = Int(exactly: event.order_id), id < known.texts.count { order = known.texts[id] }
    return .object([
      "line": EventLines.object(
        event, frame,
        EventLines.Meaning(sequence: nil, venue: subject.venue, instrument: instrument, order: order)),
      "record": .string(Hexadecimal.encode(ModelLane.bytes(of: event))),
    ])
  }

  private static func shown(_ main: borrowing EventBatch, _ frame: Frame) -> String {
    let start = Int(frame.data)
    let end = start + min(Int(frame.length), ShadowRecord.Difference.bytesShown)
    return Hexadecimal.encode((start..<end).map { main.bytes[$0] })
  }
}
