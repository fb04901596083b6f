// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

struct SecretSharingTests {
  private func sharing(_ secret: [UInt8], threshold: Int, seed: UInt8 = 1) -> SecretSharing {
    var xof = XofTurboShake128(seed: [UInt8](repeating: seed, count: 32).span, tag: [])
    return SecretSharing(SecretBytes(copying: secret), threshold: threshold, from: &xof)
  }

  /// Any set of holders as large as the threshold, in any order; and no smaller one.
  @Test func everySetOfHolders() throws {
    var generator = SeededGenerator(state: 1)
    for threshold in 1...5 {
      let bytes = threshold == 1 ? [UInt8](repeating: 255, count: 32) : generator.bytes(32)
      let sharing = sharing(bytes, threshold: threshold)
      let shares = (0..<6).map { ($0, sharing.share($0).copiedBytes) }
      for set in 1..<64 {
        var chosen = shares.filter { set >> $0.0 & 1 == 1 }
        chosen.shuffle(using: &generator)
        if chosen.count >= threshold {
          #expect(rebuilt(chosen) == bytes)
        } else {
          #expect(rebuilt(chosen) == nil)
        }
      }
    }
  }

  /// What fewer than the threshold see fits every secret: shares of another secret can be completed with the same ones.
  @Test func fewSharesSayNothing() throws {
    let first = sharing([UInt8](repeating: 0, count: 32), threshold: 2, seed: 1)
    let second = sharing([UInt8](repeating: 7, count: 32), threshold: 2, seed: 1)
    // The same coefficients: the shares differ by the secrets alone, which another coefficient would make up for.
    for holder in 0..<3 {
      let one = try #require(Field128.decode(first.share(holder).copiedBytes))
      let other = try #require(Field128.decode(second.share(holder).copiedBytes))
      let zero = try #require(Field128.decode(first.share(0).copiedBytes))
      let seven = try #require(Field128.decode(second.share(0).copiedBytes))
      for part in 0..<3 { #expect(other[part] - one[part] == seven[part] - zero[part]) }
    }
    // Each byte of a share takes all values over many polynomials.
    var seen = Array(repeating: Set<UInt8>(), count: 15)
    for seed in 0..<255 {
      var xof = XofTurboShake128(seed: [UInt8](repeating: UInt8(seed), count: 32).span, tag: [1])
      for _ in 0..<8 {
        let share = SecretSharing(SecretBytes(repeating: 0, count: 32), threshold: 3, from: &xof).share(4)
        for place in 0..<15 { seen[place].insert(share[place]) }
      }
    }
    #expect(seen.allSatisfy { $0.count > 250 })
  }

  @Test func sharesThatDoNotBelongTogether() throws {
    var generator = SeededGenerator(state: 4)
    let bytes = generator.bytes(32), sharing = sharing(bytes, threshold: 3)
    let shares = (0..<3).map { ($0, sharing.share($0).copiedBytes) }
    #expect(rebuilt(shares) == bytes)
    // Another secret, or none: sharing alone can't tell, so that its owner publishes what it is held against.
    var found = 0
    for _ in 0..<300 {
      var altered = shares
      altered[Int(generator.next() % 3)].1[Int(generator.next() % 48)] ^= UInt8(1 << (generator.next() % 8))
      let other = rebuilt(altered)
      #expect(other != bytes)
      if other == nil { found += 1 }
    }
    #expect(found > 0 && found < 300)
    // Under another's place, or cut.
    #expect(rebuilt([(0, shares[0].1), (1, shares[1].1), (3, shares[2].1)]) == nil)
    #expect(rebuilt([(0, shares[0].1), (1, shares[1].1), (2, Array(shares[2].1.dropLast()))]) == nil)
    #expect(rebuilt([(0, shares[0].1), (1, shares[1].1), (2, [UInt8](repeating: 255, count: 48))]) == nil)
  }
}
