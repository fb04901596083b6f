// SPDX-License-Identifier: Apache-2.0

import SecureAggregation
import Testing

/// What the aggregators make of many reports is the plain result.
struct RoundTripTests {
  private func add<Circuit: ValidityCircuit>(
    _ vdaf: Prio3<Circuit>, _ measurements: [Circuit.Measurement], _ generator: inout SeededGenerator
  ) throws -> Circuit.AggregateResult {
    var aggregators = Aggregators(vdaf)
    for measurement in measurements { try aggregators.accept(Delivery(vdaf, measurement, &generator)) }
    return try aggregators.result()
  }

  private func columns(_ rows: [[Int]]) -> [Int] {
    rows[0].indices.map { column in rows.reduce(0) { $0 + $1[column] } }
  }

  @Test(arguments: [2, 3, 5]) func count(shares: Int) throws {
    var generator = SeededGenerator(state: UInt64(shares))
    let said = (0..<30).map { _ in generator.next() % 3 == 0 }
    let result = try add(Prio3Count(shares: shares), said, &generator)
    #expect(result == UInt64(said.count(where: \.self)))
  }

  @Test(arguments: [2, 3, 5]) func sum(shares: Int) throws {
    var generator = SeededGenerator(state: UInt64(10 + shares))
    let maxima: [UInt64] = [1, 2, 3, 6, 7, 8, 1000, 1 << 40, (1 << 59) + 12345]
    for maximum in maxima {
      let numbers = [0, maximum] + (0..<5).map { _ in UInt64.random(in: 0...maximum, using: &generator) }
      let result = try add(Prio3Sum(shares: shares, maximum: maximum), numbers, &generator)
      #expect(result == numbers.reduce(0, +), "\(maximum)")
    }
  }

  @Test(arguments: [2, 3, 5]) func sumVec(shares: Int) throws {
    var generator = SeededGenerator(state: UInt64(20 + shares))
    for (length, maximum, chunk) in [(1, 1, nil), (10, 255, 9), (7, 1000, nil), (3, 5, 50), (12, 1, 1)] {
      let rows = (0..<6).map { _ in (0..<length).map { _ in Int.random(in: 0...maximum, using: &generator) } }
      let vdaf = try Prio3SumVec(shares: shares, length: length, maximum: UInt128(maximum), chunkLength: chunk)
      #expect(try add(vdaf, rows.map { $0.map { UInt128($0) } }, &generator) == columns(rows).map { UInt128($0) })
      let many = try Prio3SumVecWithMultiproof(
        shares: shares, proofs: 3, length: length, maximum: UInt64(maximum), chunkLength: chunk)
      #expect(try add(many, rows.map { $0.map { UInt64($0) } }, &generator) == columns(rows).map { UInt64($0) })
    }
    // The largest numbers that the field takes.
    let large = try Prio3SumVec(shares: shares, length: 2, maximum: (1 << 120) + 77)
    let result = try add(large, [[0, (1 << 120) + 77], [1 << 119, (1 << 120) + 76]], &generator)
    let expected: [UInt128] = [1 << 119, (1 << 121) + 153]
    #expect(result == expected)
  }

  @Test(arguments: [2, 3, 5]) func histogram(shares: Int) throws {
    var generator = SeededGenerator(state: UInt64(30 + shares))
    for (length, chunk) in [(1, nil), (2, nil), (5, 2), (64, nil), (100, 10), (33, 33), (10, 100)] {
      let buckets = (0..<10).map { _ in Int.random(in: 0..<length, using: &generator) }
      let vdaf = try Prio3Histogram(shares: shares, length: length, chunkLength: chunk)
      let result = try add(vdaf, buckets, &generator)
      #expect(result == (0..<length).map { bucket in UInt128(buckets.count { $0 == bucket }) })
    }
  }

