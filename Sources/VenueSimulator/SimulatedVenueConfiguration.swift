// SPDX-License-Identifier: Apache-2.0

/// The protocols that a simulated venue can speak.
package enum VenuePersonality: Sendable {
  /// TotalView-ITCH 5.0 for market data, OUCH 4.2 for orders.
  case nasdaqStyle
  /// Binance spot: JSON streams for market data, WebSocket API requests and user data for orders.
  case binanceStyle
}

/// Travel times, nanoseconds. Jitter is drawn uniformly from 0 to the given bound, and never lets one message of a
/// channel overtake another.
package struct VenueLatency: Sendable {
  package var orderEntryInbound: Int64
  package var orderEntryOutbound: Int64
  package var marketData: Int64
  package var jitter: Int64

  package init(
    orderEntryInbound: Int64 = 150_000, orderEntryOutbound: Int64 = 150_000, marketData: Int64 = 100_000,
    jitter: Int64 = 20_000
  ) {
    self.orderEntryInbound = orderEntryInbound
    self.orderEntryOutbound = orderEntryOutbound
    self.marketData = marketData
    self.jitter = jitter
  }
}

/// What goes wrong on purpose; nothing by default. Chances are in millionths.
package struct VenueFaults: Sendable {
  /// An acknowledgement (of an order, cancel or replacement) that arrives twice.
  package var duplicateAcknowledgement: UInt32 = 0
  /// An acknowledgement, cancel or reject that never arrives. Fills always do.
  package var lostReply: UInt32 = 0
  /// A new order or replacement that the venue turns down without a good reason.
  package var reject: UInt32 = 0
  /// Times without trading, in order and apart.
  package var halts: [Range<Int64>] = []

  package init() {}
}

package struct SimulatedVenueConfiguration: Sendable {
  package var personality: VenuePersonality
  /// The venue's symbol: capital letters and digits; up to 8 for `nasdaqStyle`, 20 for `binanceStyle`.
  package var symbol: String
  /// Price step at 1e-9: a multiple of 1e-4 for `nasdaqStyle`, of 1e-8 for `binanceStyle`.
  package var tick: Int64
  /// Quantity step at `quantityScale`.
  package var lot: Int64
  /// Decimal places of a quantity: 0 for `nasdaqStyle`, up to 8 for `binanceStyle`.
  package var quantityScale: Int
  /// The venue's midnight and its hours; nanoseconds since 1970. The book fills in the minute before `open`.
  package var dayStart: Int64
  package var open: Int64
  package var close: Int64
  package var fairValue: FairValueConfiguration
  package var flow: OrderFlowConfiguration
  package var latency: VenueLatency
  package var faults: VenueFaults
  /// Nanoseconds between two depth updates of `binanceStyle`.
  package var depthInterval: Int64 = 100_000_000

  package init(
    personality: VenuePersonality, symbol: String, tick: Int64, lot: Int64, quantityScale: Int, dayStart: Int64,
    open: Int64, close: Int64, fairValue: FairValueConfiguration,
    flow: OrderFlowConfiguration = OrderFlowConfiguration(), latency: VenueLatency = VenueLatency(),
    faults: VenueFaults = VenueFaults()
  ) {
    self.personality = personality
    self.symbol = symbol
    self.tick = tick
    self.lot = lot
    self.quantityScale = quantityScale
    self.dayStart = dayStart
    self.open = open
    self.close = close
    self.fairValue = fairValue
    self.flow = flow
    self.latency = latency
    self.faults = faults
  }
}

/// A configuration that no venue can be made of.
package struct SimulatedVenueError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
}

extension SimulatedVenueConfiguration {
  /// When the book begins to fill and the venue first speaks.
  package var begin: Int64 { open - 60_000_000_000 }

  private func require(_ condition: Bool, _ reason: String) throws(SimulatedVenueError) {
    guard condition else { throw SimulatedVenueError(description: "simulated venue \(symbol): \(reason)") }
  }

  /// Checks everything that later code relies on.
  package func validate() throws(SimulatedVenueError) {
    let plain = symbol.utf8.allSatisfy {
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    let nasdaq = personality == .nasdaqStyle
    try require(plain && (1...(nasdaq ? 8 : 20)).contains(symbol.utf8.count), "the symbol is not one of this venue's")
    try require(tick > 0 && tick % (nasdaq ? 100_000 : 10) == 0, "the tick cannot be written in this protocol")
    try require(nasdaq ? quantityScale == 0 : (0...8).contains(quantityScale), "the protocol has no such quantities")
    try require(lot > 0 && lot <= 1_000_000_000_000, "the lot is out of range")
    try require(
      dayStart >= 0 && dayStart <= begin && open < close && close - dayStart < 86_400_000_000_000,
      "the hours do not lie within the day, or leave no minute before the open")
    try require(
      fairValue.initial >= 100 * tick && fairValue.floor >= 100 * tick && fairValue.initial <= 100_000_000_000_000
        && fairValue.interval >= 1_000 && fairValue.unit >= 0
        && (0...1_000_000).contains(fairValue.reversionPerMillion),
      "the fair value leaves no room for prices at this tick")
    let times = [latency.orderEntryInbound, latency.orderEntryOutbound, latency.marketData, latency.jitter]
    try require(times.allSatisfy { (0...10_000_000_000).contains($0) }, "a latency is negative or above 10 s")
    try require(depthInterval >= 1_000_000, "depth updates come at most once in a millisecond")
    var after = Int64.min
    for halt in faults.halts {
      try require(halt.lowerBound > after && !halt.isEmpty, "halts overlap or are out of order")
      after = halt.upperBound
    }
    try flow.validate()
  }
}
