// SPDX-License-Identifier: Apache-2.0

/// What totals with noise on them may be: from minus the noise's tail to what the measurements can give at most and the
/// tail. Noise of each aggregator is in them.
package struct NoisyTotals: Equatable, Sendable {
  /// How far the noise of all aggregators together reaches.
  package let tail: UInt128
  /// What the measurements can give without noise.
  package let largest: UInt128

  /// Of so many measurements, each of which adds from zero to the maximum.
  package init(
    measurements: Int, maximum: UInt128, aggregators: Int, noise: some NoiseDistribution
  ) throws(NoiseError) {
    guard measurements > 0 else { throw .badMeasurementCount(measurements) }
    guard (1...255).contains(aggregators) else { throw .badAggregatorCount(aggregators) }
    let (largest, isOverflow) = maximum.multipliedReportingOverflow(by: UInt128(measurements))
    guard !isOverflow, largest < 1 << 126 else { throw .totalMayWrap }
    self.largest = largest
    tail = noise.tail(draws: aggregators)
  }

  /// The field's elements as integers: those above half the modulus are negative. One that is out of range has not come
  /// from these measurements and honest noise, and all are refused.
  package func integers<Field: PrimeField>(_ sum: [Field]) throws(VDAFError) -> [Int128] {
    let half = UInt128(Field.modulus) / 2
    guard largest + tail <= half else { throw .sumMayWrap }
    var integers: [Int128] = []
    integers.reserveCapacity(sum.count)
    for element in sum {
      let integer = UInt128(element.integer)
      if integer <= half {
        guard integer <= largest + tail else { throw .aggregateOutOfRange }
        integers.append(Int128(integer))
      } else {
        let magnitude = UInt128(Field.modulus) - integer
        guard magnitude <= tail else { throw .aggregateOutOfRange }
        integers.append(-Int128(magnitude))
      }
    }
    return integers
  }
}
