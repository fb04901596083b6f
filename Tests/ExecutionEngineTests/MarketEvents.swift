// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow

/// Events of one frame, as a venue's adapter would give them.
struct MarketFrame {
  var time: Int64
  /// Number of the feed, which for market data is that of the venue.
  var feed: Int
  var events: [Event]
  var flags: FrameFlags = []

  init(_ time: Int64, _ feed: Int, _ events: [Event], flags: FrameFlags = []) {
    self.time = time
    self.feed = feed
    self.flags = flags
    self.events = events
    for index in events.indices {
      if index + 1 < events.count {
        self.events[index].flags &= ~EventFlags.last.rawValue
      } else {
        self.events[index].flags |= EventFlags.last.rawValue
      }
    }
  }
}

func event(
  _ kind: EventKind, _ instrument: Int, id: UInt64 = 0, side: Side = .none, price: Int64 = 0, quantity: Int64 = 0,
  aux: UInt64 = 0, level: Int = 0, flags: EventFlags = [], time: Int64 = 0
) -> Event {
  var event = Event(kind: kind)
  event.instrument = instrument < 0 ? noInstrument : UInt32(instrument)
  event.order_id = id
  event.side = side.rawValue
  event.price = price
  event.quantity = quantity
  event.aux = aux
  event.level = UInt16(level)
  event.flags = flags.rawValue
  event.event_time = time
  return event
}

/// Introduces the symbol S and defines it as instrument `number`.
func definition(_ number: Int, scale: Int = 0) -> [Event] {
  var text = Event(kind: .text)
  // The text's bytes begin where other events have the venue's sequence number.
  text.venue_sequence = UInt64(UInt8(ascii: "S"))
  text.instrument = 0
  text.level = 1
  return [text, event(.instrument, number, level: scale)]
}

func level(_ venue: Int, _ side: Side, _ price: Int64, _ quantity: Int64, _ flags: EventFlags = []) -> Event {
  event(.level, venue, side: side, price: price, quantity: quantity, flags: flags)
}

func trade(_ venue: Int, _ price: Int64, _ quantity: Int64, match: UInt64 = 0) -> Event {
  event(.trade, venue, price: price, quantity: quantity, aux: match, flags: [.volume])
}

/// Definitions and a first book for each venue, a second before the window: `bid` and `ask` with `depth` on both sides.
func opening(
  _ scene: Scene, bid: Int64 = 9_999 * cent, ask: Int64 = 10_001 * cent, depth: Int64 = 10_000
) -> [MarketFrame] {
  scene.venues.indices.map { venue in
    var power: Int64 = 1
    for _ in 0..<scene.venues[venue].scale { power *= 10 }
    return MarketFrame(
      Scene.start - second, venue,
      definition(venue, scale: scene.venues[venue].scale) + [
        level(venue, .buy, bid, depth * power), level(venue, .sell, ask, depth * power),
      ])
  }
}
