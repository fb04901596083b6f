// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
package import EventFlow
package import ExecutionEngine
internal import ExecutionIR
package import RunJournal
internal import VenueSimulator

/// A simulated venue with the two feeds that the run has of it, each decoded by the venue's adapter.
struct LiveVenue {
  var venue: SimulatedVenue
  let marketData: VenueFeed
  let orderEntry: VenueFeed
}

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
    while let next = nextVenue(), next.time < limit, hasRoom(batch, next.index) {
      venues[next.index].venue.advance(to: next.time)
      while hasRoom(batch, next.index), let frame = venues[next.index].venue.popFrame(upTo: next.time) {
        let feed = frame.channel == .marketData ? venues[next.index].marketData : venues[next.index].orderEntry
        try feed.append(frame.bytes, at: frame.time, [], to: &batch, &instruments)
      }
    }
    return batch.frameCount > 0
  }

  package func isAtEnd() -> Bool { sent.frameCount == 0 && nextVenue() == nil }

  package func send(_ intent: OrderIntent, engine: borrowing Engine) throws(RunError) {
    let request = try OrderRequest(intent, engine: engine)
    let feed = venues[intent.venue].orderEntry
    let bytes = try feed.decoder.encode(request)
    guard sent.hasRoom(frameOf: bytes.count), sent.eventCapacity - sent.eventCount >= 16 else {
      throw .internalFault("more than \(sent.frameCount) orders leave at one time")
    }
    // What one sends is in the record before the venue has it, and changes what the session makes of the answer.
    try feed.append(bytes, at: intent.time, .outbound, to: &sent, &instruments)
    venues[intent.venue].venue.receive(bytes, at: intent.time)
  }

  package func finish() {}

  /// What the venues' own books say was executed of the orders that were sent, by venue, at the venue's scale.
  package func executed() -> [Int64] { venues.map(\.venue.ownExecuted) }

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
  private func nextVenue() -> (index: Int, time: Int64)? {
    var next: (index: Int, time: Int64)?
    for index in venues.indices {
      guard let time = venues[index].venue.nextTime, time < next?.time ?? .max else { continue }
      next = (index, time)
    }
    return next
  }

  private func hasRoom(_ batch: borrowing EventBatch, _ venue: Int) -> Bool {
    let most = max(venues[venue].marketData.decoder.maxEvents, venues[venue].orderEntry.decoder.maxEvents)
    return batch.hasRoom(frameOf: VenueInput.largestFrame) && batch.eventCapacity - batch.eventCount >= most
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
