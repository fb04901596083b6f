// SPDX-License-Identifier: Apache-2.0

import CExProveABI
import EventFlow
import Testing
import VenueSimulator

private let cent: Int64 = 10_000_000
private let millisecond: Int64 = 1_000_000

private func event(
  _ kind: EventKind, _ side: Side = .none, id: UInt64 = 0, price: Int64 = 0, quantity: Int64 = 0, aux: UInt64 = 0,
  level: UInt16 = 0, flags: EventFlags = [], instrument: UInt32 = 7
) -> Event {
  var event = Event(kind: kind)
  event.side = side.rawValue
  event.order_id = id
  event.price = price
  event.quantity = quantity
  event.aux = aux
  event.level = level
  event.flags = flags.union(.last).rawValue
  event.instrument = instrument
  return event
}

private func level(_ side: Side, _ price: Int64, _ quantity: Int64, _ flags: EventFlags = []) -> Event {
  event(.level, side, price: price, quantity: quantity, flags: flags)
}

private func trade(_ price: Int64, _ quantity: Int64, _ flags: EventFlags = .volume) -> Event {
  event(.trade, price: price, quantity: quantity, flags: flags)
}

private func order(
  _ id: UInt64, _ side: Side, _ price: Int64, _ quantity: Int64, immediate: Bool = false, postOnly: Bool = false
) -> ModelRequest {
  ModelRequest(
    childID: id, action: .new, instrument: 7, side: side, price: price, quantity: quantity,
    immediateOrCancel: immediate, postOnly: postOnly)
}

private func model(inbound: Int64 = 0, outbound: Int64 = 0) -> FillModel {
  FillModel(configuration: [FillModelVenue(instrument: 7, inbound: inbound, outbound: outbound)])
}

/// Kind, price and quantity of each report up to `time`.
private func reports(_ model: inout FillModel, upTo time: Int64) -> [String] {
  var lines: [String] = []
  while let report = model.pop(upTo: time) {
    let kind = report.event.eventKind?.name ?? "?"
    lines.append("\(report.time / millisecond) \(kind) \(report.event.price / cent) \(report.event.quantity)")
    #expect(report.event.has(.simulated))
    #expect(report.event.has(.last))
    #expect(report.event.instrument == 7)
  }
  return lines
}

@Suite struct FillModelTests {
  /// A market that moves away: what is displayed when the order arrives decides.
  private func moving(latency: Int64) -> [String] {
    var model = model(inbound: latency, outbound: latency)
    model.observe(level(.sell, 100 * cent, 300), at: 0)
    model.observe(level(.sell, 101 * cent, 500), at: 0)
    model.submit(order(1, .buy, 101 * cent, 600), at: 0)
    model.observe(level(.sell, 100 * cent, 100), at: 5 * millisecond)
    model.observe(level(.sell, 100 * cent, 0), at: 100 * millisecond)
    model.observe(level(.sell, 101 * cent, 200), at: 200 * millisecond)
    model.observe(trade(100 * cent, 50), at: 1_200 * millisecond)
    return reports(&model, upTo: 10_000 * millisecond)
  }

