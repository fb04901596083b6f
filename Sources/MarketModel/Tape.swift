// SPDX-License-Identifier: Apache-2.0

/// What has been traded in one instrument, as far as it counts. Quantities are at the instrument's scale, notionals at
/// 1e-9 of that (price times quantity, not divided).
package struct TapeTotals: Equatable, Sendable {
  /// Continuous trades that count towards volume: with the flag VOLUME, without CROSS, of known price.
  package var volume: Int128 = 0
  package var notional: Int128 = 0
  package var trades: Int64 = 0
  /// Auctions, which no interval VWAP may contain.
  package var crossVolume: Int128 = 0
  package var crossNotional: Int128 = 0
  package var crosses: Int64 = 0
  /// Of `volume`: what did not touch the displayed book.
  package var hiddenVolume: Int128 = 0
  /// Executions of orders that the book does not know, at the resting order's price: volume without a price.
  /// In none of the sums above.
  package var unpricedVolume: Int128 = 0
  package var unpriced: Int64 = 0
  /// Trades that were taken back.
  package var broken: Int64 = 0
  /// The last counted trade; it stays when that trade is broken.
  package var lastPrice: Int64?
  package var lastQuantity: Int64 = 0
  package var lastTime: Int64 = 0

  package init() {}
}

/// The totals and the volume in buckets of time.
struct Tape: ~Copyable {
  struct Bucket: BitwiseCopyable {
    var index: Int64
    var volume: Int128
  }

  var totals = TapeTotals()
  private var buckets = Column(repeating: Bucket(index: 0, volume: 0), count: 0)
  private var bucketCount = 0

  /// Adds to the bucket of number `index` and returns the number of the one that was taken: time doesn't run backwards
  /// in the total order, and where a caller's does, the volume goes to the last bucket.
  mutating func add(_ quantity: Int64, bucket index: Int64) -> Int64 {
    if bucketCount > 0, buckets[bucketCount - 1].index >= index {
      buckets[bucketCount - 1].volume += Int128(quantity)
      return buckets[bucketCount - 1].index
    }
    if bucketCount == buckets.count {
      buckets.grow(to: max(16, bucketCount * 2), filling: Bucket(index: 0, volume: 0))
    }
    buckets[bucketCount] = Bucket(index: index, volume: Int128(quantity))
    bucketCount += 1
    return index
  }

  /// Takes back what `add` added to the bucket that it returned.
  mutating func subtract(_ quantity: Int64, bucket index: Int64) {
    let position = firstBucket(notBefore: index)
    guard position < bucketCount else { return }
    buckets[position].volume -= Int128(quantity)
  }

  /// The sum over the buckets `first...last`.
  borrowing func volume(buckets first: Int64, through last: Int64) -> Int128 {
    var sum: Int128 = 0
    var position = firstBucket(notBefore: first)
    while position < bucketCount, buckets[position].index <= last {
      sum += buckets[position].volume
      position += 1
    }
    return sum
  }

  private borrowing func firstBucket(notBefore index: Int64) -> Int {
    var low = 0
    var high = bucketCount
    while low < high {
      let middle = (low + high) >> 1
      if buckets[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
