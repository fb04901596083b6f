// SPDX-License-Identifier: Apache-2.0

/// Reproducible randomness: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
/// OOPSLA 2014). The seed is an input of the run; the same seed gives the same numbers on every machine.
/// Arithmetic wraps here by definition of the generator.
package struct RandomSource: Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// A source of its own for one purpose, so that drawing more for one never shifts another.
  package init(seed: UInt64, stream: UInt64) {
    var mixer = RandomSource(seed: seed)
    let base = mixer.next()
    var other = RandomSource(seed: base ^ (stream &* 0x9E37_79B9_7F4A_7C15))
    state = other.next()
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in `0..<bound`, without bias (Lemire: "Fast random integer generation in an interval", 2019).
  /// `bound` is above 0.
  package mutating func below(_ bound: UInt64) -> UInt64 {
    precondition(bound > 0)
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let threshold = (0 &- bound) % bound
      while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
    }
    return product.high
  }

  /// True `chance` times in a million.
  package mutating func happens(perMillion chance: UInt32) -> Bool {
    chance > 0 && below(1_000_000) < UInt64(chance)
  }

  /// Exponentially distributed with the given mean (0 or more, at most 2^56), rounded down: −ln(u)·mean in
  /// 32-bit fixed point, the logarithm taken bit by bit through repeated squaring.
  package mutating func exponential(mean: Int64) -> Int64 {
    precondition((0...(1 << 56)).contains(mean))
    let product = UInt64(mean).multipliedFullWidth(by: negativeLogarithm())
    // ln(2^64) < 45, so the product of a mean of 56 bits stays below 2^(56+6+32).
    return Int64((product.high << 32) | (product.low >> 32))
  }

  /// −ln(u) for u uniform in (0, 1], times 2^32.
  private mutating func negativeLogarithm() -> UInt64 {
    let drawn = max(next(), 1)
    let zeros = drawn.leadingZeroBitCount
    var mantissa = drawn << UInt64(zeros)
    var logarithm = UInt64(63 - zeros)
    for _ in 0..<32 {
      let square = mantissa.multipliedFullWidth(by: mantissa).high
      logarithm <<= 1
      if square >= 1 << 63 {
        logarithm |= 1
        mantissa = square
      } else {
        mantissa = square << 1
      }
    }
    let bits = (64 << 32) - logarithm
    // ln 2 = 2977044472 / 2^32.
    let scaled = bits.multipliedFullWidth(by: 2_977_044_472)
    return (scaled.high << 32) | (scaled.low >> 32)
  }

  /// A symmetric integer step of mean 0 and standard deviation 4: the set bits of 64, less 32.
  package mutating func step() -> Int64 { Int64(next().nonzeroBitCount) - 32 }

  /// An index into `weights` with probability in proportion to its weight. At least one weight is above 0.
  package mutating func choose(_ weights: [UInt32]) -> Int {
    var total: UInt64 = 0
    for weight in weights { total += UInt64(weight) }
    var drawn = below(total)
    for (index, weight) in weights.enumerated() {
      if drawn < UInt64(weight) { return index }
      drawn -= UInt64(weight)
    }
    return weights.count - 1
  }
}
