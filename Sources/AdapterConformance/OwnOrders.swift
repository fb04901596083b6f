// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// The life of the host's own orders as a session tells it, and where it breaks a rule of them.
struct OwnOrders {
  /// An id of the host's, or of a text that the stream introduced.
  struct Name: Hashable {
    var id: UInt64
    var isText: Bool
  }
  private struct Fill {
    var quantity: Int64
    var frame: UInt32
    var isBroken = false
  }
  private struct Order {
    /// Nil where the capture began after the order.
    var ordered: Int64?
    var filled: Int64 = 0
    /// What cancellations took off.
    var taken: Int64 = 0
    /// How it ended, in words.
    var end: String?
    var fills: [UInt64: Fill] = [:]

    var isOlder: Bool { ordered == nil }
    /// What is filled and cancelled, as far as it can be counted.
    var done: Int64 { filled.addingReportingOverflow(taken).partialValue }
  }

  private var orders: [Name: Order] = [:]
  /// The first break of each rule.
  private(set) var findings: [ConformanceCheck: String] = [:]
  private(set) var sent = 0
  private(set) var answers = 0
  private(set) var fills = 0
  private(set) var older = 0

  init() {}

  static func name(_ event: Event) -> Name { Name(id: event.order_id, isText: event.has(.textID)) }

  mutating func apply(_ event: Event) {
    // What restates says nothing new.
    guard let kind = event.eventKind, !event.has(.snapshot) else { return }
    let name = OwnOrders.name(event)
    switch kind {
    case .gap: orders = [:]  // whatever was missed may explain all that follows
    case .ownNew, .ownReplaceRequest:
      sent += 1
      // Of an id that is used again the venue's answer decides.
      if orders[name] == nil { orders[name] = Order(ordered: event.quantity) }
    case .ownAcknowledged, .ownRejected, .ownCancelled, .ownFilled, .ownReplaced, .ownBroken: answer(kind, name, event)
    default: break
    }
  }

  private mutating func answer(_ kind: EventKind, _ name: Name, _ event: Event) {
    answers += 1
    var order = orders.removeValue(forKey: name) ?? Order()
    defer { orders[name] = order }
    switch kind {
    case .ownAcknowledged:
      demandLife(&order, "acknowledged", event)
      // Not every venue repeats it.
      if event.quantity > 0 { order.ordered = event.quantity }
    case .ownRejected:
      // A request that used an id again leaves the order of that id as it is.
      guard event.level != UInt16(EXPROVE_REASON_DUPLICATE_ID.rawValue) else { return }
      demandLife(&order, "rejected", event)
      order.end = "its rejection"
    case .ownCancelled: cancel(&order, event)
    case .ownFilled: fill(&order, event)
    case .ownBroken: breakFill(&order, event)
    default: replace(&order, name, event)
    }
    if order.isOlder { older += 1 }
  }

  private mutating func demandLife(_ order: inout Order, _ what: String, _ event: Event) {
    if let end = order.end, !event.has(.correction) {
      note(.ordersState, "an order is \(what) after \(end)", event)
    }
  }

  private mutating func cancel(_ order: inout Order, _ event: Event) {
    demandLife(&order, "cancelled", event)
    // One that comes too late is not counted a second time.
    guard order.end == nil else { return }
    order.taken = order.taken.addingReportingOverflow(event.quantity).partialValue
    guard let ordered = order.ordered else { return }
    if order.done > ordered {
      note(.ordersQuantity, "of an order of \(ordered) are filled \(order.filled) and cancelled \(order.taken)", event)
    }
    if order.done >= ordered { order.end = "its cancellation" }
  }

  private mutating func fill(_ order: inout Order, _ event: Event) {
    fills += 1
    var isCorrection = event.has(.correction)
    if let end = order.end, !isCorrection {
      note(.ordersCorrections, "a fill after \(end) is not flagged CORRECTION", event)
      isCorrection = true
    }
    if event.aux != 0, !event.has(.aggregate) {
      if let told = order.fills[event.aux] {
        if told.isBroken, !isCorrection {
          note(.ordersCorrections, "a fill that was broken is told again and not flagged CORRECTION", event)
        } else if !told.isBroken {
          note(
            .ordersExecutions,
            "match id \(event.aux) is told in frame \(told.frame) and again; break it first, or flag it SNAPSHOT", event
          )
          return
        }
      }
      order.fills[event.aux] = Fill(quantity: event.quantity, frame: event.frame)
    }
    if event.quantity <= 0 { note(.ordersQuantity, "a fill of \(event.quantity)", event) }
    order.filled = order.filled.addingReportingOverflow(event.quantity).partialValue
    guard let ordered = order.ordered else { return }
    // What fills late had been called cancelled.
    if isCorrection ? order.filled > ordered : order.done > ordered {
      let cancelled = isCorrection || order.taken == 0 ? "" : " and cancelled \(order.taken)"
      note(.ordersQuantity, "of an order of \(ordered) are filled \(order.filled)\(cancelled)", event)
    }
    if order.done >= ordered, order.end == nil { order.end = "it was filled" }
  }

  private mutating func breakFill(_ order: inout Order, _ event: Event) {
    if !event.has(.correction) { note(.ordersCorrections, "a broken fill is not flagged CORRECTION", event) }
    guard var told = order.fills[event.aux] else {
      if !order.isOlder { note(.ordersExecutions, "match id \(event.aux) is broken, which was not told", event) }
      return
    }
    if told.isBroken {
      note(.ordersExecutions, "match id \(event.aux) is broken twice", event)
      return
    }
    told.isBroken = true
    order.fills[event.aux] = told
    order.filled -= told.quantity
  }

  /// `order` is the one of the new id; what it replaces ends, unless it keeps its id.
  private mutating func replace(_ order: inout Order, _ name: Name, _ event: Event) {
    demandLife(&order, "replaced", event)
    let before = Name(id: event.aux, isText: name.isText)
    if event.aux == 0 || before == name {
      order.ordered = order.done.addingReportingOverflow(event.quantity).partialValue
      return
    }
    var old = orders.removeValue(forKey: before) ?? Order()
    demandLife(&old, "replaced", event)
    old.end = "its replacement"
    orders[before] = old
    order.ordered = event.quantity
  }

  private mutating func note(_ check: ConformanceCheck, _ words: String, _ event: Event) {
    guard findings[check] == nil else { return }
    findings[check] = "\(words): \(Stream.brief(event)), frame \(event.frame)"
  }
}
