// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
package import EventFlow
package import ExecutionEngine
internal import ExecutionIR
package import RunJournal
internal import VenueSimulator

/// One feed of a simulated venue.
final class VenueFeed {
  /// The feed's number in the run.
  let number: UInt32
  let decoder: FrameDecoder
  private var offset: UInt64 = 0

  init(number: UInt32, decoder: FrameDecoder) {
    self.number = number
    self.decoder = decoder
  }

  /// Decodes a message and appends it with its events to `batch`, which has room.
  func append(
    _ bytes: [UInt8], at time: Int64, _ flags: FrameFlags, to batch: inout EventBatch,
    _ instruments: inout GlobalInstruments
  ) throws(RunError) {
    var frame = Frame()
    frame.receive_time = time
    frame.offset = offset
    frame.feed = number
    frame.flags = flags.union(.simulated).rawValue
    try decoder.decode(frame, bytes.span, &instruments)
    let index = UInt32(batch.frameCount)
    batch.append(frame: frame, bytes: bytes.span)
    for var event in decoder.events {
      event.frame = index
      batch.append(event)
    }
    offset += UInt64(bytes.count)
  }
}

/// A simulated venue with the two feeds that the run has of it, each decoded by the venue's adapter.
struct LiveVenue {
  private var venue: SimulatedVenue
  private let marketData: VenueFeed
  private let orderEntry: VenueFeed
  /// When something next happens at the venue or arrives from it; the far future when its day is over.
  private(set) var nextTime: Int64
  private let mostEvents: Int

  init(venue: SimulatedVenue, marketData: VenueFeed, orderEntry: VenueFeed) {
    self.venue = venue
    self.marketData = marketData
    self.orderEntry = orderEntry
    nextTime = venue.nextTime ?? .max
    mostEvents = max(marketData.decoder.maxEvents, orderEntry.decoder.maxEvents)
  }

  /// Lets the venue live up to `nextTime` and appends what arrives then, as far as there is room.
  ///
  /// - Returns: false when there was no room.
  mutating func live(
    into batch: inout EventBatch, _ instruments: inout GlobalInstruments
  ) throws(RunError) -> Bool {
    let time = nextTime
    venue.advance(to: time)
    defer { nextTime = venue.nextTime ?? .max }
    while batch.hasRoom(frameOf: VenueInput.largestFrame), batch.eventCapacity - batch.eventCount >= mostEvents {
      guard let frame = venue.popFrame(upTo: time) else { return true }
      let feed = frame.channel == .marketData ? marketData : orderEntry
      try feed.append(frame.bytes, at: frame.time, [], to: &batch, &instruments)
    }
    return false
  }

  /// Sends an order, which becomes a frame in `sent`.
  mutating func send(
    _ request: OrderRequest, into sent: inout EventBatch, _ instruments: inout GlobalInstruments
  ) throws(RunError) {
    let bytes = try orderEntry.decoder.encode(request)
    guard sent.hasRoom(frameOf: bytes.count), sent.eventCapacity - sent.eventCount >= 16 else {
      throw .internalFault("more than \(sent.frameCount) orders leave at one time")
    }
    // What one sends is in the record before the venue has it, and changes what the session makes of the answer.
    try orderEntry.append(bytes, at: request.time, .outbound, to: &sent, &instruments)
    venue.receive(bytes, at: request.time)
    nextTime = venue.nextTime ?? .max
  }

  func takeIncidents() -> [FeedIncident] {
    [marketData, orderEntry].flatMap { feed in
      feed.decoder.takeIncidents().map { FeedIncident(feed: feed.number, incident: $0) }
    }
  }

  /// What the venue itself executed of the orders that it received, at its own scale.
  var executed: Int64 { venue.ownExecuted }
}

/// Simulated venues as a run's source: what they say, in the order in which it reaches the host, and orders in their
/// own protocols. Every message, sent or received, is a frame of the run.
package final class VenueInput: RunSource {
  /// No message of either protocol is longer; a snapshot of the book is the longest.
  static let largestFrame = 1 << 20

  private var venues: [LiveVenue]
  private var instruments = GlobalInstruments()
  /// What was sent since the last batch.
  private var sent = EventBatch(frames: 1024, events: 4096, bytes: 1 << 18)

  /// `venues` are in the order of the task's.
  init(_ venues: [LiveVenue]) {
    self.venues = venues
  }

  package func fill(_ batch: inout EventBatch, before limit: Int64) throws(RunError) -> Bool {
    batch.removeAll()
    takeSent(into: &batch)
    while let index = nextVenue(), venues[index].nextTime < limit {
      guard try venues[index].live(into: &batch, &instruments) else { break }
    }
    return batch.frameCount > 0
  }

  package func nextTime() -> Int64? {
    if sent.frameCount > 0 { return sent.frame(at: 0).receive_time }
    return nextVenue().map { venues[$0].nextTime }
  }

  package func send(_ intent: OrderIntent, engine: borrowing Engine) throws(RunError) {
    try venues[intent.venue].send(OrderRequest(intent, engine: engine), into: &sent, &instruments)
  }

  package func takeIncidents() -> [FeedIncident] { venues.flatMap { $0.takeIncidents() } }

  package func finish() {}

  /// What the venues' own books say was executed of the orders that were sent, by venue, at the venue's scale.
  package func executed() -> [Int64] { venues.map(\.executed) }

  private func takeSent(into batch: inout EventBatch) {
    var next = 0
    for index in 0..<sent.frameCount {
      let number = UInt32(batch.frameCount)
      batch.append(frame: index, of: sent)
      while next < sent.eventCount, Int(sent.event(at: next).frame) == index {
        var event = sent.event(at: next)
        event.frame = number
        batch.append(event)
        next += 1
      }
    }
    sent.removeAll()
  }

  /// The venue with the earliest thing to happen or to arrive; of several the first.
  private func nextVenue() -> Int? {
    var next: Int?
    for index in venues.indices where venues[index].nextTime < next.map({ venues[$0].nextTime }) ?? .max {
      next = index
    }
    return next
  }
}

extension OrderRequest {
  /// What the engine wants, for the venue's adapter to put in the venue's words.
  init(_ intent: OrderIntent, engine: borrowing Engine) throws(RunError) {
    guard let scale = engine.quantityScale(ofVenue: intent.venue),
      let quantity = engine.venueQuantity(intent.quantity, venue: intent.venue)
    else { throw .internalFault("order \(intent.id) has a quantity that its venue cannot express") }
    self.init()
    action = intent.action == .new ? .new : .cancel
    side = engine.side
    timeInForce = intent.isPassive ? .day : .immediateOrCancel
    isPostOnly = intent.isPassive
    orderID = intent.id
    price = intent.price
    self.quantity = quantity
    quantityScale = UInt32(scale)
    symbol = Array(engine.listing(ofVenue: intent.venue).symbol.utf8)
    capacity =
      switch engine.capacity {
      case .principal: UInt8(ascii: "P")
      case .agency: UInt8(ascii: "A")
      case .riskless: UInt8(ascii: "R")
      }
    time = intent.time
  }
}
