// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR

/// Why a control could not be evaluated; such a control denies.
private struct Unanswerable: Error {
  let reason: String
}

/// What a control that could be evaluated found.
private struct Finding {
  var limit: String
  var observed: String
  var passes: Bool
  var reason: String
}

extension Policy {
  /// Holds an order against every control, in the order of `PolicyControl.ofOrders`, and asks all of them even when one
  /// denies, so that the record shows the whole. A control passes exactly at its limit and denies one past it; one that
  /// cannot be evaluated (no market data, a sum out of range) denies. A pure function.
  package func evaluate(_ order: ProposedOrder, _ inputs: PolicyInputs) -> [ControlResult] {
    PolicyControl.ofOrders.map { control in
      do throws(Unanswerable) {
        let finding = try ask(control, order, inputs)
        return ControlResult(
          control: control, limit: finding.limit, observed: finding.observed, passes: finding.passes,
          reason: finding.reason)
      } catch {
        return ControlResult(control: control, limit: "", observed: "", passes: false, reason: error.reason)
      }
    }
  }

  private func ask(
    _ control: PolicyControl, _ order: ProposedOrder, _ inputs: PolicyInputs
  ) throws(Unanswerable) -> Finding {
    try Policy.checkForm(order, inputs)
    switch control {
    case .parentQuantity: return Policy.parentQuantity(order, inputs)
    case .parentLimit: return Policy.parentLimit(order, inputs)
    case .priceCollar: return try collar(order, inputs)
    case .orderValue: return try orderValue(order)
    case .orderQuantity: return try orderQuantity(order)
    case .participation: return try participation(order, inputs)
    case .restricted: return restrictedList(order)
    case .messageRate: return try messageRate(inputs)
    case .ownCrossing: return ownCrossing(order, inputs)
    case .halted: return Policy.halted(inputs)
    case .staleBook: return try staleBook(inputs)
    case .sharedContext: throw Unanswerable(reason: "is asked of decisions, not of orders")
    }
  }

  /// What no control can make sense of.
  private static func checkForm(_ order: ProposedOrder, _ inputs: PolicyInputs) throws(Unanswerable) {
    guard (0...18).contains(order.scale), order.multiplier.units > 0 else {
      throw Unanswerable(reason: "the order's scale or multiplier is out of range")
    }
    guard order.quantity > 0 else { throw Unanswerable(reason: "the order's quantity is not above 0") }
    let counts = [
      inputs.parentQuantity, inputs.filled, inputs.live, inputs.inFlight, inputs.pendingCancel, inputs.recentMessages,
      order.replaced?.remaining ?? 0,
    ]
    guard counts.allSatisfy({ $0 >= 0 }), inputs.othersVolume >= 0 else {
      throw Unanswerable(reason: "a quantity or count among the inputs is below 0")
    }
    guard (0...1_000_000).contains(inputs.taskParticipation) else {
      throw Unanswerable(reason: "the task's participation cap is not within 0 to 1000000 parts per million")
    }
  }

  // MARK: - The parent order

  /// All that the parent order may come to, were this order sent and everything open filled.
  private static func exposure(_ order: ProposedOrder, _ inputs: PolicyInputs) -> Int128 {
    var sum = Int128(inputs.filled) + Int128(inputs.live) + Int128(inputs.inFlight) + Int128(inputs.pendingCancel)
    sum += Int128(order.quantity)
    // Of two orders of which only the larger can be filled, both are in the sum.
    if let replaced = order.replaced, replaced.sharesExposure {
      sum -= Int128(min(replaced.remaining, order.quantity))
    }
    return sum
  }

  private static func parentQuantity(_ order: ProposedOrder, _ inputs: PolicyInputs) -> Finding {
    let exposure = exposure(order, inputs)
    let passes = exposure <= Int128(inputs.parentQuantity)
    return Finding(
      limit: FixedPoint.text(inputs.parentQuantity, scale: order.scale),
      observed: FixedPoint.text(exposure, scale: order.scale), passes: passes,
      reason: passes
        ? "filled, open and this order stay within the parent order"
        : "filled, live, in flight, pending cancel and this order exceed the parent order")
  }

  private static func parentLimit(_ order: ProposedOrder, _ inputs: PolicyInputs) -> Finding {
    let observed = FixedPoint.text(order.price, scale: priceScale)
    guard let limit = inputs.parentLimit else {
      return Finding(limit: "none", observed: observed, passes: true, reason: "the parent order has no limit price")
    }
    let passes = order.side == .buy ? order.price <= limit : order.price >= limit
    return Finding(
      limit: FixedPoint.text(limit, scale: priceScale), observed: observed, passes: passes,
      reason: passes ? "no worse than the parent order's limit" : "worse than the parent order's limit")
  }

