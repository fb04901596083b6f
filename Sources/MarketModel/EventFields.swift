// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// The fields that every event is asked for, read in place: through the types of `EventFlow` each would be a call into
/// another module.
extension exprove_event {
  @inline(__always)
  var isLast: Bool { UInt32(flags) & EXPROVE_FLAG_LAST != 0 }

  @inline(__always)
  var takesRestingPrice: Bool { UInt32(flags) & EXPROVE_FLAG_RESTING_PRICE != 0 }

  @inline(__always)
  func isKind(_ wanted: exprove_kind) -> Bool { UInt32(kind) == wanted.rawValue }

  @inline(__always)
  var hasSide: Bool { side == 1 || side == 2 }
}

extension Order {
  /// `mark`'s lower two bits are 1 for a bid and 2 for an ask.
  @inline(__always)
  var isAsk: Int { Int(truncatingIfNeeded: (mark >> 1) & 1) }
}
