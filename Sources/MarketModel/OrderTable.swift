// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// One live order. 32 bytes, two a cache line.
struct Order: BitwiseCopyable {
  var id: UInt64
  var price: Int64
  var quantity: Int64
  var instrument: UInt32
  /// `generation << 2 | side`; 0 marks a free slot.
  var mark: UInt32

  static let free = Order(id: 0, price: 0, quantity: 0, instrument: 0, mark: 0)

  var side: Side { Side(rawValue: UInt8(truncatingIfNeeded: mark & 3)) ?? .none }
}

/// The live orders of all instruments by (instrument, order id): open addressing with linear probing in one flat
/// block, so that a batch can touch the slots that it is about to need, and no way to iterate it, so that nothing
/// can come to depend on the order of its slots.
///
/// An instrument's orders are dropped all at once when its generation moves on; their slots are used again.
struct OrderTable: ~Copyable {
  private var slots: Column<Order>
  private var mask: Int
  private var shift: UInt64
  /// Slots that are not free, orders of past generations among them.
  private var used = 0
  private let idMultiplier: UInt64
  private let instrumentMultiplier: UInt64

  /// `seed` chooses among hash functions, so that nobody who does not know it can prepare ids that collide. It has
  /// no influence on any result.
  init(seed: UInt64) {
    slots = Column(repeating: .free, count: 1024)
    mask = 1023
    shift = 64 - 10
    idMultiplier = OrderTable.mixed(seed) | 1
    instrumentMultiplier = OrderTable.mixed(seed &+ 0x9E37_79B9_7F4A_7C15) | 1
  }

  /// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
  static func mixed(_ seed: UInt64) -> UInt64 {
    var z = seed &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  subscript(slot: Int) -> Order {
    @inline(__always) get { slots[slot] }
    @inline(__always) set { slots[slot] = newValue }
  }

  @inline(__always)
  private func home(_ id: UInt64, _ instrument: UInt32) -> Int {
    Int(truncatingIfNeeded: ((id &* idMultiplier) &+ (UInt64(instrument) &* instrumentMultiplier)) >> shift)
  }

  /// Reads the slot where the order would stand, so that it is in the cache when it is needed. The result only
  /// keeps the read from being optimised away.
  @inline(__always)
  func touch(_ id: UInt64, _ instrument: UInt32) -> UInt64 { slots[home(id, instrument)].id }

  /// The order's slot; −1 when it is not here.
  @inline(__always)
  func find(_ id: UInt64, _ instrument: UInt32, generation: UInt32) -> Int {
    var slot = home(id, instrument)
    while true {
      let order = slots[slot]
      if order.mark == 0 { return -1 }
      if order.id == id, order.instrument == instrument, order.mark >> 2 == generation { return slot }
      slot = (slot + 1) & mask
    }
  }

  /// Enters an order that is not here yet. `isCurrent` tells whether an instrument is still in a generation.
  @inline(__always)
  mutating func insert(_ order: Order, generations: borrowing Shelf<InstrumentBook>) {
    if used >= mask / 8 * 5 { rebuild(generations) }
    var slot = home(order.id, order.instrument)
    while slots[slot].mark != 0 { slot = (slot + 1) & mask }
    slots[slot] = order
    used += 1
  }

  /// Frees a slot and moves up what had to stand behind it, so that no tombstones pile up.
  @inline(__always)
  mutating func remove(_ slot: Int) {
    var hole = slot
    var next = (slot + 1) & mask
    while true {
      let order = slots[next]
      if order.mark == 0 { break }
      let distance = (next - home(order.id, order.instrument)) & mask
      if distance >= (next - hole) & mask {
        slots[hole] = order
        hole = next
      }
      next = (next + 1) & mask
    }
    slots[hole].mark = 0
    used -= 1
  }

  /// Drops the orders of past generations, and doubles when that does not free half of the room.
  @inline(never)
  private mutating func rebuild(_ generations: borrowing Shelf<InstrumentBook>) {
    var live = 0
    for slot in 0...mask where isLive(slots[slot], generations) { live += 1 }
    var capacity = mask + 1
    while live >= capacity / 16 * 5 { capacity *= 2 }
    var fresh = Column<Order>(repeating: .free, count: capacity)
    let oldMask = mask
    mask = capacity - 1
    shift = UInt64(64 - capacity.trailingZeroBitCount)
    for index in 0...oldMask {
      let order = slots[index]
      guard isLive(order, generations) else { continue }
      var slot = home(order.id, order.instrument)
      while fresh[slot].mark != 0 { slot = (slot + 1) & mask }
      fresh[slot] = order
    }
    slots = fresh
    used = live
  }

  private func isLive(_ order: Order, _ generations: borrowing Shelf<InstrumentBook>) -> Bool {
    order.mark != 0 && generations[Int(order.instrument)].generation == order.mark >> 2
  }
}
