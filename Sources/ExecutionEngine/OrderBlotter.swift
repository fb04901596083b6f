// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// How far a child order has come.
package enum ChildStatus: String, Sendable {
  /// Sent; no answer yet.
  case inFlight = "in_flight"
  case live
  /// A cancel was sent and not answered: the quantity can still trade.
  case pendingCancel = "pending_cancel"
  case done
}

/// A child order with all that its venue said of it. Quantities are at the task's scale.
package struct ChildState: Sendable {
  package let id: UInt64
  /// Index into the task's venues.
  package let venue: Int
  package let price: Int64
  package let quantity: Int64
  package let isPassive: Bool
  package let slice: Int
  package let sentAt: Int64
  /// The child that this one takes the place of, once that was cancelled.
  package let replaces: UInt64?
  package var status = ChildStatus.inFlight
  package var filled: Int64 = 0
  /// What can still trade: everything that was neither filled, nor cancelled or rejected by the venue's word.
  package var leaves: Int64
  /// Match ids of the fills, to know a repeated report.
  package var matches: [UInt64] = []
  package var cancelSentAt: Int64? = nil
}

/// Reports that don't fit what is known. They change nothing, and the summary shows them.
package struct BlotterCounters: Equatable, Sendable {
  package var unknownOrders: Int64 = 0
  package var repeatedAcknowledgements: Int64 = 0
  package var repeatedFills: Int64 = 0
  package var overfills: Int64 = 0
  package var lateReports: Int64 = 0
}

/// What a report did to a child.
package enum BlotterEffect: Equatable, Sendable {
  case none
  case acknowledged
  case rejected
  case cancelled(Int64)
  case filled(quantity: Int64, price: Int64)
  case cancelRejected
  case broken(quantity: Int64)
}

/// Every child of one parent. `filled + leaves` over all children is what the parent can come to at worst: quantity
/// counts until the venue itself says that it is gone.
package struct OrderBlotter: Sendable {
  package private(set) var children: [ChildState] = []
  package private(set) var counters = BlotterCounters()
  private let firstID: UInt64

  /// Children are numbered from `firstID` on.
  package init(firstID: UInt64) {
    precondition(firstID > 0)
    self.firstID = firstID
  }

  package var nextID: UInt64 { firstID + UInt64(children.count) }

  /// Everything filled so far.
  package var filled: Int64 { children.reduce(0) { $0 + $1.filled } }

  /// Everything that can still trade: live, in flight and pending cancel.
  package var working: Int64 { children.reduce(0) { $0 + $1.leaves } }

  package func filled(venue: Int) -> Int64 { children.reduce(0) { $0 + ($1.venue == venue ? $1.filled : 0) } }

  /// What can still trade of one slice at one venue.
  package func working(venue: Int) -> Int64 { children.reduce(0) { $0 + ($1.venue == venue ? $1.leaves : 0) } }

  /// Own size that a venue displays at a price: acknowledged, or possibly so.
  package func displayed(venue: Int, price: Int64) -> Int64 {
    children.reduce(0) { $0 + ($1.venue == venue && $1.price == price && $1.isPassive ? $1.leaves : 0) }
  }

  package func child(_ id: UInt64) -> ChildState? { index(id).map { children[$0] } }

  /// Enters a child that is being sent now.
  package mutating func send(
    venue: Int, price: Int64, quantity: Int64, isPassive: Bool, slice: Int, at time: Int64, replaces: UInt64?
  ) -> ChildState {
    let child = ChildState(
      id: nextID, venue: venue, price: price, quantity: quantity, isPassive: isPassive, slice: slice, sentAt: time,
      replaces: replaces, leaves: quantity)
    children.append(child)
    return child
  }

  /// Notes that a cancel goes out; the quantity stays.
  package mutating func requestCancel(_ id: UInt64, at time: Int64) {
    guard let index = index(id), children[index].status != .done else { return }
    children[index].status = .pendingCancel
    children[index].cancelSentAt = time
  }

  /// Takes in the venue's word. `quantity` is at the task's scale already.
  package mutating func report(_ event: Event, quantity: Int64) -> BlotterEffect {
    guard let index = index(event.order_id), !event.has(.textID) else {
      counters.unknownOrders += 1
      return .none
    }
    switch event.eventKind {
    case .ownAcknowledged:
      guard children[index].status == .inFlight else {
        counters.repeatedAcknowledgements += 1
        return .none
      }
      children[index].status = .live
      return .acknowledged
    case .ownRejected:
      guard children[index].status == .inFlight, children[index].filled == 0 else {
        counters.lateReports += 1
        return .none
      }
      close(index)
      return .rejected
    case .ownCancelled: return cancelled(index, quantity)
    case .ownFilled: return filled(index, quantity, event)
    case .ownCancelRejected:
      // The order may be gone or live; without the venue's word on its quantity it goes on counting.
      if children[index].status == .pendingCancel { children[index].status = .live }
      return .cancelRejected
    case .ownBroken:
      guard let match = children[index].matches.firstIndex(of: event.aux) else {
        counters.lateReports += 1
        return .none
      }
      children[index].matches.remove(at: match)
      children[index].filled -= min(quantity, children[index].filled)
      return .broken(quantity: quantity)
    default: return .none
    }
  }

  private mutating func cancelled(_ index: Int, _ quantity: Int64) -> BlotterEffect {
    guard children[index].leaves > 0 else {
      counters.lateReports += 1
      return .none
    }
    let gone = min(quantity, children[index].leaves)
    children[index].leaves -= gone
    if children[index].leaves == 0 { children[index].status = .done }
    return .cancelled(gone)
  }

  private mutating func filled(_ index: Int, _ quantity: Int64, _ event: Event) -> BlotterEffect {
    if event.aux != 0, children[index].matches.contains(event.aux) {
      counters.repeatedFills += 1
      return .none
    }
    if event.aux != 0 { children[index].matches.append(event.aux) }
    if quantity > children[index].leaves { counters.overfills += 1 }
    children[index].filled += quantity
    children[index].leaves = max(0, children[index].leaves - quantity)
    if children[index].leaves == 0 {
      children[index].status = .done
    } else if children[index].status == .inFlight {
      children[index].status = .live
    }
    return .filled(quantity: quantity, price: event.price)
  }

  private mutating func close(_ index: Int) {
    children[index].leaves = 0
    children[index].status = .done
  }

  private func index(_ id: UInt64) -> Int? {
    guard id >= firstID, id - firstID < UInt64(children.count) else { return nil }
    return Int(id - firstID)
  }
}
