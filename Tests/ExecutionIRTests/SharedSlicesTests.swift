// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing

/// Buckets laid over slices, held against a count of single nanoseconds.
@Suite("Shared contexts, slice by slice")
struct SharedSlicesTests {
  private static let listing = ContextFixture.listing

  private func task(_ start: Int64, _ length: Int64, slices: Int) throws -> LocalExecutionTask {
    try Samples.task(slicing: .count(slices), window: (start, start + length))
  }

  /// Σ over the slice's nanoseconds of the sum of the bucket in which each lies, below 0 counted as 0.
  private func counted(_ context: SharedMarketContext, _ kind: SignalKind, _ from: Int64, _ to: Int64) -> Int128 {
    (from..<to).reduce(Int128(0)) { sum, time in
      let bucket = Int((time - context.appliesFrom) / context.bucket)
      return sum + Int128(max(0, context.signal(kind, of: Self.listing)!.sums[bucket]))
    }
  }

  @Test func overlapsAreExact() throws {
    var random = Lehmer(state: 11)
    var partial = 0
    for _ in 0..<400 {
      let bucket = 1 + Int64(random.below(40))
      let buckets = 1 + Int(random.below(12))
      let applies = Int64(random.below(200)) - 100
      let span = bucket * Int64(buckets)
      // A window that the buckets cover, or whose beginning lies before them.
      let lead = random.below(3) == 0 ? -Int64(random.below(30)) : Int64(random.below(UInt64(span / 2 + 1)))
      let length = max(1, span - lead - Int64(random.below(UInt64(span / 4 + 1))))
      let slices = 1 + Int(random.below(UInt64(min(length, 9))))
      let task = try task(applies + lead, length, slices: slices)
      func sums() -> [Int64] { (0..<buckets).map { _ in Int64(random.below(2_000)) - 300 } }
      let scale = Int(random.below(7))
      func signal(_ kind: SignalKind, _ quantum: ExactDecimal) -> SharedSignal {
        SharedSignal(
          kind: kind, listing: Self.listing, quantum: quantum, maximum: 1_000, noise: .discreteGaussian(variance: 1),
          privacy: ContextFixture.privacy, sums: sums())
      }
      var fixture = ContextFixture()
      fixture.contributors = 1 + Int64(random.below(20))
      fixture.windowStart = applies - 10_000
      fixture.bucket = bucket
      fixture.buckets = buckets
      fixture.issuedAt = applies - 1_000
      fixture.appliesFrom = applies
      fixture.expiresAt = applies + span
      fixture.signals = [
        signal(.volume, ExactDecimal(units: 1 + Int64(random.below(99)), scale: 3)),
        signal(.spread, ExactDecimal(units: 25, scale: 4)), signal(.toxicity, ExactDecimal(units: 7, scale: 4)),
      ]
      let context = try fixture.context()
      let first = (0..<slices).first { task.sliceStart($0) >= applies }
      guard let first else { continue }
      #expect(context.covers(task, from: first))
      #expect(first == 0 || !context.covers(task, from: first - 1))
      let terms = try #require(context.terms(of: Self.listing, task: task, scale: scale))
      let volume = try #require(terms.volume)
      let spreads = try #require(terms.spreads)
      let toxicity = try #require(terms.toxicity)
      func ten(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { value, _ in value * 10 } }
      var whole: Int128 = 0
      for slice in first..<slices {
        let (from, to) = (task.sliceStart(slice), task.sliceStart(slice + 1))
        let quantum = fixture.signals[0].quantum
        let exact =
          counted(context, .volume, from, to) * Int128(quantum.units) * ten(scale)
          / (Int128(bucket) * ten(quantum.scale))
        #expect(Int128(volume[slice]) == exact)
        whole += exact
        let people = Int128(fixture.contributors) * Int128(to - from)
        let spread = fixture.signals[1].quantum
        #expect(
          Int128(spreads[slice])
            == counted(context, .spread, from, to) * Int128(spread.units) * ten(9) / (people * ten(spread.scale)))
        let toxic = counted(context, .toxicity, from, to) * Int128(fixture.signals[2].quantum.units) * ten(6)
        #expect(
          Int128(toxicity[slice]) == min(1_000_000, toxic / (people * ten(fixture.signals[2].quantum.scale))))
      }
      // What lies before the buckets has the mean of what they cover.
      let covered = Int128(task.window.end - task.sliceStart(first))
      for slice in 0..<first {
        partial += 1
        let part = Int128(task.sliceStart(slice + 1) - task.sliceStart(slice))
        #expect(Int128(volume[slice]) == whole * part / covered)
        #expect(spreads[slice] == 0 && toxicity[slice] == 0)
      }
    }
    #expect(partial > 50)
  }

  @Test func whatItDoesNotTellIsNil() throws {
    var fixture = ContextFixture()
    fixture.signals = [fixture.signals[0]]
    let context = try fixture.context()
    let task = try task(fixture.appliesFrom, 180_000_000_000, slices: 3)
    let terms = try #require(context.terms(of: Self.listing, task: task, scale: 2))
    #expect(terms.volume == [3, 0, 12_000_000] && terms.spreads == nil && terms.toxicity == nil)
    #expect(context.terms(of: TaskVenue(venue: "BINANCE", symbol: "X"), task: task, scale: 2) == nil)
    fixture.signals[0] = fixture.signals[0].with(kind: .participation)
    #expect(try fixture.context().terms(of: Self.listing, task: task, scale: 2) == nil)
    #expect(context.covers(task, from: 0))
    #expect(!context.covers(try self.task(fixture.appliesFrom, 180_000_000_001, slices: 3), from: 2))
    #expect(!context.covers(try self.task(fixture.appliesFrom - 1, 180_000_000_000, slices: 3), from: 0))
  }

  /// Nothing overflows, and the curve's sum stays within 64 bits.
  @Test func enormousNumbersAreBounded() throws {
    var fixture = ContextFixture()
    let most = Int64.max
    fixture.signals = [SignalKind.volume, .spread, .toxicity].map {
      SharedSignal(
        kind: $0, listing: Self.listing, quantum: ExactDecimal(units: most, scale: 0), maximum: most,
        noise: .discreteLaplace(scale: 1), privacy: ContextFixture.privacy, sums: [most, most, .min])
    }
    let context = try fixture.context()
    let task = try task(fixture.appliesFrom - 60_000_000_000, 240_000_000_000, slices: 4)
    let terms = try #require(context.terms(of: Self.listing, task: task, scale: 18))
    #expect(terms.volume == [most / 4 * 2 / 3, most / 4, most / 4, 0])
    #expect(terms.spreads == [0, most, most, 0] && terms.toxicity == [0, 1_000_000, 1_000_000, 0])
  }
}
