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

  /// Half of the frame table and of the bytes.
  struct Area {
    let frames: Range<Int>
    let bytes: Range<Int>
  }

  /// What batches are lent, and what other batches' frames are copied to.
  let lent = Area(frames: 0..<halfTable, bytes: 0..<halfBytes)
  let copied = Area(frames: halfTable..<2 * halfTable, bytes: halfBytes..<2 * halfBytes)

  static let halfTable = 1 << 18
  static let halfBytes = 48 << 20

  /// What a batch was lent: where in the inlet its frames and bytes begin. The memory stays while it does.
  final class Loan {
    let inlet: WorkerInlet
    let frame: Int
    let byte: Int

    fileprivate init(_ inlet: WorkerInlet, frame: Int, byte: Int) {
      self.inlet = inlet
      self.frame = frame
      self.byte = byte
    }
  }

  /// Empties a batch and lends it the memory behind a place; the caller has seen to it that there is as much as it needs.
  func lend(_ batch: inout EventBatch, frame: Int, byte: Int) -> Loan {
    let loan = Loan(self, frame: frame, byte: byte)
    let bytes = unsafe (memory + bytesPlace + byte).assumingMemoryBound(to: UInt8.self)
    unsafe batch.removeAll(borrowing: table + frame, bytes, of: loan)
    return loan
  }

  /// Copies frames to `place` of the table, and the bytes that they refer to: those at `start` come to `target`. The copies
  /// count their data from `base` on.
  func put(
    _ frames: UnsafeBufferPointer<Frame>, at place: Int, _ bytes: UnsafePointer<UInt8>, from start: Int, to target: Int,
    base: Int
  ) {
    let table = unsafe table + place
    let shift = UInt32(truncatingIfNeeded: target - base - start)
    var (low, high) = (UInt32.max, UInt64(0))
    for index in frames.indices {
      var frame = unsafe frames[index]
      low = min(low, frame.data)
      high = max(high, UInt64(frame.data) + UInt64(frame.length))
      frame.data &+= shift
      unsafe table[index] = frame
    }
    guard UInt64(low) < high else { return }
    unsafe (memory + bytesPlace + target - start + Int(low)).copyMemory(
      from: bytes + Int(low), byteCount: Int(high) - Int(low))
  }

  /// Where the bytes of so many frames from `first` on end, as they count them.
  func end(of count: Int, from first: Int) -> Int {
    let frames = unsafe UnsafeBufferPointer(start: table + first, count: count)
    return unsafe frames.reduce(0) { max($0, Int($1.data) + Int($1.length)) }
  }

  /// Lets frames count their data from another place on.
  func move(_ count: Int, from first: Int, by shift: Int) {
    for index in first..<first + count { unsafe table[index].data &+= UInt32(truncatingIfNeeded: shift) }
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