  @Test(arguments: [2, 3, 5]) func multihot(shares: Int) throws {
    var generator = SeededGenerator(state: UInt64(40 + shares))
    for (length, weight, chunk) in [(1, 1, nil), (4, 2, 2), (10, 10, 3), (50, 7, nil), (20, 16, 1)] {
      let rows = (0..<6).map { index in
        var row = Array(repeating: false, count: length)
        for _ in 0..<(index == 0 ? weight : Int.random(in: 0...weight, using: &generator)) {
          row[Int.random(in: 0..<length, using: &generator)] = true
        }
        return row
      }
      let vdaf = try Prio3MultihotCountVec(
        shares: shares, length: length, maximumWeight: weight, chunkLength: chunk)
      #expect(try add(vdaf, rows, &generator) == columns(rows.map { $0.map { $0 ? 1 : 0 } }).map { UInt128($0) })
    }
  }

  /// Gadgets of other degrees leave more of their polynomial's values to be found by the verifiers.
  @Test(arguments: [2, 3, 5]) func higherDegrees(shares: Int) throws {
    var generator = SeededGenerator(state: UInt64(50 + shares))
    for degree in UInt64(1)...6 {
      for length in [1, 2, 3, 4, 11] {
        let vdaf = try Prio3(HigherDegree(degree: degree, length: length), algorithm: 0xFFFF_FFFF, shares: shares)
        let rows = (0..<3).map { _ in (0..<length).map { _ in generator.next() % degree } }
        let result = try add(vdaf, rows, &generator)
        #expect(result == (0..<length).map { column in rows.reduce(0) { $0 + $1[column] } }, "\(degree) \(length)")
      }
    }
  }

  @Test func aThousandHistograms() throws {
    var generator = SeededGenerator(state: 60)
    let vdaf = try Prio3Histogram(shares: 2, length: 100)
    let buckets = (0..<1_000).map { _ in Int.random(in: 0..<100, using: &generator) }
    let expected = (0..<100).map { bucket in UInt128(buckets.count { $0 == bucket }) }
    #expect(try add(vdaf, buckets, &generator) == expected)
  }

  @Test func everyNumberOfASmallRange() throws {
    for maximum in UInt64(1)...70 {
      let circuit = try Sum<Field64>(maximum: maximum)
      for value in 0...maximum {
        let encoded = try circuit.encode(value)
        for index in 0..<encoded.count { #expect(encoded[index] == .zero || encoded[index] == .one) }
        #expect(circuit.truncate(encoded)[0].integer == value)
      }
    }
  }

  /// The system's own randomness: two reports of one measurement have nothing in common, and both count.
  @Test func systemRandomness() throws {
    let vdaf = try Prio3Histogram(shares: 2, length: 8)
    var aggregators = Aggregators(vdaf)
    var seen: [[UInt8]] = []
    for index in 0..<2 {
      let nonce = [UInt8](repeating: UInt8(index), count: 16)
      let report = try vdaf.shard(3, context: exchangeContext, nonce: nonce)
      let shares = try (0..<2).map { try report.inputShare($0).copiedBytes }
      seen += shares
      try aggregators.accept(
        Delivery(
          publicShare: report.publicShare.encoded, inputShares: shares, nonce: nonce, context: exchangeContext))
    }
    #expect(try aggregators.result() == [0, 0, 0, 2, 0, 0, 0, 0])
    #expect(seen[0].prefix(32) != seen[2].prefix(32) && seen[1] != seen[3])
  }

  @Test func mergedShares() throws {
    var generator = SeededGenerator(state: 70)
    let vdaf = try Prio3Sum(shares: 2, maximum: 1000)
    var whole = Aggregators(vdaf)
    var parts = [Aggregators(vdaf), Aggregators(vdaf)]
    for index in 0..<8 {
      let delivery = try Delivery(vdaf, UInt64(index * 100), &generator)
      try whole.accept(delivery)
      try parts[index % 2].accept(delivery)
    }
    let merged = try (0..<2).map { side in try vdaf.merge(parts.map { $0.aggregates[side] }) }
    #expect(merged == whole.aggregates)
    #expect(try vdaf.unshard(merged, measurements: 8) == 2800)
  }
}
