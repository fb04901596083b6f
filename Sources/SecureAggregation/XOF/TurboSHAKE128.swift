// SPDX-License-Identifier: Apache-2.0

/// TurboSHAKE128 of RFC 9861: a sponge over Keccak-p[1600, 12] with a capacity of 256 bits. Bytes go in, then any
/// number of bytes come out. The state is wiped at the end, because what it absorbs here are mostly seeds.
package struct TurboSHAKE128: ~Copyable {
  package static let rate = 168

  private var lanes = SecretBuffer<UInt64>(repeating: 0, count: 25)
  /// The next byte of the rate, to take in or to give out.
  private var position = 0
  private let domain: UInt8
  private var isSqueezing = false

  /// The domain byte is a constant of the protocol that uses the function; the RFC admits 0x01 to 0x7F.
  package init(domain: UInt8) {
    precondition((0x01...0x7F).contains(domain))
    self.domain = domain
  }

  package mutating func absorb(byte: UInt8) {
    precondition(!isSqueezing)
    lanes[position >> 3] ^= UInt64(byte) << UInt64((position & 7) * 8)
    position += 1
    if position == Self.rate { permute() }
  }

  /// Eight bytes, the lowest first.
  @inline(__always)
  package mutating func absorb(word: UInt64) {
    precondition(!isSqueezing)
    let lane = position >> 3
    let shift = UInt64((position & 7) * 8)
    lanes[lane] ^= word &<< shift
    if shift == 0 {
      position += 8
      if position == Self.rate { permute() }
    } else if lane == 20 {
      let rest = position + 8 - Self.rate
      permute()
      lanes[0] ^= word &>> (64 &- shift)
      position = rest
    } else {
      lanes[lane + 1] ^= word &>> (64 &- shift)
      position += 8
    }
  }

  package mutating func absorb(_ bytes: Span<UInt8>) {
    var index = 0
    while index + 8 <= bytes.count {
      absorb(word: bytes.word(at: index))
      index += 8
    }
    while index < bytes.count {
      absorb(byte: bytes[index])
      index += 1
    }
  }

  package mutating func squeezeByte() -> UInt8 {
    finishAbsorbing()
    if position == Self.rate { permute() }
    let byte = UInt8(truncatingIfNeeded: lanes[position >> 3] >> UInt64((position & 7) * 8))
    position += 1
    return byte
  }

  /// Eight bytes, the lowest first.
  @inline(__always)
  package mutating func squeezeWord() -> UInt64 {
    finishAbsorbing()
    guard position & 7 == 0 else {
      var word: UInt64 = 0
      for place in 0..<8 { word |= UInt64(squeezeByte()) << UInt64(8 * place) }
      return word
    }
    if position == Self.rate { permute() }
    let word = lanes[position >> 3]
    position += 8
    return word
  }

  @inline(__always)
  private mutating func finishAbsorbing() {
    if !isSqueezing { pad() }
  }

  private mutating func pad() {
    lanes[position >> 3] ^= UInt64(domain) << UInt64((position & 7) * 8)
    lanes[20] ^= 0x80 << 56
    permute()
    isSqueezing = true
  }

  private mutating func permute() {
    keccakP12(&lanes)
    position = 0
  }
}
