// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow

/// The frames that a session decoded since its state was last saved, and what they gave: what a new worker is told again.
@safe struct FrameHistory {
  private(set) var frames: [Frame] = []
  private(set) var bytes: [UInt8] = []
  /// Of the events that they gave.
  private(set) var mix = StreamMix()

  /// Bytes that it takes.
  var size: Int { bytes.count + frames.count * MemoryLayout<Frame>.stride }

  /// Takes up the bytes of frames that are about to be decoded; `start` is where they lie for the frames.
  ///
  /// - Returns: what has to be added to `data` of each of those frames.
  mutating func append(_ more: UnsafeRawBufferPointer, from start: Int) -> UInt32 {
    let shift = UInt32(truncatingIfNeeded: bytes.count - start)
    unsafe bytes.append(contentsOf: more)
    return shift
  }

  /// Takes up frames that were decoded.
  mutating func append(_ more: UnsafeBufferPointer<Frame>, shift: UInt32) {
    let first = frames.count
    unsafe frames.append(contentsOf: more)
    for index in first..<frames.count { frames[index].data &+= shift }
  }

  /// Calls with all frames and their bytes.
  @unsafe func withFrames(
    _ body: (UnsafeBufferPointer<Frame>, UnsafePointer<UInt8>) throws(WorkerFailure) -> Void
  ) throws(WorkerFailure) {
    guard !frames.isEmpty else { return }
    // An empty array has no address.
    let bytes = bytes + [0]
    try unsafe frames.withUnsafeBufferPointer { (frames) throws(WorkerFailure) in
      try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(WorkerFailure) in
        try unsafe body(frames, bytes.baseAddress!)
      }
    }
  }

  mutating func add(_ events: UnsafePointer<Event>, count: Int) { unsafe mix.add(events, count: count) }

  mutating func removeAll() {
    frames.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    mix = StreamMix()
  }
}

/// A number for a stream of events that differs, in all likelihood, for other streams.
@safe struct StreamMix: Equatable {
  private var state = SIMD8<UInt64>(repeating: 0)
  private(set) var events = 0

  /// Reads each event once; the memory may be a worker's.
  mutating func add(_ events: UnsafePointer<Event>, count: Int) {
    unsafe withUnsafeMutableBytes(of: &state) {
      unsafe worker_mix(
        $0.baseAddress!.assumingMemoryBound(to: UInt64.self), events, count, EventFlags.simulated.rawValue)
    }
    self.events += count
  }
}
