// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow
internal import ExecutionIR
internal import Governance
internal import MarketModel

/// The bodies of the engine's statements.
extension Engine {
  func childRecord(_ child: ChildState) -> ChildOrder {
    let task = configuration.task
    return ChildOrder(
      id: child.id, parent: taskDigest, replaces: child.replaces, chain: child.chain, decision: lastDelta,
      createdAt: child.sentAt, slice: child.terms.slice, listing: venues.listings[child.terms.venue], side: task.side,
      quantity: child.terms.quantity, scale: venues.scale, limit: child.terms.price, account: task.account,
      capacity: task.capacity, algorithm: task.algorithm, simulated: configuration.fills.isSimulated)
  }

  func orderStatement(_ order: ChildOrder, isPassive: Bool, results: [ControlResult]) -> EngineStatement {
    EngineStatement(
      kind: .order, subject: "order/\(order.id)",
      body: marked([
        "order": order.json, "fills": .string(configuration.fills.rawValue),
        "style": .string(isPassive ? "passive" : "taking"), "policy": .string(policyDigest.description),
        "controls": .array(results.map(\.json)),
      ]))
  }

  /// A decision's body, with the inputs whose order nobody can tell where there are some.
  private func marked(_ members: [String: JSON]) -> JSON {
    let uncertain = clocks.uncertain
    guard !uncertain.isEmpty else { return .object(members) }
    var members = members
    members["order_uncertain"] = .array(uncertain.map(\.json))
    return .object(members)
  }

  func denialStatement(_ order: ChildOrder, results: [ControlResult], at time: Int64) -> EngineStatement {
    let record = DenialRecord(
      order: order, policy: policyDigest,
      reasons: results.filter { !$0.passes }.map {
        DenialRecord.Reason(control: $0.control.rawValue, measured: $0.observed, limit: $0.limit)
      }, deniedAt: time)
    return EngineStatement(
      kind: .denial, subject: "denial/\(denials)",
      body: marked([
        "denial": record.json, "fills": .string(configuration.fills.rawValue), "controls": .array(results.map(\.json)),
      ]))
  }

  /// What a control of decisions says of one.
  func controlStatement(_ result: ControlResult, of delta: PlanDelta) -> EngineStatement {
    EngineStatement(
      kind: .control, subject: "control/\(delta.sequence)",
      body: .object([
        "decision": .string(delta.digest.description), "sequence": .integer(delta.sequence),
        "decided_at": .wide(delta.decidedAt), "controls": .array([result.json]),
        "verdict": .string(result.passes ? "allow" : "deny"), "policy": .string(policyDigest.description),
        "fills": .string(configuration.fills.rawValue),
      ]))
  }

  func hookStatement(_ question: HookQuestion, _ outcome: HookOutcome, verdict: String) -> EngineStatement {
    EngineStatement(
      kind: .hook, subject: "hook/\(question.number)",
      body: .object([
        "question": question.json, "outcome": outcome.json, "verdict": .string(verdict),
        "policy": .string(policyDigest.description), "fills": .string(configuration.fills.rawValue),
      ]))
  }

  /// A cancel goes out again where no answer came; each is told apart by its count.
  func cancelStatement(_ child: ChildState, reason: String, at time: Int64) -> EngineStatement {
    let task = configuration.task
    let count = child.cancels + 1
    return EngineStatement(
      kind: .cancel, subject: "cancel/\(child.id)\(count > 1 ? "/\(count)" : "")",
      body: .object([
        "order": .string(String(child.id)), "chain": .string(String(child.chain)),
        "parent": .string(taskDigest.description), "venue": .string(venues.listings[child.terms.venue].venue),
        "account": .string(task.account), "capacity": .string(task.capacity.rawValue),
        "algorithm": task.algorithm.json, "open": quantity(child.leaves), "attempt": .integer(Int64(count)),
        "reason": .string(reason), "at": .wide(time), "fills": .string(configuration.fills.rawValue),
      ]))
  }

