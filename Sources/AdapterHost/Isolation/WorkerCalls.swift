// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow
internal import Glibc

/// The calls that a host may make of a worker, one at a time. Every answer is copied once and judged in the copy.
struct WorkerCalls {
  let process: WorkerProcess
  private var link: WorkerLink { process.link }

  /// For how many nanoseconds the host sleeps at a time.
  private static let sleep = 1_000_000

  // MARK: Waiting

  /// How often the host gives way to a worker on its own processor before it sleeps.
  private static let givingWay = 16

  /// Sleeps a little unless `progress` has moved on since it was read.
  private func rest(_ turn: inout Int, _ progress: UInt32) throws(WorkerFailure) {
    turn += 1
    if unsafe link.orders.pointee.is_beside != 0 {
      guard turn > WorkerCalls.givingWay else { return worker_give_way(UInt32(WORKER_LOOKS)) }
    } else {
      guard turn > WORKER_PATIENCE else { return worker_give_way(UInt32(turn)) }
    }
    let word = unsafe UnsafeRawPointer(link.answers).assumingMemoryBound(to: UInt32.self)
    unsafe worker_write(&link.orders.pointee.is_waiting, 1)
    if unsafe worker_read(word) == progress { unsafe worker_sleep(word, progress, WorkerCalls.sleep) }
    unsafe worker_write(&link.orders.pointee.is_waiting, 0)
    try process.watch()
  }

  private var progress: UInt32 {
    unsafe worker_read(UnsafeRawPointer(link.answers).assumingMemoryBound(to: UInt32.self))
  }

  private func index(_ offset: Int) -> UInt32 {
    unsafe worker_read((UnsafeRawPointer(link.answers) + offset).assumingMemoryBound(to: UInt32.self))
  }

  private var answered: UInt32 { index(MemoryLayout<worker_answers>.offset(of: \.answered)!) }
  private var filled: UInt32 { index(MemoryLayout<worker_answers>.offset(of: \.filled)!) }
  private var isReady: Bool { index(MemoryLayout<worker_answers>.offset(of: \.is_ready)!) != 0 }

  /// Waits until the sandbox stands; what it reached. Nothing of the adapter has run.
  func waitUntilReady() throws(WorkerFailure) {
    var turn = 0
    while true {
      let progress = progress
      if isReady { return }
      try rest(&turn, progress)
    }
  }

  /// The worker comes to the host's processor where it may; whether it did.
  @discardableResult func follow() -> Bool {
    let isBeside = process.follow()
    unsafe link.orders.pointee.is_beside = isBeside ? 1 : 0
    return isBeside
  }

  func post(_ call: worker_call) {
    // What a worker does at its start lies in the caches of the processor that started it.
    if call != WORKER_CALL_START { follow() }
    unsafe link.orders.pointee.call = call.rawValue
    process.restartWatch()
    unsafe worker_write(&link.orders.pointee.posted, link.orders.pointee.posted &+ 1)
    if isWaiting { unsafe worker_wake(&link.orders.pointee.posted) }
  }

  private var isWaiting: Bool { index(MemoryLayout<worker_answers>.offset(of: \.is_waiting)!) != 0 }

  /// Waits for the answer to the last call.
  func answer() throws(WorkerFailure) -> worker_answers {
    var turn = 0
    while true {
      let progress = progress
      if unsafe answered == link.orders.pointee.posted { return link.answer }
      try rest(&turn, progress)
    }
  }

  // MARK: Decoding

  /// So many frames of the call to decode lie there.
  func publish(frames: Int) {
    unsafe worker_write(&link.orders.pointee.available, UInt32(frames))
    if isWaiting { unsafe worker_wake(&link.orders.pointee.available) }
  }

  /// What came of one call to the adapter's `decode`.
  struct Slot {
    var head: worker_slot
    var number: UInt32
  }

  /// The next slot of the call to decode, or nil when all of them were taken and the call has ended.
  ///
  /// A worker on this processor that waits for room gets it only when every slot was taken: then it fills as many.
  func nextSlot() throws(WorkerFailure) -> Slot? {
    var turn = 0
    while true {
      let progress = progress
      let next = unsafe link.orders.pointee.taken
      // In this order: what was filled before the answer is then seen.
      let hasEnded = unsafe answered == link.orders.pointee.posted
      if filled != next { return Slot(head: link.slot(next), number: next) }
      if hasEnded { return nil }
      if turn == 0, unsafe link.orders.pointee.is_beside != 0 { wake() }
      do throws(WorkerFailure) {
        try rest(&turn, progress)
      } catch {
        // What it filled before it failed counts.
        if filled == next { throw error }
      }
    }
  }

  @unsafe func events(of slot: Slot, capacity: Int) -> UnsafePointer<Event> {
    unsafe link.events(slot.number, capacity: capacity)
  }

  /// The slot may be filled anew.
  func release() {
    unsafe worker_write(&link.orders.pointee.taken, link.orders.pointee.taken &+ 1)
    if unsafe link.orders.pointee.is_beside == 0 { wake() }
  }

  private func wake() {
    if isWaiting { unsafe worker_wake(&link.orders.pointee.taken) }
  }
}
