// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// What others traded at the task's venues within the window: each eligible trade once, own prints and broken trades left
/// out, whenever the break came.
struct IntervalTape {
  /// At one venue, quantities at its own scale.
  private struct Sums {
    var volume: Int128 = 0
    /// Price × quantity, at 1e-9 of the quantity's scale.
    var notional: Int128 = 0
    var trades = 0
  }

  private struct Match: Hashable {
    let venue: Int
    let id: UInt64
  }

  /// All venues together.
  struct Total {
    let volume: Int128
    let notional: Int128
    let trades: Int
    /// Decimal places of the volume.
    let scale: Int
  }

  private var sums: [Sums]
  /// What counted trades of the window counted for, nil once they were broken; the first telling of an id holds.
  private var matches: [Match: (price: Int64, quantity: Int64)?] = [:]

  init(venues: Int) {
    sums = Array(repeating: Sums(), count: venues)
  }

  /// A trade of another in the window that counts towards the venue's volume.
  mutating func trade(venue: Int, match: UInt64, price: Int64, quantity: Int64) throws(MetricOverflow) {
    try add(venue, price, Int128(quantity), 1)
    let key = Match(venue: venue, id: match)
    if match != 0, matches[key] == nil { matches[key] = .some((price, quantity)) }
  }

  /// A trade was taken back.
  mutating func broken(venue: Int, match: UInt64) throws(MetricOverflow) {
    guard case .some(.some(let trade)) = matches[Match(venue: venue, id: match)] else { return }
    try add(venue, trade.price, -Int128(trade.quantity), -1)
    matches[Match(venue: venue, id: match)] = .some(nil)
  }

  private mutating func add(_ venue: Int, _ price: Int64, _ quantity: Int128, _ count: Int) throws(MetricOverflow) {
    sums[venue].volume = try Checked.add(sums[venue].volume, quantity)
    sums[venue].notional = try Checked.add(sums[venue].notional, Checked.multiply(Int128(price), quantity))
    sums[venue].trades += count
  }

  /// The venues' sums at the finest of `scales`, the venues' own, and of `scale`.
  func total(scales: [Int], scale: Int) throws(MetricOverflow) -> Total {
    let finest = scales.reduce(scale) { max($0, $1) }
    var volume: Int128 = 0
    var notional: Int128 = 0
    var trades = 0
    for (venue, sum) in sums.enumerated() {
      let power = try Checked.power(finest - scales[venue])
      volume = try Checked.add(volume, Checked.multiply(sum.volume, power))
      notional = try Checked.add(notional, Checked.multiply(sum.notional, power))
      trades += sum.trades
    }
    return Total(volume: volume, notional: notional, trades: trades, scale: finest)
  }
}
