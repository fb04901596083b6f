// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
private import Crypto

/// The digest of an event stream: SHA-256 over its canonical encoding, which is the same however the
/// stream was cut into batches. For each frame in order:
///
///     receive_time i64 · offset u64 · length u32 · feed u32 · flags u32 · count of events u32
///
/// and then that many events, 64 bytes each, with `frame` set to 0. All little-endian.
package struct EventDigest {
  private var hasher = SHA256()
  private var encoded: [UInt8] = []

  package init() {}

  /// Adds a batch, whole frames.
  package mutating func update(_ batch: borrowing EventBatch) {
    encoded.removeAll(keepingCapacity: true)
    let frames = batch.frames
    let events = batch.events
    var next = 0
    for index in frames.indices {
      var end = next
      while end < events.count, events[end].frame == UInt32(index) { end += 1 }
      append(frames[index], events: UInt32(end - next))
      while next < end {
        append(events[next])
        next += 1
      }
    }
    hasher.update(data: encoded)
  }

  /// 32 bytes; the stream may go on.
  package var value: [UInt8] { Array(hasher.finalize()) }

  private mutating func append(_ frame: Frame, events: UInt32) {
    var entry = frame
    entry.data = frame.length
    entry.length = frame.feed
    entry.feed = frame.flags
    entry.flags = events
    unsafe withUnsafeBytes(of: entry) { unsafe encoded.append(contentsOf: $0) }
  }

  private mutating func append(_ event: Event) {
    var entry = event
    entry.frame = 0
    unsafe withUnsafeBytes(of: entry) { unsafe encoded.append(contentsOf: $0) }
  }
}
