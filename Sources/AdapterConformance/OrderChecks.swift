// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

extension Trial {
  /// New orders in the names and scales of several venues; an adapter takes those that its own can express.
  var sampleOrders: [OrderRequest] {
    ["AAPL", "BTCUSDT", "ABC", "ESH4", "SBER"].enumerated().flatMap { index, symbol in
      [(UInt32(0), Int64(300)), (3, 300_000), (8, 30_000_000_000)].map { scale, quantity in
        var order = OrderRequest()
        order.side = index.isMultiple(of: 2) ? .buy : .sell
        order.orderID = UInt64(1 + index * 100 + Int(scale) * 10)
        order.price = 101_250_000_000
        order.quantity = quantity
        order.quantityScale = scale
        order.symbol = Array(symbol.utf8)
        order.firm = Array("FIRM".utf8)
        order.time = Trial.dayStart + 36_000_000_000_000
        return order
      }
    }
  }

  /// Orders of several kinds, put in the venue's words and read back as what was sent.
  func metadataOrders() throws -> String {
    let adapter = try load()
    guard let entry = unsafe try adapter.orderEntry() else { throw Finding.skip("it sends no orders") }
    guard manifest.channels.contains(.orderEntry) else {
      throw Finding.fail("it has exprove.order_entry/1, and no channel order-entry that would read orders back")
    }
    var read = 0
    var declared = 0
    var refusal = ""
    for configuration in combinations where configuration.channel == .orderEntry {
      guard let session = try TrialSession.offered(adapter, configuration, notes) else { continue }
      scales = [:]
      for order in sampleOrders {
        guard try unsafe roundTrip(order, session, entry, &refusal) else { continue }
        read += 1
        var replacement = order
        replacement.action = .replace
        replacement.previousID = order.orderID
        replacement.orderID += 1
        replacement.price += 50_000_000
        let isReplaced = try unsafe roundTrip(replacement, session, entry, &refusal)
        var cancel = isReplaced ? replacement : order
        cancel.action = .cancel
        cancel.quantity = 0
        guard try unsafe roundTrip(cancel, session, entry, &refusal) else {
          throw Finding.fail("an order that it can send it cannot cancel: \(refusal)")
        }
        read += isReplaced ? 2 : 1
        // One order shows whether the venue takes what is declared; its name and scale are those that were taken.
        if declared == 0 { declared = try unsafe declaredRoundTrips(order, session, entry) }
      }
      session.close()
    }
    guard read > 0 else { throw Finding.warn("it put none of the orders in the venue's words: \(refusal)") }
    return "\(read + declared) requests came back as they were sent"
  }

  /// Requests of each type, time in force and feature that the adapter declares, by the model of one that it took.
  @unsafe private func declaredRoundTrips(
    _ model: OrderRequest, _ session: TrialSession, _ entry: exprove_order_entry_v1
  ) throws -> Int {
    guard let ask = unsafe entry.capabilities else { return 0 }
    var record = exprove_order_capabilities()
    record.struct_size = UInt32(MemoryLayout<exprove_order_capabilities>.size)
    notes.record(.extend)
    let status = unsafe ask(session.handle, &record)
    notes.settle()
    guard status == Status.ok else { throw Finding.fail("capabilities answered \(describe(status, ""))") }
    let allowed = try OrderCapabilities(record, of: manifest)
    var requests: [(what: String, request: OrderRequest)] = []
    func add(_ what: String, _ change: (inout OrderRequest) -> Void) {
      var request = model
      request.orderID = 10_001 + UInt64(requests.count)
      change(&request)
      requests.append((what, request))
    }
    for time in allowed.timesInForce where allowed.orderTypes.contains(.limit) {
      add("time in force \(time)") {
        $0.timeInForce = time
        if time == .goodTillTime { $0.expireTime = $0.time + 3_600_000_000_000 }
      }
    }
    if allowed.orderTypes.contains(.market) {
      add("market orders") {
        $0.orderType = .market
        $0.price = 0
        $0.timeInForce = .immediateOrCancel
      }
    }
    if allowed.features.contains(.postOnly) { add("post-only orders") { $0.isPostOnly = true } }
    if allowed.features.contains(.display) { add("partly displayed orders") { $0.displayQuantity = $0.quantity / 3 } }
    if allowed.features.contains(.reduce) {
      add("orders to be reduced") { _ in }
      var reduction = requests[requests.count - 1].request
      reduction.action = .cancel
      reduction.quantity /= 3
      requests.append(("cancels that leave a part", reduction))
    }
    for (what, request) in requests where request.orderID <= allowed.highestID {
      var refusal = ""
      guard try unsafe roundTrip(request, session, entry, &refusal) else {
        throw Finding.fail("it declares \(what) and refuses one: \(refusal)")
      }
    }
    return requests.count
  }

