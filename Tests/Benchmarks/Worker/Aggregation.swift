// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import SecureAggregation
internal import Synchronization

/// What is done with a report of two aggregators: its contributor splits it, or both check it and add it up.
enum ReportPart {
  case shard
  case verify
}

/// The circuits that are compared, over a field of choice.
enum ReportCircuit {
  case sumVec
  case histogram
  /// A number of eight bits for each minute of a trading day.
  case minutes

  func contestant<F: PrimeField>(_ part: ReportPart, over _: F.Type, count: Int) throws -> any Contestant {
    switch self {
    case .sumVec:
      let vdaf = try Prio3(SumVec<F>(length: 100, maximum: 65_535), algorithm: 3, shares: 2)
      return ReportPass(vdaf, (0..<100).map { F.Integer($0 * 655) }, part, count: count)
    case .histogram:
      let vdaf = try Prio3(Histogram<F>(length: 1_000), algorithm: 4, shares: 2)
      return ReportPass(vdaf, 617, part, count: count)
    case .minutes:
      let vdaf = try Prio3(SumVec<F>(length: 390, maximum: 255), algorithm: 3, shares: 2)
      return ReportPass(vdaf, (0..<390).map { F.Integer($0 % 256) }, part, count: count)
    }
  }

  /// Elements that are drawn from the XOF or bound into it, on both sides of the exchange: each once by the contributor
  /// or the helper to expand the helper's share, and the measurement once more in either share to bind it.
  func drawn() throws -> Int {
    switch self {
    case .sumVec: try drawn(Prio3SumVec(shares: 2, length: 100, maximum: 65_535))
    case .histogram: try drawn(Prio3Histogram(shares: 2, length: 1_000))
    case .minutes: try drawn(Prio3SumVec(shares: 2, length: 390, maximum: 255))
    }
  }

  private func drawn<Circuit: ValidityCircuit>(_ vdaf: Prio3<Circuit>) -> Int {
    (vdaf.inputShareSize(0) - 32) / Circuit.Field.encodedSize + 2 * vdaf.circuit.measurementLength
  }
}

private final class ReportPass<Circuit: ValidityCircuit>: Contestant {
  private let vdaf: Prio3<Circuit>
  private let measurement: Circuit.Measurement
  private let part: ReportPart
  private let count: Int
  private let context = Array("benchmark".utf8)
  private let nonce = [UInt8](repeating: 7, count: 16)

  init(_ vdaf: Prio3<Circuit>, _ measurement: Circuit.Measurement, _ part: ReportPart, count: Int) {
    self.vdaf = vdaf
    self.measurement = measurement
    self.part = part
    self.count = count
  }

  func pass() throws -> Pass {
    var watch = Stopwatch()
    let randomness = SecretBytes.random(count: vdaf.randomnessSize)
    if part == .shard {
      try watch.measure {
        for _ in 0..<count {
          _ = try vdaf.shard(measurement, context: context, nonce: nonce, randomness: randomness)
        }
      }
      return Pass(units: count, nanoseconds: watch.nanoseconds, answer: "")
    }
    let report = try vdaf.shard(measurement, context: context, nonce: nonce, randomness: randomness)
    FieldWork.reset()
    let leader = try report.inputShare(0), helper = try report.inputShare(1)
    let key = SecretBytes.random(count: 32)
    var sums = [vdaf.aggregateInit(), vdaf.aggregateInit()]
    try watch.measure {
      for _ in 0..<count {
        let first = try vdaf.verifyInit(
          verifyKey: key, context: context, aggregator: 0, nonce: nonce, publicShare: report.publicShare,
          inputShare: leader)
        let second = try vdaf.verifyInit(
          verifyKey: key, context: context, aggregator: 1, nonce: nonce, publicShare: report.publicShare,
          inputShare: helper)
        let message = try vdaf.verifierSharesToMessage([first.verifierShare, second.verifierShare], context: context)
        try vdaf.aggregateUpdate(&sums[0], vdaf.verifyNext(first, message: message))
        try vdaf.aggregateUpdate(&sums[1], vdaf.verifyNext(second, message: message))
      }
    }
    _ = try vdaf.unshard(sums, measurements: count)
    return Pass(units: count, nanoseconds: watch.nanoseconds, answer: "")
  }
}

