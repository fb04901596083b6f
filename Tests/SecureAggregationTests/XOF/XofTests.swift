// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

struct XofTests {
  /// The message of RFC 9861's vectors: 00 to FA, again and again.
  private func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251) } }

  private func squeezed(_ message: [UInt8], domain: UInt8, _ count: Int, piece: Int = .max) -> [UInt8] {
    var sponge = TurboSHAKE128(domain: domain)
    var rest = message.span
    while !rest.isEmpty {
      sponge.absorb(rest.extracting(first: min(piece, rest.count)))
      rest = rest.extracting(droppingFirst: min(piece, rest.count))
    }
    var output: [UInt8] = []
    while output.count < count { output.append(sponge.squeezeByte()) }
    return output
  }

  @Test func rfc9861() {
    let empty =
      "1e415f1c5983aff2169217277d17bb538cd945a397ddec541f1ce41af2c1b74c"
      + "3e8ccae2a4dae56c84a04c2385c03c15e8193bdf58737363321691c05462c8df"
    #expect(hex(squeezed([], domain: 0x1F, 64)) == empty)
    #expect(
      hex(Array(squeezed([], domain: 0x1F, 10032).suffix(32)))
        == "a3b9b0385900ce761f22aed548e754da10a5242d62e8c658e3f3a923a7555607")
    let patterns = [
      (1, "55cedd6f60af7bb29a4042ae832ef3f58db7299f893ebb9247247d856958daa9"),
      (17, "9c97d036a3bac819db70ede0ca554ec6e4c2a1a4ffbfd9ec269ca6a111161233"),
      (289, "96c77c279e0126f7fc07c9b07f5cdae1e0be60bdbe10620040e75d7223a624d2"),
      (4913, "d4976eb56bcf118520582b709f73e1d6853e001fdaf80e1b13e0d0599d5fb372"),
    ]
    for (count, expected) in patterns {
      for piece in [Int.max, 1, 7, 8, 167, 168, 169] {
        #expect(hex(squeezed(pattern(count), domain: 0x1F, 32, piece: piece)) == expected, "\(count) by \(piece)")
      }
    }
    let domains: [(String, UInt8, String)] = [
      ("ffffff", 0x01, "bf323f940494e88ee1c540fe660be8a0c93f43d15ec006998462fa994eed5dab"),
      ("ff", 0x06, "8ec9c66465ed0d4a6c35d13506718d687a25cb05c74cca1e42501abd83874a67"),
      ("ffffff", 0x07, "b658576001cad9b1e5f399a9f77723bba05458042d68206f7252682dba3663ed"),
      ("ffffffffffffff", 0x06, "05d9ae673d5f0e48bb2b57e88021a1a83d70ba85923aa04c12e8f65ba1f94595"),
    ]
    for (message, domain, expected) in domains {
      #expect(hex(squeezed(bytes(hex: message), domain: domain, 32)) == expected)
    }
  }

  /// Words and bytes, at every place of the rate, are two ways to say the same.
  @Test func wordsAreBytes() {
    for offset in 0..<2 * TurboSHAKE128.rate {
      let message = pattern(offset + 48)
      var words = TurboSHAKE128(domain: 1)
      words.absorb(message.span.extracting(0..<offset))
      for start in stride(from: offset, to: message.count, by: 8) {
        words.absorb(word: (0..<8).reduce(UInt64(0)) { $0 | UInt64(message[start + $1]) << UInt64(8 * $1) })
      }
      let expected = squeezed(message, domain: 1, offset + 64)
      var output = (0..<offset).map { _ in words.squeezeByte() }
      for _ in 0..<8 {
        let word = words.squeezeWord()
        for place in 0..<8 { output.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * place))) }
      }
      #expect(output == expected, "\(offset)")
    }
  }

  @Test func publishedXof() throws {
    guard let folder = vectorFolder() else { return }
    let vector = try object(folder + "/XofTurboShake128.json")
    func given(_ name: String) throws -> [UInt8] { bytes(hex: try #require(vector[name] as? String)) }
    let seed = try given("seed"), tag = try given("dst"), binder = try given("binder")
    var xof = XofTurboShake128(seed: seed.span, tag: tag)
    xof.bind(binder.span)
    #expect(xof.derivedSeed().copiedBytes == (try given("derived_seed")))
    var second = XofTurboShake128(seed: seed.span, tag: tag)
    second.bind(binder.span)
    let count = try #require(vector["length"] as? Int)
    let vector128 = second.expanded(count: count, in: Field128.self)
    var encoded: [UInt8] = []
    Field128.encode((0..<count).map { vector128[$0] }, into: &encoded)
    #expect(encoded == (try given("expanded_vec_field128")))
  }

  /// A binder may be given as the elements that it encodes.
  @Test func vectorsAreBoundByTheirEncoding() {
    func check<F: PrimeField>(_: F.Type) {
      var generator = SeededGenerator(state: 5)
      let elements: [F] = (0..<50).map { _ in generator.element() }
      var encoded: [UInt8] = []
      F.encode(elements, into: &encoded)
      let seed = generator.bytes(32)
      var byBytes = XofTurboShake128(seed: seed.span, tag: [1, 2, 3])
      byBytes.bind(byte: 9)
      byBytes.bind(encoded.span)
      var byElements = XofTurboShake128(seed: seed.span, tag: [1, 2, 3])
      byElements.bind(byte: 9)
      byElements.bind(SecretBuffer(copying: elements.span), count: elements.count)
      let expected = byBytes.derivedSeed().copiedBytes
      let seedOfElements = byElements.derivedSeed().copiedBytes
      #expect(seedOfElements == expected)
    }
    check(Field64.self)
    check(Field128.self)
  }
}
