// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// What a trade counted for, so that its break can take it back.
struct Match: BitwiseCopyable {
  var id: UInt64
  var price: Int64
  var quantity: Int64
  /// The bucket of time that the tape counted it in.
  var bucket: Int64
  var instrument: UInt32
  var state: State

  enum State: UInt8, BitwiseCopyable {
    case free, counted, hidden, cross, broken
  }

  static let free = Match(id: 0, price: 0, quantity: 0, bucket: 0, instrument: 0, state: .free)
}

/// The last trades by (instrument, match id), in two flat tables: when the newer one is full it takes the place of the
/// older one. So at least the last `memory` trades can be broken, and memory stays bounded.
struct MatchTable: ~Copyable {
  private var newer: Column<Match>
  private var older: Column<Match>
  private var newerCount = 0
  private let memory: Int
  private let idMultiplier: UInt64
  private let instrumentMultiplier: UInt64

  init(memory: Int, seed: UInt64) {
    self.memory = max(memory, 64)
    newer = Column(repeating: .free, count: 256)
    older = Column(repeating: .free, count: 1)
    idMultiplier = OrderTable.mixed(seed ^ 0x6D61_7463_6831) | 1
    instrumentMultiplier = OrderTable.mixed(seed ^ 0x6D61_7463_6832) | 1
  }

  private func home(_ id: UInt64, _ instrument: UInt32, _ capacity: Int) -> Int {
    let hash = (id &* idMultiplier) &+ (UInt64(instrument) &* instrumentMultiplier)
    // `>>` with 64, for the table of one slot, gives 0.
    return Int(truncatingIfNeeded: hash >> UInt64(64 - capacity.trailingZeroBitCount))
  }

  private func find(_ id: UInt64, _ instrument: UInt32, in table: borrowing Column<Match>) -> Int? {
    let mask = table.count - 1
    var slot = home(id, instrument, table.count)
    for _ in 0...mask {
      let match = table[slot]
      if match.state == .free { return nil }
      if match.id == id, match.instrument == instrument { return slot }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// Remembers a trade. False when its id is known among the newer ones: it stays as it was first told.
  mutating func insert(_ match: Match) -> Bool {
    if newerCount >= newer.count / 2 { makeRoom() }
    let mask = newer.count - 1
    var slot = home(match.id, match.instrument, newer.count)
    while newer[slot].state != .free {
      if newer[slot].id == match.id, newer[slot].instrument == match.instrument { return false }
      slot = (slot + 1) & mask
    }
    newer[slot] = match
    newerCount += 1
    return true
  }

  private mutating func place(_ match: Match) {
    let mask = newer.count - 1
    var slot = home(match.id, match.instrument, newer.count)
    while newer[slot].state != .free { slot = (slot + 1) & mask }
    newer[slot] = match
  }

  private mutating func makeRoom() {
    let full = newer.count
    var fresh = Column<Match>(repeating: .free, count: newerCount < memory ? full * 2 : full)
    swap(&newer, &fresh)
    if newerCount < memory {
      for index in 0..<full where fresh[index].state != .free { place(fresh[index]) }
    } else {
      older = fresh
      newerCount = 0
    }
  }

  /// Marks a trade as broken and returns what it counted for; nil when it isn't known or was broken before.
  mutating func breakMatch(_ id: UInt64, _ instrument: UInt32) -> Match? {
    if let slot = find(id, instrument, in: newer) {
      let match = newer[slot]
      newer[slot].state = .broken
      return match.state == .broken ? nil : match
    }
    if let slot = find(id, instrument, in: older) {
      let match = older[slot]
      older[slot].state = .broken
      return match.state == .broken ? nil : match
    }
    return nil
  }
}
