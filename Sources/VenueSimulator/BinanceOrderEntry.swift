// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR

/// A venue that speaks Binance spot: streams, "WebSocket API for Binance" requests and `executionReport`s of the
/// user data stream.
///
/// As Binance has it: a request is answered under its own id; what becomes of an order is told by
/// execution reports; a replacement is a cancellation and a new order of the full new quantity.
struct BinanceVoice {
  private(set) var data: BinanceMarketData
  var own = OwnOrders()
  var executions: UInt64 = 0
  private var cancellations: UInt64 = 0
  var emissions: [Emission] = []

  init(_ configuration: SimulatedVenueConfiguration) { data = BinanceMarketData(configuration) }

  // MARK: The day

  mutating func open(_ engine: MatchingEngine) { tell(data.snapshot(engine)) }

  mutating func close(_ time: Int64, _ engine: inout MatchingEngine) {
    for owner in own.owners {
      guard let handle = own[owner].handle, (try? engine.cancel(handle)) != nil else { continue }
      publish(&engine, time)
      report(owner, "EXPIRED", "EXPIRED", time, .reply)
    }
  }

  mutating func depth(_ engine: MatchingEngine, _ time: Int64) { tell(data.depthUpdate(engine, time)) }

  mutating func publish(_ engine: inout MatchingEngine, _ time: Int64) {
    for change in engine.changes {
      if let trade = data.take(change, time) { tell(trade) }
      guard change.kind == .executed else { continue }
      if change.owner > 0 { executed(change.owner, change, maker: true, time) }
      if change.taker > 0 { executed(change.taker, change, maker: false, time) }
    }
    if !engine.changes.isEmpty, let ticker = data.bookTicker(engine) { tell(ticker) }
    engine.clearChanges()
  }

  // MARK: Requests

  /// Why a request fails, in the words of Binance's list of errors.
  struct Failure: Error {
    var code: Int
    var text: String
    /// Tells a replacement's halves apart.
    var data: String? = nil
  }

  static func failure(_ refusal: MatchingRefusal) -> Failure {
    switch refusal {
    case .price: Failure(code: -1013, text: "Filter failure: PRICE_FILTER")
    case .quantity: Failure(code: -1013, text: "Filter failure: LOT_SIZE")
    case .halted, .closed: Failure(code: -2010, text: "Market is closed.")
    case .wouldCross: Failure(code: -2010, text: "Order would immediately match and take.")
    case .full: Failure(code: -1013, text: "Filter failure: EXCHANGE_MAX_NUM_ORDERS")
    case .unknownOrder: Failure(code: -2011, text: "Unknown order sent.")
    }
  }

  mutating func receive(_ message: [UInt8], _ moment: VenueMoment, _ engine: inout MatchingEngine) {
    guard let request = try? JSON.parse(message) else {
      return respond(.null, Failure(code: -1135, text: "Invalid JSON Request"))
    }
    let id = request.member("id") ?? .null
    guard case .string(let method)? = request.member("method"), let parameters = request.member("params") else {
      return respond(id, Failure(code: -1135, text: "Invalid JSON Request"))
    }
    do {
      switch method {
      case "order.place": try place(id, parameters, moment, &engine)
      case "order.cancel": try cancel(id, parameters, moment, &engine)
      case "order.cancelReplace": try replace(id, parameters, moment, &engine)
      default: respond(id, Failure(code: -1000, text: "Unknown method."))
      }
    } catch {
      respond(id, error)
    }
  }

  private struct Terms {
    var name: String
    var side: Side
    var price: Int64
    var quantity: Int64
    var condition: MatchingCondition
  }

  private func text(_ parameters: JSON, _ key: String) throws(Failure) -> String {
    guard case .string(let value)? = parameters.member(key), !value.isEmpty else {
      throw Failure(
        code: -1102, text: "Mandatory parameter '\(key)' was not sent, was empty/null, or malformed.")
    }
    return value
  }

  private func decimal(_ parameters: JSON, _ key: String, scale: Int, _ filter: String) throws(Failure) -> Int64 {
    let text = try text(parameters, key)
    do {
      return try FixedPoint.parse(text, scale: scale)
    } catch {
      throw Failure(code: -1013, text: "Filter failure: \(filter)")
    }
  }

