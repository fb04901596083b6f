// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow

/// The calls besides decoding, each made again when a worker failed in it.
extension SupervisedSession {
  /// Makes a call, once more after each failure.
  func perform<Value>(_ call: () throws(WorkerFailure) -> Value) throws(AdapterError) -> Value {
    try checkUsable()
    while true {
      do throws(WorkerFailure) {
        let value = try call()
        drainLog()
        attempts = 0
        return value
      } catch {
        try unsafe recover(from: error, nil)
      }
    }
  }

  /// The adapter's own state, which a new worker from now on begins with.
  func save() throws(AdapterError) -> [UInt8] {
    let saved = try perform { () throws(WorkerFailure) -> Result<[UInt8], AdapterError> in try self.readState() }
    let state: [UInt8]
    do { state = try saved.get() } catch { throw error }
    begin(with: state)
    return state
  }

  private func readState() throws(WorkerFailure) -> Result<[UInt8], AdapterError> {
    calls.post(WORKER_CALL_SAVE)
    let answer = try calls.answer()
    let name = plan.image.manifest.name
    guard answer.status == Status.ok else {
      return .failure(AdapterError(.callFailed, "\(name): save answered \(describe(answer.status, ""))"))
    }
    guard answer.size <= UInt64(AdapterSession.stateLimit) else {
      return .failure(AdapterError(.callFailed, "\(name): its state would have \(answer.size) bytes"))
    }
    // As much as fits came with the answer.
    var state = calls.process.link.note(Int(answer.size))
    while state.count < Int(answer.size) {
      let count = min(Int(answer.size) - state.count, Int(WORKER_NOTE_SIZE))
      let orders = unsafe calls.process.link.orders
      unsafe orders.pointee.offset = UInt64(state.count)
      unsafe orders.pointee.size = UInt64(count)
      calls.post(WORKER_CALL_SAVED)
      guard try calls.answer().status == Status.ok else {
        return .failure(AdapterError(.callFailed, "\(name): the saved state cannot be read"))
      }
      state += calls.process.link.note(count)
    }
    return .success(state)
  }

  /// Hands the worker a saved state.
  ///
  /// - Returns: what the adapter's `load` answered.
  private func send(_ state: [UInt8]) throws(WorkerFailure) -> exprove_status {
    var offset = 0
    repeat {
      let count = min(state.count - offset, Int(WORKER_NOTE_SIZE))
      calls.process.link.putNote(state[offset..<offset + count])
      let orders = unsafe calls.process.link.orders
      unsafe orders.pointee.offset = UInt64(offset)
      unsafe orders.pointee.size = UInt64(count)
      unsafe orders.pointee.total = UInt64(state.count)
      calls.post(WORKER_CALL_RESTORE)
      let status = try calls.answer().status
      guard status == Status.ok else { return status }
      offset += count
    } while offset < state.count
    return Status.ok
  }

  func load(_ state: [UInt8]) throws(WorkerFailure) {
    let status = try send(state)
    guard status == Status.ok else {
      throw WorkerFailure(
        cause: .answered("load answered \(describe(status, "")) to what save gave"), call: "load", frames: nil)
    }
  }

  /// Takes up a state; false when the adapter does not.
  func takeUp(_ state: [UInt8]) throws(AdapterError) -> exprove_status {
    let status = try perform { () throws(WorkerFailure) in try self.send(state) }
    if status == Status.ok { begin(with: state) }
    return status
  }

  func reset() throws(AdapterError) {
    begin(with: nil)
    let status = try perform { () throws(WorkerFailure) in
      self.calls.post(WORKER_CALL_RESET)
      return try self.calls.answer().status
    }
    guard status == Status.ok else {
      throw AdapterError(.callFailed, "\(plan.image.manifest.name): reset answered \(describe(status, ""))")
    }
  }

  func counters() throws(AdapterError) -> (exprove_status, [UInt64]) {
    let count = plan.image.manifest.messages.count
    return try perform { () throws(WorkerFailure) in
      unsafe self.calls.process.link.orders.pointee.size = UInt64(count)
      self.calls.post(WORKER_CALL_COUNTERS)
      let status = try self.calls.answer().status
      return (status, self.calls.process.link.noteWords(count, as: UInt64.self))
    }
  }

  /// Venue times of frames from `first` on: as many as one call takes.
  func frameTimes(
    _ frames: UnsafeBufferPointer<Frame>, _ bytes: UnsafePointer<UInt8>, _ size: Int, lentBy lender: AnyObject?,
    from first: Int
  ) throws(AdapterError) -> (exprove_status, [Int64]) {
    unsafe try checkFrame(frames[first], size)
    let part = unsafe SupervisedSession.part(of: frames, size, from: first)
    let place = try place(for: part, of: lender)
    return try perform { () throws(WorkerFailure) in
      // They are not kept.
      let link = self.calls.process.link
      unsafe self.put(UnsafeBufferPointer(rebasing: frames[part.frames]), 0..<part.frames.count, bytes, part, place)
      self.setFrames(place, part.frames.count)
      self.calls.post(WORKER_CALL_FRAME_TIME)
      let status = try self.calls.answer().status
      return (status, link.noteWords(part.frames.count, as: Int64.self))
    }
  }

  /// A request in the venue's words.
  func encode(
    _ request: [UInt8], most: Int
  ) throws(AdapterError) -> (status: exprove_status, text: String, bytes: [UInt8]) {
    try perform { () throws(WorkerFailure) in
      let link = self.calls.process.link
      link.putNote(request)
      unsafe link.orders.pointee.size = UInt64(most)
      self.calls.post(WORKER_CALL_ENCODE)
      let answer = try self.calls.answer()
      return (answer.status, WorkerLink.text(of: answer), link.note(min(Int(clamping: answer.size), most + 1)))
    }
  }
}
