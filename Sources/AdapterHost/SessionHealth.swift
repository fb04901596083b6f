// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI

/// How a session fares, in the adapter's own words; `exprove_health` of `extensions.h`. Counted since it was opened, reset
/// or loaded, and no part of any record.
package struct SessionHealth: Equatable, Sendable {
  package enum SequenceState: UInt32, Sendable {
    case none = 0
    case intact, broken, waiting
  }

  package var sequenceState: SequenceState
  package var frames: UInt64
  package var malformed: UInt64
  package var unknown: UInt64
  package var gaps: UInt64
  /// Messages that the gaps are known to lack.
  package var missing: UInt64
  /// The number that is expected next; nil when there is none.
  package var nextSequence: UInt64?
  /// Nanoseconds since 1970.
  package var lastEventTime: Int64?
}

extension AdapterSession {
  /// The report of `exprove.health/1`; nil when the adapter has none.
  package func health() throws(AdapterError) -> SessionHealth? {
    let id = "exprove.health/1"
    guard manifest.extensions.contains(id) else { return nil }
    var record = exprove_health()
    let size = UInt32(MemoryLayout<exprove_health>.size)
    record.struct_size = size
    let status: exprove_status
    switch runner {
    case .direct(let direct):
      let adapter = direct.adapter
      guard
        let table = unsafe try adapter.extensionTable(
          id, exprove_health_v1(), least: MemoryLayout<exprove_health_v1>.offset(of: \.report)! + 8)
      else { return nil }
      guard let report = unsafe table.report else { throw adapter.lacksSlot(id, "report") }
      status = unsafe report(direct.pointer, &record)
    case .supervised(let session): status = try session.fill(&record, by: .health)
    }
    guard status == Status.ok else {
      throw AdapterError(.callFailed, "\(manifest.name): health answered \(describe(status, ""))")
    }
    guard record.struct_size == size else {
      throw ExtensionRule.healthReport.broken(by: manifest, "it filled \(record.struct_size) of \(size) bytes")
    }
    guard let state = SessionHealth.SequenceState(rawValue: record.sequence_state) else {
      throw ExtensionRule.healthReport.broken(by: manifest, "sequence state \(record.sequence_state)")
    }
    guard record.missing == 0 || record.gaps > 0, state != .intact || record.gaps == 0 else {
      throw ExtensionRule.healthReport.broken(
        by: manifest, "\(record.gaps) gaps, \(record.missing) missing, sequence \(state)")
    }
    return SessionHealth(
      sequenceState: state, frames: record.frames, malformed: record.malformed, unknown: record.unknown,
      gaps: record.gaps, missing: record.missing, nextSequence: record.next_sequence == 0 ? nil : record.next_sequence,
      lastEventTime: record.last_event_time == .min ? nil : record.last_event_time)
  }
}
