// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// A price and all that is displayed there. Price at 1e-9, quantity at the instrument's scale.
package struct PriceLevel: Equatable, Sendable, BitwiseCopyable {
  package var price: Int64
  package var quantity: Int64

  package init(price: Int64, quantity: Int64) {
    self.price = price
    self.quantity = quantity
  }
}

/// The price levels of one side, sorted, the best one last.
///
/// Levels lie in blocks of 64. The block with the best prices, the tail, is known by itself, so that what
/// happens near the touch moves a few levels in one kilobyte and reads no directory; the blocks before it stand in
/// a directory by the lowest key that belongs to them, so that a book of a million levels costs no more than
/// a short binary search and a bounded move, whoever feeds it.
///
/// A level's `price` holds its key: the price of a bid, the bitwise complement of an ask's, so that on both
/// sides a higher key is a better price and no price overflows.
struct Ladder: ~Copyable {
  private static let blockSize = 64

  private struct Block: BitwiseCopyable {
    var floor: Int64
    var start: Int
    var count: Int
  }

  private let complement: Int64
  private var levels: Column<PriceLevel>
  private var directory: Column<Block>
  private var directoryCount = 0
  private var tail = Block(floor: .min, start: 0, count: 0)
  private var unusedStart = 0
  /// Start of the first block that was given back, -1 for none; each holds the next one's in its first price.
  private var freeStart = -1
  private(set) var count = 0

  init(side: Side) {
    complement = side == .sell ? -1 : 0
    levels = Column(repeating: PriceLevel(price: 0, quantity: 0), count: 0)
    directory = Column(repeating: Block(floor: 0, start: 0, count: 0), count: 0)
  }

  /// The best level; nil when the side is empty.
  @inline(__always)
  var best: PriceLevel? {
    guard tail.count > 0 else { return nil }
    return restored(levels[tail.start + tail.count - 1])
  }

  /// What stands at `price`, 0 when nothing does.
  borrowing func quantity(at price: Int64) -> Int64 {
    let place = find(price ^ complement)
    return place.found ? levels[place.start + place.index].quantity : 0
  }

  /// Adds `quantity`, which is positive, at `price`. False, and nothing happens, when the sum leaves 64 bits.
  @inline(__always)
  mutating func add(_ quantity: Int64, at price: Int64) -> Bool {
    let key = price ^ complement
    let place = find(key)
    if place.found {
      let position = place.start + place.index
      let (sum, overflow) = levels[position].quantity.addingReportingOverflow(quantity)
      guard !overflow else { return false }
      levels[position].quantity = sum
    } else {
      insert(PriceLevel(price: key, quantity: quantity), at: place)
    }
    return true
  }

  /// Takes `quantity` off what stands at `price`; nothing left removes the level.
  @inline(__always)
  mutating func take(_ quantity: Int64, at price: Int64) {
    let place = find(price ^ complement)
    guard place.found else { return }
    let position = place.start + place.index
    let (rest, overflow) = levels[position].quantity.subtractingReportingOverflow(quantity)
    if overflow || rest <= 0 { remove(place) } else { levels[position].quantity = rest }
  }

  /// From now on `quantity` stands at `price`; 0 removes the level. False when there was nothing to remove.
  mutating func set(_ quantity: Int64, at price: Int64) -> Bool {
    let key = price ^ complement
    let place = find(key)
    if quantity == 0 {
      if place.found { remove(place) }
      return place.found
    }
    if place.found {
      levels[place.start + place.index].quantity = quantity
    } else {
      insert(PriceLevel(price: key, quantity: quantity), at: place)
    }
    return true
  }

  mutating func removeAll() {
    directoryCount = 0
    tail = Block(floor: .min, start: 0, count: 0)
    unusedStart = levels.count > 0 ? Ladder.blockSize : 0
    freeStart = -1
    count = 0
  }

  /// A place in a walk from the best level down.
  struct Cursor {
    fileprivate var block: Int
    fileprivate var start: Int
    fileprivate var index: Int
  }

  var first: Cursor { Cursor(block: directoryCount, start: tail.start, index: tail.count) }

  /// The next level, best first; nil behind the last one.
  borrowing func next(_ cursor: inout Cursor) -> PriceLevel? {
    while cursor.index == 0 {
      guard cursor.block > 0 else { return nil }
      cursor.block -= 1
      let block = directory[cursor.block]
      cursor.start = block.start
      cursor.index = block.count
    }
    cursor.index -= 1
    return restored(levels[cursor.start + cursor.index])
  }

  private func restored(_ level: PriceLevel) -> PriceLevel {
    PriceLevel(price: level.price ^ complement, quantity: level.quantity)
  }

  // MARK: - Places

  /// Where a key stands, or where it would be inserted.
  private struct Place {
    /// Index in the directory; `directoryCount` means the tail.
    var block: Int
    var start: Int
    var index: Int
    var found: Bool
  }

