// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CLinux
internal import CWorkerLink
internal import EventFlow
internal import Glibc

/// The memory file that the host writes and that the workers of a session, one after the other, only read.
@safe final class WorkerInlet {
  let setup: worker_setup
  /// Cannot write.
  let descriptor: Int32
  private let memory: UnsafeMutableRawPointer
  private let size, bytesPlace, notePlace: Int

  /// Nil without memory.
  init?(_ setup: worker_setup) {
    var places = setup
    size = unsafe Int(worker_inlet_size(&places))
    bytesPlace = unsafe Int(worker_bytes_offset(&places))
    notePlace = unsafe Int(worker_host_note_offset(&places))
    guard let file = unsafe WorkerLink.file("exprove-inlet", size, PROT_READ | PROT_WRITE) else { return nil }
    descriptor = unsafe open("/proc/self/fd/\(file.descriptor)", O_RDONLY | O_CLOEXEC)
    unsafe close(file.descriptor)
    self.setup = setup
    unsafe memory = file.memory
    guard descriptor >= 0 else { return nil }
    unsafe memory.storeBytes(of: setup, as: worker_setup.self)
  }

  deinit {
    unsafe munmap(memory, size)
    if descriptor >= 0 { close(descriptor) }
  }

  /// For a new worker: no call was made yet. The frames stay.
  ///
  /// - Parameter note: what a worker reads at its start.
  func begin(_ note: [UInt8]) {
    unsafe orders.initialize(to: worker_orders())
    putNote(note)
  }

  @unsafe var orders: UnsafeMutablePointer<worker_orders> {
    unsafe (memory + Int(worker_orders_offset())).assumingMemoryBound(to: worker_orders.self)
  }

  @unsafe private var table: UnsafeMutablePointer<Frame> {
    unsafe (memory + Int(worker_frames_offset())).assumingMemoryBound(to: Frame.self)
  }

  /// Copies frames to `place` of the table, and the bytes that they refer to; those at `start` come to `target`.
  func put(
    _ frames: UnsafeBufferPointer<Frame>, at place: Int, _ bytes: UnsafePointer<UInt8>, from start: Int, to target: Int
  ) {
    let table = unsafe table + place
    let shift = UInt32(truncatingIfNeeded: target - start)
    var (low, high) = (UInt32.max, UInt64(0))
    for index in frames.indices {
      var frame = unsafe frames[index]
      low = min(low, frame.data)
      high = max(high, UInt64(frame.data) + UInt64(frame.length))
      frame.data &+= shift
      unsafe table[index] = frame
    }
    guard UInt64(low) < high else { return }
    unsafe (memory + bytesPlace + Int(low) - start + target).copyMemory(from: bytes + Int(low), byteCount: Int(high) - Int(low))
  }

  /// Where the bytes of so many frames from `first` on end.
  func end(of count: Int, from first: Int) -> Int {
    let frames = unsafe UnsafeBufferPointer(start: table + first, count: count)
    return unsafe frames.reduce(0) { max($0, Int($1.data) + Int($1.length)) }
  }

  /// Writes to where the frames' bytes lie otherwise.
  func putBytes(_ bytes: [UInt8]) {
    let place = unsafe UnsafeMutableRawBufferPointer(start: memory + bytesPlace, count: Int(setup.byte_capacity))
    unsafe place.copyBytes(from: bytes)
  }

  func putNote(_ bytes: some Collection<UInt8>) {
    let note = unsafe UnsafeMutableRawBufferPointer(start: memory + notePlace, count: Int(WORKER_NOTE_SIZE))
    unsafe note.copyBytes(from: bytes)
  }
}
