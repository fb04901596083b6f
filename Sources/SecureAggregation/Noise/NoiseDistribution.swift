// SPDX-License-Identifier: Apache-2.0

/// A distribution over the integers, symmetric around zero, that noise is drawn from.
package protocol NoiseDistribution: Equatable, Sendable {
  /// One exact draw. How long it takes depends on what is drawn: an observer must not be able to time single draws.
  func sample(from source: inout NoiseSource) -> Int64

  /// The sum of so many independent draws lies further from zero with a probability below two to the minus one hundredth,
  /// for each of the draws.
  func tail(draws: Int) -> UInt128

  /// What a release with this noise costs each contributor who may change it by so much.
  func cost(_ sensitivity: Sensitivity) throws(PrivacyError) -> PrivacyCost
}

extension NoiseDistribution {
  package func samples(_ count: Int, from source: inout NoiseSource) -> [Int64] {
    var samples: [Int64] = []
    samples.reserveCapacity(count)
    for _ in 0..<count { samples.append(sample(from: &source)) }
    return samples
  }
}

extension AggregateShare {
  /// The share with a number of noise on each element, as an aggregator gives it away. Each aggregator adds noise of its
  /// own, of the full variance: only that of an honest one counts for the contributors' guarantee.
  package func adding(noise: [Int64]) throws(VDAFError) -> AggregateShare {
    guard noise.count == count else { throw .wrongLength(.noise, expected: count, actual: noise.count) }
    var sum = self
    for index in 0..<noise.count { sum.add(Field(signed: noise[index]), at: index) }
    return sum
  }

  package func adding(
    noise: some NoiseDistribution, from source: inout NoiseSource
  ) -> AggregateShare {
    // Number by number: together they would lie in memory that nobody wipes.
    var sum = self
    for index in 0..<count { sum.add(Field(signed: noise.sample(from: &source)), at: index) }
    return sum
  }
}

extension PrimeField {
  /// A negative number counts from the modulus down.
  package init(signed number: Int64) {
    let sign = UInt64(bitPattern: number >> 63)
    let magnitude = Self(reduced: Integer(truncatingIfNeeded: (UInt64(bitPattern: number) ^ sign) &- sign))
    // Minus twice itself where the sign is set, without a branch on it.
    self = magnitude - (magnitude + magnitude) * Self(reduced: Integer(truncatingIfNeeded: sign & 1))
  }
}