  // MARK: - Price, value, quantity

  /// |2p − M| · 10⁴ ≤ bp · |M|, where M is twice the reference, in the equivalent form of the whole prices between the
  /// bounds.
  private func collar(_ order: ProposedOrder, _ inputs: PolicyInputs) throws(Unanswerable) -> Finding {
    let observed = FixedPoint.text(order.price, scale: priceScale)
    guard let collar = priceCollar else { return Policy.switchedOff(observed) }
    let doubled: Int128
    switch collar.reference {
    case .mid:
      guard let bid = inputs.bid, let ask = inputs.ask else {
        throw Unanswerable(reason: "no mid: the book has not both a bid and an ask")
      }
      doubled = Int128(bid) + Int128(ask)
    case .last:
      guard let last = inputs.last else { throw Unanswerable(reason: "no last trade") }
      doubled = 2 * Int128(last)
    }
    // At most 2^64 · 2^63: it fits.
    let width = Int128(doubled.magnitude) * Int128(collar.basisPoints)
    let low = Policy.quotient(doubled * 10_000 - width, 20_000, roundingUp: true)
    let high = Policy.quotient(doubled * 10_000 + width, 20_000, roundingUp: false)
    let passes = Int128(order.price) >= low && Int128(order.price) <= high
    let range = "\(FixedPoint.text(low, scale: priceScale)) to \(FixedPoint.text(high, scale: priceScale))"
    return Finding(
      limit: range, observed: observed, passes: passes,
      reason: "\(passes ? "within" : "beyond") \(collar.basisPoints) basis points of the \(collar.reference.rawValue)")
  }

