// SPDX-License-Identifier: Apache-2.0

/// One sum that a single aggregator makes of many contributors' vectors: Bonawitz et al., "Practical Secure Aggregation for
/// Privacy-Preserving Machine Learning" (2017), figure 4, with signatures and consistency check.
///
/// What it promises is less than what `Prio3` does:
/// - The aggregator learns the sum of those who stayed to the end, and no single vector, as long as no more than
///   `toleratedColluders` contributors work with it. With `threshold` of them it can see any vector.
/// - It sees who takes part and who drops out, and it gets the exact sum: there is no noise on it.
/// - Nothing proves that a vector is in range. A contributor can make the sum wrong by any amount. One that deals shares which
///   don't belong together, or a few that alter those of others, can stop the run, and can't be told from each other.
/// - Whoever takes part is known beforehand by a signing key. Nothing is hidden if fewer than two take part honestly.
/// - A contributor's time tells nothing of its vector; that it takes part, and when, is seen.
package struct MaskedSumTask: Equatable, Sendable {
  package struct Contributor: Equatable, Sendable {
    /// For errors; up to 255 bytes.
    package let name: String
    /// Ed25519, 32 bytes.
    package let signingKey: [UInt8]

    package init(name: String, signingKey: [UInt8]) {
      self.name = name
      self.signingKey = signingKey
    }
  }

  package static let runSize = 32
  private static let mostContributors = 4_096
  private static let longest = 1 << 20

  /// 32 bytes that no other run has; the contributors' side sees to it that it answers each but once.
  package let run: [UInt8]
  package let contributors: [Contributor]
  package let threshold: Int
  /// Numbers in a vector.
  package let length: Int
  /// The largest of them.
  package let maximum: UInt64
  /// SHA-256 of all of that: every message, signature and key of the run is bound to it.
  package let digest: [UInt8]

  /// From 2 to 4,096 contributors. The threshold is more than half of them, or two different sets of survivors could both
  /// find enough signers; without one it is more than two thirds. All numbers together stay below two to the 64th.
  package init(
    run: [UInt8], contributors: [Contributor], threshold: Int? = nil, length: Int, maximum: UInt64
  ) throws(MaskedSumError) {
    let count = contributors.count
    guard run.count == Self.runSize else { throw .badTask("a run has a name of 32 bytes, not \(run.count)") }
    guard (2...Self.mostContributors).contains(count) else {
      throw .badTask("there must be from 2 to \(Self.mostContributors) contributors, not \(count)")
    }
    let threshold = threshold ?? 2 * count / 3 + 1
    guard (count / 2 + 1...count).contains(threshold) else {
      throw .badTask("the threshold must be more than half of \(count) and at most all, not \(threshold)")
    }
    guard (1...Self.longest).contains(length) else {
      throw .badTask("a vector has from 1 to \(Self.longest) numbers, not \(length)")
    }
    guard maximum > 0, !maximum.multipliedReportingOverflow(by: UInt64(count)).overflow else {
      throw .badTask("the maximum must be one or more, and all maxima together below two to the 64th")
    }
    var bytes = Array("exprove masked sum task 1\n".utf8) + run
    bytes += encoded(threshold) + encoded(word: UInt64(length)) + encoded(word: maximum) + encoded(count)
    for contributor in contributors {
      guard (1...255).contains(contributor.name.utf8.count), contributor.signingKey.count == 32 else {
        throw .badTask("contributor '\(contributor.name)' needs a name of 1 to 255 bytes and a key of 32")
      }
      bytes.append(UInt8(contributor.name.utf8.count))
      bytes += Array(contributor.name.utf8) + contributor.signingKey
    }
    let keys = contributors.map(\.signingKey).sorted { $0.lexicographicallyPrecedes($1) }
    for (key, next) in zip(keys, keys.dropFirst()) where key == next {
      throw .badTask("two contributors have the same signing key")
    }
    self.run = run
    self.contributors = contributors
    self.threshold = threshold
    self.length = length
    self.maximum = maximum
    digest = ContributorSignature.digest(bytes)
  }

  /// How many contributors may work with the aggregator without its learning another's vector: fewer than the threshold,
  /// and so few that two sets of survivors can't both be signed.
  package var toleratedColluders: Int { min(threshold - 1, 2 * threshold - contributors.count - 1) }

  func name(_ index: Int) -> String { contributors[index].name }
}

/// Two bytes, the lower first.
func encoded(_ number: Int) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8 & 255)] }

func encoded(word: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
