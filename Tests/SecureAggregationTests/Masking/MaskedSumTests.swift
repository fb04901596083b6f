// SPDX-License-Identifier: Apache-2.0

import Crypto
import SecureAggregation
import Testing

/// Sums are exact whoever drops out, or there is none.
struct MaskedSumTests {
  /// Plays a run and compares it with what must come of it.
  private func check(_ setting: MaskedSetting, _ leaving: [Int: MaskedSumRound]) throws {
    var run = try MaskedRun(setting)
    let all = Array(setting.vectors.indices)
    // Who has sent a message of the round.
    func left(_ round: MaskedSumRound) -> [Int] {
      all.filter { leaving[$0].map { $0.rawValue > round.rawValue } ?? true }
    }
    let short = allRounds.first { left($0).count < setting.task.threshold }
    let reason = maskedRefusal {
      try run.play(leaving: leaving)
      let (sum, contributors) = try run.aggregator.sum()
      #expect(contributors == left(.input) && sum == setting.sum(contributors), "\(leaving)")
    }
    let expected = short.map {
      MaskedSumError.tooFew(round: $0, has: left($0).count, needs: setting.task.threshold)
    }
    #expect(reason == expected, "\(leaving)")
    if short != nil { #expect(throws: MaskedSumError.self) { try run.aggregator.sum() } }
    for (index, seat) in run.seats.enumerated() where short == nil { #expect(seat.hasEnded == (leaving[index] == nil)) }
  }

  /// Three contributors, each of whom leaves in any round or stays.
  @Test func everyWayOfThree() throws {
    let setting = try MaskedSetting(count: 3, threshold: 2)
    let ways = allRounds.map(Optional.some) + [nil]
    for first in ways {
      for second in ways {
        for third in ways {
          var leaving: [Int: MaskedSumRound] = [:]
          leaving[0] = first
          leaving[1] = second
          leaving[2] = third
          try check(setting, leaving)
        }
      }
    }
  }

  /// Every set of those who leave, in each round, of five.
  @Test func everySetOfFive() throws {
    let setting = try MaskedSetting(count: 5, threshold: 3, seed: 2)
    for round in allRounds {
      for set in 0..<32 {
        let leaving = (0..<5).filter { set >> $0 & 1 == 1 }.map { ($0, round) }
        try check(setting, Dictionary(uniqueKeysWithValues: leaving))
      }
    }
  }

  @Test(arguments: [2, 4, 7, 12, 20]) func manyContributors(count: Int) throws {
    var generator = SeededGenerator(state: UInt64(count))
    for _ in 0..<3 {
      let setting = try MaskedSetting(count: count, length: 40, maximum: .max / UInt64(count), seed: generator.next())
      var leaving: [Int: MaskedSumRound] = [:]
      for index in 0..<count where generator.next() % 10 == 0 {
        leaving[index] = allRounds[Int(generator.next() % 5)]
      }
      try check(setting, leaving)
    }
    try check(MaskedSetting(count: count, seed: 77), [:])
  }

  /// Another implementation comes to the same sum by the contributors' messages alone.
  @Test func independentSum() throws {
    let setting = try MaskedSetting(count: 6, threshold: 4, length: 5, maximum: .max / 6, seed: 9)
    var run = try MaskedRun(setting)
    try run.play(leaving: [1: .input, 4: .consistency])
    let task = setting.task
    let roster = task.contributors.map { "\($0.name)=\(hex($0.signingKey))" }
    let arguments = [hex(task.run), "\(task.threshold)", "\(task.length)", "\(task.maximum)"]
    guard let lines = try python("masked_sum.py", arguments + roster + ["--"] + run.sent.map(hex)) else { return }
    let (sum, contributors) = try run.aggregator.sum()
    #expect(lines == [contributors.map { "\($0)" }, sum.map { "\($0)" }])
    #expect(contributors == [0, 2, 3, 4, 5] && sum == setting.sum(contributors))
  }

  /// A run's masks are its own: nothing of one message is in another run's, whatever else is the same.
  @Test func masksAreOfOneRun() throws {
    func inputs(run: UInt8, seed: UInt64 = 1) throws -> [[UInt8]] {
      var run = try MaskedRun(MaskedSetting(count: 3, length: 20, seed: seed, run: run))
      try run.play(until: .input)
      return run.sent.suffix(3).map { Array($0[36..<36 + 160]) }
    }
    let first = try inputs(run: 1), again = try inputs(run: 1), other = try inputs(run: 2)
    #expect(first == again)
    for index in 0..<3 {
      for place in stride(from: 0, to: 160, by: 8) {
        #expect(first[index][place..<place + 8] != other[index][place..<place + 8])
      }
    }
    // Within a run a contributor sends one masked vector, and no two have the same mask.
    #expect(Set(first).count == 3)
    var run = try MaskedRun(MaskedSetting(count: 3))
    try run.play(until: .shares)
    let boxes = try run.close()
    _ = try run.seats[0].answer(#require(boxes[0]))
    #expect(maskedRefusal { _ = try run.seats[0].answer(#require(boxes[0])) } != nil)
    #expect(maskedRefusal { _ = try run.seats[0].start() } != nil)
  }

  @Test func tasks() throws {
    func isRefused(
      run: Int = 32, count: Int = 3, threshold: Int? = nil, length: Int = 1, maximum: UInt64 = 1, name: String = "a",
      key: Int = 32, isSame: Bool = false
    ) -> Bool {
      let contributors = (0..<count).map {
        MaskedSumTask.Contributor(
          name: name, signingKey: [UInt8](repeating: 1, count: max(0, key - 2)) + (isSame ? [0, 0] : twoBytes($0)))
      }
      let reason = maskedRefusal {
        _ = try MaskedSumTask(
          run: [UInt8](repeating: 0, count: run), contributors: contributors, threshold: threshold, length: length,
          maximum: maximum)
      }
      guard case .badTask? = reason else { return false }
      return true
    }
    #expect(!isRefused() && !isRefused(count: 4_096, maximum: 1 << 52 - 1))
    #expect(isRefused(run: 31) && isRefused(count: 1) && isRefused(count: 0) && isRefused(count: 4_097))
    #expect(isRefused(threshold: 1) && isRefused(threshold: 4) && isRefused(threshold: .min))
    #expect(isRefused(threshold: .max) && isRefused(count: 4, threshold: 2))
    #expect(isRefused(length: 0) && isRefused(length: -1) && isRefused(length: 1 << 20 + 1) && isRefused(length: .max))
    #expect(isRefused(maximum: 0) && isRefused(maximum: .max / 2) && isRefused(name: "") && isRefused(key: 31))
    #expect(isRefused(isSame: true) && isRefused(name: String(repeating: "x", count: 256)))
    for (count, threshold, colluders) in [(3, 2, 0), (3, 3, 2), (10, 7, 3), (10, 6, 1), (30, 21, 11), (4, 3, 1)] {
      let setting = try MaskedSetting(count: count, threshold: threshold)
      #expect(setting.task.toleratedColluders == colluders)
    }
    #expect(try MaskedSetting(count: 10).task.threshold == 7)
    #expect(try MaskedSetting(count: 5, run: 1).task.digest != MaskedSetting(count: 5, run: 2).task.digest)
  }

  @Test func contributors() throws {
    let setting = try MaskedSetting(count: 3)
    func reason(index: Int = 0, vector: [UInt64] = [1, 2, 3], randomness: Int = 32) -> MaskedSumError? {
      maskedRefusal {
        _ = try MaskedSumContributor(
          setting.task, index: index, vector: SecretBuffer(copying: vector.span),
          randomness: SecretBytes(repeating: 1, count: randomness), sign: { _ in [] })
      }
    }
    #expect(reason() == nil && reason(vector: [1_000_000, 0, 0]) == nil)
    #expect(reason(vector: [1_000_001, 0, 0]) == .badVector && reason(vector: [1, 2]) == .badVector)
    #expect(reason(index: 3) == .noSuchContributor(3) && reason(index: -1) == .noSuchContributor(-1))
    #expect(reason(randomness: 31) == .badRandomness(31))
    // Signed by another's key, or not at all.
    for sign: MaskedSumContributor.Signer in [{ _ in [] }, { Array(try setting.signingKeys[1].signature(for: $0)) }] {
      let seat = try Seat(
        MaskedSumContributor(
          setting.task, index: 0, vector: SecretBuffer(repeating: 0, count: 3),
          randomness: MaskedSumContributor.freshRandomness(), sign: sign))
      #expect(maskedRefusal { _ = try seat.start() } == .badSignature(contributor: "desk 0"))
    }
  }
}
