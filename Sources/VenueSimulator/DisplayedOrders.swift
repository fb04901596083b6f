// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// A displayed order as the venue's data told of it.
struct DisplayedOrder {
  var id: UInt64
  var price: Int64
  /// 0 marks a free place in the table.
  var quantity: Int64
  var side: Side
}

/// Displayed orders by the venue's id: open addressing with linear probing, kept at most half full.
struct DisplayedOrders {
  private var places: [DisplayedOrder]
  private var count = 0

  private static let nobody = DisplayedOrder(id: 0, price: 0, quantity: 0, side: .none)

  init() { places = Array(repeating: Self.nobody, count: 1024) }

  subscript(id: UInt64) -> DisplayedOrder? {
    let order = places[place(of: id)]
    return order.quantity > 0 ? order : nil
  }

  /// Enters an order, or gives a known one its new terms. `quantity` is above 0.
  mutating func set(_ order: DisplayedOrder) {
    var index = place(of: order.id)
    if places[index].quantity == 0 {
      if (count + 1) * 2 > places.count {
        grow()
        index = place(of: order.id)
      }
      count += 1
    }
    places[index] = order
  }

  mutating func remove(_ id: UInt64) {
    var hole = place(of: id)
    guard places[hole].quantity > 0 else { return }
    count -= 1
    // Entries behind the hole move up unless that would put them before their home place.
    var index = (hole + 1) & mask
    while places[index].quantity > 0 {
      let home = home(places[index].id)
      if (index &- home) & mask >= (index &- hole) & mask {
        places[hole] = places[index]
        hole = index
      }
      index = (index + 1) & mask
    }
    places[hole] = Self.nobody
  }

  mutating func removeAll() {
    for index in places.indices { places[index] = Self.nobody }
    count = 0
  }

  private var mask: Int { places.count - 1 }

  private func home(_ id: UInt64) -> Int {
    // Fibonacci hashing; the multiplication wraps by design.
    Int(truncatingIfNeeded: (id &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
  }

  private func place(of id: UInt64) -> Int {
    var index = home(id)
    while places[index].quantity > 0, places[index].id != id { index = (index + 1) & mask }
    return index
  }

  private mutating func grow() {
    let old = places
    places = Array(repeating: Self.nobody, count: old.count * 2)
    for order in old where order.quantity > 0 { places[place(of: order.id)] = order }
  }
}