  private func terms(_ parameters: JSON) throws(Failure) -> Terms {
    guard try text(parameters, "symbol") == data.symbol else { throw Failure(code: -1121, text: "Invalid symbol.") }
    let side: Side
    switch try text(parameters, "side") {
    case "BUY": side = .buy
    case "SELL": side = .sell
    default: throw Failure(code: -1117, text: "Invalid side.")
    }
    let condition: MatchingCondition
    switch try text(parameters, "type") {
    case "LIMIT_MAKER": condition = .postOnly
    case "LIMIT":
      switch try text(parameters, "timeInForce") {
      case "GTC": condition = .day
      case "IOC": condition = .immediateOrCancel
      default: throw Failure(code: -1115, text: "Invalid timeInForce.")
      }
    default: throw Failure(code: -1116, text: "Invalid orderType.")
    }
    let name = try text(parameters, "newClientOrderId")
    guard name.utf8.count <= 36, isPlain(name) else {
      throw Failure(code: -1100, text: "Illegal characters found in parameter 'newClientOrderId'.")
    }
    return Terms(
      name: name, side: side, price: try decimal(parameters, "price", scale: 9, "PRICE_FILTER"),
      quantity: try decimal(parameters, "quantity", scale: data.quantityScale, "LOT_SIZE"), condition: condition)
  }

  /// `[a-zA-Z0-9-_]`, as the venue has it.
  private func isPlain(_ name: String) -> Bool {
    name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }

  /// A live order by the client's or the venue's id.
  private func find(
    _ parameters: JSON, _ clientKey: String, _ venueKey: String, _ engine: MatchingEngine
  ) throws(Failure) -> (owner: UInt32, handle: OrderHandle) {
    guard try text(parameters, "symbol") == data.symbol else { throw Failure(code: -1121, text: "Invalid symbol.") }
    var owner: UInt32?
    if case .string(let name)? = parameters.member(clientKey) {
      owner = own.owner(of: Array(name.utf8))
    } else if case .integer(let reference)? = parameters.member(venueKey), reference > 0 {
      owner = own.owners.first { own[$0].reference == UInt64(reference) }
    } else {
      throw Failure(code: -1102, text: "Param '\(clientKey)' or '\(venueKey)' must be sent, but both were empty/null!")
    }
    guard let owner, let handle = own[owner].handle, engine.order(handle) != nil else {
      throw Self.failure(.unknownOrder)
    }
    return (owner, handle)
  }

  /// Everything that can be objected to before the book is touched.
  private func examine(
    _ terms: Terms, instead: OrderHandle?, _ moment: VenueMoment, _ engine: MatchingEngine
  ) throws(Failure) {
    if moment.refuses { throw Failure(code: -2010, text: "This action is disabled on this account.") }
    if engine.phase != .open { throw Self.failure(.closed) }
    do {
      try engine.check(price: terms.price, quantity: terms.quantity)
    } catch {
      throw Self.failure(error)
    }
    if let owner = own.owner(of: Array(terms.name.utf8)), let handle = own[owner].handle, handle != instead,
      engine.order(handle) != nil
    {
      throw Failure(code: -2010, text: "Duplicate order sent.")
    }
    // Nothing of one's own stands on the other side of an order that it replaces, so this holds after the cancel too.
    if terms.condition == .postOnly, engine.wouldCross(terms.side, terms.price) { throw Self.failure(.wouldCross) }
  }

  private mutating func place(
    _ id: JSON, _ parameters: JSON, _ moment: VenueMoment, _ engine: inout MatchingEngine
  ) throws(Failure) {
    let terms = try terms(parameters)
    try examine(terms, instead: nil, moment, engine)
    let answered = emissions.count
    let owner = try enter(terms, moment.time, &engine)
    var bytes = success(id)
    appendPlaced(owner, to: &bytes)
    bytes.append("}")
    // The answer comes before the reports.
    let response = Emission(channel: .orderEntry, weight: .acknowledgement, bytes: bytes)
    emissions.insert(response, at: answered)
  }

  private mutating func enter(
    _ terms: Terms, _ time: Int64, _ engine: inout MatchingEngine
  ) throws(Failure) -> UInt32 {
    let owner = own.add(
      OwnOrder(
        name: Array(terms.name.utf8), side: terms.side, price: terms.price, quantity: terms.quantity, created: time,
        immediate: terms.condition == .immediateOrCancel, echo: terms.condition == .postOnly ? [1] : [0]))
    do {
      let placement = try engine.add(
        side: terms.side, price: terms.price, quantity: terms.quantity, condition: terms.condition, owner: owner)
      own[owner].reference = placement.reference
      own[owner].handle = placement.resting
      report(owner, "NEW", "NEW", time, .acknowledgement)
      publish(&engine, time)
      if placement.cancelled > 0 { report(owner, "EXPIRED", "EXPIRED", time, .reply) }
      return owner
    } catch {
      throw Self.failure(error)
    }
  }

