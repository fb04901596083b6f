// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR

// What a venue of Binance's kind writes about orders.

extension BinanceVoice {
  mutating func tell(_ bytes: [UInt8]) {
    emissions.append(Emission(channel: .marketData, weight: .data, bytes: bytes))
  }

  func halves(_ cancel: String, _ new: String, _ first: Failure?, _ second: Failure?) -> String {
    func body(_ failure: Failure?) -> String {
      failure.map { "{\"code\":\($0.code),\"msg\":\"\($0.text)\"}" } ?? "null"
    }
    return "{\"cancelResult\":\"\(cancel)\",\"newOrderResult\":\"\(new)\",\"cancelResponse\":\(body(first)),"
      + "\"newOrderResponse\":\(body(second))}"
  }

  func success(_ id: JSON) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append("{\"id\":")
    bytes += id.canonical
    bytes.append(",\"status\":200,\"result\":")
    return bytes
  }

  mutating func respond(_ id: JSON, _ failure: Failure) {
    var bytes: [UInt8] = []
    bytes.append("{\"id\":")
    bytes += id.canonical
    bytes.append(",\"status\":400,\"error\":{\"code\":\(failure.code),\"msg\":\"\(failure.text)\"")
    if let data = failure.data { bytes.append(",\"data\":\(data)") }
    bytes.append("}}")
    emissions.append(Emission(channel: .orderEntry, weight: .reply, bytes: bytes))
  }

  func appendPlaced(_ owner: UInt32, to bytes: inout [UInt8]) {
    let order = own[owner]
    bytes.append(
      "{\"symbol\":\"\(data.symbol)\",\"orderId\":\(order.reference),\"orderListId\":-1,\"clientOrderId\":\"")
    bytes += order.name
    bytes.append("\",\"transactTime\":\(order.created / 1_000_000)}")
  }

  func appendCancelled(_ owner: UInt32, _ name: String, _ time: Int64, to bytes: inout [UInt8]) {
    let order = own[owner]
    bytes.append("{\"symbol\":\"\(data.symbol)\",\"origClientOrderId\":\"")
    bytes += order.name
    bytes.append(
      "\",\"orderId\":\(order.reference),\"orderListId\":-1,\"clientOrderId\":\"\(name)\","
        + "\"transactTime\":\(time / 1_000_000),\"price\":")
    data.appendPrice(order.price, to: &bytes)
    bytes.append(",\"origQty\":")
    data.appendQuantity(order.quantity, to: &bytes)
    bytes.append(",\"executedQty\":")
    data.appendQuantity(order.executed, to: &bytes)
    bytes.append(",\"origQuoteOrderQty\":\"0.00000000\",\"cummulativeQuoteQty\":")
    appendTurnover(order.turnover, to: &bytes)
    bytes.append(
      ",\"status\":\"CANCELED\",\"timeInForce\":\"GTC\",\"type\":\"\(type(order))\",\"side\":\"\(side(order))\","
        + "\"selfTradePreventionMode\":\"NONE\"}")
  }

  func type(_ order: OwnOrder) -> String { order.echo == [1] ? "LIMIT_MAKER" : "LIMIT" }
  func side(_ order: OwnOrder) -> String { order.side == .buy ? "BUY" : "SELL" }

  /// Price times quantity with eight decimals; what is finer is cut, as the venue does.
  func appendTurnover(_ turnover: Int128, to bytes: inout [UInt8]) {
    let scaled = turnover / Int128(FixedPoint.power(data.quantityScale)) / 10
    bytes.append("\"")
    bytes.appendDecimal(Int64(clamping: scaled), scale: 8, places: 8)
    bytes.append("\"")
  }

  mutating func executed(_ owner: UInt32, _ change: BookChange, maker: Bool, _ time: Int64) {
    own.executed(owner, price: change.price, quantity: change.quantity)
    let full = own[owner].executed == own[owner].quantity
    report(
      owner, "TRADE", full ? "FILLED" : "PARTIALLY_FILLED", time, .fill, trade: (change, maker), cancelledAs: nil)
  }

  mutating func report(
    _ owner: UInt32, _ type: String, _ status: String, _ time: Int64, _ weight: Emission.Weight,
    trade: (change: BookChange, maker: Bool)? = nil, cancelledAs: String? = nil
  ) {
    let order = own[owner]
    executions += 1
    let at = time / 1_000_000
    var bytes: [UInt8] = []
    bytes.append("{\"e\":\"executionReport\",\"E\":\(at),\"s\":\"\(data.symbol)\",\"c\":\"")
    // A cancellation has a name of its own, and gives the order's in `C`.
    if let cancelledAs { bytes.append(cancelledAs) } else { bytes += order.name }
    bytes.append(
      "\",\"S\":\"\(side(order))\",\"o\":\"\(self.type(order))\",\"f\":\"\(order.immediate ? "IOC" : "GTC")\"")
    bytes.append(",\"q\":")
    data.appendQuantity(order.quantity, to: &bytes)
    bytes.append(",\"p\":")
    data.appendPrice(order.price, to: &bytes)
    bytes.append(",\"P\":\"0.00000000\",\"F\":\"0.00000000\",\"g\":-1,\"C\":\"")
    if cancelledAs != nil { bytes += order.name }
    bytes.append("\",\"x\":\"\(type)\",\"X\":\"\(status)\",\"r\":\"NONE\",\"i\":\(order.reference),\"l\":")
    data.appendQuantity(trade?.change.quantity ?? 0, to: &bytes)
    bytes.append(",\"z\":")
    data.appendQuantity(order.executed, to: &bytes)
    bytes.append(",\"L\":")
    data.appendPrice(trade?.change.price ?? 0, to: &bytes)
    let works = type == "NEW" ? !order.immediate : status == "PARTIALLY_FILLED" && order.handle != nil
    bytes.append(
      ",\"n\":\"0\",\"N\":null,\"T\":\(at),\"t\":\(trade.map { String($0.change.match) } ?? "-1"),\"I\":\(executions),"
        + "\"w\":\(works),\"m\":\(trade?.maker ?? false),\"M\":false,\"O\":\(order.created / 1_000_000),\"Z\":")
    appendTurnover(order.turnover, to: &bytes)
    bytes.append(",\"Y\":")
    appendTurnover(trade.map { Int128($0.change.price) * Int128($0.change.quantity) } ?? 0, to: &bytes)
    bytes.append(",\"Q\":\"0.00000000\",\"W\":\(order.created / 1_000_000),\"V\":\"NONE\"}")
    emissions.append(Emission(channel: .orderEntry, weight: weight, bytes: bytes))
  }
}
