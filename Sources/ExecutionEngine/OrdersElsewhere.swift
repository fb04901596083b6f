// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// Orders of the house that another run, or a person, sent: a venue's private messages tell of them too. All children
/// of a run are on its parent's side and never meet each other; these are what an own order can trade against.
struct OrdersElsewhere: Sendable {
  private struct Entry: Sendable {
    let key: Key
    let instrument: UInt32
    let side: Side
    let price: Int64
    /// At the venue's scale; 0 once it is gone, and then kept, so that a repeated acknowledgement does not bring it back.
    var open: Int64
  }

  /// A number or a name, as one feed gives them.
  private struct Key: Comparable, Sendable {
    let feed: UInt32
    let isText: Bool
    let id: UInt64

    static func < (left: Key, right: Key) -> Bool {
      (left.feed, left.isText ? 1 : 0, left.id) < (right.feed, right.isText ? 1 : 0, right.id)
    }
  }

  /// In the order of their keys.
  private var entries: [Entry] = []

  mutating func report(_ event: Event, feed: UInt32) {
    let key = Key(feed: feed, isText: event.has(.textID), id: event.order_id)
    switch event.eventKind {
    case .ownAcknowledged: enter(event, key, isReplacing: false)
    case .ownReplaced:
      if event.aux != 0 { close(Key(feed: feed, isText: key.isText, id: event.aux)) }
      // Some venues change an order in place.
      enter(event, key, isReplacing: true)
    case .ownFilled, .ownCancelled: take(event.quantity, key)
    case .ownRejected: close(key)
    default: break
    }
  }

  /// The best price of those on the other side that can still trade; nil where there is none.
  func opposite(of side: Side, instrument: Int) -> Int64? {
    let prices = entries.lazy.filter { $0.open > 0 && $0.side == side.opposite && Int($0.instrument) == instrument }
      .map(\.price)
    return side == .buy ? prices.min() : prices.max()
  }

  private mutating func enter(_ event: Event, _ key: Key, isReplacing: Bool) {
    // A market order does not rest.
    guard event.eventSide != .none, event.quantity > 0, !event.has(.noPrice), event.instrument != noInstrument else {
      return
    }
    let entry = Entry(
      key: key, instrument: event.instrument, side: event.eventSide, price: event.price, open: event.quantity)
    let place = place(key)
    if place == entries.count || entries[place].key != key {
      entries.insert(entry, at: place)
    } else if isReplacing {
      entries[place] = entry
    }
  }

  private mutating func take(_ quantity: Int64, _ key: Key) {
    let place = place(key)
    guard place < entries.count, entries[place].key == key, quantity > 0 else { return }
    entries[place].open -= min(quantity, entries[place].open)
  }

  private mutating func close(_ key: Key) {
    let place = place(key)
    guard place < entries.count, entries[place].key == key else { return }
    entries[place].open = 0
  }

  private func place(_ key: Key) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
