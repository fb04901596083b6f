// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
package import VenueSimulator

/// The fill model as one feed more: it sees the market in the total order, and its reports take their place there. A
/// frame's bytes are the report itself, an event in its canonical encoding.
package struct ModelLane {
  /// The model's name and version, as the record states it.
  package static let name = FillModel.name

  /// How long an order takes to a venue and a report back, nanoseconds.
  package struct Latency: Equatable, Sendable {
    package var inbound: Int64
    package var outbound: Int64

    package init(inbound: Int64, outbound: Int64) {
      self.inbound = inbound
      self.outbound = outbound
    }
  }

  /// The feed's number in the run.
  let feed: UInt32
  private let listings: [(venue: String, symbol: [UInt8], latency: Latency)]
  private var model = FillModel(configuration: [])
  private var numbers: [UInt32: Int] = [:]
  private var offset: UInt64 = 0

  package init(feed: UInt32, listings: [(venue: String, symbol: [UInt8], latency: Latency)]) {
    self.feed = feed
    self.listings = listings
  }

  var nextTime: Int64? { model.nextTime }

  /// Sees an event of the market, with the run's number of its instrument.
  mutating func observe(_ event: Event, at time: Int64, instruments: GlobalInstruments) {
    if event.kind == EventKind.instrument.rawValue, numbers[event.instrument] == nil {
      let listing = instruments.listings[Int(event.instrument)]
      if let index = listings.firstIndex(where: { $0.venue == listing.venue && $0.symbol == listing.symbol }) {
        numbers[event.instrument] = index
        model.add(
          FillModelVenue(
            instrument: event.instrument, inbound: listings[index].latency.inbound,
            outbound: listings[index].latency.outbound))
      }
    }
    model.observe(event, at: time)
  }

  package mutating func submit(_ request: ModelRequest, at time: Int64) {
    model.submit(request, at: time)
  }

  /// Moves the reports due at `time` or earlier into `batch`; false when there is no room for the next one.
  mutating func pop(upTo time: Int64, into batch: inout EventBatch) -> Int {
    var taken = 0
    while batch.hasRoom(frameOf: 64), batch.eventCount < batch.eventCapacity, let report = model.pop(upTo: time) {
      var event = report.event
      event.frame = 0
      event.flags |= EventFlags.simulated.rawValue | EventFlags.last.rawValue
      var frame = Frame()
      frame.receive_time = report.time
      frame.offset = offset
      frame.feed = feed
      frame.flags = FrameFlags.simulated.rawValue
      let bytes = ModelLane.bytes(of: event)
      event.frame = UInt32(batch.frameCount)
      batch.append(frame: frame, bytes: bytes.span)
      batch.append(event)
      offset += UInt64(bytes.count)
      taken += 1
    }
    return taken
  }

  /// The event that 64 canonical bytes are; nil for another count.
  static func event(of bytes: Span<UInt8>) -> Event? {
    guard bytes.count == MemoryLayout<Event>.size else { return nil }
    return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: Event.self) }
  }

  /// The event's canonical 64 bytes.
  package static func bytes(of event: Event) -> [UInt8] {
    unsafe withUnsafeBytes(of: event) { unsafe Array($0) }
  }
}
