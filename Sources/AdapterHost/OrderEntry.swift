// SPDX-License-Identifier: Apache-2.0

package import CExProveABI
package import EventFlow

/// What the host wants a venue to do, before an adapter puts it in the venue's words.
package struct OrderRequest: Equatable, Sendable {
  package enum Action: UInt8, Sendable {
    case new = 1
    case cancel, replace
  }
  package enum TimeInForce: UInt8, Sendable {
    case day = 0
    case immediateOrCancel
    // Of 1.1, where the adapter's capabilities name them.
    case fillOrKill, goodTillCancelled, goodTillTime
  }
  package enum OrderType: UInt8, Sendable {
    case limit = 0
    /// Its price is 0.
    case market
  }

  package var action = Action.new
  package var side = Side.none
  package var timeInForce = TimeInForce.day
  /// It must not take.
  package var isPostOnly = false
  /// The host's client order id, never 0.
  package var orderID: UInt64 = 0
  package var previousID: UInt64 = 0
  /// At 1e-9.
  package var price: Int64 = 0
  /// At `quantityScale`; of a cancel what shall stay live.
  package var quantity: Int64 = 0
  package var quantityScale: UInt32 = 0
  /// The venue's, at most 32 bytes.
  package var symbol: [UInt8] = []
  /// Account or firm code as the venue knows it, at most 8 bytes.
  package var firm: [UInt8] = []
  /// `P` principal, `A` agency, `R` riskless principal.
  package var capacity = UInt8(ascii: "P")
  /// Nanoseconds since 1970.
  package var time: Int64 = 0
  package var orderType = OrderType.limit
  /// Of `.goodTillTime`, nanoseconds since 1970.
  package var expireTime: Int64 = 0
  /// The part that others may see, at `quantityScale`; 0 for all of it.
  package var displayQuantity: Int64 = 0

  package init() {}

  /// The C form; nil for a symbol or firm that does not fit it.
  package var record: exprove_order_request? {
    guard symbol.count <= 32, firm.count <= 8 else { return nil }
    var record = exprove_order_request()
    record.struct_size = UInt32(MemoryLayout<exprove_order_request>.size)
    record.action = action.rawValue
    record.side = side.rawValue
    record.time_in_force = timeInForce.rawValue
    record.post_only = isPostOnly ? 1 : 0
    record.order_id = orderID
    record.previous_id = previousID
    record.price = price
    record.quantity = quantity
    record.quantity_scale = quantityScale
    record.symbol_size = UInt32(symbol.count)
    unsafe withUnsafeMutableBytes(of: &record.symbol) { unsafe $0.copyBytes(from: symbol) }
    unsafe withUnsafeMutableBytes(of: &record.firm) { unsafe $0.copyBytes(from: firm) }
    record.capacity = capacity
    record.time = time
    record.order_type = orderType.rawValue
    record.expire_time = expireTime
    record.display_quantity = displayQuantity
    return record
  }
}

extension AdapterSession {
  /// The venue's bytes for a request by `exprove.order_entry/1`, one message without transport framing. The session
  /// stays as it was: the request counts once its bytes come back as a frame marked OUTBOUND.
  package func encode(_ request: OrderRequest) throws(AdapterError) -> [UInt8] {
    let name = manifest.name
    guard manifest.extensions.contains(LoadedAdapter.orderEntryID) else {
      throw AdapterError(.notOffered, "\(name): it sends no orders: its manifest has no \(LoadedAdapter.orderEntryID)")
    }
    try demandCapability(request)
    guard var record = request.record else {
      throw AdapterError(.badSetting, "\(name): a symbol has at most 32 bytes, a firm at most 8")
    }
    let status: exprove_status
    let text: String
    var out: [UInt8]
    let size: Int
    switch runner {
    case .direct(let direct):
      guard let entry = unsafe try direct.adapter.orderEntry() else { return [] }
      out = [UInt8](repeating: 0, count: Int(entry.max_size))
      var filled: UInt32 = 0
      (status, text) = unsafe withErrorText { error in
        unsafe out.withUnsafeMutableBufferPointer {
          unsafe entry.encode(direct.pointer, &record, $0.baseAddress, UInt32($0.count), &filled, error)
        }
      }
      size = Int(filled)
    case .supervised(let session):
      let bytes = unsafe withUnsafeBytes(of: &record) { unsafe Array($0) }
      (status, text, out) = try session.encode(bytes, most: LoadedAdapter.largestRequest)
      size = out.count
    }
    guard status == Status.ok else {
      throw AdapterError(
        .callFailed, "\(name): it cannot put order \(request.orderID) in the venue's words: \(describe(status, text))")
    }
    guard (1...min(max(1, out.count), LoadedAdapter.largestRequest)).contains(size) else {
      throw ExtensionRule.orderRequest.broken(by: manifest, "\(size) bytes, max_size \(out.count)")
    }
    return Array(out.prefix(size))
  }
}

extension LoadedAdapter {
  static let orderEntryID = "exprove.order_entry/1"
  /// Bytes that a request may have by any adapter's `max_size`.
  static let largestRequest = 65_536

  /// The table of `exprove.order_entry/1`; nil when the manifest does not name it.
  @unsafe package func orderEntry() throws(AdapterError) -> exprove_order_entry_v1? {
    let id = LoadedAdapter.orderEntryID
    let least = unsafe MemoryLayout<exprove_order_entry_v1>.offset(of: \.capabilities)!
    guard let entry = unsafe try extensionTable(id, exprove_order_entry_v1(), least: least) else { return nil }
    guard unsafe entry.encode != nil, (1...UInt32(LoadedAdapter.largestRequest)).contains(entry.max_size) else {
      throw AdapterError(.badTable, "\(image.path): its table of \(id) is empty or without size")
    }
    return entry
  }
}
