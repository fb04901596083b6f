// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// A batch as a record's payload: counts of frames, events and bytes (u32 each, then a zero u32), and the
/// three as they lie in memory, little-endian.
package enum BatchCoding {
  static let headerSize = 16

  package static func encode(_ batch: borrowing EventBatch, into out: inout [UInt8]) {
    out.removeAll(keepingCapacity: true)
    for count in [batch.frameCount, batch.eventCount, batch.byteCount, 0] {
      append(UInt32(count), to: &out)
    }
    unsafe batch.frames.withUnsafeBytes { unsafe out.append(contentsOf: $0) }
    unsafe batch.events.withUnsafeBytes { unsafe out.append(contentsOf: $0) }
    unsafe batch.bytes.withUnsafeBytes { unsafe out.append(contentsOf: $0) }
  }

  /// Fills `batch`; the reason when `payload` is no batch or a batch that does not fit.
  package static func decode(_ payload: borrowing Span<UInt8>, into batch: inout EventBatch) -> String? {
    batch.removeAll()
    guard payload.count >= headerSize else { return "shorter than a batch's header" }
    let frames = word(payload, 0)
    let events = word(payload, 4)
    let bytes = word(payload, 8)
    guard word(payload, 12) == 0 else { return "a reserved word is not zero" }
    let expected =
      headerSize + frames * MemoryLayout<exprove_frame>.size + events * MemoryLayout<exprove_event>.size + bytes
    guard payload.count == expected else { return "a batch of \(expected) bytes in \(payload.count)" }
    guard frames <= batch.frameCapacity, events <= batch.eventCapacity, bytes <= batch.byteCapacity else {
      return "a batch larger than this version writes"
    }
    unsafe payload.withUnsafeBytes { source in
      unsafe batch.withStorage { frameStorage, eventStorage, byteStorage, counts in
        var at = headerSize
        unsafe copy(source, &at, to: UnsafeMutableRawBufferPointer(frameStorage), frames * 32)
        unsafe copy(source, &at, to: UnsafeMutableRawBufferPointer(eventStorage), events * 64)
        unsafe copy(source, &at, to: UnsafeMutableRawBufferPointer(byteStorage), bytes)
        counts = EventBatch.Counts(frames: frames, events: events, bytes: bytes)
      }
    }
    return inconsistency(of: batch)
  }

  /// Frames within the bytes, events in the order of their frames: what every reader relies on.
  private static func inconsistency(of batch: borrowing EventBatch) -> String? {
    for index in batch.frames.indices {
      let frame = batch.frames[index]
      guard Int(frame.data) + Int(frame.length) <= batch.byteCount else {
        return "frame \(index) lies beyond the bytes"
      }
    }
    var last: UInt32 = 0
    for index in batch.events.indices {
      let frame = batch.events[index].frame
      guard frame >= last, Int(frame) < batch.frameCount else { return "event \(index) names no frame in order" }
      last = frame
    }
    return nil
  }

  private static func copy(
    _ source: UnsafeRawBufferPointer, _ at: inout Int, to target: UnsafeMutableRawBufferPointer, _ count: Int
  ) {
    if count > 0 {
      unsafe target.baseAddress!.copyMemory(from: source.baseAddress! + at, byteCount: count)
    }
    at += count
  }

  private static func word(_ bytes: borrowing Span<UInt8>, _ at: Int) -> Int {
    Int(bytes[at]) | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]) << 16 | Int(bytes[at + 3]) << 24
  }
}

func append(_ value: some FixedWidthInteger & UnsignedInteger, to out: inout [UInt8]) {
  var rest = value
  for _ in 0..<(value.bitWidth / 8) {
    out.append(UInt8(truncatingIfNeeded: rest))
    rest >>= 8
  }
}
