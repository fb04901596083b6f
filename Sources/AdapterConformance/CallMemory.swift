// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import AdapterHost
internal import EventFlow
internal import Glibc

/// The memory of a call: bytes, frame table and events, aligned alike in each call so that only the checks that
/// mean to move them do.
@safe final class CallMemory {
  let eventCapacity: Int
  private let eventStorage: UnsafeMutableBufferPointer<Event>
  private var bytes: UnsafeMutableRawBufferPointer
  private var frameStorage: UnsafeMutableBufferPointer<Frame>
  private(set) var change: String?

  struct Answer {
    var status: exprove_status
    var used: Int
    var filled: Int

    /// What breaks the rules of calls, so that nothing further can be made of it.
    func problem(frames: Int, capacity: Int) -> String? {
      if status != Status.ok { return "decode answered \(describe(status, ""))" }
      if used < 1 || used > frames { return "decode used \(used) of \(frames) frames" }
      if filled < used || filled > capacity {
        return "decode filled \(filled) events for \(used) frames, capacity \(capacity)"
      }
      return nil
    }
  }

  init(events: Int) {
    eventCapacity = events
    unsafe eventStorage = .allocate(capacity: events)
    unsafe eventStorage.initialize(repeating: Event())
    unsafe bytes = .allocate(byteCount: 1 << 16, alignment: 64)
    unsafe frameStorage = .allocate(capacity: 1024)
    unsafe frameStorage.initialize(repeating: Frame())
  }

  deinit {
    unsafe eventStorage.deallocate()
    unsafe bytes.deallocate()
    unsafe frameStorage.deallocate()
  }

  func events(_ count: Int) -> [Event] { unsafe Array(eventStorage.prefix(count)) }

  /// Lays frames out, each at a multiple of 16 plus the shift; returns how many bytes that takes.
  private func lay(_ frames: ArraySlice<Corpus.Entry>, shift: Int, filler: UInt8) -> Int {
    let size = frames.reduce(64) { $0 + ($1.bytes.count + 31) / 16 * 16 }
    if unsafe size > bytes.count {
      unsafe bytes.deallocate()
      unsafe bytes = .allocate(byteCount: size * 2, alignment: 64)
    }
    if unsafe frames.count > frameStorage.count {
      unsafe frameStorage.deallocate()
      unsafe frameStorage = .allocate(capacity: frames.count)
      unsafe frameStorage.initialize(repeating: Frame())
    }
    unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<size]).initializeMemory(as: UInt8.self, repeating: filler)
    var at = shift
    for (index, entry) in frames.enumerated() {
      var frame = Frame()
      frame.receive_time = entry.receiveTime
      frame.data = UInt32(at)
      frame.length = UInt32(entry.bytes.count)
      frame.flags = entry.flags.rawValue
      unsafe frameStorage[index] = frame
      unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[at...]).copyBytes(from: entry.bytes)
      at += (entry.bytes.count + 31) / 16 * 16
    }
    return size
  }

  @unsafe func call(
    _ table: exprove_adapter, _ session: OpaquePointer?, _ frames: ArraySlice<Corpus.Entry>, _ call: TrialSession.Call,
    capacity: Int
  ) -> Answer {
    let size = lay(frames, shift: call.shift, filler: call.filler)
    var batch = unsafe exprove_batch(
      struct_size: UInt32(MemoryLayout<exprove_batch>.size), frame_count: UInt32(frames.count),
      bytes: UnsafePointer(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)), bytes_size: UInt64(size),
      frames: frameStorage.baseAddress, events: eventStorage.baseAddress, event_capacity: UInt32(capacity),
      frames_used: 0, events_filled: 0, reserved: 0)
    let before = unsafe batch
    let status = unsafe table.decode(session, &batch)
    if change == nil {
      unsafe change = batchChange(before, batch) ?? inputChange(frames, shift: call.shift, filler: call.filler)
    }
    return unsafe Answer(status: status, used: Int(batch.frames_used), filled: Int(batch.events_filled))
  }

  private func batchChange(_ before: exprove_batch, _ after: exprove_batch) -> String? {
    let isSame =
      unsafe before.struct_size == after.struct_size && before.frame_count == after.frame_count
      && before.bytes == after.bytes && before.bytes_size == after.bytes_size && before.frames == after.frames
      && before.events == after.events && before.event_capacity == after.event_capacity
      && before.reserved == after.reserved
    return isSame ? nil : "decode changed the batch's inputs"
  }

  private func inputChange(_ frames: ArraySlice<Corpus.Entry>, shift: Int, filler: UInt8) -> String? {
    var at = shift
    for (index, entry) in frames.enumerated() {
      let frame = unsafe frameStorage[index]
      guard frame.data == UInt32(at), frame.length == UInt32(entry.bytes.count), frame.flags == entry.flags.rawValue,
        frame.receive_time == entry.receiveTime
      else { return "decode changed entry \(index) of the frame table" }
      let isSame = unsafe entry.bytes.withUnsafeBytes {
        unsafe $0.isEmpty || memcmp($0.baseAddress!, bytes.baseAddress! + at, $0.count) == 0
      }
      if !isSame {
        let place = entry.bytes.indices.first { unsafe bytes[at + $0] != entry.bytes[$0] } ?? 0
        return "decode changed byte \(place) of a frame of \(entry.bytes.count) bytes"
      }
      let next = at + (entry.bytes.count + 31) / 16 * 16
      for place in at + entry.bytes.count..<next where unsafe bytes[place] != filler {
        return "decode wrote behind a frame of \(entry.bytes.count) bytes"
      }
      at = next
    }
    return nil
  }

  @unsafe func frameTimes(
    _ table: exprove_adapter, _ session: OpaquePointer?, _ frames: ArraySlice<Corpus.Entry>
  ) throws -> [Int64] {
    let size = lay(frames, shift: 0, filler: 0)
    var times = [Int64](repeating: 0x5A5A, count: frames.count + 1)
    let status = unsafe times.withUnsafeMutableBufferPointer {
      unsafe table.frame_time(
        session, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt64(size), frameStorage.baseAddress,
        UInt32(frames.count), $0.baseAddress)
    }
    guard status == Status.ok else { throw Finding.fail("frame_time answered \(describe(status, ""))") }
    guard times.removeLast() == 0x5A5A else { throw Finding.fail("frame_time wrote more times than there are frames") }
    return times
  }
}
