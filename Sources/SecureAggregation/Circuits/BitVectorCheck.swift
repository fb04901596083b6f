// SPDX-License-Identifier: Apache-2.0

/// The check that all elements of a vector are zero or one, in chunks: each call of the gadget adds up the products
/// x * (x - 1) of one chunk, weighted with the powers of a random element of its own.
struct BitVectorCheck<F: PrimeField>: Sendable {
  let length: Int
  let chunkLength: Int
  let calls: Int
  let gadget: ParallelSum<Mul<F>>

  /// Without a chunk length: the one that makes the shortest proof.
  init(length: Int, chunkLength: Int?) throws(VDAFError) {
    try CircuitLimits.positive(length, "length")
    let chunkLength = chunkLength ?? Self.bestChunkLength(length: length)
    try CircuitLimits.positive(chunkLength, "chunk length")
    self.length = length
    self.chunkLength = chunkLength
    calls = (length + chunkLength - 1) / chunkLength
    gadget = ParallelSum(Mul(), count: chunkLength)
  }

  /// Each power of two allows one call less than itself, and costs twice as many values of the gadget's polynomial; each
  /// element of a chunk costs two seeds.
  private static func bestChunkLength(length: Int) -> Int {
    var best = length, bestCost = Int.max
    var points = 2
    while points <= 4 * length {
      let chunk = (length + points - 2) / (points - 1)
      let cost = 2 * chunk + 2 * points
      if cost < bestCost { (best, bestCost) = (chunk, cost) }
      points *= 2
    }
    return best
  }

  func writeInputs(
    _ inputs: inout SecretBuffer<F>, elements: borrowing SecretBuffer<F>, randomness: borrowing SecretBuffer<F>,
    at offset: Int, sharesInverse: F
  ) {
    let padding = F.zero - sharesInverse
    for call in 0..<calls {
      let random = randomness[offset + call]
      var power = random
      let start = call * chunkLength
      let filled = min(chunkLength, length - start)
      var place = (call + 1) * 2 * chunkLength
      for index in start..<start + filled {
        let element = elements[index]
        inputs[place] = power * element
        inputs[place + 1] = element - sharesInverse
        power = power * random
        place += 2
      }
      for _ in filled..<chunkLength {
        inputs[place] = .zero
        inputs[place + 1] = padding
        place += 2
      }
    }
  }

  func sum(_ gadgetOutputs: borrowing SecretBuffer<F>) -> F {
    var sum = F.zero
    for call in 0..<calls { sum += gadgetOutputs[call] }
    return sum
  }
}
