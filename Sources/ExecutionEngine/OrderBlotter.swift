// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// Reports that don't fit what is known. They change nothing but where they tell of a fill, and the summary shows them.
package struct BlotterCounters: Equatable, Sendable {
  package var unknownOrders: Int64 = 0
  package var repeatedAcknowledgements: Int64 = 0
  package var repeatedFills: Int64 = 0
  /// Fills of more than the venue had left by its own word. They count, as every fill does.
  package var overfills: Int64 = 0
  /// What contradicts an earlier report, comes a second time, or is of a kind that was not asked for.
  package var lateReports: Int64 = 0
}

/// What a report did to a child.
package enum BlotterEffect: Equatable, Sendable {
  case none
  case acknowledged
  case rejected
  case cancelled(Int64)
  /// `beyond`: how much of it is more than was open by the venue's own word.
  case filled(quantity: Int64, price: Int64, beyond: Int64)
  case cancelRejected
  case broken(quantity: Int64)
}

/// What children have come to, kept as they change so that no question walks all of them.
package struct BlotterTotals: Equatable, Sendable {
  package var filled: Int64 = 0
  package var executed: Int64 = 0
  package var inFlight: Int64 = 0
  package var live: Int64 = 0
  package var pendingCancel: Int64 = 0

  /// Everything that can still trade.
  package var working: Int64 { inFlight + live + pendingCancel }

  mutating func count(_ child: ChildState, sign: Int64) {
    filled += sign * child.filled
    executed += sign * child.executed
    switch child.status {
    case .inFlight: inFlight += sign * child.leaves
    case .live: live += sign * child.leaves
    case .pendingCancel: pendingCancel += sign * child.leaves
    case .done: break
    }
  }
}

