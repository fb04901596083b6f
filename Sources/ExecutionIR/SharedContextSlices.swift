// SPDX-License-Identifier: Apache-2.0

/// A shared context's buckets, laid over the slices of a task by exact overlap of their times.
///
/// A sum below 0, which only noise can make, counts as 0. With o the overlap of a bucket and a slice in nanoseconds:
///
/// - volume of a slice = ⌊Σ o · sum · quantum / bucket⌋, at most what all slices together can hold in 64 bits: trading is
///   taken to be even within a bucket. Level and shape are the contributors': what they do not trade is not in it, and makes
///   participation caps narrower than the market would; what several of them count twice makes caps too wide, and the
///   control on child orders, which goes by the tape, the one that holds;
/// - spread and toxicity of a slice = ⌊Σ o · sum · quantum / (contributors · slice)⌋: the mean over contributors and time.
///
/// It is taken where its buckets cover every slice from the current one on. A past slice that they do not cover has the
/// mean volume of those that they do, so that it moves no mean, and 0 for the rest.
extension SharedMarketContext {
  /// What it says of a listing, per slice: volume at the scale that was asked for, spread at 1e-9, toxicity in parts per
  /// million. Nil where it has no such signal.
  package struct SliceTerms: Hashable, Sendable {
    package let volume: [Int64]?
    package let spreads: [Int64]?
    package let toxicity: [Int64]?
  }

  /// Whether its buckets speak for every slice of the task from `current` on.
  package func covers(_ task: LocalExecutionTask, from current: Int) -> Bool {
    coverage.lowerBound <= task.sliceStart(current) && task.window.end <= coverage.upperBound
  }

  /// Nil where it has no signal about the listing that a plan goes by. It must cover the task from some slice on.
  package func terms(of listing: TaskVenue, task: LocalExecutionTask, scale: Int) -> SliceTerms? {
    let slices = (0..<task.sliceCount).map { task.sliceStart($0)..<task.sliceStart($0 + 1) }
    let isCovered = slices.map { coverage.lowerBound <= $0.lowerBound && $0.upperBound <= coverage.upperBound }
    func means(_ kind: SignalKind, scale: Int, atMost limit: Int64) -> [Int64]? {
      guard let signal = signal(kind, of: listing) else { return nil }
      return slices.indices.map {
        isCovered[$0] ? min(mean(signal, over: slices[$0], scale: scale), limit) : 0
      }
    }
    let terms = SliceTerms(
      volume: signal(.volume, of: listing).map { volumes($0, slices, isCovered, scale: scale) },
      spreads: means(.spread, scale: priceScale, atMost: .max),
      toxicity: means(.toxicity, scale: 6, atMost: SharedVenueTerms.wholeToxicity))
    return terms.volume == nil && terms.spreads == nil && terms.toxicity == nil ? nil : terms
  }

  /// What its buckets speak for.
  private var coverage: Range<Int64> { appliesFrom..<appliesFrom + bucket * Int64(buckets) }

  /// Σ overlap · sum, below 2^126: the overlaps add up to no more than the slice.
  private func weight(_ signal: SharedSignal, over slice: Range<Int64>) -> UInt128 {
    let first = Int((slice.lowerBound - appliesFrom) / bucket)
    let last = Int((slice.upperBound - 1 - appliesFrom) / bucket)
    var weight: UInt128 = 0
    for index in first...last where signal.sums[index] > 0 {
      let start = appliesFrom + bucket * Int64(index)
      let overlap = min(start + bucket, slice.upperBound) - max(start, slice.lowerBound)
      weight += UInt128(overlap) * UInt128(signal.sums[index])
    }
    return weight
  }

  private func mean(_ signal: SharedSignal, over slice: Range<Int64>, scale: Int) -> Int64 {
    quotient(
      weight(signal, over: slice), signal.quantum, scale: scale,
      by: [UInt64(contributors), UInt64(slice.upperBound - slice.lowerBound)])
  }

  private func volumes(
    _ signal: SharedSignal, _ slices: [Range<Int64>], _ isCovered: [Bool], scale: Int
  ) -> [Int64] {
    let most = Int64.max / Int64(slices.count)
    var volumes = slices.indices.map { index in
      isCovered[index]
        ? min(quotient(weight(signal, over: slices[index]), signal.quantum, scale: scale, by: [UInt64(bucket)]), most)
        : 0
    }
    var whole: Int128 = 0
    var length: Int128 = 0
    for index in slices.indices where isCovered[index] {
      whole += Int128(volumes[index])
      length += Int128(slices[index].upperBound - slices[index].lowerBound)
    }
    for index in slices.indices where !isCovered[index] {
      let part = Int128(slices[index].upperBound - slices[index].lowerBound)
      let product = whole.magnitude.multipliedFullWidth(by: part.magnitude)
      // A slice may be longer than all that is covered.
      guard product.high < length.magnitude else {
        volumes[index] = most
        continue
      }
      volumes[index] = min(Int64(clamping: length.magnitude.dividingFullWidth(product).quotient), most)
    }
    return volumes
  }

  /// ⌊weight · quantum · 10^scale / the product of the divisors⌋, at most what 64 bits hold.
  private func quotient(_ weight: UInt128, _ quantum: ExactDecimal, scale: Int, by divisors: [UInt64]) -> Int64 {
    var value = WideNatural(weight)
    value *= UInt64(quantum.units)
    value.multiply(byTenTo: scale)
    for divisor in divisors { value /= divisor }
    value.divide(byTenTo: quantum.scale)
    return Int64(clamping: value.value ?? .max)
  }
}
