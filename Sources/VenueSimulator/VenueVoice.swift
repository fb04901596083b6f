// SPDX-License-Identifier: Apache-2.0

internal import EventFlow

/// What a venue is about to send.
struct Emission {
  /// What faults may do to it.
  enum Weight {
    case data
    /// May be doubled or lost.
    case acknowledgement
    /// May be lost.
    case reply
    /// Always arrives once.
    case fill
  }
  var channel: VenueChannel
  var weight: Weight
  var bytes: [UInt8]
}

/// An order that came in through order entry.
struct OwnOrder {
  /// The client's name for it, opaque.
  var name: [UInt8]
  var side: Side
  var price: Int64
  /// As entered, or as the replacement left it.
  var quantity: Int64
  /// Executed of this order.
  var executed = Int64(0)
  /// Executed by the orders that this one replaced.
  var executedBefore = Int64(0)
  /// Sum of price times quantity of its executions.
  var turnover = Int128(0)
  var reference: UInt64 = 0
  var handle: OrderHandle?
  var created: Int64
  /// Whether it is immediate-or-cancel.
  var immediate: Bool
  /// Fields that the protocol only echoes.
  var echo: [UInt8] = []
}

/// Own orders by name. The engine knows them by owner number, their place here from 1.
struct OwnOrders {
  private var all: [OwnOrder] = []
  private var index: [[UInt8]: Int] = [:]

  subscript(owner: UInt32) -> OwnOrder {
    get { all[Int(owner) - 1] }
    set { all[Int(owner) - 1] = newValue }
  }

  var owners: Range<UInt32> { 1..<UInt32(all.count) + 1 }

  /// Everything that was executed of them.
  var executed: Int64 { all.reduce(0) { $0 + $1.executed } }

  func owner(of name: [UInt8]) -> UInt32? { index[name].map { UInt32($0) + 1 } }

  /// The latest order of a name is the one that the name finds.
  mutating func add(_ order: OwnOrder) -> UInt32 {
    index[order.name] = all.count
    all.append(order)
    return UInt32(all.count)
  }

  mutating func executed(_ owner: UInt32, price: Int64, quantity: Int64) {
    all[Int(owner) - 1].executed += quantity
    all[Int(owner) - 1].turnover += Int128(price) * Int128(quantity)
  }
}

/// What a protocol needs to know of the moment.
struct VenueMoment {
  var time: Int64
  /// The venue turns the next order down for no good reason.
  var refuses = false
}
