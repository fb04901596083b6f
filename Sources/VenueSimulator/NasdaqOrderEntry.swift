// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// A venue that speaks ITCH and "O*U*C*H Version 4.2".
///
/// As the specification has it: a token that was used before, and a cancel or replacement of an order that is
/// gone, are ignored in silence; sizes in cancels and replacements count what was executed before; a
/// replacement always loses its place.
struct NasdaqVoice {
  private let data: NasdaqMarketData
  private(set) var own = OwnOrders()
  var emissions: [Emission] = []

  init(_ configuration: SimulatedVenueConfiguration) { data = NasdaqMarketData(configuration) }

  // MARK: The day

  mutating func begin(_ time: Int64) {
    tell(data.systemEvent("O", time))
    tell(data.directory(time))
    tell(data.tradingAction("T", reason: "", time))
    tell(data.systemEvent("S", time))
    answer("S", time, .data) { $0.append("S") }
  }

  mutating func open(_ time: Int64) { tell(data.systemEvent("Q", time)) }

  mutating func halt(_ halted: Bool, _ time: Int64) {
    tell(data.tradingAction(halted ? "H" : "T", reason: halted ? "T1" : "", time))
  }

  mutating func close(_ time: Int64, _ engine: inout MatchingEngine) {
    tell(data.systemEvent("M", time))
    for owner in own.owners {
      guard let handle = own[owner].handle, let order = engine.order(handle) else { continue }
      _ = try? engine.cancel(handle)
      publish(&engine, time)
      canceled(owner, order.quantity, "E", time)
    }
  }

  mutating func end(_ time: Int64) {
    tell(data.systemEvent("E", time))
    tell(data.systemEvent("C", time))
    answer("S", time, .data) { $0.append("E") }
  }

  mutating func hidden(_ trade: HiddenTrade, match: UInt64, _ time: Int64) {
    tell(data.hiddenTrade(trade, match: match, time))
  }

  /// Tells the public and the parties what happened to the book.
  mutating func publish(_ engine: inout MatchingEngine, _ time: Int64) {
    for change in engine.changes {
      tell(data.message(change, time))
      guard change.kind == .executed else { continue }
      if change.owner > 0 { executed(change.owner, change, "A", time) }
      if change.taker > 0 { executed(change.taker, change, "R", time) }
    }
    engine.clearChanges()
  }

  // MARK: Requests

  mutating func receive(_ message: [UInt8], _ moment: VenueMoment, _ engine: inout MatchingEngine) {
    switch (message.first.map { Unicode.Scalar($0) }, message.count) {
    case ("O", 49): enter(message, moment, &engine)
    case ("U", 47): replace(message, moment, &engine)
    case ("X", 19): cancel(message, moment.time, &engine)
    default: break
    }
  }

  /// Why an order with these terms is not taken: OUCH 4.2's reasons for a reject.
  private func objection(_ refusal: MatchingRefusal) -> Unicode.Scalar {
    switch refusal {
    case .price: "X"
    case .quantity: "Z"
    case .halted: "H"
    case .closed: "C"
    case .wouldCross, .unknownOrder, .full: "O"
    }
  }

  private func objection(_ m: [UInt8]) -> Unicode.Scalar? {
    if Array(m[20..<28]) != data.stock { return "S" }
    if !"BSTE".utf8.contains(m[15]) { return "O" }
    if !"YAP".utf8.contains(m[40]) { return "D" }
    if m.big(43, 4) != 0 { return "N" }
    if m[47] != UInt8(ascii: "N") { return "R" }
    let lives = m.big(32, 4)
    return lives == 0 || lives == 99_998 || lives == 99_999 ? nil : "O"
  }

  private mutating func enter(_ m: [UInt8], _ moment: VenueMoment, _ engine: inout MatchingEngine) {
    let token = Array(m[1..<15])
    guard own.owner(of: token) == nil, token.contains(where: { $0 != UInt8(ascii: " ") }) else { return }
    let price = Int64(m.big(28, 4)) * 100_000
    let quantity = Int64(m.big(16, 4))
    // Kept for the answers: firm; display, capacity and sweep; cross type and customer type stand for the port.
    let order = OwnOrder(
      name: token, side: m[15] == UInt8(ascii: "B") ? .buy : .sell, price: price, quantity: quantity,
      created: moment.time, immediate: m.big(32, 4) == 0, echo: Array(m[15..<49]))
    let owner = own.add(order)
    if let reason = moment.refuses ? "O" : objection(m) { return reject(token, reason, moment.time) }
    if engine.phase == .preOpen { return reject(token, "C", moment.time) }
    let postOnly = m[40] == UInt8(ascii: "P")
    do {
      if postOnly, engine.phase == .open, engine.wouldCross(order.side, price) {
        try engine.check(price: price, quantity: quantity)
        own[owner].reference = engine.claimReference()
        accepted(owner, moment.time)
        return canceled(owner, quantity, "F", moment.time)
      }
      let placement = try engine.add(
        side: order.side, price: price, quantity: quantity, condition: order.immediate ? .immediateOrCancel : .day,
        owner: owner)
      settle(owner, placement)
      accepted(owner, moment.time)
      publish(&engine, moment.time)
      if placement.cancelled > 0 { canceled(owner, placement.cancelled, "I", moment.time) }
    } catch {
      reject(token, objection(error), moment.time)
    }
  }

