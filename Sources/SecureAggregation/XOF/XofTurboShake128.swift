// SPDX-License-Identifier: Apache-2.0

/// The draft's XOF over TurboSHAKE128: from a seed, a domain separation tag and a binder to bytes, seeds and vectors of
/// field elements. The binder is given piece by piece, so that a vector need not be encoded to be bound.
package struct XofTurboShake128: ~Copyable {
  package static let seedSize = 32

  private var sponge = TurboSHAKE128(domain: 1)

  /// The tag has at most 65,535 bytes; `DomainSeparation` sees to it.
  package init(seed: Span<UInt8>, tag: [UInt8]) {
    precondition(tag.count <= Int(UInt16.max) && seed.count <= Int(UInt8.max))
    sponge.absorb(byte: UInt8(tag.count & 255))
    sponge.absorb(byte: UInt8(tag.count >> 8))
    sponge.absorb(tag.span)
    sponge.absorb(byte: UInt8(seed.count))
    sponge.absorb(seed)
  }

  package mutating func bind(byte: UInt8) { sponge.absorb(byte: byte) }

  package mutating func bind(_ bytes: Span<UInt8>) { sponge.absorb(bytes) }

  /// The encoding of the elements.
  package mutating func bind<F: PrimeField>(_ vector: borrowing SecretBuffer<F>, count: Int) {
    for index in 0..<count {
      let integer = vector[index].integer
      sponge.absorb(word: UInt64(truncatingIfNeeded: integer))
      if F.Integer.bitWidth > 64 { sponge.absorb(word: UInt64(truncatingIfNeeded: integer >> 64)) }
    }
  }

  @inline(__always)
  package mutating func nextByte() -> UInt8 { sponge.squeezeByte() }

  /// Eight bytes, the lowest first.
  @inline(__always)
  mutating func nextWord() -> UInt64 { sponge.squeezeWord() }

  package mutating func next(into bytes: inout SecretBytes) {
    for index in 0..<bytes.count { bytes[index] = sponge.squeezeByte() }
  }

  /// Fills the vector with uniform elements. Numbers from the modulus on are left out; how many there were is all that
  /// the time tells, and nothing that is kept depends on them.
  package mutating func next<F: PrimeField>(into vector: inout SecretBuffer<F>) {
    var index = 0
    while index < vector.count {
      var integer = F.Integer(truncatingIfNeeded: sponge.squeezeWord())
      if F.Integer.bitWidth > 64 { integer |= F.Integer(truncatingIfNeeded: sponge.squeezeWord()) << 64 }
      if integer < F.modulus {
        vector[index] = F(reduced: integer)
        index += 1
      }
    }
  }

  package consuming func derivedSeed() -> SecretBytes {
    var seed = SecretBytes(repeating: 0, count: Self.seedSize)
    next(into: &seed)
    return seed
  }

  package consuming func expanded<F: PrimeField>(count: Int, in field: F.Type = F.self) -> SecretBuffer<F> {
    var vector = SecretBuffer<F>(repeating: .zero, count: count)
    next(into: &vector)
    return vector
  }
}

/// What keeps the uses of the XOF apart: the draft's version, the algorithm, the use, and the application's context.
struct DomainSeparation: Sendable {
  enum Usage: UInt8 {
    case measurementShare = 1
    case proofShare = 2
    case jointRandomness = 3
    case proveRandomness = 4
    case queryRandomness = 5
    case jointRandomnessSeed = 6
    case jointRandomnessPart = 7
  }

  /// The draft's number for its encodings and tags.
  private static let version: UInt8 = 18
  private static let prefixLength = 8

  private let algorithm: UInt32
  private let context: [UInt8]

  init(algorithm: UInt32, context: [UInt8]) throws(VDAFError) {
    guard context.count <= Int(UInt16.max) - Self.prefixLength else { throw .contextTooLong(context.count) }
    self.algorithm = algorithm
    self.context = context
  }

  func tag(_ usage: Usage) -> [UInt8] {
    var tag: [UInt8] = [Self.version, 0]
    tag.reserveCapacity(Self.prefixLength + context.count)
    for shift in [UInt32(24), 16, 8, 0] { tag.append(UInt8(truncatingIfNeeded: algorithm >> shift)) }
    tag.append(0)
    tag.append(usage.rawValue)
    tag += context
    return tag
  }
}
