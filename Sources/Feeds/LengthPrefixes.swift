// SPDX-License-Identifier: Apache-2.0

private import CExProveABI
internal import EventFlow

/// Messages behind 2-byte big-endian lengths, as in NASDAQ's BinaryFILE. A length of zero at the very end is that
/// format's end marker; anywhere else it is a frame of no bytes, which the adapter reports.
extension FeedReader {
  mutating func readLengthPrefixed(into batch: inout EventBatch, target: Int) throws(FeedError) {
    while batch.frameCount < target {
      if walkLengthPrefixed(into: &batch, target: target) > 0 { continue }
      // No whole frame that fits lies at the front.
      guard window.require(2) else { return try endOfLengthPrefixed(into: &batch) }
      let length = Int(window.bytes[0]) << 8 | Int(window.bytes[1])
      if window.require(2 + length) {
        if length == 0, !window.require(3), window.damage == nil {
          counts.endMarker = true
          window.consume(2)
          return
        }
        guard try deliver(at: 2, count: length, time: nil, into: &batch) else { return }
        window.consume(2 + length)
      } else {
        return try endOfLengthPrefixed(into: &batch)
      }
    }
  }

  /// What is left when the capture ends: nothing, or less than a frame, which is given as it is.
  private mutating func endOfLengthPrefixed(into batch: inout EventBatch) throws(FeedError) {
    let left = window.count
    guard left > 0 else {
      if let damage = window.damage { throw damage }
      return
    }
    let prefix = left < 2 ? 0 : 2
    let needed = left < 2 ? 2 : 2 + Int(window.bytes[0]) << 8 + Int(window.bytes[1])
    let offset = window.offset
    guard try deliver(at: prefix, count: left - prefix, time: nil, isTruncated: true, into: &batch) else { return }
    window.consume(left)
    throw window.damage ?? .cut(path: path, offset: offset, present: left, needed: needed)
  }

  /// Enters the whole frames at the front of the window, and copies their bytes with the lengths between them in
  /// one piece: `Frame.data` steps over the lengths. Returns how many frames.
  private mutating func walkLengthPrefixed(into batch: inout EventBatch, target: Int) -> Int {
    let feed = feed
    let base = window.offset
    let flags = EXPROVE_FRAME_NO_TIME
    var used = 0
    let added = unsafe batch.withStorage { frames, _, bytes, counts in
      unsafe window.withBytes { source in
        guard let from = source.baseAddress, let to = bytes.baseAddress, let table = frames.baseAddress else {
          return 0
        }
        let room = min(source.count, bytes.count - counts.bytes)
        let data = UInt32(counts.bytes)
        var count = counts.frames
        var next = 0
        while count < target, next + 2 <= room {
          let length = Int(unsafe UnsafeRawPointer(from + next).loadUnaligned(as: UInt16.self).bigEndian)
          let after = next + 2 + length
          if length == 0 || after > room { break }
          unsafe table[count] = Frame(
            receive_time: 0, offset: base &+ UInt64(next &+ 2), data: data &+ UInt32(truncatingIfNeeded: next &+ 2),
            length: UInt32(truncatingIfNeeded: length), feed: feed, flags: flags)
          count += 1
          next = after
        }
        unsafe (to + counts.bytes).update(from: from, count: next)
        let added = count - counts.frames
        counts.frames = count
        counts.bytes += next
        used = next
        return added
      }
    }
    window.consume(used)
    return added
  }
}