  private mutating func cancel(
    _ id: JSON, _ parameters: JSON, _ moment: VenueMoment, _ engine: inout MatchingEngine
  ) throws(Failure) {
    let found = try find(parameters, "origClientOrderId", "orderId", engine)
    let answered = emissions.count
    let name = cancellationName(parameters, "newClientOrderId")
    do { _ = try engine.cancel(found.handle) } catch { throw Self.failure(error) }
    publish(&engine, moment.time)
    report(found.owner, "CANCELED", "CANCELED", moment.time, .reply, cancelledAs: name)
    var bytes = success(id)
    appendCancelled(found.owner, name, moment.time, to: &bytes)
    bytes.append("}")
    emissions.insert(Emission(channel: .orderEntry, weight: .reply, bytes: bytes), at: answered)
  }

  private mutating func cancellationName(_ parameters: JSON, _ key: String) -> String {
    cancellations += 1
    if case .string(let name)? = parameters.member(key), isPlain(name), (1...36).contains(name.utf8.count) {
      return name
    }
    // The venue's own choice when the client makes none: 22 characters.
    let digits = String(cancellations)
    return "cancel" + String(repeating: "0", count: max(16 - digits.utf8.count, 0)) + digits
  }

  /// Cancels one order and places another. Mode `STOP_ON_FAILURE` places nothing when the cancellation fails;
  /// `ALLOW_FAILURE` does. Restrictions `ONLY_NEW` and `ONLY_PARTIALLY_FILLED` hold for the order that is cancelled.
  private mutating func replace(
    _ id: JSON, _ parameters: JSON, _ moment: VenueMoment, _ engine: inout MatchingEngine
  ) throws(Failure) {
    let terms = try terms(parameters)
    let mode = try text(parameters, "cancelReplaceMode")
    guard mode == "STOP_ON_FAILURE" || mode == "ALLOW_FAILURE" else {
      throw Failure(
        code: -1102, text: "Mandatory parameter 'cancelReplaceMode' was not sent, was empty/null, or malformed.")
    }
    var cancelled: (owner: UInt32, name: String)?
    var cancelFailure: Failure?
    let answered = emissions.count
    // Filters are examined before anything is cancelled.
    let old: (owner: UInt32, handle: OrderHandle)?
    do throws(Failure) {
      let found = try find(parameters, "cancelOrigClientOrderId", "cancelOrderId", engine)
      if case .string(let restriction)? = parameters.member("cancelRestrictions"),
        restriction == (own[found.owner].executed > 0 ? "ONLY_NEW" : "ONLY_PARTIALLY_FILLED")
      {
        throw Failure(code: -2011, text: "Order was not canceled due to cancel restrictions.")
      }
      old = found
    } catch {
      old = nil
      cancelFailure = error
    }
    if let cancelFailure, mode == "STOP_ON_FAILURE" {
      throw Failure(
        code: -2022, text: "Order cancel-replace failed.",
        data: halves("FAILURE", "NOT_ATTEMPTED", cancelFailure, nil))
    }
    try examineFilters(terms, engine)
    if let old {
      let name = cancellationName(parameters, "cancelNewClientOrderId")
      do { _ = try engine.cancel(old.handle) } catch { throw Self.failure(error) }
      publish(&engine, moment.time)
      report(old.owner, "CANCELED", "CANCELED", moment.time, .reply, cancelledAs: name)
      cancelled = (old.owner, name)
    }
    do throws(Failure) {
      try examine(terms, instead: old?.handle, moment, engine)
      let owner = try enter(terms, moment.time, &engine)
      var placed: [UInt8] = []
      appendPlaced(owner, to: &placed)
      if let cancelFailure {
        throw Failure(
          code: -2021, text: "Order cancel-replace partially failed.",
          data: halves("FAILURE", "SUCCESS", cancelFailure, nil))
      }
      var bytes = success(id)
      bytes.append("{\"cancelResult\":\"SUCCESS\",\"newOrderResult\":\"SUCCESS\",\"cancelResponse\":")
      if let cancelled { appendCancelled(cancelled.owner, cancelled.name, moment.time, to: &bytes) }
      bytes.append(",\"newOrderResponse\":")
      bytes += placed
      bytes.append("}}")
      emissions.insert(Emission(channel: .orderEntry, weight: .acknowledgement, bytes: bytes), at: answered)
    } catch {
      if error.data != nil { throw error }
      let partly = cancelFailure == nil
      throw Failure(
        code: partly ? -2021 : -2022,
        text: partly ? "Order cancel-replace partially failed." : "Order cancel-replace failed.",
        data: halves(partly ? "SUCCESS" : "FAILURE", "FAILURE", cancelFailure, error))
    }
  }

  private func examineFilters(_ terms: Terms, _ engine: MatchingEngine) throws(Failure) {
    if engine.phase != .open { throw Self.failure(.closed) }
    do { try engine.check(price: terms.price, quantity: terms.quantity) } catch { throw Self.failure(error) }
  }
}

extension JSON {
  fileprivate func member(_ key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }
}