  @inline(__always)
  private borrowing func find(_ key: Int64) -> Place {
    guard key >= tail.floor else { return findBehind(key) }
    let index = position(of: key, in: tail)
    let found = index < tail.count && levels[tail.start + index].price == key
    return Place(block: directoryCount, start: tail.start, index: index, found: found)
  }

  @inline(never)
  private borrowing func findBehind(_ key: Int64) -> Place {
    // The first block's floor is the lowest key there is, so that one always qualifies.
    var low = 0
    var high = directoryCount - 1
    while low < high {
      let middle = (low + high + 1) >> 1
      if directory[middle].floor <= key { low = middle } else { high = middle - 1 }
    }
    let block = directory[low]
    let index = position(of: key, in: block)
    let found = index < block.count && levels[block.start + index].price == key
    return Place(block: low, start: block.start, index: index, found: found)
  }

  /// The first index whose key is not below `key`. Halving without a branch on the keys, which nobody could predict; the
  /// number of steps depends on the block's size alone.
  @inline(__always)
  private borrowing func position(of key: Int64, in block: Block) -> Int {
    var start = block.start
    var length = block.count
    guard length > 0 else { return 0 }
    while length > 1 {
      let half = length >> 1
      // All ones where the key lies beyond: with `?:` the compiler would branch.
      start &+= half & (0 &- (levels[start &+ half &- 1].price < key ? 1 : 0))
      length &-= half
    }
    return start - block.start + (levels[start].price < key ? 1 : 0)
  }

  @inline(__always)
  private mutating func insert(_ level: PriceLevel, at place: Place) {
    count += 1
    if place.block == directoryCount, tail.count < Ladder.blockSize, levels.count > 0 {
      let position = tail.start + place.index
      levels.move(tail.count - place.index, from: position, to: position + 1)
      levels[position] = level
      tail.count += 1
    } else {
      insertSlowly(level, at: place)
    }
  }

  @inline(never)
  private mutating func insertSlowly(_ level: PriceLevel, at place: Place) {
    if levels.count == 0 { tail.start = newBlock() }
    var place = place
    let full = place.block == directoryCount ? tail.count : directory[place.block].count
    if full == Ladder.blockSize {
      split(place.block)
      place = find(level.price)
    }
    var block = place.block == directoryCount ? tail : directory[place.block]
    let position = block.start + place.index
    levels.move(block.count - place.index, from: position, to: position + 1)
    levels[position] = level
    block.count += 1
    if place.block == directoryCount { tail = block } else { directory[place.block] = block }
  }

  /// Moves the better half of a full block to a new block that follows it.
  private mutating func split(_ index: Int) {
    let half = Ladder.blockSize / 2
    let start = newBlock()
    if index == directoryCount {
      levels.move(half, from: tail.start + half, to: start)
      enter(Block(floor: tail.floor, start: tail.start, count: half), at: directoryCount)
      tail = Block(floor: levels[start].price, start: start, count: half)
    } else {
      levels.move(half, from: directory[index].start + half, to: start)
      directory[index].count = half
      enter(Block(floor: levels[start].price, start: start, count: half), at: index + 1)
    }
  }

  @inline(__always)
  private mutating func remove(_ place: Place) {
    count -= 1
    let position = place.start + place.index
    if place.block == directoryCount {
      tail.count -= 1
      levels.move(tail.count - place.index, from: position + 1, to: position)
      if tail.count == 0 { dropTail() }
    } else {
      let rest = directory[place.block].count - 1
      levels.move(rest - place.index, from: position + 1, to: position)
      directory[place.block].count = rest
      if rest == 0 { dropBlock(place.block) }
    }
  }

  /// The tail is empty: the block before it, if there is one, becomes the tail.
  private mutating func dropTail() {
    guard directoryCount > 0 else { return }
    release(tail.start)
    directoryCount -= 1
    tail = directory[directoryCount]
  }

  private mutating func dropBlock(_ index: Int) {
    release(directory[index].start)
    directoryCount -= 1
    directory.move(directoryCount - index, from: index + 1, to: index)
    if index == 0 {
      if directoryCount == 0 { tail.floor = .min } else { directory[0].floor = .min }
    }
  }

  // MARK: - Memory

  private mutating func enter(_ block: Block, at index: Int) {
    if directoryCount == directory.count {
      directory.grow(to: max(8, directory.count * 2), filling: Block(floor: 0, start: 0, count: 0))
    }
    directory.move(directoryCount - index, from: index, to: index + 1)
    directory[index] = block
    directoryCount += 1
  }

  private mutating func newBlock() -> Int {
    if freeStart >= 0 {
      let start = freeStart
      freeStart = Int(levels[start].price)
      return start
    }
    let start = unusedStart
    unusedStart += Ladder.blockSize
    if unusedStart > levels.count {
      levels.grow(to: max(unusedStart, levels.count * 2), filling: PriceLevel(price: 0, quantity: 0))
    }
    return start
  }

  private mutating func release(_ start: Int) {
    levels[start].price = Int64(freeStart)
    freeStart = start
  }
}
