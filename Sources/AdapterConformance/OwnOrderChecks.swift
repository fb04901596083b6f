// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

/// What captures of order sessions must tell of the host's own orders.
extension Trial {
  private func orderGroups() throws -> [Corpus.Group] {
    guard manifest.channels.contains(.orderEntry) else { throw Finding.skip("it has no channel order-entry") }
    let groups = real(.orderEntry)
    guard !groups.isEmpty else {
      throw Finding.skip("only a session's own messages tell the life of orders; give a capture of one with --orders")
    }
    return groups
  }

  private func decoded(_ frames: [Corpus.Entry], _ group: Corpus.Group, _ adapter: LoadedAdapter) throws -> Stream {
    let session = try TrialSession.open(adapter, configuration(group), notes)
    defer { session.close() }
    // An order that was sent must not be known to the session before it is: frames go one by one.
    let stream = session.decode(frames, .init(frames: 1))
    if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
    return stream
  }

  /// Follows the orders of all sessions; what `check` is about is a finding.
  private func followed() throws -> [OwnOrders] {
    let groups = try orderGroups()
    let adapter = try load()
    return try groups.map { group in
      var orders = OwnOrders()
      for event in try decoded(group.frames, group, adapter).events { orders.apply(event) }
      if let finding = orders.findings[check] { throw Finding.fail(finding) }
      return orders
    }
  }

  func ordersState() throws -> String {
    let orders = try followed()
    let older = orders.reduce(0) { $0 + $1.older }
    return "\(orders.reduce(0) { $0 + $1.sent }) requests, \(orders.reduce(0) { $0 + $1.answers }) answers"
      + (older == 0 ? "" : ", \(older) of them about orders older than the capture")
  }

  func ordersQuantity() throws -> String {
    "\(try followed().reduce(0) { $0 + $1.fills }) fills within their orders' quantities"
  }

  func ordersExecutions() throws -> String {
    "\(try followed().reduce(0) { $0 + $1.fills }) fills, each told once"
  }

  func ordersCorrections() throws -> String {
    "\(try followed().reduce(0) { $0 + $1.fills }) fills, late and broken ones flagged"
  }

  // MARK: Orders that the session did not see sent

  /// The same answers to a session that never saw the requests.
  func ordersUnknown() throws -> String {
    let groups = try orderGroups().filter { $0.frames.contains { $0.flags.contains(.outbound) } }
    guard !groups.isEmpty else {
      throw Finding.skip("no capture says which messages were sent; one of pcapng can (option epb_flags)")
    }
    let adapter = try load()
    var kept = 0
    var refused = 0
    for group in groups {
      let whole = answers(try decoded(group.frames, group, adapter), frames: group.frames.count)
      let known = Set(whole.flatMap(\.names))
      let received = group.frames.indices.filter { !group.frames[$0].flags.contains(.outbound) }
      let stream = try decoded(received.map { group.frames[$0] }, group, adapter)
      for (index, answer) in answers(stream, frames: received.count).enumerated() {
        let frame = received[index]
        for name in answer.names {
          guard known.contains(name) else {
            throw Finding.fail(
              "to a session that did not see the requests frame \(frame) tells of order \(name), which there is none of; "
                + "with them of \(whole[frame].names.map(\.description).joined(separator: ", "))")
          }
          kept += 1
        }
        guard !whole[frame].names.isEmpty, let reason = answer.malformed else { continue }
        guard reason == UInt16(EXPROVE_MALFORMED_REFERENCE.rawValue) else {
          throw Finding.fail(
            "to a session that did not see the requests frame \(frame) is malformed for reason \(reason), "
              + "not EXPROVE_MALFORMED_REFERENCE")
        }
        refused += 1
      }
    }
    return "\(kept) answers keep their orders' ids, \(refused) are malformed by reference"
  }

  /// An order's name with its text in place of the text's number, which depends on what the session has seen.
  private enum OrderName: Hashable, CustomStringConvertible {
    case number(UInt64)
    case text([UInt8])

    var description: String {
      switch self {
      case .number(let id): "\(id)"
      case .text(let bytes): "“\(String(decoding: bytes, as: UTF8.self))”"
      }
    }
  }

  private struct Answer {
    var names: [OrderName] = []
    /// Why the frame is malformed.
    var malformed: UInt16?
  }

  /// What each frame tells of orders.
  private func answers(_ stream: Stream, frames: Int) -> [Answer] {
    var result = [Answer](repeating: Answer(), count: frames)
    var texts: [UInt32: [UInt8]] = [:]
    for event in stream.events where Int(event.frame) < frames {
      switch event.eventKind {
      case .text: texts[event.instrument, default: []] += Trial.textBytes(event)
      case .malformed: result[Int(event.frame)].malformed = event.level
      case .ownNew, .ownCancelRequest, .ownReplaceRequest, .ownAcknowledged, .ownRejected, .ownCancelled, .ownFilled,
        .ownReplaced, .ownCancelRejected, .ownBroken:
        result[Int(event.frame)].names.append(
          event.has(.textID)
            ? .text(texts[UInt32(truncatingIfNeeded: event.order_id)] ?? []) : .number(event.order_id))
      default: break
      }
    }
    return result
  }
}