/// Every child of one parent. `filled + working` over all children is what the parent can come to at worst: quantity
/// counts until the venue itself says that it is gone.
package struct OrderBlotter: Sendable {
  /// In the order of sending, which is that of their numbers.
  package private(set) var children: [ChildState] = []
  package private(set) var counters = BlotterCounters()
  package private(set) var totals = BlotterTotals()
  private var venueTotals: [BlotterTotals]
  /// Places of the children of which something is open, in the order of sending.
  private var open: [Int] = []
  /// Place of the last child, by venue.
  private var last: [Int?]

  package init(venues: Int) {
    venueTotals = Array(repeating: BlotterTotals(), count: venues)
    last = Array(repeating: nil, count: venues)
  }

  package func totals(venue: Int) -> BlotterTotals { venueTotals[venue] }

  /// Children of which something is open, in the order of sending.
  package var openChildren: [ChildState] { open.map { children[$0] } }

  package func openChildren(venue: Int) -> [ChildState] {
    open.filter { children[$0].terms.venue == venue }.map { children[$0] }
  }

  package func lastChild(venue: Int) -> ChildState? { last[venue].map { children[$0] } }

  package func child(_ id: UInt64) -> ChildState? { index(id).map { children[$0] } }

  /// What is open of children that no answer is waited for any more.
  package var unanswered: Int64 { open.reduce(0) { $0 + (children[$1].isUnanswered ? children[$1].leaves : 0) } }

  /// Enters a child that is being sent now, under a number above all before.
  package mutating func send(_ child: ChildState) {
    precondition(child.id > children.last?.id ?? 0 && child.leaves > 0)
    last[child.terms.venue] = children.count
    open.append(children.count)
    children.append(child)
    count(child, sign: 1)
  }

  /// Notes that a cancel goes out; the quantity stays.
  package mutating func requestCancel(_ id: UInt64, at time: Int64) {
    guard let index = index(id), children[index].status != .done else { return }
    change(index) { child in
      child.status = .pendingCancel
      child.cancelSentAt = time
      child.cancels += 1
      child.cancelsInVain += 1
    }
  }

  /// No answer to an order's cancels is waited for any more; the quantity stays.
  package mutating func giveUp(_ id: UInt64) {
    guard let index = index(id) else { return }
    children[index].isUnanswered = true
  }

  /// Takes in the venue's word. `quantity` is at the task's scale already.
  package mutating func report(_ event: Event, quantity: Int64) -> BlotterEffect {
    guard let index = index(event.order_id), !event.has(.textID) else { return unknown() }
    guard quantity >= 0 else { return late() }
    switch event.eventKind {
    case .ownAcknowledged: return acknowledged(index, event)
    case .ownRejected: return rejected(index)
    case .ownCancelled: return cancelled(index, quantity, event)
    case .ownFilled: return quantity > 0 ? filled(index, quantity, event) : late()
    case .ownCancelRejected: return cancelRejected(index, event)
    case .ownBroken: return broken(index, event)
    default: return late()
    }
  }

  /// A report on an order that is none of these.
  package mutating func unknown() -> BlotterEffect {
    counters.unknownOrders += 1
    return .none
  }

  private mutating func late() -> BlotterEffect {
    counters.lateReports += 1
    return .none
  }

  private mutating func acknowledged(_ index: Int, _ event: Event) -> BlotterEffect {
    guard !children[index].isAcknowledged else {
      counters.repeatedAcknowledgements += 1
      return .none
    }
    change(index) { child in
      child.isAcknowledged = true
      child.venueOrder = event.aux
      // Behind a fill or a cancel it says nothing new of the status; where nothing more was expected, it does.
      if child.status == .inFlight || (child.isUnanswered && child.status != .done) { child.revive() }
    }
    return .acknowledged
  }

  private mutating func rejected(_ index: Int) -> BlotterEffect {
    let child = children[index]
    // An order that the venue has acknowledged, filled or cancelled was not rejected, whatever comes later.
    guard !child.isAcknowledged, child.leaves == child.terms.quantity else { return late() }
    change(index) { $0.leaves = 0 }
    return .rejected
  }

  private mutating func cancelled(_ index: Int, _ quantity: Int64, _ event: Event) -> BlotterEffect {
    let mark = ReportMark(time: event.event_time, sequence: event.venue_sequence, quantity: quantity)
    guard children[index].leaves > 0, !children[index].cancellations.contains(mark) else { return late() }
    let gone = min(quantity, children[index].leaves)
    change(index) { child in
      child.leaves -= gone
      child.cancellations.append(mark)
    }
    return .cancelled(gone)
  }

  private mutating func filled(_ index: Int, _ quantity: Int64, _ event: Event) -> BlotterEffect {
    let known = event.aux == 0 ? nil : children[index].fills.firstIndex { $0.match == event.aux }
    var corrected: Int64 = 0
    if let known {
      let fill = children[index].fills[known]
      guard fill.isBroken, event.has(.correction) else {
        counters.repeatedFills += 1
        return .none
      }
      // The same execution in other terms: what it took out of the order's open quantity is out already.
      corrected = fill.quantity
    }
    let taken = max(0, quantity - corrected)
    let beyond = max(0, taken - children[index].leaves)
    if beyond > 0 { counters.overfills += 1 }
    change(index) { child in
      if let known {
        child.fills[known] = ChildFill(match: event.aux, quantity: quantity)
      } else if event.aux != 0 {
        child.fills.append(ChildFill(match: event.aux, quantity: quantity))
      }
      child.filled += quantity
      child.executed += taken
      child.leaves -= taken - beyond
      if child.status == .inFlight || child.isUnanswered { child.revive() }
    }
    return .filled(quantity: quantity, price: event.price, beyond: beyond)
  }

  private mutating func cancelRejected(_ index: Int, _ event: Event) -> BlotterEffect {
    guard children[index].cancels > 0 else { return late() }
    // A fill came first, or an answer to another cancel.
    guard children[index].status == .pendingCancel else { return .cancelRejected }
    // Without the venue's word on its quantity an order goes on counting, known to the venue or not.
    if event.saysUnknownOrder {
      children[index].isUnanswered = true
    } else {
      change(index) { $0.status = .live }
    }
    return .cancelRejected
  }

  private mutating func broken(_ index: Int, _ event: Event) -> BlotterEffect {
    // A venue names the execution that is void, and need not repeat its size.
    guard let fill = children[index].fills.firstIndex(where: { $0.match == event.aux && !$0.isBroken }) else {
      return late()
    }
    let quantity = children[index].fills[fill].quantity
    change(index) { child in
      child.fills[fill].isBroken = true
      child.filled -= quantity
    }
    return .broken(quantity: quantity)
  }

  // MARK: - Bookkeeping

  /// Changes a child and everything that was summed over it.
  private mutating func change(_ index: Int, _ body: (inout ChildState) -> Void) {
    let wasOpen = children[index].leaves > 0
    count(children[index], sign: -1)
    body(&children[index])
    if children[index].leaves == 0 { children[index].status = .done }
    count(children[index], sign: 1)
    if wasOpen, children[index].leaves == 0 { open.removeAll { $0 == index } }
  }

  private mutating func count(_ child: ChildState, sign: Int64) {
    totals.count(child, sign: sign)
    venueTotals[child.terms.venue].count(child, sign: sign)
  }

  private func index(_ id: UInt64) -> Int? {
    var low = 0
    var high = children.count
    while low < high {
      let middle = (low + high) / 2
      if children[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < children.count && children[low].id == id ? low : nil
  }
}

extension Event {
  /// Of a rejected cancel: the venue has no such order, or has it no more.
  fileprivate var saysUnknownOrder: Bool { UInt32(level) == EXPROVE_REASON_UNKNOWN_ORDER.rawValue }
}

extension ChildState {
  /// The venue has shown that it knows the order.
  fileprivate mutating func revive() {
    status = .live
    cancelsInVain = 0
    isUnanswered = false
  }
}
