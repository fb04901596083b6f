// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow

/// The frames that a session decoded since its state was last saved, and what they gave: what a new worker is told again.
/// They lie at the beginning of the inlet, where every worker of the session reads them.
struct FrameHistory {
  /// How many frames, and the bytes that they take.
  private(set) var frames = 0
  private(set) var bytes = 0
  /// Of the events that they gave.
  private(set) var mix = StreamMix()

  /// Bytes that it takes in all.
  var size: Int { bytes + frames * MemoryLayout<Frame>.stride }

  /// Takes up frames that were decoded; `bytes` is where theirs end, or end that of others before.
  mutating func append(frames more: Int, bytesUpTo end: Int) {
    frames += more
    bytes = max(bytes, end)
  }

  mutating func add(_ events: UnsafePointer<Event>, count: Int) { unsafe mix.add(events, count: count) }
}

/// A number for a stream of events that differs, in all likelihood, for other streams.
@safe struct StreamMix: Equatable {
  private var state = (SIMD8<UInt64>(repeating: 0), SIMD8<UInt64>(repeating: 0))
  private(set) var events = 0

  /// Reads each event once; the memory may be a worker's.
  mutating func add(_ events: UnsafePointer<Event>, count: Int) {
    unsafe withUnsafeMutableBytes(of: &state) {
      unsafe worker_mix(
        $0.baseAddress!.assumingMemoryBound(to: UInt64.self), events, count, EventFlags.simulated.rawValue)
    }
    self.events += count
  }

  static func == (left: StreamMix, right: StreamMix) -> Bool { left.state == right.state && left.events == right.events }
}
