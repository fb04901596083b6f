// SPDX-License-Identifier: Apache-2.0

public import ExecutionIR

/// The controls: of a child order before it is sent, and of a decision. They are named in results, denials and reports by their raw values.
///
/// RTS 6 (Commission Delegated Regulation 2017/589) Article 15 and SEC Rule 15c3-5(c) name most of them. The throttle
/// on repeated executions that a named person must lift, and the check for duplicate orders, are not among these yet.
public enum PolicyControl: String, CaseIterable, Sendable {
  /// Filled + live + in flight + pending cancel, with this order, stays within the parent order.
  case parentQuantity = "parent_quantity"
  /// Not worse than the parent order's limit price.
  case parentLimit = "parent_limit"
  /// RTS 6 Art. 15(1)(a): within so many basis points of a reference price. SEC 15c3-5(c)(1)(ii), erroneous prices.
  case priceCollar = "price_collar"
  /// RTS 6 Art. 15(1)(b): the order's value. SEC 15c3-5(c)(1)(i), capital thresholds.
  case orderValue = "maximum_order_value"
  /// RTS 6 Art. 15(1)(c): the order's quantity. SEC 15c3-5(c)(1)(ii), erroneous sizes.
  case orderQuantity = "maximum_order_quantity"
  /// 10⁶ · own ≤ cap · (others + own), were this order filled.
  case participation
  /// SEC 15c3-5(c)(2)(ii): not in a security that must not be traded.
  case restricted = "restricted_list"
  /// RTS 6 Art. 15(1)(d): so many messages within a window of time.
  case messageRate = "message_rate"
  /// Does not trade against an own order.
  case ownCrossing = "own_crossing"
  /// The instrument and its venue trade.
  case halted
  /// The book misses nothing, and is recent enough.
  case staleBook = "stale_book"
  /// Of a decision: it takes a shared context, where the policy requires one.
  case sharedContext = "shared_context"

  /// What every child order is held against.
  public static let ofOrders = allCases.filter { $0 != .sharedContext }
}

/// Which price the collar is around.
public enum CollarReference: String, CaseIterable, Sendable {
  /// Between best bid and best ask; without both the control denies.
  case mid
  /// The last trade; without one the control denies.
  case last
}

/// The limits that every child order and every replacement is held against. `nil` switches a control off, which a
/// policy file has to say in so many words.
public struct Policy: Hashable, Sendable {
  public let name: String
  public let version: String
  /// Basis points (1e-4) to either side, and of which price.
  public let priceCollar: Collar?
  /// Most that one order may be worth, by currency; a currency that is not listed is denied.
  public let maximumOrderValue: [NamedLimit]?
  /// Most that one order may ask for, by instrument; `*` stands for all that are not listed, and without it those
  /// are denied.
  public let maximumOrderQuantity: [NamedLimit]?
  /// In parts per million; the task's own cap holds besides, and the lower one counts.
  public let participation: Int64?
  /// Names of instruments, or `VENUE SYMBOL`.
  public let restricted: [String]
  public let messageRate: MessageRate?
  public let preventsOwnCrossing: Bool
  /// Nanoseconds since the book last changed; nil: only gaps make it stale.
  public let maximumBookAge: Int64?
  /// What is asked of the adapters that decode the feeds; nil: nothing.
  public let certificate: CertificateDemand?
  /// nil: as whoever runs it says.
  public let isolation: IsolationDemand?
  /// Vendors' functions that every decision is put before. One that answers anything but 0, or does not answer, denies it.
  public let hooks: [VendorFunction]
  /// Whose shared contexts are taken, and how old; nil: nobody's.
  public let sharedContext: SharedContextDemand?
  /// From where adapters have to come, and what a revocation does to a run; nil: from anywhere, and it stops the run.
  public let marketplace: MarketplaceDemand?

  public struct Collar: Hashable, Sendable {
    public let basisPoints: Int64
    public let reference: CollarReference
    public init(basisPoints: Int64, reference: CollarReference) {
      self.basisPoints = basisPoints
      self.reference = reference
    }
  }

  /// A limit for one currency or instrument.
  public struct NamedLimit: Hashable, Sendable {
    public let name: String
    public let value: ExactDecimal
    public init(name: String, value: ExactDecimal) {
      self.name = name
      self.value = value
    }
  }

  public struct MessageRate: Hashable, Sendable {
    /// How many messages, this one included, at least 1.
    public let messages: Int64
    /// Within how many nanoseconds, at least 1.
    public let window: Int64
    public init(messages: Int64, window: Int64) {
      self.messages = messages
      self.window = window
    }
  }

  /// Whose conformance certificates an adapter needs.
  public struct CertificateDemand: Hashable, Sendable {
    public enum Mode: String, CaseIterable, Sendable {
      /// Without one no run begins.
      case require
      /// It is said, and recorded.
      case warn
      case off
    }
    public let mode: Mode
    /// Verifier keys, `name+hex(keyID)+base64(type ‖ key)` (C2SP signed-note); at least one unless the mode is off.
    public let trusted: [String]
    /// The least strictness, 1 to 10.
    public let level: Int64
    public init(mode: Mode, trusted: [String], level: Int64) {
      self.mode = mode
      self.trusted = trusted
      self.level = level
    }
  }

  /// Where adapters have to run.
  public enum IsolationDemand: String, CaseIterable, Sendable {
    /// In workers, whatever sandbox their kernel gives.
    case worker
    /// In workers whose sandbox is whole and stands before the adapter is loaded.
    case sandbox
  }

  package init(
    name: String, version: String, priceCollar: Collar?, maximumOrderValue: [NamedLimit]?,
    maximumOrderQuantity: [NamedLimit]?, participation: Int64?, restricted: [String],
    messageRate: MessageRate?, preventsOwnCrossing: Bool, maximumBookAge: Int64?,
    certificate: CertificateDemand? = nil, isolation: IsolationDemand? = nil, hooks: [VendorFunction] = [],
    sharedContext: SharedContextDemand? = nil, marketplace: MarketplaceDemand? = nil
  ) {
    self.name = name
    self.version = version
    self.priceCollar = priceCollar
    self.maximumOrderValue = maximumOrderValue?.sorted { $0.name < $1.name }
    self.maximumOrderQuantity = maximumOrderQuantity?.sorted { $0.name < $1.name }
    self.participation = participation
    self.restricted = restricted.sorted()
    self.messageRate = messageRate
    self.preventsOwnCrossing = preventsOwnCrossing
    self.maximumBookAge = maximumBookAge
    self.certificate = certificate
    self.isolation = isolation
    self.hooks = hooks
    self.sharedContext = sharedContext
    self.marketplace = marketplace
  }

  /// What holds when no `--policy` is given. It is written into the run like any other: 2 % around the mid, 10 million of
  /// a few currencies, a quarter of the volume, 100 messages a second, a book no older than a minute.
  public static let builtIn = Policy(
    name: "built-in", version: "1",
    priceCollar: Collar(basisPoints: 200, reference: .mid),
    maximumOrderValue: ["CHF", "EUR", "GBP", "USD", "USDC", "USDT"].map {
      NamedLimit(name: $0, value: ExactDecimal(units: 10_000_000, scale: 0))
    },
    maximumOrderQuantity: [NamedLimit(name: "*", value: ExactDecimal(units: 1_000_000, scale: 0))],
    participation: 250_000, restricted: [],
    messageRate: MessageRate(messages: 100, window: 1_000_000_000),
    preventsOwnCrossing: true, maximumBookAge: 60_000_000_000)
}
