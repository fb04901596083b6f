// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// Market data as "Nasdaq TotalView-ITCH 5.0" lays it out: big-endian, prices at 1e-4, times in
/// nanoseconds after midnight. One stock, locate 1.
struct NasdaqMarketData {
  let stock: [UInt8]
  let roundLot: Int64
  let dayStart: Int64

  init(_ configuration: SimulatedVenueConfiguration) {
    stock = padded(configuration.symbol, 8)
    roundLot = min(configuration.lot * configuration.flow.sizeLots, 1_000_000)
    dayStart = configuration.dayStart
  }

  private func header(_ type: Unicode.Scalar, _ time: Int64, locate: UInt64 = 1) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(ascii: type)]
    bytes.reserveCapacity(44)
    bytes.appendBig(locate, 2)
    bytes.appendBig(0, 2)
    bytes.appendBig(UInt64(time - dayStart), 6)
    return bytes
  }

  /// `S`, section 1.1.
  func systemEvent(_ code: Unicode.Scalar, _ time: Int64) -> [UInt8] {
    header("S", time, locate: 0) + [UInt8(ascii: code)]
  }

  /// `R`, section 1.2.1: a common stock on the Global Select Market, live, without the special regimes.
  func directory(_ time: Int64) -> [UInt8] {
    var bytes = header("R", time) + stock
    bytes.append("Q ")
    bytes.appendBig(UInt64(roundLot), 4)
    bytes.append("NCZ PNN1N")
    bytes.appendBig(0, 4)
    bytes.append("N")
    return bytes
  }

  /// `H`, section 1.2.2: `T` trading, `H` halted, with the venue's reason.
  func tradingAction(_ state: Unicode.Scalar, reason: String, _ time: Int64) -> [UInt8] {
    header("H", time) + stock + [UInt8(ascii: state), UInt8(ascii: " ")] + padded(reason, 4)
  }

  /// Sections 1.3 and 1.4: `A`, `E`, `X`, `D` and `U`.
  func message(_ change: BookChange, _ time: Int64) -> [UInt8] {
    var bytes: [UInt8]
    switch change.kind {
    case .added:
      bytes = header("A", time)
      bytes.appendBig(change.reference, 8)
      bytes.append(UInt8(ascii: change.side == .buy ? "B" : "S"))
      bytes.appendBig(UInt64(change.quantity), 4)
      bytes += stock
      bytes.appendBig(UInt64(change.price / 100_000), 4)
    case .executed:
      bytes = header("E", time)
      bytes.appendBig(change.reference, 8)
      bytes.appendBig(UInt64(change.quantity), 4)
      bytes.appendBig(change.match, 8)
    case .reduced:
      bytes = header("X", time)
      bytes.appendBig(change.reference, 8)
      bytes.appendBig(UInt64(change.quantity), 4)
    case .removed:
      bytes = header("D", time)
      bytes.appendBig(change.reference, 8)
    case .replaced:
      bytes = header("U", time)
      bytes.appendBig(change.counterpart, 8)
      bytes.appendBig(change.reference, 8)
      bytes.appendBig(UInt64(change.quantity), 4)
      bytes.appendBig(UInt64(change.price / 100_000), 4)
    }
    return bytes
  }

  /// `P`, section 1.5.1; reference 0 and side `B` whatever the side was, as since 2014.
  func hiddenTrade(_ trade: HiddenTrade, match: UInt64, _ time: Int64) -> [UInt8] {
    var bytes = header("P", time)
    bytes.appendBig(0, 8)
    bytes.append("B")
    bytes.appendBig(UInt64(trade.quantity), 4)
    bytes += stock
    bytes.appendBig(UInt64(trade.price / 100_000), 4)
    bytes.appendBig(match, 8)
    return bytes
  }
}
