// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow

/// What a venue must be asked for something that is missing, in its own words; `exprove_snapshot_request` of
/// `extensions.h`. The answer's bytes join the stream as frames.
package struct SnapshotRequest: Equatable, Sendable {
  package enum Carrier: UInt32, Sendable {
    case httpGet = 1
    case datagram, stream
  }
  package enum Answer: UInt32, Sendable {
    /// What stands now: its frames may come late.
    case state = 1
    /// The missing messages themselves: they belong before the frame that showed the gap.
    case messages
  }

  package var carrier: Carrier
  package var answer: Answer
  package var bytes: [UInt8]
  /// Of `.messages`: the first one that is asked for, and how many.
  package var first: UInt64
  package var count: UInt64
}

extension AdapterSession {
  /// The request that `exprove.snapshot/1` makes for a GAP or INSTRUMENT event of this session; nil when the venue offers
  /// nothing for it, or the adapter has no such extension.
  package func snapshotRequest(for event: Event) throws(AdapterError) -> SnapshotRequest? {
    let id = "exprove.snapshot/1"
    guard manifest.extensions.contains(id) else { return nil }
    var bytes: [UInt8]
    var record = exprove_snapshot_request()
    record.struct_size = UInt32(MemoryLayout<exprove_snapshot_request>.size)
    var event = event
    let status: exprove_status
    let text: String
    switch runner {
    case .direct(let direct):
      let adapter = direct.adapter
      guard
        let table = unsafe try adapter.extensionTable(
          id, exprove_snapshot_v1(), least: MemoryLayout<exprove_snapshot_v1>.offset(of: \.request)! + 8)
      else { return nil }
      guard let ask = unsafe table.request, (1...65_536).contains(table.max_size) else {
        throw adapter.lacksSlot(id, "request")
      }
      bytes = [UInt8](repeating: 0, count: Int(table.max_size))
      (status, text) = unsafe withErrorText { error in
        unsafe bytes.withUnsafeMutableBufferPointer {
          unsafe ask(direct.pointer, &event, $0.baseAddress, UInt32($0.count), &record, error)
        }
      }
    case .supervised(let session): (status, text, bytes) = try session.snapshot(of: event, &record)
    }
    if status == Status.notFound { return nil }
    guard status == Status.ok else {
      throw AdapterError(
        .callFailed, "\(manifest.name): it makes no request for the snapshot: \(describe(status, text))")
    }
    guard record.struct_size == UInt32(MemoryLayout<exprove_snapshot_request>.size),
      let carrier = SnapshotRequest.Carrier(rawValue: record.carrier),
      let answer = SnapshotRequest.Answer(rawValue: record.answer), (1...bytes.count).contains(Int(record.size)),
      answer == .messages || (record.first == 0 && record.count == 0)
    else {
      throw ExtensionRule.snapshotRequest.broken(
        by: manifest, "carrier \(record.carrier), answer \(record.answer), \(record.size) of \(bytes.count) bytes")
    }
    return SnapshotRequest(
      carrier: carrier, answer: answer, bytes: Array(bytes.prefix(Int(record.size))), first: record.first,
      count: record.count)
  }
}
