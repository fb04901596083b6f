// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import EventFlow

/// A number for a stream of events that differs, in all likelihood, for other streams: not against forgery. Sums tell any
/// other value, and sums of the sums any other order. It leaves out the frame's index, which depends on the batch, and the
/// flag that only the host sets.
struct StreamMix: Equatable {
  var sum = SIMD8<UInt64>(repeating: 0)
  var sums = SIMD8<UInt64>(repeating: 0)
  private(set) var events = 0

  /// The bits of an event that count, for `add`: made before a loop, not in it.
  static var counted: SIMD8<UInt64> {
    SIMD8(.max, .max, .max, .max, .max, .max, 0xFFFF_FFFF, ~(UInt64(EventFlags.simulated.rawValue) << 16))
  }

  /// Reads the event once; the memory may be a worker's.
  @inline(__always) mutating func add(_ event: UnsafeRawPointer, counted: SIMD8<UInt64>) {
    sum &+= unsafe event.loadUnaligned(as: SIMD8<UInt64>.self) & counted
    sums &+= sum
  }

  mutating func add(_ more: UnsafePointer<Event>, count: Int) {
    let counted = StreamMix.counted
    for index in 0..<count { unsafe add(UnsafeRawPointer(more + index), counted: counted) }
    events += count
  }

  /// Counts events that were added one by one.
  @inline(__always) mutating func count(_ more: Int) { events += more }
}