  func reportStatement(_ event: Event, effect: BlotterEffect) -> EngineStatement {
    var body: [String: JSON] = [
      "order": .string(String(event.order_id)), "parent": .string(taskDigest.description), "received": .wide(now),
      "sequence": .wide(sequence), "fills": .string(configuration.fills.rawValue),
    ]
    switch effect {
    case .acknowledged:
      body["report"] = .string("acknowledged")
      body["venue_order"] = .string(String(event.aux))
    case .rejected:
      body["report"] = .string("rejected")
      body["reason"] = .integer(Int64(event.level))
    case .cancelled(let gone):
      body["report"] = .string("cancelled")
      body["quantity"] = quantity(gone)
      body["reason"] = .integer(Int64(event.level))
    case .cancelRejected: body["report"] = .string("cancel_rejected")
    case .broken(let gone):
      body["report"] = .string("broken")
      body["quantity"] = quantity(gone)
      body["match"] = .string(String(event.aux))
    case .none, .filled: break
    }
    return EngineStatement(kind: .report, subject: "report/\(sequence)", body: .object(body))
  }

  func fillStatement(
    _ event: Event, _ child: ChildState, frame: Frame, quantity: Int64, price: Int64, beyond: Int64
  ) throws(EngineError) -> EngineStatement {
    let listing = venues.listings[child.terms.venue]
    let isMaker = event.has(.maker)
    let fee: Money
    do {
      let terms = try configuration.reference.terms(venue: listing.venue, symbol: listing.symbol, at: now)
      fee = try terms.fee(price: price, quantity: quantity, scale: venues.scale, isMaker: isMaker)
    } catch {
      throw .badInput("\(error)")
    }
    let record = FillRecord(
      order: child.id, parent: taskDigest, execution: String(event.aux), listing: listing,
      side: configuration.task.side,
      price: price, quantity: quantity, scale: venues.scale, fee: fee, maker: isMaker,
      eventTime: event.has(.noEventTime) ? nil : event.event_time, receivedAt: now, sequence: sequence,
      simulated: frame.flags & FrameFlags.simulated.rawValue != 0)
    var body: [String: JSON] = ["fill": record.json, "fills": .string(configuration.fills.rawValue)]
    // The venue had said that less was open.
    if beyond > 0 { body["beyond_open"] = self.quantity(beyond) }
    return EngineStatement(kind: .fill, subject: "fill/\(sequence)", body: .object(body))
  }

  func summaryStatement(reason: String) -> EngineStatement {
    let counters = market.counters
    let book = blotter.counters
    var body: [String: JSON] = [
      "task": .string(taskDigest.description), "fills": .string(configuration.fills.rawValue),
      "ended": .string(reason), "at": .wide(now), "events": .wide(sequence), "decisions": .integer(decisions),
      "orders": .integer(Int64(blotter.children.count)), "denials": .integer(denials),
      "ordered": quantity(venues.quantity), "filled": quantity(blotter.totals.filled),
      "working": quantity(blotter.totals.working), "unanswered": quantity(blotter.unanswered),
      "gaps": .wide(counters.gaps), "unknown_orders": .wide(counters.unknownOrders),
      "unusable": .wide(counters.unusable), "overflows": .wide(counters.overflows),
      "repeated_acknowledgements": .wide(book.repeatedAcknowledgements),
      "repeated_fills": .wide(book.repeatedFills), "late_reports": .wide(book.lateReports),
      "unknown_reports": .wide(book.unknownOrders), "overfills": .wide(book.overfills),
    ]
    // Runs without vendors' functions say nothing of them.
    if questions > 0 {
      body["questions"] = .integer(questions)
    }
    if questions > 0 || configuration.policy.sharedContext?.mode == .require {
      body["denied_decisions"] = .integer(deniedDecisions)
    }
    return EngineStatement(kind: .summary, subject: "summary", body: .object(body))
  }

  private func quantity(_ value: Int64) -> JSON { .string(FixedPoint.text(value, scale: venues.scale)) }
}