  @Test func latencyDecides() {
    #expect(
      moving(latency: 0) == [
        "0 own_acknowledged 101 600", "0 own_filled 100 300", "0 own_filled 101 300",
      ])
    #expect(
      moving(latency: 10 * millisecond) == [
        "20 own_acknowledged 101 600", "20 own_filled 100 100", "20 own_filled 101 500",
      ])
    #expect(
      moving(latency: 500 * millisecond) == [
        "1000 own_acknowledged 101 600", "1000 own_filled 101 200", "1700 own_filled 101 50",
      ])
  }

  @Test func nothingIsTakenTwice() {
    var model = model()
    model.observe(level(.sell, 100 * cent, 500), at: 1)
    model.submit(order(1, .buy, 100 * cent, 300, immediate: true), at: 1)
    model.submit(order(2, .buy, 100 * cent, 300, immediate: true), at: 1)
    #expect(
      reports(&model, upTo: 1) == [
        "0 own_acknowledged 100 300", "0 own_filled 100 300",
        "0 own_acknowledged 100 300", "0 own_filled 100 200", "0 own_cancelled 0 100",
      ])
    // The same again, and less: nothing new.
    model.observe(level(.sell, 100 * cent, 500), at: 2)
    model.observe(level(.sell, 100 * cent, 400), at: 3)
    model.submit(order(3, .buy, 100 * cent, 50, immediate: true), at: 3)
    #expect(reports(&model, upTo: 3) == ["0 own_acknowledged 100 50", "0 own_cancelled 0 50"])
    // Thirty more: thirty. A snapshot that restates: none.
    model.observe(level(.sell, 100 * cent, 430), at: 4)
    model.observe(event(.clear, flags: .snapshot), at: 5)
    model.observe(level(.sell, 100 * cent, 430, .snapshot), at: 5)
    model.submit(order(4, .buy, 100 * cent, 50, immediate: true), at: 5)
    #expect(
      reports(&model, upTo: 5) == ["0 own_acknowledged 100 50", "0 own_filled 100 30", "0 own_cancelled 0 20"])
    // Gone and back: all of it.
    model.observe(level(.sell, 100 * cent, 0), at: 6)
    model.observe(level(.sell, 100 * cent, 40), at: 7)
    model.submit(order(5, .buy, 100 * cent, 50, immediate: true), at: 7)
    #expect(
      reports(&model, upTo: 7) == ["0 own_acknowledged 100 50", "0 own_filled 100 40", "0 own_cancelled 0 10"])
  }

  @Test func restingFillsOnlyBeyondItsPrice() {
    var model = model()
    model.observe(level(.sell, 102 * cent, 100), at: 1)
    model.submit(order(1, .buy, 100 * cent, 100), at: 1)
    model.submit(order(2, .buy, 101 * cent, 100), at: 1)
    model.submit(order(3, .buy, 101 * cent, 100), at: 1)
    #expect(reports(&model, upTo: 1).count == 3)
    // At the price, outside the volume, in an auction, or corrected: nothing.
    model.observe(trade(101 * cent, 1_000), at: 2)
    model.observe(trade(99 * cent, 1_000, []), at: 2)
    model.observe(trade(99 * cent, 1_000, [.volume, .cross]), at: 2)
    model.observe(trade(99 * cent, 1_000, [.volume, .correction]), at: 2)
    #expect(reports(&model, upTo: 2) == [])
    // Beyond 101, at 100: the better ones by time, no more than was printed.
    model.observe(trade(100 * cent, 150), at: 3)
    #expect(reports(&model, upTo: 3) == ["0 own_filled 101 100", "0 own_filled 101 50"])
    model.observe(trade(99 * cent, 1_000), at: 4)
    #expect(reports(&model, upTo: 4) == ["0 own_filled 101 50", "0 own_filled 100 100"])
    #expect(model.remaining(1) == 0 && model.remaining(2) == 0 && model.remaining(3) == 0)
  }

  /// Order-by-order data gives the same depth, and executions count as prints at the resting order's price.
  @Test func orderByOrder() {
    var model = model()
    model.observe(event(.orderAdd, .sell, id: 10, price: 100 * cent, quantity: 300), at: 1)
    model.observe(event(.orderAdd, .sell, id: 11, price: 100 * cent, quantity: 200), at: 1)
    model.observe(event(.orderReduce, id: 10, quantity: 100), at: 2)
    model.observe(event(.orderReplace, id: 12, price: 101 * cent, quantity: 250, aux: 11), at: 3)
    model.observe(event(.orderModify, id: 12, price: 101 * cent, quantity: 220), at: 3)
    model.submit(order(1, .buy, 101 * cent, 1_000, immediate: true), at: 3)
    #expect(
      reports(&model, upTo: 3) == [
        "0 own_acknowledged 101 1000", "0 own_filled 100 200", "0 own_filled 101 220", "0 own_cancelled 0 580",
      ])
    model.submit(order(2, .sell, 99 * cent, 100), at: 4)
    model.observe(
      event(.orderExecute, id: 10, quantity: 60, flags: [.volume, .restingPrice]), at: 5)
    #expect(reports(&model, upTo: 5) == ["0 own_acknowledged 99 100", "0 own_filled 99 60"])
    model.observe(event(.orderDelete, id: 10), at: 6)
    model.observe(event(.orderAdd, .sell, id: 13, price: 100 * cent, quantity: 10), at: 6)
    model.submit(order(3, .buy, 101 * cent, 1_000, immediate: true), at: 6)
    #expect(
      reports(&model, upTo: 6) == ["0 own_acknowledged 101 1000", "0 own_filled 100 10", "0 own_cancelled 0 990"])
  }

  @Test func cancelsAndRacesAreTold() {
    var model = model(inbound: 10, outbound: 10)
    model.submit(order(1, .buy, 100 * cent, 100), at: 0)
    model.observe(trade(99 * cent, 30), at: 15)
    // Sent before the fill was reported: 70 live at most, 100 asked to stay; the fill is taken off.
    model.submit(ModelRequest(childID: 1, action: .cancel, instrument: 7, quantity: 80), at: 16)
    model.submit(ModelRequest(childID: 1, action: .cancel, instrument: 7), at: 20)
    model.submit(ModelRequest(childID: 1, action: .cancel, instrument: 7), at: 21)
    model.submit(ModelRequest(childID: 99, action: .cancel, instrument: 7), at: 21)
    var seen: [String] = []
    while let report = model.pop(upTo: 1_000) {
      seen.append("\(report.time) \(report.event.eventKind?.name ?? "") \(report.event.quantity)")
    }
    #expect(
      seen == [
        "20 own_acknowledged 100", "25 own_filled 30", "36 own_cancelled 20", "40 own_cancelled 50",
        "41 own_cancel_rejected 0", "41 own_cancel_rejected 0",
      ])
  }

  @Test func replacementsNeverAddToFills() {
    var model = model(inbound: 10, outbound: 10)
    model.submit(order(1, .buy, 100 * cent, 100), at: 0)
    model.observe(trade(99 * cent, 30), at: 15)
    // The sender has seen no fill when it asks for 100 at a better price: 70 are left of them.
    model.submit(
      ModelRequest(
        childID: 2, previousID: 1, action: .replace, instrument: 7, price: 101 * cent, quantity: 100), at: 20)
    model.observe(trade(100 * cent, 50), at: 35)
    // Now it has seen 30, not the 50: it asks for 70, gets 20.
    while let report = model.pop(upTo: 40) { _ = report }
    model.submit(
      ModelRequest(childID: 3, previousID: 2, action: .replace, instrument: 7, price: 100 * cent, quantity: 70),
      at: 40)
    model.submit(
      ModelRequest(childID: 4, previousID: 1, action: .replace, instrument: 7, price: 100 * cent, quantity: 70),
      at: 41)
    var seen: [String] = []
    while let report = model.pop(upTo: 1_000) {
      seen.append("\(report.event.order_id) \(report.event.eventKind?.name ?? "") \(report.event.quantity)")
    }
    #expect(seen == ["2 own_filled 50", "3 own_replaced 20", "4 own_rejected 0"])
    #expect(model.remaining(3) == 20)
  }

  @Test func refusals() {
    var model = model()
    func reasons(_ request: ModelRequest) -> [UInt16] {
      model.submit(request, at: 100)
      var result: [UInt16] = []
      while let report = model.pop(upTo: 100) {
        #expect([.ownRejected, .ownAcknowledged].contains(report.event.eventKind))
        result.append(report.event.eventKind == .ownRejected ? report.event.level : 0)
      }
      return result
    }
    model.observe(level(.sell, 100 * cent, 100), at: 1)
    #expect(reasons(order(1, .buy, 100 * cent, 100, postOnly: true)) == [UInt16(EXPROVE_REASON_WOULD_CROSS.rawValue)])
    #expect(reasons(order(1, .buy, 99 * cent, 100, postOnly: true)) == [0])
    #expect(reasons(order(1, .buy, 99 * cent, 100)) == [UInt16(EXPROVE_REASON_DUPLICATE_ID.rawValue)])
    #expect(reasons(order(2, .buy, 99 * cent, 0)) == [UInt16(EXPROVE_REASON_QUANTITY.rawValue)])
    var foreign = order(3, .buy, 99 * cent, 100)
    foreign.instrument = 8
    #expect(reasons(foreign) == [UInt16(EXPROVE_REASON_UNKNOWN_SYMBOL.rawValue)])
    model.observe(event(.status, level: UInt16(EXPROVE_TRADING_HALTED.rawValue)), at: 2)
    #expect(reasons(order(4, .buy, 99 * cent, 100)) == [UInt16(EXPROVE_REASON_HALTED.rawValue)])
    model.observe(event(.status, level: UInt16(EXPROVE_TRADING_OPEN.rawValue)), at: 3)
    #expect(reasons(order(5, .buy, 99 * cent, 100)) == [0])
  }
}
