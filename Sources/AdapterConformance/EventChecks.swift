// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

extension Trial {
  func eventsContract() throws -> String {
    let adapter = try load()
    var kinds: Set<UInt8> = []
    var count = 0
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let stream = session.decode(group.frames)
      if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
      if let violation = violation(stream) { throw Finding.fail(violation) }
      count += stream.events.count
      kinds.formUnion(stream.events.map(\.kind))
      session.close()
    }
    let names = kinds.sorted().compactMap { EventKind(rawValue: $0)?.name }
    return "\(count) events: \(names.joined(separator: ", "))"
  }

  func eventsAccounted() throws -> String {
    let adapter = try load()
    var count = 0
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      var before = try session.counters()
      for (index, entry) in group.frames.enumerated() {
        let stream = session.decode([entry], .init(frames: 1))
        if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
        let after = try session.counters()
        let isTold = stream.events.contains { event in
          [.malformed, .unknown, .gap, .notice].contains(event.eventKind)
        }
        guard after != before || isTold else {
          throw Finding.fail(
            "frame \(index) raises no counter and is not called malformed, unknown, a gap or a notice: "
              + (stream.events.last.map(Stream.brief) ?? "no event"))
        }
        before = after
        count += 1
      }
      session.close()
    }
    return "\(count) frames, each counted or called by its name"
  }

  /// What stands of one order.
  private struct OrderKey: Hashable {
    var instrument: UInt32
    var id: UInt64
  }

  func eventsOrders() throws -> String {
    let real = real(.marketData)
    guard !real.isEmpty else { throw Finding.skip("only a capture's orders have a life; give one with --capture") }
    let adapter = try load()
    var followed = 0
    var strangers = 0
    for group in real {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let stream = session.decode(group.frames)
      session.close()
      var standing: [OrderKey: Int64] = [:]
      for event in stream.events {
        let key = OrderKey(instrument: event.instrument, id: event.order_id)
        switch event.eventKind {
        case .clear: standing = standing.filter { $0.key.instrument != event.instrument }
        case .orderAdd:
          guard standing[key] == nil || event.has(.snapshot) else {
            throw Finding.fail("an order is added while it lives: \(Stream.brief(event)), frame \(event.frame)")
          }
          standing[key] = event.quantity
          followed += 1
        case .orderModify where standing[key] != nil: standing[key] = event.quantity
        case .orderReduce where standing[key] != nil, .orderExecute where standing[key] != nil:
          let left = standing[key, default: 0] - event.quantity
          guard left >= 0 || event.has(.hidden) else {
            throw Finding.fail(
              "an order of \(standing[key, default: 0]) loses \(event.quantity): \(Stream.brief(event)), frame \(event.frame)"
            )
          }
          standing[key] = left == 0 ? nil : left
        case .orderDelete where standing[key] != nil: standing[key] = nil
        case .orderReplace:
          standing[OrderKey(instrument: event.instrument, id: event.aux)] = nil
          standing[key] = event.quantity
        case .orderModify, .orderReduce, .orderExecute, .orderDelete: strangers += 1
        default: break
        }
      }
    }
    return "\(followed) orders followed; \(strangers) events of orders older than the capture"
  }
}
