// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
internal import CWorkerLink
internal import EventFlow

/// Extensions' calls in a worker; what comes back is copied here and judged by whoever asked.
extension SupervisedSession {
  /// An extension whose call fills one record.
  enum RecordCall {
    case health
    case orderCapabilities

    fileprivate var number: worker_extension {
      switch self {
      case .health: WORKER_EXTENSION_HEALTH
      case .orderCapabilities: WORKER_EXTENSION_CAPABILITIES
      }
    }
  }

  /// NOT_IMPLEMENTED where the adapter has no such call.
  func fill<Record: BitwiseCopyable>(_ record: inout Record, by call: RecordCall) throws(AdapterError) -> exprove_status
  {
    let size = MemoryLayout<Record>.size
    let (answer, bytes) = try ask(call.number, size: size, total: 0, reading: size)
    unsafe withUnsafeMutableBytes(of: &record) { unsafe $0.copyBytes(from: bytes) }
    return answer.status
  }

  /// A snapshot's request for an event, and its record.
  func snapshot(
    of event: Event, _ record: inout exprove_snapshot_request
  ) throws(AdapterError) -> (exprove_status, String, [UInt8]) {
    let size = MemoryLayout<exprove_snapshot_request>.size
    let input = unsafe withUnsafeBytes(of: event) { unsafe Array($0) }
    let room = LoadedAdapter.largestRequest
    let (answer, bytes) = try ask(
      WORKER_EXTENSION_SNAPSHOT, size: size, total: room, note: input, reading: size + room)
    unsafe withUnsafeMutableBytes(of: &record) { unsafe $0.copyBytes(from: bytes.prefix(size)) }
    return (answer.status, WorkerLink.text(of: answer), Array(bytes.dropFirst(size)))
  }

  /// A page of instruments from number `first` on.
  func page(
    from first: UInt32, into records: inout [exprove_instrument_record], filled: inout UInt32, total: inout UInt32
  ) throws(AdapterError) -> exprove_status {
    let stride = MemoryLayout<exprove_instrument_record>.stride
    let (answer, bytes) = try ask(
      WORKER_EXTENSION_INSTRUMENTS, size: records.count, total: stride, first: first,
      reading: 64 + records.count * stride)
    unsafe records.withUnsafeMutableBytes { unsafe $0.copyBytes(from: bytes.dropFirst(64)) }
    unsafe bytes.withUnsafeBytes {
      unsafe filled = $0.load(as: UInt32.self)
      unsafe total = $0.load(fromByteOffset: 4, as: UInt32.self)
    }
    return answer.status
  }

  private func ask(
    _ call: worker_extension, size: Int, total: Int, first: UInt32 = 0, note: [UInt8] = [], reading: Int
  ) throws(AdapterError) -> (worker_answers, [UInt8]) {
    try perform { () throws(WorkerFailure) in
      let link = self.calls.process.link
      link.putNote(note)
      unsafe link.orders.pointee.offset = UInt64(call.rawValue)
      unsafe link.orders.pointee.size = UInt64(size)
      unsafe link.orders.pointee.total = UInt64(total)
      unsafe link.orders.pointee.first = first
      self.calls.post(WORKER_CALL_EXTENSION)
      let answer = try self.calls.answer()
      return (answer, link.note(reading))
    }
  }
}
