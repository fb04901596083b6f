// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

/// A million draws against the distributions' formulas. Seeds are fixed, so the verdicts never change.
struct SamplerTests {
  private static let draws = 1_000_000
  /// Five standard deviations: by chance once in about a million such figures.
  private static let admitted = 5.0

  private func source(_ label: String) throws -> NoiseSource {
    try NoiseSource(seed: SecretBytes(repeating: 3, count: 32), context: Array(label.utf8))
  }

  @Test(arguments: [(1, 10), (2, 1), (7, 3), (1_000_000, 1), (1 << 60, 1)] as [(UInt128, UInt64)])
  func gaussian(numerator: UInt128, denominator: UInt64) throws {
    var source = try source("gaussian")
    let noise = try DiscreteGaussian(variance: PositiveRatio(numerator, over: denominator))
    let fit = Fit(
      noise.samples(Self.draws, from: &source), .gaussian(Double(numerator) / Double(denominator)))
    #expect(fit.worst < Self.admitted, "\(fit)")
  }

  @Test(arguments: [(1, 2), (5, 3), (1_000, 1), (1 << 63, 1 << 23)] as [(UInt128, UInt64)])
  func laplace(numerator: UInt128, denominator: UInt64) throws {
    var source = try source("laplace")
    let noise = try DiscreteLaplace(scale: PositiveRatio(numerator, over: denominator))
    let fit = Fit(
      noise.samples(Self.draws, from: &source), .laplace(Double(numerator) / Double(denominator)))
    #expect(fit.worst < Self.admitted, "\(fit)")
  }

  /// The same figures find samplers that are wrong; and a right one by another way is right.
  @Test(arguments: FaultySampler.Fault.allCases) func faults(fault: FaultySampler.Fault) {
    var sampler = FaultySampler(fault: fault, generator: SeededGenerator(state: 17))
    let gaussian = Fit((0..<Self.draws).map { _ in sampler.gaussian(2) }, .gaussian(2))
    let laplace = Fit((0..<Self.draws).map { _ in sampler.laplace(5, 3) }, .laplace(5.0 / 3))
    let isOfGaussian = [.rounded, .noAcceptance, .shortSeries, .wrongCentre, .doubleZero].contains(fault)
    let isOfLaplace = [.doubleZero, .shortSeries, .everyRemainder].contains(fault)
    if isOfGaussian { #expect(gaussian.worst > 4 * Self.admitted, "\(gaussian)") }
    if isOfLaplace { #expect(laplace.worst > 4 * Self.admitted, "\(laplace)") }
    if fault == .none { #expect(gaussian.worst < Self.admitted && laplace.worst < Self.admitted) }
  }

  /// Python's fractions draw the same numbers from the same seed.
  @Test func independentDraws() throws {
    let seed = (0..<32).map { UInt8($0 * 7 + 1) }, context = Array("task 1/volume".utf8)
    let laws: [(String, UInt128, UInt64)] = [
      ("laplace", 5, 3), ("gaussian", 7, 3), ("laplace", 1, 1), ("laplace", 1 << 63, 1 << 23), ("gaussian", 1, 1),
      ("gaussian", 1 << 60, 1), ("gaussian", (1 << 92) - 1, 1 << 32), ("gaussian", 1, 1 << 32),
      ("gaussian", 123_456_789, 1_000), ("laplace", 1, UInt64.max), ("laplace", UInt128(UInt64.max), 1 << 24),
    ]
    let arguments = laws.flatMap { [$0.0, "\($0.1)", "\($0.2)", "200"] }
    guard let expected = try python("noise_draws.py", [hex(seed), hex(context)] + arguments) else { return }
    var source = try NoiseSource(seed: SecretBytes(copying: seed), context: context)
    for (law, line) in zip(laws, expected) {
      let ratio = try PositiveRatio(law.1, over: law.2)
      let draws =
        law.0 == "laplace"
        ? try DiscreteLaplace(scale: ratio).samples(200, from: &source)
        : try DiscreteGaussian(variance: ratio).samples(200, from: &source)
      #expect(draws.map { "\($0)" } == line, "\(law)")
    }
    #expect(expected.count == laws.count)
  }

  @Test func sourcesAreApart() throws {
    let noise = try DiscreteGaussian(variance: PositiveRatio(1 << 40))
    func draws(_ seed: UInt8, _ context: [UInt8]) throws -> [Int64] {
      var source = try NoiseSource(seed: SecretBytes(repeating: seed, count: 32), context: context)
      return noise.samples(20, from: &source)
    }
    #expect(try draws(1, [1]) == draws(1, [1]))
    #expect(try draws(1, [1]) != draws(2, [1]))
    #expect(try draws(1, [1]) != draws(1, [2]))
    #expect(try draws(1, [1]) != draws(1, [1, 0]))
    for count in [0, 31, 33] {
      #expect(throws: NoiseError.seedLength(count)) {
        _ = try NoiseSource(seed: SecretBytes(repeating: 1, count: count), context: [])
      }
    }
    let fresh = NoiseSource.freshSeed(), other = NoiseSource.freshSeed()
    #expect(fresh.count == 32 && fresh.copiedBytes != other.copiedBytes)
  }

  @Test func uniformNumbers() throws {
    var source = try source("uniform")
    for bound in [1, 2, 3, 255, 256, 257, 1 << 32, UInt64.max - 1, UInt64.max] {
      var largest: UInt64 = 0
      for _ in 0..<2_000 {
        let number = source.below(bound)
        #expect(number < bound)
        largest = max(largest, number)
      }
      // All but the last five hundredths at least are reached, but for one case in e^100.
      #expect(largest >= (bound - 1) / 20 * 19)
    }
    var counts = Array(repeating: 0, count: 6)
    for _ in 0..<60_000 { counts[Int(source.below(6))] += 1 }
    for count in counts { #expect(abs(count - 10_000) < 500) }
  }

  @Test func parameters() throws {
    func ratio(_ numerator: UInt128, _ denominator: UInt64) throws -> PositiveRatio {
      try PositiveRatio(numerator, over: denominator)
    }
    #expect(try ratio(6, 4) == ratio(3, 2) && ratio(6, 4).description == "3/2" && ratio(8, 2).description == "4")
    #expect(throws: NoiseError.notPositive(0, 1)) { try ratio(0, 1) }
    #expect(throws: NoiseError.notPositive(1, 0)) { try ratio(1, 0) }
    let half = UInt64(1) << 32
    let long = UInt64.max
    let variances: [(UInt128, UInt64)] = [
      ((1 << 60) + 1, 1), (UInt128.max, 1), ((1 << 92) + 1, half), (1, half + 1), (UInt128.max, long),
    ]
    for (numerator, denominator) in variances {
      let variance = try ratio(numerator, denominator)
      #expect(throws: NoiseError.varianceNotAdmitted(variance)) { try DiscreteGaussian(variance: variance) }
    }
    let scales: [(UInt128, UInt64)] = [
      ((1 << 40) + 1, 1), (1 << 64, (1 << 24) + 1), (UInt128.max, long), ((1 << 64) + 1, 1 << 30),
    ]
    for (numerator, denominator) in scales {
      let scale = try ratio(numerator, denominator)
      #expect(throws: NoiseError.scaleNotAdmitted(scale)) { try DiscreteLaplace(scale: scale) }
    }
    #expect(throws: Never.self) { try DiscreteGaussian(variance: ratio(1 << 92, half)) }
    #expect(throws: Never.self) { try DiscreteLaplace(scale: ratio(UInt128(UInt64.max), 1 << 24)) }
  }
}
