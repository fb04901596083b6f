// SPDX-License-Identifier: Apache-2.0

/// A child order as the record tells it: enough to follow it to its parent, its account and its predecessor.
public struct ChildOrder: Hashable, Sendable {
  /// The client order id that the host gave it, above 0.
  public let id: UInt64
  /// Digest of the parent's task.
  public let parent: Digest
  /// The order that this one replaces; nil for one that begins a chain.
  public let replaces: UInt64?
  /// The first order of its replace chain; its own id where it begins one.
  public let chain: UInt64
  /// Digest of the `PlanDelta` from which it follows.
  public let decision: Digest
  /// Nanoseconds UTC.
  public let createdAt: Int64
  public let slice: Int
  public let listing: TaskVenue
  public let side: OrderSide
  /// At 10^-`scale`, above 0.
  public let quantity: Int64
  public let scale: Int
  /// At 1e-9; nil for a market order.
  public let limit: Int64?
  public let account: String
  public let capacity: TradingCapacity
  public let algorithm: Algorithm
  /// True when it goes to a simulator or a fill model, not to a venue.
  public let simulated: Bool

  public init(
    id: UInt64, parent: Digest, replaces: UInt64?, chain: UInt64, decision: Digest, createdAt: Int64, slice: Int,
    listing: TaskVenue, side: OrderSide, quantity: Int64, scale: Int, limit: Int64?, account: String,
    capacity: TradingCapacity, algorithm: Algorithm, simulated: Bool
  ) {
    self.id = id
    self.parent = parent
    self.replaces = replaces
    self.chain = chain
    self.decision = decision
    self.createdAt = createdAt
    self.slice = slice
    self.listing = listing
    self.side = side
    self.quantity = quantity
    self.scale = scale
    self.limit = limit
    self.account = account
    self.capacity = capacity
    self.algorithm = algorithm
    self.simulated = simulated
  }
}

/// An execution of a child order.
public struct FillRecord: Hashable, Sendable {
  public let order: UInt64
  /// Digest of the parent's task.
  public let parent: Digest
  /// The venue's own id of the execution.
  public let execution: String
  public let listing: TaskVenue
  public let side: OrderSide
  /// At 1e-9.
  public let price: Int64
  /// At 10^-`scale`, above 0.
  public let quantity: Int64
  public let scale: Int
  /// A rebate is negative.
  public let fee: Money
  /// True when the own order rested and the other came to it; nil when the venue does not say.
  public let maker: Bool?
  /// When the venue says it happened, nil when it does not; and when it was received. Nanoseconds UTC.
  public let eventTime: Int64?
  public let receivedAt: Int64
  /// Number, in the total order, of the event that says so.
  public let sequence: UInt64
  /// True for a fill from a model or a simulator.
  public let simulated: Bool

  public init(
    order: UInt64, parent: Digest, execution: String, listing: TaskVenue, side: OrderSide, price: Int64,
    quantity: Int64, scale: Int, fee: Money, maker: Bool?, eventTime: Int64?, receivedAt: Int64,
    sequence: UInt64, simulated: Bool
  ) {
    self.order = order
    self.parent = parent
    self.execution = execution
    self.listing = listing
    self.side = side
    self.price = price
    self.quantity = quantity
    self.scale = scale
    self.fee = fee
    self.maker = maker
    self.eventTime = eventTime
    self.receivedAt = receivedAt
    self.sequence = sequence
    self.simulated = simulated
  }
}

/// A child order that was not sent, and why: as much part of the record as one that was.
public struct DenialRecord: Hashable, Sendable {
  /// One control that denied.
  public struct Reason: Hashable, Sendable {
    /// The control's name in the policy.
    public let control: String
    /// What was measured against what limit, as exact text.
    public let measured: String
    public let limit: String

    public init(control: String, measured: String, limit: String) {
      self.control = control
      self.measured = measured
      self.limit = limit
    }
  }

  /// The order as it would have been sent.
  public let order: ChildOrder
  /// Digest of the policy that denied it.
  public let policy: Digest
  /// Every control that denied, not only the first; never empty.
  public let reasons: [Reason]
  /// Nanoseconds UTC.
  public let deniedAt: Int64

  public init(order: ChildOrder, policy: Digest, reasons: [Reason], deniedAt: Int64) {
    self.order = order
    self.policy = policy
    self.reasons = reasons
    self.deniedAt = deniedAt
  }
}
