// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// A child order before it is sent, new or replacing another one.
///
/// All quantities here and in `PolicyInputs` are integers at 10^-`scale`; the caller chooses one scale that is exact for
/// every venue of the task.
package struct ProposedOrder: Hashable, Sendable {
  package var instrument: String
  package var venue: String
  package var symbol: String
  package var side: OrderSide
  /// At 1e-9.
  package var price: Int64
  package var quantity: Int64
  package var scale: Int
  /// Units of the base per unit of quantity.
  package var multiplier: ExactDecimal
  /// Of the price.
  package var currency: String
  /// What a replacement takes the place of.
  package var replaced: Replaced?

  package struct Replaced: Hashable, Sendable {
    /// What of the replaced order is still open; it is among live, in flight or pending cancel of the inputs.
    package var remaining: Int64
    /// Whether the venue takes fills of the old order off the new one (OUCH): then only the larger of both can be
    /// filled. Where cancel and new order are two steps, both can.
    package var sharesExposure: Bool
    package init(remaining: Int64, sharesExposure: Bool) {
      self.remaining = remaining
      self.sharesExposure = sharesExposure
    }
  }

  package init(
    instrument: String, venue: String, symbol: String, side: OrderSide, price: Int64, quantity: Int64, scale: Int,
    multiplier: ExactDecimal, currency: String, replaced: Replaced? = nil
  ) {
    self.instrument = instrument
    self.venue = venue
    self.symbol = symbol
    self.side = side
    self.price = price
    self.quantity = quantity
    self.scale = scale
    self.multiplier = multiplier
    self.currency = currency
    self.replaced = replaced
  }
}

/// What is known when an order is checked. Everything is explicit, so that a check can be repeated from the record.
package struct PolicyInputs: Hashable, Sendable {
  /// Nanoseconds since 1970.
  package var time: Int64

  // The parent order and what its children may still become.
  package var parentQuantity: Int64
  package var parentLimit: Int64?
  package var filled: Int64
  package var live: Int64
  package var inFlight: Int64
  package var pendingCancel: Int64

  // The market of the order's instrument on its venue.
  package var bid: Int64?
  package var ask: Int64?
  package var last: Int64?
  package var isHalted: Bool
  package var isStale: Bool
  /// When book or quote last changed; nil when neither ever did.
  package var lastUpdate: Int64?

  // Participation, over all venues of the task since it began.
  /// Eligible volume of others: the tape without own prints, which `filled` counts.
  package var othersVolume: Int128
  /// The task's own cap in parts per million; 1,000,000 restricts nothing.
  package var taskParticipation: Int64

  /// Messages sent within the policy's window that ends now, without this one.
  package var recentMessages: Int64
  /// The best price of own orders on the other side that may still trade, on any venue where this order could meet them.
  package var ownOpposite: Int64?

  package init(
    time: Int64, parentQuantity: Int64, parentLimit: Int64?, filled: Int64, live: Int64, inFlight: Int64,
    pendingCancel: Int64, bid: Int64?, ask: Int64?, last: Int64?, isHalted: Bool, isStale: Bool, lastUpdate: Int64?,
    othersVolume: Int128, taskParticipation: Int64, recentMessages: Int64, ownOpposite: Int64?
  ) {
    self.time = time
    self.parentQuantity = parentQuantity
    self.parentLimit = parentLimit
    self.filled = filled
    self.live = live
    self.inFlight = inFlight
    self.pendingCancel = pendingCancel
    self.bid = bid
    self.ask = ask
    self.last = last
    self.isHalted = isHalted
    self.isStale = isStale
    self.lastUpdate = lastUpdate
    self.othersVolume = othersVolume
    self.taskParticipation = taskParticipation
    self.recentMessages = recentMessages
    self.ownOpposite = ownOpposite
  }
}
