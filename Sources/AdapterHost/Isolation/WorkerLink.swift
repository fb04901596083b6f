// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CLinux
internal import CWorkerLink
internal import EventFlow
internal import Glibc

/// The two memory files between the host and one worker, as the host sees them: it writes the inlet, and only reads the
/// outlet, which a stranger's code may change at any moment.
@safe final class WorkerLink {
  let setup: worker_setup
  private let places: Places
  let inletDescriptor: Int32
  let outletDescriptor: Int32
  private let inlet: UnsafeMutableRawPointer
  private let outlet: UnsafeMutableRawPointer

  /// Where things lie in either file, in bytes.
  private struct Places {
    let inletSize, bytes, hostNote: Int
    let outletSize, slots, slotSize, slotRoom, note: Int

    init(_ setup: worker_setup) {
      var setup = setup
      inletSize = unsafe Int(worker_inlet_size(&setup))
      bytes = unsafe Int(worker_bytes_offset(&setup))
      hostNote = unsafe Int(worker_host_note_offset(&setup))
      outletSize = unsafe Int(worker_outlet_size(&setup))
      slots = Int(worker_slots_offset())
      slotSize = unsafe Int(worker_slot_size(&setup))
      slotRoom = unsafe Int(worker_slot_room(&setup))
      note = unsafe Int(worker_note_offset(&setup))
    }
  }

  /// Both files, with `texts` and `manifest` in the note that the worker reads at its start. Nil without memory.
  init?(_ setup: worker_setup, texts: [UInt8], manifest: [UInt8]) {
    let places = Places(setup)
    guard texts.count + manifest.count <= Int(WORKER_NOTE_SIZE),
      let inlet = unsafe WorkerLink.file("exprove-inlet", places.inletSize, PROT_READ | PROT_WRITE)
    else { return nil }
    guard let outlet = unsafe WorkerLink.file("exprove-outlet", places.outletSize, PROT_READ) else {
      unsafe munmap(inlet.memory, places.inletSize)
      unsafe close(inlet.descriptor)
      return nil
    }
    // The worker gets the inlet by a descriptor that cannot write.
    let reading = unsafe open("/proc/self/fd/\(inlet.descriptor)", O_RDONLY | O_CLOEXEC)
    unsafe close(inlet.descriptor)
    self.setup = setup
    self.places = places
    unsafe self.inlet = inlet.memory
    unsafe self.outlet = outlet.memory
    inletDescriptor = reading
    unsafe outletDescriptor = outlet.descriptor
    guard reading >= 0 else { return nil }
    unsafe self.inlet.storeBytes(of: setup, as: worker_setup.self)
    putNote(texts + manifest)
  }

  deinit {
    unsafe munmap(inlet, places.inletSize)
    unsafe munmap(outlet, places.outletSize)
    if inletDescriptor >= 0 { close(inletDescriptor) }
    close(outletDescriptor)
  }

  private static func file(
    _ name: String, _ size: Int, _ protection: Int32
  ) -> (descriptor: Int32, memory: UnsafeMutableRawPointer)? {
    let descriptor = unsafe linux_memfd_create(name, LINUX_MFD_CLOEXEC | LINUX_MFD_ALLOW_SEALING)
    guard descriptor >= 0 else { return nil }
    // Nobody may cut it short under the reader.
    guard ftruncate(descriptor, size) == 0,
      fcntl(descriptor, LINUX_F_ADD_SEALS, LINUX_SEAL_SEAL | LINUX_SEAL_SHRINK | LINUX_SEAL_GROW) == 0,
      let memory = unsafe mmap(nil, size, protection, MAP_SHARED, descriptor, 0), unsafe memory != MAP_FAILED
    else {
      close(descriptor)
      return nil
    }
    return unsafe (descriptor, memory)
  }

  // MARK: What the host writes

  @unsafe var orders: UnsafeMutablePointer<worker_orders> {
    unsafe (inlet + Int(worker_orders_offset())).assumingMemoryBound(to: worker_orders.self)
  }

  /// Copies the frames of a range and the bytes that they refer to; for the worker, bytes begin at `start`.
  func putFrames(
    _ frames: UnsafeBufferPointer<Frame>, _ range: Range<Int>, _ bytes: UnsafePointer<UInt8>, from start: Int
  ) {
    let table = unsafe (inlet + Int(worker_frames_offset())).assumingMemoryBound(to: Frame.self)
    var (low, high) = (Int.max, 0)
    for index in range {
      let frame = unsafe frames[index]
      low = min(low, Int(frame.data))
      high = max(high, Int(frame.data) + Int(frame.length))
      unsafe table[index] = frame
      unsafe table[index].data = frame.data - UInt32(start)
    }
    guard low < high else { return }
    unsafe (inlet + places.bytes + low - start).copyMemory(from: bytes + low, byteCount: high - low)
  }

  /// Writes to where the frames' bytes lie otherwise.
  func putBytes(_ bytes: [UInt8]) {
    let place = unsafe UnsafeMutableRawBufferPointer(start: inlet + places.bytes, count: Int(setup.byte_capacity))
    unsafe place.copyBytes(from: bytes)
  }

  func putNote(_ bytes: some Collection<UInt8>) {
    let note = unsafe UnsafeMutableRawBufferPointer(
      start: inlet + places.hostNote, count: Int(WORKER_NOTE_SIZE))
    unsafe note.copyBytes(from: bytes)
  }

  // MARK: What the worker writes

  @unsafe var answers: UnsafePointer<worker_answers> {
    unsafe UnsafePointer(outlet.assumingMemoryBound(to: worker_answers.self))
  }

  /// A copy of the answers, to be judged.
  var answer: worker_answers { unsafe answers.pointee }

  func slot(_ number: UInt32) -> worker_slot {
    unsafe (outlet + places.slots + places.slotSize * Int(number % setup.slot_count)).load(as: worker_slot.self)
  }

  /// The events of a slot of which `capacity` could be filled.
  @unsafe func events(_ number: UInt32, capacity: Int) -> UnsafePointer<Event> {
    let end = places.slots + places.slotSize * Int(number % setup.slot_count) + places.slotRoom
    return unsafe UnsafePointer(
      (outlet + end - capacity * MemoryLayout<Event>.stride).assumingMemoryBound(to: Event.self))
  }

  func note(_ count: Int) -> [UInt8] {
    let start = unsafe outlet + places.note
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: min(count, Int(WORKER_NOTE_SIZE))))
  }

  func noteWords<Word: FixedWidthInteger>(_ count: Int, as: Word.Type) -> [Word] {
    let start = unsafe outlet + places.note
    return (0..<count).map { unsafe start.load(fromByteOffset: $0 * MemoryLayout<Word>.size, as: Word.self) }
  }

  func logLine(_ index: Int) -> (level: UInt32, bytes: [UInt8]) {
    let place = unsafe outlet + Int(worker_log_offset()) + index * MemoryLayout<worker_log_line>.size
    let level = unsafe place.load(as: UInt32.self)
    let size = unsafe min(Int(place.load(fromByteOffset: 4, as: UInt32.self)), Int(WORKER_LOG_TEXT))
    return unsafe (level, Array(UnsafeRawBufferPointer(start: place + 8, count: size)))
  }

  /// The text of an answer, made fit for messages.
  static func text(of answer: worker_answers) -> String {
    let size = min(Int(answer.text_size), Int(WORKER_TEXT_SIZE))
    return unsafe withUnsafeBytes(of: answer.text) { bytes in
      unsafe String(decoding: bytes.prefix(size).map { $0 < 32 || $0 == 127 ? 0x2E : $0 }, as: UTF8.self)
    }
  }
}
