// SPDX-License-Identifier: Apache-2.0

/// The random numbers behind noise, expanded from a secret seed: the same seed and context give the same numbers. Whoever
/// knows the seed can take the noise away again, and two releases with the same noise differ by their plain totals; so a
/// seed stays with its aggregator, and a context (task, batch, signal) is used for one release.
package struct NoiseSource: ~Copyable, Sendable {
  package static let seedSize = 32
  static let tag = Array("exprove noise 1".utf8)

  private var xof: XofTurboShake128

  package init(seed: borrowing SecretBytes, context: [UInt8]) throws(NoiseError) {
    guard seed.count == Self.seedSize else { throw .seedLength(seed.count) }
    xof = XofTurboShake128(seed: seed.span, tag: Self.tag)
    xof.bind(context.span)
  }

  /// A fresh seed of the system's generator.
  package static func freshSeed() -> SecretBytes { .random(count: seedSize) }

  /// Uniform from zero to below the bound, which is one or more. As many bytes as hold the largest number are drawn, the
  /// lowest first, the bits above it cleared, and again if the number is too large.
  package mutating func below(_ bound: UInt64) -> UInt64 {
    precondition(bound > 0)
    let bits = UInt64.bitWidth - (bound - 1).leadingZeroBitCount
    let mask = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
    while true {
      var number: UInt64 = 0
      for place in stride(from: 0, to: bits, by: 8) { number |= UInt64(xof.nextByte()) << UInt64(place) }
      number &= mask
      if number < bound { return number }
    }
  }

  /// The same for wide bounds.
  mutating func below(_ bound: WideInteger) -> WideInteger {
    precondition(bound > WideInteger(0))
    let bits = (bound - WideInteger(1)).bits
    let upperBits = max(0, bits - 128), lowerBits = min(128, bits)
    while true {
      var number = WideInteger(0)
      for place in stride(from: 0, to: lowerBits, by: 8) { number.low |= UInt128(xof.nextByte()) << UInt128(place) }
      for place in stride(from: 0, to: upperBits, by: 8) { number.high |= UInt128(xof.nextByte()) << UInt128(place) }
      if lowerBits < 128 { number.low &= (1 << UInt128(lowerBits)) - 1 }
      if upperBits < 128 { number.high &= (1 << UInt128(upperBits)) - 1 }
      if number < bound { return number }
    }
  }

  // MARK: Bernoulli draws

  /// True with probability exp(-number / bound), for a number up to the bound. Algorithm 1 of Canonne, Kamath and Steinke,
  /// "The Discrete Gaussian for Differential Privacy" (2020): the number of draws with probability number / (k * bound) that
  /// succeed in a row, for k from one on, is even just so often. Each such draw is made as two, of probability 1 / k and
  /// number / bound, so that nothing grows with k.
  mutating func isKept(exponent number: WideInteger, over bound: WideInteger) -> Bool {
    var trial: UInt64 = 1
    while below(trial) == 0, below(bound) < number { trial += 1 }
    return trial & 1 == 1
  }

  /// True with probability exp(-number / bound).
  mutating func isKept(exponent number: UInt64, over bound: UInt64) -> Bool {
    var trial: UInt64 = 1
    while below(trial) == 0, below(bound) < number { trial += 1 }
    return trial & 1 == 1
  }

  /// True with probability exp(-1).
  mutating func isKept() -> Bool { isKept(exponent: 1, over: 1) }
}
