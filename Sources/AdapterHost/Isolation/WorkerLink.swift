// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CLinux
internal import CWorkerLink
internal import EventFlow
internal import Glibc

/// The two memory files between the host and one worker, as the host sees them: it writes the inlet, and only reads the
/// outlet, which a stranger's code may change at any moment.
@safe final class WorkerLink {
  let inlet: WorkerInlet
  var setup: worker_setup { inlet.setup }
  private let places: Places
  let outletDescriptor: Int32
  private let outlet: UnsafeMutableRawPointer

  /// Where things lie in the outlet, in bytes.
  private struct Places {
    let size, slots, slotSize, slotRoom, note: Int

    init(_ setup: worker_setup) {
      var setup = setup
      size = unsafe Int(worker_outlet_size(&setup))
      slots = Int(worker_slots_offset())
      slotSize = unsafe Int(worker_slot_size(&setup))
      slotRoom = unsafe Int(worker_slot_room(&setup))
      note = unsafe Int(worker_note_offset(&setup))
    }
  }

  /// A new outlet for the worker that is going to read the inlet, with `note` in what it reads at its start. Nil without
  /// memory.
  init?(_ inlet: WorkerInlet, note: [UInt8]) {
    let places = Places(inlet.setup)
    guard note.count <= Int(WORKER_NOTE_SIZE),
      let outlet = unsafe WorkerLink.file("exprove-outlet", places.size, PROT_READ)
    else { return nil }
    self.inlet = inlet
    self.places = places
    unsafe self.outlet = outlet.memory
    unsafe outletDescriptor = outlet.descriptor
    inlet.begin(note)
  }

  deinit {
    unsafe munmap(outlet, places.size)
    close(outletDescriptor)
  }

  /// A memory file of a size that stays, mapped.
  static func file(
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

  @unsafe var orders: UnsafeMutablePointer<worker_orders> { unsafe inlet.orders }

  func putNote(_ bytes: some Collection<UInt8>) { inlet.putNote(bytes) }

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