  private mutating func replace(_ m: [UInt8], _ moment: VenueMoment, _ engine: inout MatchingEngine) {
    let token = Array(m[15..<29])
    guard own.owner(of: token) == nil, token.contains(where: { $0 != UInt8(ascii: " ") }),
      let old = own.owner(of: Array(m[1..<15])), let handle = own[old].handle, let resting = engine.order(handle)
    else { return }
    if moment.refuses { return reject(token, "O", moment.time) }
    if engine.phase != .open { return reject(token, engine.phase == .halted ? "H" : "C", moment.time) }
    let done = own[old].executedBefore + own[old].executed
    let price = Int64(m.big(33, 4)) * 100_000
    let quantity = Int64(m.big(29, 4)) - done
    var echo = own[old].echo
    echo.replaceSubrange(17..<21, with: m[37..<41])
    echo[25] = m[41]
    echo[27] = m[42]
    echo.replaceSubrange(28..<32, with: m[43..<47])
    var order = OwnOrder(
      name: token, side: resting.side, price: price, quantity: quantity, created: moment.time,
      immediate: m.big(37, 4) == 0, echo: echo)
    order.executedBefore = done
    let postOnly = m[41] == UInt8(ascii: "P")
    do {
      try engine.check(price: price, quantity: quantity)
      let owner = own.add(order)
      if postOnly, engine.wouldCross(order.side, price) {
        _ = try engine.cancel(handle)
        own[owner].reference = engine.claimReference()
        replaced(owner, old, moment.time)
        publish(&engine, moment.time)
        return canceled(owner, quantity, "F", moment.time)
      }
      let placement = try engine.replace(
        handle, price: price, quantity: quantity, condition: order.immediate ? .immediateOrCancel : .day, owner: owner)
      settle(owner, placement)
      replaced(owner, old, moment.time)
      publish(&engine, moment.time)
      if placement.cancelled > 0 { canceled(owner, placement.cancelled, "I", moment.time) }
    } catch {
      // Details that are invalid take the existing order out of the book; the new token is not used up.
      guard (try? engine.cancel(handle)) != nil else { return }
      publish(&engine, moment.time)
      canceled(old, resting.quantity, "U", moment.time)
    }
  }

  private mutating func cancel(_ m: [UInt8], _ time: Int64, _ engine: inout MatchingEngine) {
    guard let owner = own.owner(of: Array(m[1..<15])), let handle = own[owner].handle,
      let resting = engine.order(handle)
    else { return }
    let done = own[owner].executedBefore + own[owner].executed
    let stays = max(Int64(m.big(15, 4)) - done, 0)
    guard stays < resting.quantity, let taken = try? engine.cancel(handle, quantity: resting.quantity - stays)
    else { return }
    publish(&engine, time)
    canceled(owner, taken, "U", time)
  }

  private mutating func settle(_ owner: UInt32, _ placement: Placement) {
    own[owner].reference = placement.reference
    own[owner].handle = placement.resting
  }

  // MARK: Messages

  private mutating func tell(_ bytes: [UInt8]) {
    emissions.append(Emission(channel: .marketData, weight: .data, bytes: bytes))
  }

  private mutating func answer(
    _ type: Unicode.Scalar, _ time: Int64, _ weight: Emission.Weight, _ body: (inout [UInt8]) -> Void
  ) {
    var bytes: [UInt8] = [UInt8(ascii: type)]
    bytes.appendBig(UInt64(time - data.dayStart), 8)
    body(&bytes)
    emissions.append(Emission(channel: .orderEntry, weight: weight, bytes: bytes))
  }

  /// Accepted, and Replaced up to the previous token: token, side, shares, stock, price, time in force, firm, display,
  /// reference, capacity, sweep, minimum, cross type, state.
  private func terms(_ owner: UInt32) -> [UInt8] {
    let order = own[owner]
    let echo = order.echo  // the entered message from byte 15 on
    var bytes = order.name + [echo[0]]
    bytes.appendBig(UInt64(order.quantity), 4)
    bytes += data.stock
    bytes.appendBig(UInt64(order.price / 100_000), 4)
    bytes += echo[17..<26]
    bytes.appendBig(order.reference, 8)
    bytes += echo[26..<33]
    bytes.append("L")
    return bytes
  }

  private mutating func accepted(_ owner: UInt32, _ time: Int64) {
    let terms = terms(owner)
    answer("A", time, .acknowledgement) { $0 += terms + [UInt8(ascii: " ")] }
  }

  private mutating func replaced(_ owner: UInt32, _ old: UInt32, _ time: Int64) {
    let bytes = terms(owner) + own[old].name + [UInt8(ascii: " ")]
    answer("U", time, .acknowledgement) { $0 += bytes }
  }

  private mutating func canceled(_ owner: UInt32, _ quantity: Int64, _ reason: Unicode.Scalar, _ time: Int64) {
    let name = own[owner].name
    answer("C", time, .reply) {
      $0 += name
      $0.appendBig(UInt64(quantity), 4)
      $0.append(UInt8(ascii: reason))
    }
  }

  private mutating func executed(
    _ owner: UInt32, _ change: BookChange, _ liquidity: Unicode.Scalar, _ time: Int64
  ) {
    own.executed(owner, price: change.price, quantity: change.quantity)
    let name = own[owner].name
    answer("E", time, .fill) {
      $0 += name
      $0.appendBig(UInt64(change.quantity), 4)
      $0.appendBig(UInt64(change.price / 100_000), 4)
      $0.append(UInt8(ascii: liquidity))
      $0.appendBig(change.match, 8)
    }
  }

  private mutating func reject(_ token: [UInt8], _ reason: Unicode.Scalar, _ time: Int64) {
    answer("J", time, .reply) {
      $0 += token
      $0.append(UInt8(ascii: reason))
    }
  }
}
