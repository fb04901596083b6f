// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// Which trades count: the flag VOLUME decides, auctions are kept apart, a break takes back what the trade counted for.
extension Market {
  /// Counts a trade or an execution. `price` is nil where nobody knows it.
  mutating func applyTrade(_ event: Event, price: Int64?, side: Side, time: Int64) -> Applied {
    let number = Int(event.instrument)
    guard event.quantity > 0 else { return unusable() }
    var applied = Applied(effect: .executed, side: side, price: price ?? 0, quantity: event.quantity)
    guard event.has(.volume) else { return applied }
    guard let price else {
      books[number].tape.totals.unpriced += 1
      books[number].tape.totals.unpricedVolume += Int128(event.quantity)
      return applied
    }
    let isCross = event.has(.cross)
    guard books[number].tape.totals.count(event.quantity, at: price, isCross: isCross, isHidden: event.has(.hidden))
    else {
      counters.overflows += 1
      return Applied(effect: .unusable)
    }
    var counted: Int64 = 0
    if !isCross {
      books[number].tape.totals.lastPrice = price
      books[number].tape.totals.lastQuantity = event.quantity
      books[number].tape.totals.lastTime = time
      counted = books[number].tape.add(event.quantity, bucket: bucket(of: time))
    }
    if event.aux != 0 {
      let match = Match(
        id: event.aux, price: price, quantity: event.quantity, bucket: counted, instrument: event.instrument,
        state: isCross ? .cross : event.has(.hidden) ? .hidden : .counted)
      if !matches.insert(match) { counters.repeatedMatches += 1 }
    }
    applied.effect = isCross ? .cross : .trade
    return applied
  }

  mutating func applyBreak(_ event: Event) -> Applied {
    guard isDefined(event.instrument) else {
      counters.unknownInstruments += 1
      return Applied(effect: .unusable)
    }
    guard let match = matches.breakMatch(event.aux, event.instrument) else {
      counters.unknownBreaks += 1
      return Applied(effect: .unusable)
    }
    let number = Int(event.instrument)
    books[number].tape.totals.uncount(match)
    if match.state != .cross { books[number].tape.subtract(match.quantity, bucket: match.bucket) }
    return Applied(effect: .broken, price: match.price, quantity: match.quantity)
  }

  /// The number of the bucket that holds `time`, also before 1970.
  func bucket(of time: Int64) -> Int64 {
    let quotient = time / bucketWidth
    return time % bucketWidth < 0 ? quotient - 1 : quotient
  }
}

extension TapeTotals {
  /// False, and nothing happens, when a sum would leave 128 bits.
  mutating func count(_ quantity: Int64, at price: Int64, isCross: Bool, isHidden: Bool) -> Bool {
    let (product, isTooWide) = Int128(price).multipliedReportingOverflow(by: Int128(quantity))
    let (sum, overflow) = (isCross ? crossNotional : notional).addingReportingOverflow(product)
    guard !isTooWide, !overflow else { return false }
    if isCross {
      crossNotional = sum
      crossVolume += Int128(quantity)
      crosses += 1
    } else {
      notional = sum
      volume += Int128(quantity)
      trades += 1
      if isHidden { hiddenVolume += Int128(quantity) }
    }
    return true
  }

  /// Takes back what `count` counted.
  mutating func uncount(_ match: Match) {
    broken += 1
    let (product, _) = Int128(match.price).multipliedReportingOverflow(by: Int128(match.quantity))
    if match.state == .cross {
      crossNotional -= product
      crossVolume -= Int128(match.quantity)
      crosses -= 1
    } else {
      notional -= product
      volume -= Int128(match.quantity)
      trades -= 1
      if match.state == .hidden { hiddenVolume -= Int128(match.quantity) }
    }
  }
}