/// Does the same on two cores at once; the processor time of the slower one.
private func onTwoCores(_ body: @Sendable (Int) throws -> UInt64) throws -> UInt64 {
  let told = Mutex<(slowest: UInt64, error: (any Error)?)>((0, nil))
  DispatchQueue.concurrentPerform(iterations: 2) { core in
    do {
      let nanoseconds = try body(core)
      told.withLock { $0.slowest = max($0.slowest, nanoseconds) }
    } catch { told.withLock { $0.error = error } }
  }
  return try told.withLock { (state) throws in
    if let error = state.error { throw error }
    return state.slowest
  }
}

/// The reports of 10,000 contributors, each a number for each minute of a day, checked by both of two aggregators and
/// added up on two cores, half of them on each. The reports of 200 are made beforehand and come fifty times.
final class BatchPass: Contestant {
  private static let contributors = 10_000
  private static let distinct = 200

  private final class Report: Sendable {
    let nonce: [UInt8]
    let publicShare: PublicShare
    let leader: SecretBytes
    let helper: SecretBytes

    init(_ vdaf: Prio3SumVec, _ number: Int, _ measurement: [UInt128], _ context: [UInt8]) throws {
      nonce = (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
      let report = try vdaf.shard(measurement, context: context, nonce: nonce)
      publicShare = report.publicShare
      leader = try report.inputShare(0)
      helper = try report.inputShare(1)
    }

    var bytes: Int { publicShare.encoded.count + leader.count + helper.count }
  }

  private let vdaf: Prio3SumVec
  private let reports: [Report]
  private let context = Array("benchmark".utf8)
  private let expected: [UInt128]

  init() throws {
    let vdaf = try Prio3SumVec(shares: 2, length: 390, maximum: 255)
    var sums = Array(repeating: UInt128(0), count: 390)
    reports = try (0..<Self.distinct).map { [context] number in
      let measurement = (0..<390).map { UInt128((number * 31 + $0 * 7) % 256) }
      for place in 0..<390 { sums[place] += measurement[place] * UInt128(Self.contributors / Self.distinct) }
      return try Report(vdaf, number, measurement, context)
    }
    self.vdaf = vdaf
    expected = sums
  }

  func pass() throws -> Pass {
    let halves = Mutex<[[AggregateShare<Field128>]]>([])
    let key = SecretBytes.random(count: 32).copiedBytes
    let nanoseconds = try onTwoCores { [vdaf, reports, context] core in
      let verifyKey = SecretBytes(copying: key)
      var sums = [vdaf.aggregateInit(), vdaf.aggregateInit()]
      var watch = Stopwatch()
      try watch.measure {
        for number in stride(from: core, to: Self.contributors, by: 2) {
          let report = reports[number % Self.distinct]
          let first = try vdaf.verifyInit(
            verifyKey: verifyKey, context: context, aggregator: 0, nonce: report.nonce,
            publicShare: report.publicShare, inputShare: report.leader)
          let second = try vdaf.verifyInit(
            verifyKey: verifyKey, context: context, aggregator: 1, nonce: report.nonce,
            publicShare: report.publicShare, inputShare: report.helper)
          let message = try vdaf.verifierSharesToMessage([first.verifierShare, second.verifierShare], context: context)
          try vdaf.aggregateUpdate(&sums[0], vdaf.verifyNext(first, message: message))
          try vdaf.aggregateUpdate(&sums[1], vdaf.verifyNext(second, message: message))
        }
      }
      let told = sums
      halves.withLock { $0.append(told) }
      return watch.nanoseconds
    }
    let parts = halves.withLock(\.self)
    let shares = try [vdaf.merge(parts.map { $0[0] }), vdaf.merge(parts.map { $0[1] })]
    guard try vdaf.unshard(shares, measurements: Self.contributors) == expected else {
      throw BenchmarkError("the sum of the reports is wrong")
    }
    return Pass(
      units: Self.contributors, bytes: Self.contributors * reports[0].bytes, nanoseconds: nanoseconds, answer: "")
  }
}

/// As many multiplications as one report needs, and if wanted as many permutations of Keccak; and nothing else.
final class AggregationLimit: Contestant {
  private let products: Int
  private let summed: Int
  private let words: Int
  private let isOnTwoCores: Bool

