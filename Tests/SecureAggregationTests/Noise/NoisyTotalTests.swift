// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

/// Noise on aggregate shares, and the totals that are read with it.
struct NoisyTotalTests {
  @Test func signedNumbers() {
    for number in [0, 1, -1, 77, -77, Int64.max, Int64.min, Int64.min + 1] {
      let magnitude = number.magnitude
      let expected = number < 0 ? -Field64(reduced: magnitude) : Field64(reduced: magnitude)
      #expect(Field64(signed: number) == expected)
      let wide = Field128(reduced: UInt128(magnitude))
      #expect(Field128(signed: number) == (number < 0 ? -wide : wide))
    }
  }

  /// Both aggregators add noise; what is read is the sum and the noise of both, to the unit.
  @Test func noisySum() throws {
    var generator = SeededGenerator(state: 5)
    let vdaf = try Prio3SumVec(shares: 2, length: 5, maximum: 100)
    var aggregators = Aggregators(vdaf)
    for _ in 0..<4 { try aggregators.accept(Delivery(vdaf, [0, 1, 2, 50, 100], &generator)) }
    let noise = try DiscreteGaussian(variance: PositiveRatio(400))
    var shares: [AggregateShare<Field128>] = [], added = Array(repeating: Int128(0), count: 5)
    for (index, share) in aggregators.aggregates.enumerated() {
      let seed = SecretBytes(repeating: UInt8(index), count: 32)
      var source = try NoiseSource(seed: seed, context: [9])
      shares.append(share.adding(noise: noise, from: &source))
      var again = try NoiseSource(seed: seed, context: [9])
      let drawn = noise.samples(5, from: &again)
      #expect(try share.adding(noise: drawn) == shares[index])
      for place in 0..<5 { added[place] += Int128(drawn[place]) }
    }
    let totals = try NoisyTotals(measurements: 4, maximum: 100, aggregators: 2, noise: noise)
    let read = try totals.integers(vdaf.sum(shares))
    #expect(read == zip([0, 4, 8, 200, 400], added).map { $0 + $1 })
    #expect(read != [0, 4, 8, 200, 400])
    #expect(
      refusal { () throws(VDAFError) in _ = try shares[0].adding(noise: [1, 2]) }
        == .wrongLength(.noise, expected: 5, actual: 2))
  }

  /// A share is a value: what is added to one is in no copy of it.
  @Test func sharesAreValues() throws {
    let vdaf = try Prio3SumVec(shares: 2, length: 3, maximum: 100)
    let nothing = vdaf.aggregateInit()
    let share = try nothing.adding(noise: [1, -2, 3])
    let more = try share.adding(noise: [0, 0, 4])
    #expect(nothing == vdaf.aggregateInit() && nothing != share && share != more)
    #expect(share.elements == [1, -2, 3].map { Field128(signed: $0) })
    #expect(more.elements == [1, -2, 7].map { Field128(signed: $0) })
    #expect(try vdaf.merge([share, more, share]).elements == [3, -6, 13].map { Field128(signed: $0) })
    #expect(try vdaf.decodeAggregateShare(share.encoded) == share)
  }

  private func reading<F: PrimeField>(_ totals: NoisyTotals, _ number: Int128, _: F.Type) -> Int128? {
    let magnitude = F(reduced: F.Integer(number.magnitude))
    return try? totals.integers([number < 0 ? -magnitude : magnitude])[0]
  }

  private func checkRange<F: PrimeField>(_ field: F.Type) throws {
    // 12 * sqrt(2 * 10) is 53.67.
    let totals = try NoisyTotals(
      measurements: 7, maximum: 10, aggregators: 2, noise: DiscreteGaussian(variance: PositiveRatio(10)))
    #expect(totals.tail == 55 && totals.largest == 70)
    for number: Int128 in [-55, -54, -1, 0, 1, 70, 124, 125] { #expect(reading(totals, number, field) == number) }
    for number: Int128 in [-56, 126, -1000, 1 << 40] { #expect(reading(totals, number, field) == nil) }
    let half = Int128(F.modulus / 2)
    #expect(reading(totals, half, field) == nil && reading(totals, -half, field) == nil)
    // Laplace noise has a longer tail: 72 * 5/2 and up to two for the rounding, for each.
    let laplace = try NoisyTotals(
      measurements: 1, maximum: 0, aggregators: 3, noise: DiscreteLaplace(scale: PositiveRatio(5, over: 2)))
    #expect(laplace.tail == 3 * 182)
  }

  @Test func range() throws {
    try checkRange(Field64.self)
    try checkRange(Field128.self)
  }

  @Test func limits() throws {
    let noise = try DiscreteGaussian(variance: PositiveRatio(1))
    for count in [0, -1, Int.min] {
      #expect(throws: NoiseError.badMeasurementCount(count)) {
        try NoisyTotals(measurements: count, maximum: 1, aggregators: 2, noise: noise)
      }
    }
    for count in [0, -1, 256] {
      #expect(throws: NoiseError.badAggregatorCount(count)) {
        try NoisyTotals(measurements: 1, maximum: 1, aggregators: count, noise: noise)
      }
    }
    #expect(throws: NoiseError.totalMayWrap) {
      try NoisyTotals(measurements: .max, maximum: .max, aggregators: 2, noise: noise)
    }
    let wide = try NoisyTotals(measurements: 1, maximum: 1 << 62, aggregators: 2, noise: noise)
    #expect(throws: Never.self) { try wide.integers([Field64.one]) }
    let wider = try NoisyTotals(measurements: 2, maximum: 1 << 62, aggregators: 2, noise: noise)
    #expect(refusal { () throws(VDAFError) in _ = try wider.integers([Field64.one]) } == .sumMayWrap)
    #expect(throws: Never.self) { try wider.integers([Field128.one]) }
    // The widest noise of the most aggregators.
    let largest = try NoisyTotals(
      measurements: 1, maximum: 0, aggregators: 255, noise: DiscreteLaplace(scale: PositiveRatio(1 << 40)))
    #expect(largest.tail == 255 * ((72 << 40) + 2))
  }
}