  private static func quotient(_ value: Int128, _ divisor: Int128, roundingUp: Bool) -> Int128 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    if roundingUp { return remainder > 0 ? quotient + 1 : quotient }
    return remainder < 0 ? quotient - 1 : quotient
  }

  private func orderValue(_ order: ProposedOrder) throws(Unanswerable) -> Finding {
    let (value, overflow) = (Int128(order.price) * Int128(order.quantity)).multipliedReportingOverflow(
      by: Int128(order.multiplier.units))
    guard !overflow, value != .min else { throw Unanswerable(reason: "the order's value leaves 128 bits") }
    let places = priceScale + order.scale + order.multiplier.scale
    let magnitude = value < 0 ? -value : value
    let observed = "\(FixedPoint.text(magnitude, scale: places)) \(order.currency)"
    guard let maximumOrderValue else { return Policy.switchedOff(observed) }
    guard let limit = maximumOrderValue.first(where: { $0.name == order.currency })?.value else {
      throw Unanswerable(reason: "the policy has no maximum order value in \(order.currency)")
    }
    let passes = Policy.isAtMost(magnitude, places, limit)
    return Finding(
      limit: "\(limit) \(order.currency)", observed: observed, passes: passes,
      reason: passes ? "within the maximum order value" : "above the maximum order value")
  }

  private func orderQuantity(_ order: ProposedOrder) throws(Unanswerable) -> Finding {
    let observed = FixedPoint.text(order.quantity, scale: order.scale)
    guard let limits = maximumOrderQuantity else { return Policy.switchedOff(observed) }
    guard let limit = (limits.first { $0.name == order.instrument } ?? limits.first { $0.name == "*" })?.value else {
      throw Unanswerable(reason: "the policy has no maximum order quantity for \(order.instrument)")
    }
    let passes = Policy.isAtMost(Int128(order.quantity), order.scale, limit)
    return Finding(
      limit: limit.description, observed: observed, passes: passes,
      reason: passes ? "within the maximum order quantity" : "above the maximum order quantity")
  }

  /// Whether value · 10^-places ≤ limit, for a value of at least 0.
  private static func isAtMost(_ value: Int128, _ places: Int, _ limit: ExactDecimal) -> Bool {
    guard limit.units >= 0 else { return false }
    var left = value
    var right = Int128(limit.units)
    var steps = places - limit.scale
    while steps != 0 {
      if steps > 0 {
        let (next, overflow) = right.multipliedReportingOverflow(by: 10)
        // Beyond 128 bits it is above anything that stands on the left.
        if overflow { return true }
        right = next
        steps -= 1
      } else {
        let (next, overflow) = left.multipliedReportingOverflow(by: 10)
        // And here the left is above any limit.
        if overflow { return false }
        left = next
        steps += 1
      }
    }
    return left <= right
  }

  // MARK: - Participation, messages, own orders

  /// 10⁶ · own ≤ cap · (others + own), own being all that would be filled.
  private func participation(_ order: ProposedOrder, _ inputs: PolicyInputs) throws(Unanswerable) -> Finding {
    let own = Policy.exposure(order, inputs)
    let cap = min(participation ?? 1_000_000, inputs.taskParticipation)
    let observed = FixedPoint.text(own, scale: order.scale)
    if cap == 1_000_000 {
      return Finding(limit: "none", observed: observed, passes: true, reason: "no cap below the whole volume")
    }
    // Solved for own: own ≤ cap · others / (10⁶ − cap), rounded down.
    let (product, overflow) = inputs.othersVolume.multipliedReportingOverflow(by: Int128(cap))
    guard !overflow else { throw Unanswerable(reason: "the volume of others leaves 128 bits") }
    let most = product / Int128(1_000_000 - cap)
    let others = FixedPoint.text(inputs.othersVolume, scale: order.scale)
    return Finding(
      limit: FixedPoint.text(most, scale: order.scale), observed: observed, passes: own <= most,
      reason:
        "\(own <= most ? "within" : "above") \(cap) parts per million of the volume, of which others traded \(others)")
  }

  private func restrictedList(_ order: ProposedOrder) -> Finding {
    let listing = "\(order.venue) \(order.symbol)"
    let entry = restricted.first { $0 == order.instrument || $0 == listing }
    return Finding(
      limit: "\(restricted.count) entries", observed: "\(order.instrument), \(listing)", passes: entry == nil,
      reason: entry.map { "\($0) is on the restricted list" } ?? "not on the restricted list")
  }

  private func messageRate(_ inputs: PolicyInputs) throws(Unanswerable) -> Finding {
    let (count, overflow) = inputs.recentMessages.addingReportingOverflow(1)
    guard !overflow else { throw Unanswerable(reason: "the count of messages leaves 64 bits") }
    guard let rate = messageRate else { return Policy.switchedOff(String(count)) }
    return Finding(
      limit: String(rate.messages), observed: String(count), passes: count <= rate.messages,
      reason: "messages within \(rate.window) ns, this one included")
  }

  private func ownCrossing(_ order: ProposedOrder, _ inputs: PolicyInputs) -> Finding {
    let observed = FixedPoint.text(order.price, scale: priceScale)
    guard preventsOwnCrossing else { return Policy.switchedOff(observed) }
    guard let opposite = inputs.ownOpposite else {
      return Finding(limit: "none", observed: observed, passes: true, reason: "no own order stands on the other side")
    }
    let passes = order.side == .buy ? order.price < opposite : order.price > opposite
    let bound = order.side == .buy ? "below" : "above"
    return Finding(
      limit: "\(bound) \(FixedPoint.text(opposite, scale: priceScale))", observed: observed, passes: passes,
      reason: passes ? "does not reach own orders on the other side" : "would trade against an own order")
  }

  // MARK: - The market

  private static func halted(_ inputs: PolicyInputs) -> Finding {
    Finding(
      limit: "trading", observed: inputs.isHalted ? "halted" : "trading", passes: !inputs.isHalted,
      reason: inputs.isHalted ? "the instrument or its venue is halted or closed" : "no halt was reported")
  }

  private func staleBook(_ inputs: PolicyInputs) throws(Unanswerable) -> Finding {
    guard !inputs.isStale else {
      return Finding(
        limit: "complete", observed: "gap", passes: false, reason: "messages are missing since the last snapshot")
    }
    guard let lastUpdate = inputs.lastUpdate else { throw Unanswerable(reason: "the book was never updated") }
    let (age, overflow) = inputs.time.subtractingReportingOverflow(lastUpdate)
    guard !overflow, age >= 0 else { throw Unanswerable(reason: "the book's last update lies in the future") }
    guard let most = maximumBookAge else {
      return Finding(limit: "any age", observed: "\(age) ns", passes: true, reason: "no message is missing")
    }
    return Finding(
      limit: "\(most) ns", observed: "\(age) ns", passes: age <= most,
      reason: age <= most ? "complete and recent" : "the book has not changed for longer than the policy takes")
  }

  private static func switchedOff(_ observed: String) -> Finding {
    Finding(limit: "none", observed: observed, passes: true, reason: "switched off by the policy")
  }
}
