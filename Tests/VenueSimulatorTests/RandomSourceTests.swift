// SPDX-License-Identifier: Apache-2.0

import Testing
import VenueSimulator

@Suite struct RandomSourceTests {
  /// The first outputs of SplitMix64 for seed 1234567, as Vigna's reference implementation prints them.
  @Test func publishedVector() {
    var random = RandomSource(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
      16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in random.next() } == expected)
  }

  @Test func boundsAndMeans() {
    var random = RandomSource(seed: 5)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[Int(random.below(7))] += 1 }
    // Six standard deviations of a count of 10,000 in 70,000.
    for count in counts { #expect(abs(count - 10_000) < 560) }
    var sum: Int64 = 0
    var above = 0
    var steps: Int64 = 0
    for _ in 0..<100_000 {
      let value = random.exponential(mean: 1_000_000)
      #expect(value >= 0)
      sum += value
      // P(X > 2·mean) = e^-2 = 0.135335.
      if value > 2_000_000 { above += 1 }
      steps += random.step()
    }
    #expect(abs(sum / 100_000 - 1_000_000) < 20_000)
    #expect(abs(above - 13_534) < 650)
    #expect(abs(steps) < 6 * 4 * 317)
  }

  @Test func chooseFollowsTheWeights() {
    var random = RandomSource(seed: 9)
    var counts = [0, 0, 0]
    for _ in 0..<40_000 { counts[random.choose([1, 0, 3])] += 1 }
    #expect(counts[1] == 0)
    #expect(abs(counts[0] - 10_000) < 550)
  }
}
