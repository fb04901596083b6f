// SPDX-License-Identifier: Apache-2.0

package import CExProveABI

/// What a venue takes through a session; `exprove_order_capabilities` of `extensions.h`.
package struct OrderCapabilities: Equatable, Sendable {
  package enum Replace: UInt32, Sendable {
    /// Cancel, then send a new one.
    case none = 0
    /// The old order stands until the new one does.
    case atomic
    /// The old one is cancelled first, and the new one may still be refused.
    case twoSteps
  }
  package struct Features: OptionSet, Equatable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let postOnly = Features(rawValue: 1)
    /// A cancel may leave a part live.
    package static let reduce = Features(rawValue: 2)
    package static let display = Features(rawValue: 4)
    package static let keepsPriority = Features(rawValue: 8)
    /// A replace keeps the order's time in force.
    package static let replaceKeepsTimeInForce = Features(rawValue: 16)
    package static let all = Features(rawValue: 31)
  }

  package var actions: [OrderRequest.Action]
  package var orderTypes: [OrderRequest.OrderType]
  /// Of limit orders.
  package var timesInForce: [OrderRequest.TimeInForce]
  package var replace: Replace
  package var features: Features
  package var highestID: UInt64

  /// What every adapter is asked for that declares nothing, as in ABI 1.0; what the venue has no words for it refuses.
  package static let undeclared = OrderCapabilities(
    actions: [.new, .cancel, .replace], orderTypes: [.limit], timesInForce: [.day, .immediateOrCancel],
    replace: .atomic, features: [.postOnly, .reduce], highestID: .max)
}

extension AdapterSession {
  /// What this session's venue takes, under its settings; nil when the adapter sends no orders.
  package func orderCapabilities() throws(AdapterError) -> OrderCapabilities? {
    guard manifest.extensions.contains(LoadedAdapter.orderEntryID) else { return nil }
    var record = exprove_order_capabilities()
    let size = UInt32(MemoryLayout<exprove_order_capabilities>.size)
    record.struct_size = size
    let status: exprove_status
    switch runner {
    case .direct(let direct):
      guard let entry = unsafe try direct.adapter.orderEntry() else { return nil }
      guard let ask = unsafe entry.capabilities else { return .undeclared }
      status = unsafe ask(direct.pointer, &record)
    case .supervised(let session):
      status = try session.fill(&record, by: .orderCapabilities)
      if status == Status.notImplemented { return .undeclared }
    }
    guard status == Status.ok else {
      throw AdapterError(.callFailed, "\(manifest.name): capabilities answered \(describe(status, ""))")
    }
    return try OrderCapabilities(record, of: manifest)
  }
}

extension OrderCapabilities {
  /// What an adapter filled, held against XP-A-702.
  package init(_ record: exprove_order_capabilities, of manifest: AdapterManifest) throws(AdapterError) {
    func broken(_ detail: String) -> AdapterError { ExtensionRule.orderCapabilities.broken(by: manifest, detail) }
    let size = UInt32(MemoryLayout<exprove_order_capabilities>.size)
    guard record.struct_size == size else { throw broken("it filled \(record.struct_size) of \(size) bytes") }
    let known: [(String, UInt32, UInt32)] = [
      ("actions", record.actions, 0b1110), ("order types", record.order_types, 0b11),
      ("times in force", record.times_in_force, 0b11111), ("features", record.features, 0b11111),
    ]
    for (name, bits, all) in known where bits & ~all != 0 {
      throw broken("\(name) 0x\(String(bits, radix: 16)), known are 0x\(String(all, radix: 16))")
    }
    func values<Value: RawRepresentable<UInt8>>(_ bits: UInt32, _ type: Value.Type) -> [Value] {
      (0..<8).filter { bits >> $0 & 1 == 1 }.compactMap { Value(rawValue: UInt8($0)) }
    }
    self.init(
      actions: values(record.actions, OrderRequest.Action.self),
      orderTypes: values(record.order_types, OrderRequest.OrderType.self),
      timesInForce: values(record.times_in_force, OrderRequest.TimeInForce.self),
      replace: OrderCapabilities.Replace(rawValue: record.replace) ?? .none,
      features: .init(rawValue: record.features), highestID: record.highest_id)
    guard record.replace <= 2, (replace != .none) == actions.contains(.replace) else {
      throw broken("replace \(record.replace) with actions 0x\(String(record.actions, radix: 16))")
    }
    guard actions.contains(.new), !orderTypes.isEmpty, highestID > 0 else {
      throw broken("it takes no new orders, no order type or no id")
    }
  }
}

extension AdapterSession {
  /// What 1.0 did not have is asked for only where it is declared: an adapter that does not know it would read another
  /// order.
  func demandCapability(_ request: OrderRequest) throws(AdapterError) {
    let isPlain =
      request.orderType == .limit && request.timeInForce.rawValue <= 1 && request.displayQuantity == 0
      && request.expireTime == 0
    guard !isPlain else { return }
    guard let allowed = try orderCapabilities() else { return }
    func refused(_ what: String) -> AdapterError {
      AdapterError(.notOffered, "\(manifest.name): order \(request.orderID): the venue takes no \(what)")
    }
    guard allowed.orderTypes.contains(request.orderType) else { throw refused("\(request.orderType) orders") }
    guard request.orderType == .market || allowed.timesInForce.contains(request.timeInForce) else {
      throw refused("time in force \(request.timeInForce)")
    }
    guard request.displayQuantity == 0 || allowed.features.contains(.display) else {
      throw refused("partly displayed orders")
    }
    guard request.orderType != .market || request.price == 0 else {
      throw AdapterError(
        .badSetting, "\(manifest.name): order \(request.orderID): a market order has no price")
    }
    guard (request.expireTime != 0) == (request.timeInForce == .goodTillTime) else {
      throw AdapterError(
        .badSetting,
        "\(manifest.name): order \(request.orderID): an expire time belongs to good-till-time, and it to that")
    }
  }
}
