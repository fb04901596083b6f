// SPDX-License-Identifier: Apache-2.0

internal import VenueSimulator

/// The desks of a study and what they trade: each has a profile over the day of its own that stays, and every day differs
/// from it in every bucket. Volumes in shares.
struct StudyFlow {
  let desks: Int
  let buckets: Int
  /// How many past days a desk remembers.
  static let days = 5

  /// Mean volume of each desk and bucket over the past days: what the desk knows.
  private(set) var past: [[Int64]] = []
  /// What everybody trades today, noise traders among them: nobody knows it.
  private(set) var today: [Int64]

  init(desks: Int, buckets: Int, seed: UInt64) {
    self.desks = desks
    self.buckets = buckets
    today = Array(repeating: 0, count: buckets)
    var random = RandomSource(seed: seed, stream: 0x5348)
    /// Busy ends and a quiet noon, as of all trading, in thousandths.
    let common = (0..<buckets).map { bucket -> Int64 in
      let fromNoon = abs(2 * Int64(bucket) + 1 - Int64(buckets))
      return 600 + 900 * fromNoon * fromNoon / Int64(buckets * buckets)
    }
    for _ in 0..<desks {
      // Between 100 and 900 shares for a thousandth of the curve; a fifth to twice the common curve in each bucket.
      let size = 100 + Int64(random.below(801))
      let profile = common.map { $0 * (200 + Int64(random.below(1_801))) / 1_000 }
      var sums = Array(repeating: Int64(0), count: buckets)
      for _ in 0..<StudyFlow.days {
        for bucket in 0..<buckets { sums[bucket] += StudyFlow.volume(profile[bucket] * size, &random) }
      }
      past.append(sums.map { $0 / Int64(StudyFlow.days) })
      for bucket in 0..<buckets { today[bucket] += StudyFlow.volume(profile[bucket] * size, &random) }
    }
    // Those who contribute to nothing: a third of what all desks trade, along the common curve.
    let whole = today.reduce(0, +)
    let level = whole / 3 / common.reduce(0, +)
    for bucket in 0..<buckets { today[bucket] += StudyFlow.volume(common[bucket] * level, &random) }
  }

  /// A day's volume about its mean: half to one and a half of it.
  private static func volume(_ mean: Int64, _ random: inout RandomSource) -> Int64 {
    mean * (500 + Int64(random.below(1_001))) / 1_000
  }

  /// What the desks' sum is made of, by bucket.
  var shared: [Int64] { (0..<buckets).map { bucket in past.reduce(0) { $0 + $1[bucket] } } }
}