  init(_ circuit: ReportCircuit, _ part: ReportPart, withPermutations: Bool, isOnTwoCores: Bool = false) throws {
    self.isOnTwoCores = isOnTwoCores
    let counting = try circuit.contestant(part, over: CountedField.self, count: 1)
    FieldWork.reset()
    _ = try counting.pass()
    (products, summed) = (FieldWork.products.load(ordering: .relaxed), FieldWork.summed.load(ordering: .relaxed))
    words = withPermutations ? try circuit.drawn() * 2 : 0
  }

  func pass() throws -> Pass {
    let count = 200
    let (products, summed, words) = (products, summed, words)
    guard isOnTwoCores else {
      let nanoseconds = Self.work(count, products: products, summed: summed, words: words)
      return Pass(units: count, nanoseconds: nanoseconds, answer: "")
    }
    let nanoseconds = try onTwoCores { _ in Self.work(count, products: products, summed: summed, words: words) }
    return Pass(units: 2 * count, nanoseconds: nanoseconds, answer: "")
  }

  private static func work(_ count: Int, products: Int, summed: Int, words: Int) -> UInt64 {
    var watch = Stopwatch()
    // Few enough to stay in the nearest cache, and each product of its own.
    var numbers = (1...256).map { Field128(reduced: UInt128($0) << 90) }
    let factors = (1...256).map { Field128(reduced: UInt128($0) << 77) }
    watch.measure {
      for _ in 0..<count {
        for start in stride(from: 0, to: products, by: 256) {
          for index in 0..<min(256, products - start) { numbers[index] = numbers[index] * factors[index] }
        }
        var sum = Field128.SumOfProducts()
        for start in stride(from: 0, to: summed, by: 256) {
          for index in 0..<min(256, summed - start) { sum.add(numbers[index], factors[index]) }
        }
        numbers[0] = sum.value
        guard words > 0 else { continue }
        var sponge = TurboSHAKE128(domain: 1)
        for _ in 0..<words { sponge.absorb(word: 5) }
        numbers[1] = Field128(reduced: UInt128(sponge.squeezeWord()))
      }
    }
    // What nobody looks at need not be computed.
    precondition(numbers[1] != factors[0] || numbers[0] != factors[1])
    return watch.nanoseconds
  }
}

private enum FieldWork {
  static let products = Atomic(0)
  static let summed = Atomic(0)

  static func reset() {
    products.store(0, ordering: .relaxed)
    summed.store(0, ordering: .relaxed)
  }
}

/// The larger field, which counts what is multiplied in it.
private struct CountedField: PrimeField {
  static var modulus: UInt128 { Field128.modulus }
  static var zero: CountedField { CountedField(element: .zero) }
  static var one: CountedField { CountedField(element: .one) }
  static var twoAdicity: Int { Field128.twoAdicity }
  static var generator: CountedField { CountedField(element: .generator) }

  let element: Field128

  private init(element: Field128) { self.element = element }

  /// Into Montgomery's form, by a multiplication.
  init(reduced integer: UInt128) {
    FieldWork.products.add(1, ordering: .relaxed)
    element = Field128(reduced: integer)
  }

  var integer: UInt128 { element.integer }

  static func + (left: CountedField, right: CountedField) -> CountedField {
    CountedField(element: left.element + right.element)
  }

  static func - (left: CountedField, right: CountedField) -> CountedField {
    CountedField(element: left.element - right.element)
  }

  static func * (left: CountedField, right: CountedField) -> CountedField {
    FieldWork.products.add(1, ordering: .relaxed)
    return CountedField(element: left.element * right.element)
  }

  struct SumOfProducts: ProductSum {
    private var sum = Field128.SumOfProducts()

    init() {}

    mutating func add(_ left: CountedField, _ right: CountedField) {
      FieldWork.summed.add(1, ordering: .relaxed)
      sum.add(left.element, right.element)
    }

    var value: CountedField { CountedField(element: sum.value) }
  }
}
