// SPDX-License-Identifier: Apache-2.0

import AggregationService
import ExecutionIR
import Governance
import Testing

struct RehearsalTests {
  /// Forty desks, ten of them lying in each way there is, five away.
  @Test func sumIsThatOfTheHonest() throws {
    let scratch = try Scratch()
    let rehearsal = try Rehearsal(
      desks: 40, malicious: 10, dropouts: 5, buckets: 4, maximum: 255, noise: .none, seed: 1)
    let outcome = try rehearsal.run(in: scratch.path) { _ in }
    #expect(outcome.largestDifference == 0)
    #expect(outcome.signed.context.contributors == 25)
    #expect(outcome.refused.map(\.misconduct) == Misconduct.allCases)
    #expect(outcome.refused.allSatisfy { $0.refusal == $0.misconduct.refusal })
    #expect(outcome.missing == (36...40).map { "desk-\($0)" })
    // The two numbers of a bit add up to it, modulo the field's 2^128 - 7·2^66 + 1 (draft-irtf-cfrg-vdaf, Field128).
    let leader = try #require(UInt128(outcome.bit.leader, radix: 16))
    let helper = try #require(UInt128(outcome.bit.helper, radix: 16))
    let modulus: UInt128 = 340_282_366_920_938_462_946_865_773_367_900_766_209
    let (sum, isOverflow) = leader.addingReportingOverflow(helper)
    let reduced = isOverflow ? sum &- modulus : sum % modulus
    #expect(reduced == UInt128(outcome.bit.value))
    #expect(leader > 1 && helper > 1)
  }

  @Test func noiseIsAllThatDiffers() throws {
    let scratch = try Scratch()
    let rehearsal = try Rehearsal(
      desks: 12, malicious: 0, dropouts: 0, buckets: 8, maximum: 255, noise: .discreteGaussian(variance: 10_000),
      seed: 2)
    let outcome = try rehearsal.run(in: scratch.path) { _ in }
    #expect((1...1700).contains(outcome.largestDifference))
    #expect(outcome.signed.context.signals[0].privacy != nil)
  }

  /// Every lie in the protocol once, and a silent desk in each round; then what one aggregator can't prevent.
  @Test func maskedSumIsExact() throws {
    let scratch = try Scratch()
    let rehearsal = try MaskedRehearsal(desks: 36, malicious: 6, dropouts: 5, buckets: 4, maximum: 255, seed: 1)
    let outcome = try rehearsal.run(in: scratch.path) { _ in }
    #expect(outcome.isExact)
    #expect(outcome.liars.map(\.misconduct) == MaskedMisconduct.allCases)
    for liar in outcome.liars { #expect((liar.refusal != nil) == liar.misconduct.isNamed, "\(liar)") }
    #expect(outcome.silent.map(\.round) == [1, 2, 3, 4, 5])
    // Three liars and three silent ones are out before the masked vectors are there.
    #expect(outcome.signed.context.contributors == 30 && outcome.signed.context.refused == 3)
    #expect(outcome.unnoticed == 1)
    #expect(outcome.spoiled.contains("out of range") && !outcome.spoiled.contains("desk"))
    #expect(throws: ServiceError.self) {
      try MaskedRehearsal(desks: 9, malicious: 2, dropouts: 1, buckets: 1, maximum: 1, seed: 1)
    }
  }

  @Test func tooFewAreRefused() {
    #expect(throws: ServiceError.self) {
      try Rehearsal(desks: 8, malicious: 3, dropouts: 2, buckets: 1, maximum: 1, noise: .none, seed: 1)
    }
  }
}
