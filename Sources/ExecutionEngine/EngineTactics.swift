// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR
internal import Governance
internal import MarketModel

/// From a slice's targets to child orders: rest at the touch first, follow it, and take what is left from the other side
/// near the slice's end. A child is replaced in two steps, cancel and new, so that the venue's word on the old one is
/// known before the new one adds to the exposure.
extension Engine {
  mutating func work(slice: Int, part: Int, at time: Int64, into output: inout EngineOutput) throws(EngineError) {
    // Nothing fills in a shadow run, so one order per slice and venue says all there is to say.
    if configuration.fills == .shadow, part > 0 { return }
    askAgain(at: time, into: &output)
    // A venue can fill what it had cancelled by its own word; then nothing more may trade.
    if blotter.totals.filled > venues.quantity - blotter.totals.working {
      return cancelAll(at: time, reason: "filled and open exceed the parent order", into: &output)
    }
    let isSweeping = part >= EngineConfiguration.sweepLook
    for venue in venues.listings.indices {
      guard let number = venues.instruments[venue],
        let price = price(venue: venue, number: number, isSweeping: isSweeping)
      else { continue }
      takeOff(venue: venue, unlessAt: isSweeping ? nil : price, at: time, into: &output)
      guard !isWaiting(venue: venue) else { continue }
      let quantity = try wholeLots(wanted(venue: venue), venue: venue, at: time)
      guard quantity > 0, try meetsMinimum(venue: venue, quantity: quantity, price: price, at: time) else { continue }
      try submit(
        ChildTerms(venue: venue, price: price, quantity: quantity, isPassive: !isSweeping, slice: slice), at: time,
        into: &output)
    }
  }

  /// The touch of others on the own side to rest at, or on the other side to take; nil without one, or beyond the
  /// parent's limit.
  private func price(venue: Int, number: Int, isSweeping: Bool) -> Int64? {
    let isBuy = configuration.task.side == .buy
    guard let price = othersBest(venue, number, isBuy != isSweeping ? .buy : .sell)?.price else { return nil }
    if let limit = configuration.task.limit, isBuy ? price > limit : price < limit { return nil }
    return price
  }

  /// Whether an order at the venue has to come to its end before another one is sent there.
  private func isWaiting(venue: Int) -> Bool { blotter.openChildren(venue: venue).contains { !$0.isUnanswered } }

  /// What the slice's target, the participation and the parent order leave to ask for at a venue.
  private func wanted(venue: Int) -> Int64 {
    let here = blotter.totals(venue: venue)
    let open = targets[venue] - (here.filled - filledAtSliceStart[venue]) - here.working
    let all = blotter.totals
    return min(open, participationRoom(), venues.quantity - all.filled - all.working)
  }

  private mutating func takeOff(
    venue: Int, unlessAt price: Int64?, at time: Int64, into output: inout EngineOutput
  ) {
    for child in blotter.openChildren(venue: venue) where child.status == .live {
      if price == nil {
        cancelOrGiveUp(child, at: time, reason: "the slice ends soon", into: &output)
      } else if !child.terms.isPassive {
        cancelOrGiveUp(child, at: time, reason: "it does not rest, and its end was not told", into: &output)
      } else if child.terms.price != price {
        cancelOrGiveUp(child, at: time, reason: "the touch moved", into: &output)
      }
    }
  }

  /// Cancels what the venue was asked to confirm or to cancel and did not.
  private mutating func askAgain(at time: Int64, into output: inout EngineOutput) {
    for child in blotter.openChildren where isOverdue(child, at: time) {
      cancelOrGiveUp(
        child, at: time, reason: child.status == .inFlight ? "no answer to the order" : "no answer to the cancel",
        into: &output)
    }
  }

  private mutating func cancelOrGiveUp(
    _ child: ChildState, at time: Int64, reason: String, into output: inout EngineOutput
  ) {
    if child.isUnanswered { return }
    if child.cancelsInVain >= EngineConfiguration.mostCancels { return blotter.giveUp(child.id) }
    cancel(child, at: time, reason: reason, into: &output)
  }

  private func isOverdue(_ child: ChildState, at time: Int64) -> Bool {
    switch child.status {
    case .inFlight: time - child.sentAt >= EngineConfiguration.patience
    case .pendingCancel: time - (child.cancelSentAt ?? time) >= EngineConfiguration.patience
    case .live, .done: false
    }
  }

  /// Cancels everything open but what was asked for a cancel just now.
  mutating func cancelAll(at time: Int64, reason: String, into output: inout EngineOutput) {
    for child in blotter.openChildren where child.status != .pendingCancel || isOverdue(child, at: time) {
      cancel(child, at: time, reason: reason, into: &output)
    }
  }

  private mutating func cancel(
    _ child: ChildState, at time: Int64, reason: String, into output: inout EngineOutput
  ) {
    blotter.requestCancel(child.id, at: time)
    // Counted against the rate, never denied: a control that keeps risk in the market would not be one.
    messages.record(at: time)
    output.statements.append(cancelStatement(child, reason: reason, at: time))
    output.intents.append(
      OrderIntent(
        action: .cancel, id: child.id, venue: child.terms.venue, price: child.terms.price, quantity: 0,
        isPassive: child.terms.isPassive, time: time))
  }
}
