// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
package import ExecutionIR

/// What one contributor sees of some listings in buckets of time, as the exact integers that a shared context's contract
/// asks for. It is fed beside a `Market`, event by event, at receive times that do not run backwards.
///
/// - volume: what was traded and counts (`TapeTotals.volume`: with the flag VOLUME, of known price, no auction), in the bucket
///   in which it was received; a trade that is taken back counts nowhere, whenever that is heard;
/// - spread: best ask less best bid, by the time that each stood, over the time in which the book had two sides and was neither
///   halted nor stale; a crossed book has none; a bucket without such time says 0;
/// - toxicity: |bought − sold| / (bought + sold) of that volume where the aggressor's side is known; without any it is 0;
/// - participation: own / (own and others' volume); without any it is 0. Whether the tape has the own volume in it is asked.
///
/// Sums beyond 64 bits stop there. A value is rounded to the nearest quantum, half to even, and clipped to 0...maximum.
package struct LocalSignals: ~Copyable {
  private let start: Int64
  private let bucket: Int64
  private let buckets: Int
  private let isOwnOnTape: Bool
  private var listings: [Listing]
  /// Where each trade was counted, for who takes it back.
  private var matches: MatchTable

  private struct Tally {
    var bought: Int64 = 0
    var sold: Int64 = 0
    /// Without a known aggressor.
    var other: Int64 = 0
    var own: Int64 = 0
    /// Σ spread · nanoseconds, and the nanoseconds.
    var spreadTime: Int128 = 0
    var time: Int64 = 0

    var volume: Int64 { LocalSignals.sum(LocalSignals.sum(bought, sold), other) }
  }

  private struct Listing {
    var tallies: [Tally]
    /// The spread that stands since `since`; nil where there is none.
    var spread: Int64?
    var since: Int64 = .min
  }

  /// - Parameters:
  ///   - listings: how many; they are numbered from 0.
  ///   - start: of the first bucket, nanoseconds UTC.
  ///   - bucket: its length in nanoseconds, above 0; all end before the year 2262.
  ///   - isOwnOnTape: whether the venues print own executions: a capture with a fill model does not.
  ///   - seed: chooses a hash function, without influence on any result.
  package init(
    listings: Int, start: Int64, bucket: Int64, buckets: Int, isOwnOnTape: Bool = true, seed: UInt64 = 0
  ) {
    precondition(bucket > 0 && buckets > 0 && buckets <= SharedMarketContext.mostBuckets, "no such window")
    precondition(!start.addingReportingOverflow(bucket * Int64(buckets)).overflow, "the window ends too late")
    self.start = start
    self.bucket = bucket
    self.buckets = buckets
    self.isOwnOnTape = isOwnOnTape
    self.listings = Array(
      repeating: Listing(tallies: Array(repeating: Tally(), count: buckets)), count: listings)
    matches = MatchTable(memory: 1 << 19, seed: seed)
  }

  private var end: Int64 { start + bucket * Int64(buckets) }

  /// Takes in what an event did to the market, at `time`.
  ///
  /// - Parameters:
  ///   - listing: the listing that may be concerned; its number here.
  ///   - instrument: the listing's number in the market.
  ///   - market: after the event.
  package mutating func take(
    _ event: Event, _ applied: Applied, listing: Int, instrument: Int, time: Int64, market: borrowing Market
  ) {
    if event.instrument == UInt32(instrument) {
      switch applied.effect {
      case .trade: count(applied, match: event.aux, instrument: event.instrument, listing, at: time)
      case .broken:
        if let match = matches.breakMatch(event.aux, event.instrument) { takeBack(match, listing) }
      default: break
      }
    } else if event.instrument != noInstrument {
      return
    }
    // A status or a gap can be about all instruments of a feed.
    var spread: Int64?
    if !market.isHalted(instrument), !market.isStale(instrument), let value = market.top(instrument).spread {
      spread = Int64(clamping: max(0, value))
    }
    guard spread != listings[listing].spread else { return }
    settle(listing, upTo: time)
    listings[listing].spread = spread
  }

  /// An own execution, at the venue's scale.
  package mutating func fill(_ quantity: Int64, listing: Int, at time: Int64) {
    guard let index = index(of: time), quantity > 0 else { return }
    listings[listing].tallies[index].own = LocalSignals.sum(listings[listing].tallies[index].own, quantity)
  }

  /// Nothing changes before `time`, which ends what is counted.
  package mutating func finish(at time: Int64) {
    for listing in listings.indices {
      settle(listing, upTo: time)
      listings[listing].spread = nil
    }
  }

  // MARK: - Counting

  private func index(of time: Int64) -> Int? {
    guard time >= start, time < end else { return nil }
    return Int((time - start) / bucket)
  }

  private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }

  /// To what aggressors of a side took; of `none`, to what nobody knows the aggressor of.
  private mutating func add(_ quantity: Int64, takenBy side: Side, _ listing: Int, _ index: Int) {
    switch side {
    case .buy:
      listings[listing].tallies[index].bought = LocalSignals.sum(listings[listing].tallies[index].bought, quantity)
    case .sell:
      listings[listing].tallies[index].sold = LocalSignals.sum(listings[listing].tallies[index].sold, quantity)
    case .none:
      listings[listing].tallies[index].other = LocalSignals.sum(listings[listing].tallies[index].other, quantity)
    }
  }

  private mutating func count(_ applied: Applied, match: UInt64, instrument: UInt32, _ listing: Int, at time: Int64) {
    let index = index(of: time)
    if let index { add(applied.quantity, takenBy: applied.side, listing, index) }
    guard match != 0 else { return }
    // Also of what lies outside the window: an id is used once, and its break must find the right one.
    let place = index.map { Int64($0) * 3 + Int64(applied.side.rawValue) } ?? -1
    _ = matches.insert(
      Match(
        id: match, price: applied.price, quantity: applied.quantity, bucket: place, instrument: instrument,
        state: .counted))
  }

  private mutating func takeBack(_ match: Match, _ listing: Int) {
    guard match.bucket >= 0, let side = Side(rawValue: UInt8(match.bucket % 3)) else { return }
    add(-match.quantity, takenBy: side, listing, Int(match.bucket / 3))
  }

  /// Puts the spread that stood until `time` into its buckets.
  private mutating func settle(_ listing: Int, upTo time: Int64) {
    let spread = listings[listing].spread
    var from = max(listings[listing].since, start)
    listings[listing].since = max(listings[listing].since, time)
    let until = min(time, end)
    guard let spread else { return }
    while from < until {
      let index = Int((from - start) / bucket)
      let next = min(start + bucket * Int64(index + 1), until)
      listings[listing].tallies[index].spreadTime += Int128(spread) * Int128(next - from)
      listings[listing].tallies[index].time += next - from
      from = next
    }
  }

  // MARK: - Quanta

  /// The signal of a listing, bucket by bucket.
  ///
  /// - Parameters:
  ///   - quantum: what one means, in the unit of the kind (`SignalKind`); above 0.
  ///   - maximum: the most that a bucket can say, in quanta; above 0.
  ///   - scale: decimal places of the listing's quantities, 0...18.
  package func quanta(
    _ kind: SignalKind, listing: Int, quantum: ExactDecimal, maximum: Int64, scale: Int
  ) -> [Int64] {
    precondition(quantum.units > 0 && maximum > 0, "a quantum and a maximum are above 0")
    return listings[listing].tallies.map { tally in
      let value = value(of: kind, tally, scale: scale)
      return LocalSignals.rounded(value, quantum, atMost: maximum)
    }
  }

  /// numerator / (denominator · 10^places).
  private struct Fraction {
    var numerator: UInt128
    var denominator: UInt64
    var places: Int
  }

  private func value(of kind: SignalKind, _ tally: Tally, scale: Int) -> Fraction {
    switch kind {
    case .volume: return Fraction(numerator: UInt128(max(0, tally.volume)), denominator: 1, places: scale)
    case .spread:
      return Fraction(numerator: UInt128(tally.spreadTime), denominator: UInt64(tally.time), places: priceScale)
    case .toxicity:
      let known = LocalSignals.sum(max(0, tally.bought), max(0, tally.sold))
      let difference = (max(0, tally.bought) - max(0, tally.sold)).magnitude
      return Fraction(numerator: UInt128(difference), denominator: UInt64(known), places: 0)
    case .participation:
      let tape = max(0, tally.volume)
      let all = isOwnOnTape ? max(tape, tally.own) : LocalSignals.sum(tape, tally.own)
      return Fraction(numerator: UInt128(tally.own), denominator: UInt64(all), places: 0)
    }
  }

  /// To the nearest quantum, half to even; at most `maximum`, and 0 where nothing is divided by.
  private static func rounded(_ value: Fraction, _ quantum: ExactDecimal, atMost maximum: Int64) -> Int64 {
    guard value.denominator > 0 else { return 0 }
    // ⌊2 · value / quantum⌋ tells by its last bit on which side of the half the rest lies, and what is left over whether
    // it lies on it.
    var doubled = WideNatural(value.numerator)
    doubled *= 2
    doubled.multiply(byTenTo: quantum.scale)
    var isExact = doubled.divide(by: value.denominator) == 0
    isExact = doubled.divide(by: UInt64(quantum.units)) == 0 && isExact
    for _ in 0..<value.places { isExact = doubled.divide(by: 10) == 0 && isExact }
    guard let halves = doubled.value else { return maximum }
    var whole = halves / 2
    if halves % 2 == 1, !isExact || whole % 2 == 1 { whole += 1 }
    return Int64(clamping: min(whole, Int128(maximum)))
  }
}