  /// False when the venue has no words for it.
  @unsafe private func roundTrip(
    _ request: OrderRequest, _ session: TrialSession, _ entry: exprove_order_entry_v1, _ refusal: inout String
  ) throws -> Bool {
    guard let record = request.record else { return false }
    let state = try session.save()
    var out = [UInt8](repeating: 0x5A, count: Int(entry.max_size) + 64)
    let (status, text, size) = unsafe session.encode(entry, record, into: &out, capacity: Int(entry.max_size))
    guard out.dropFirst(Int(entry.max_size)).allSatisfy({ $0 == 0x5A }) else {
      throw Finding.fail("encode wrote beyond its max_size of \(entry.max_size)")
    }
    guard try session.save() == state else { throw Finding.fail("encode changes the session's state") }
    guard status == Status.ok else {
      guard status == Status.invalidArgument || status == Status.notImplemented else {
        throw Finding.fail("encode answered \(describe(status, text)) to a request that it cannot express")
      }
      refusal = describe(status, text)
      return false
    }
    guard size >= 1, size <= Int(entry.max_size) else { throw Finding.fail("encode gave \(size) bytes") }
    var short = [UInt8](repeating: 0x5A, count: size + 64)
    let (tooSmall, _, _) = unsafe session.encode(entry, record, into: &short, capacity: size - 1)
    guard tooSmall == Status.tooSmall, short.dropFirst(size - 1).allSatisfy({ $0 == 0x5A }) else {
      throw Finding.fail("encode with one byte too little answered \(describe(tooSmall, "")) or wrote beyond it")
    }
    let stream = session.decode([Corpus.Entry(bytes: Array(out.prefix(size)), flags: .outbound)])
    if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
    try compare(request, stream)
    return true
  }

  private func compare(_ request: OrderRequest, _ stream: Stream) throws {
    let kind: EventKind =
      switch request.action {
      case .new: .ownNew
      case .cancel: .ownCancelRequest
      case .replace: .ownReplaceRequest
      }
    guard let event = stream.events.first(where: { $0.eventKind == kind }) else {
      let seen = stream.events.map { $0.eventKind?.name ?? "kind \($0.kind)" }.joined(separator: ", ")
      throw Finding.fail("a request that it encoded decodes to \(seen), not to \(kind.name)")
    }
    func demand(_ name: String, _ value: some Equatable, _ wanted: some Equatable) throws {
      guard "\(value)" == "\(wanted)" else {
        throw Finding.fail("\(kind.name) comes back with \(name) \(value), it was sent with \(wanted)")
      }
    }
    try demand("order", event.order_id, request.orderID)
    if request.action == .replace { try demand("replaced order", event.aux, request.previousID) }
    // Only a new order must tell its side; what is told must be right.
    if request.action == .new || event.side != Side.none.rawValue {
      try demand("side", event.side, request.side.rawValue)
    }
    if request.action != .cancel { try demand("price", event.price, request.price) }
    if request.action == .new { try demand("NO_PRICE", event.has(.noPrice), request.orderType == .market) }
    // Quantities are compared at nine more decimals than either side has.
    let scale = stream.events.first { $0.eventKind == .instrument }.map { Int($0.level) } ?? scales[event.instrument]
    guard let scale else { return }
    if event.instrument != noInstrument { scales[event.instrument] = scale }
    try demand(
      "quantity", Trial.widened(event.quantity, scale), Trial.widened(request.quantity, Int(request.quantityScale)))
  }

  private static func widened(_ quantity: Int64, _ scale: Int) -> Int128 {
    (scale..<18).reduce(Int128(quantity)) { value, _ in value * 10 }
  }
}
