// SPDX-License-Identifier: Apache-2.0

/// Shamir's secret sharing ("How to Share a Secret", 1979) of 32 bytes: any `threshold` of the shares give the secret, and
/// fewer say nothing of it. The secret is cut into three numbers of 88, 88 and 80 bits, each the value at zero of a random
/// polynomial over `Field128`; share i holds the three values at i + 1.
///
/// Nothing authenticates a share: who alters one shifts the secret by a known amount. Whoever puts a secret together compares
/// it with what its owner has published of it.
package struct SecretSharing: ~Copyable {
  package static let secretSize = 32
  package static let shareSize = 3 * Field128.encodedSize
  /// Bytes of the secret in each of the numbers.
  private static let cuts = [0..<11, 11..<22, 22..<32]

  private let threshold: Int
  /// The coefficients of the three polynomials, the constant ones first.
  private var coefficients: SecretBuffer<Field128>

  /// The coefficients are the next elements of the generator.
  package init(_ secret: borrowing SecretBytes, threshold: Int, from xof: inout XofTurboShake128) {
    precondition(secret.count == Self.secretSize && threshold > 0)
    self.threshold = threshold
    var coefficients = SecretBuffer<Field128>(repeating: .zero, count: 3 * threshold)
    xof.next(into: &coefficients)
    for (part, cut) in Self.cuts.enumerated() {
      var number: UInt128 = 0
      for place in cut.reversed() { number = number &<< 8 | UInt128(secret[place]) }
      coefficients[part] = Field128(reduced: number)
    }
    self.coefficients = coefficients
  }

  /// The share of that holder, counted from zero.
  package func share(_ holder: Int) -> SecretBytes {
    var values = SecretBuffer<Field128>(repeating: .zero, count: 3)
    let point = Self.point(holder)
    for power in stride(from: threshold - 1, through: 0, by: -1) {
      for part in 0..<3 { values[part] = values[part] * point + coefficients[3 * power + part] }
    }
    var bytes = SecretBytes(repeating: 0, count: Self.shareSize)
    Field128.encode(values, into: &bytes, at: 0)
    return bytes
  }

  private static func point(_ holder: Int) -> Field128 { Field128(reduced: UInt128(holder + 1)) }

  /// Whether the bytes can be a share.
  static func isShare(_ bytes: Span<UInt8>) -> Bool {
    bytes.count == shareSize && Field128.decode(bytes, count: 3) != nil
  }

  /// What each of the holders' shares is multiplied with to give, added up, the secret's numbers. All holders are different.
  static func weights(_ holders: [Int]) -> [Field128] {
    holders.map { holder in
      var numerator = Field128.one, denominator = Field128.one
      for other in holders where other != holder {
        numerator = numerator * -point(other)
        denominator = denominator * (point(holder) - point(other))
      }
      return numerator * denominator.inverse
    }
  }

  /// The shares' values, weighted and added up. The shares stand one after the other, each of which `isShare` takes.
  static func combine(_ shares: Span<UInt8>, _ weights: [Field128]) -> SecretBuffer<Field128> {
    precondition(shares.count == weights.count * shareSize)
    var values = SecretBuffer<Field128>(repeating: .zero, count: 3)
    for (index, weight) in weights.enumerated() {
      guard let share = Field128.decode(shares.extracting(index * shareSize..<(index + 1) * shareSize), count: 3) else {
        preconditionFailure("a share was not looked at")
      }
      for part in 0..<3 { values[part] += share[part] * weight }
    }
    return values
  }

  /// The secret of as many shares as the threshold, one after the other in the order of their holders; nil if one is no share
  /// or what comes out is too large for a secret.
  package static func secret(_ shares: borrowing SecretBytes, holders: [Int]) -> SecretBytes? {
    guard shares.count == holders.count * shareSize else { return nil }
    for index in holders.indices {
      guard isShare(shares.span.extracting(index * shareSize..<(index + 1) * shareSize)) else { return nil }
    }
    return secret(combine(shares.span, weights(holders)))
  }

  /// The secret that the numbers make up; nil if one of them is too large.
  static func secret(_ values: borrowing SecretBuffer<Field128>) -> SecretBytes? {
    var secret = SecretBytes(repeating: 0, count: secretSize)
    var excess: UInt128 = 0
    for (part, cut) in cuts.enumerated() {
      var number = values[part].integer
      for place in cut {
        secret[place] = UInt8(truncatingIfNeeded: number)
        number >>= 8
      }
      excess |= number
    }
    if excess != 0 { return nil }
    return secret
  }
}
