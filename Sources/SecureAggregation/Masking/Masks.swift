// SPDX-License-Identifier: Apache-2.0

/// What is added to a vector and taken away again: uniform numbers of 64 bits, expanded from a secret of 32 bytes.
enum Masks {
  private static let tag = Array("exprove masked sum mask 1".utf8)

  /// Adds the mask modulo two to the 64th, or takes it away.
  static func apply(_ secret: borrowing SecretBytes, to vector: inout SecretBuffer<UInt64>, isNegative: Bool) {
    var xof = XofTurboShake128(seed: secret.span, tag: tag)
    for index in 0..<vector.count {
      let number = xof.nextWord()
      vector[index] = isNegative ? vector[index] &- number : vector[index] &+ number
    }
  }

  /// What tells nothing of a contributor's own seed, and fits no other.
  static func commitment(_ seed: borrowing SecretBytes, _ index: Int, _ task: MaskedSumTask) -> [UInt8] {
    var xof = XofTurboShake128(seed: seed.span, tag: Array("exprove masked sum commitment 1".utf8))
    xof.bind(task.digest.span)
    xof.bind(encoded(index).span)
    return xof.derivedSeed().copiedBytes
  }

  /// What two contributors agree on; the mask that it makes is added by the one with the lower place, and taken away by
  /// the other. Nil if the public key is not fit.
  static func pair(
    _ key: AgreementKey, _ own: Int, with publicKey: [UInt8], _ other: Int, _ task: MaskedSumTask
  ) -> SecretBytes? {
    key.secret(with: publicKey, salt: task.digest, use: "pair", min(own, other), max(own, other))
  }
}
