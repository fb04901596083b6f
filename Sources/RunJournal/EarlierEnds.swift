// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import ExecutionIR

/// Where adapters came to an end in an earlier attempt at a run, as far as its journal can be read. Such an end may have had its
/// cause outside, and is taken over by a run that goes on instead of waited for.
package struct EarlierEnds: Sendable {
  /// Of shadows that failed.
  package private(set) var failedShadows: [ShadowRecord] = []
  /// Of feeds that were quarantined.
  package private(set) var quarantines: [Quarantine] = []

  package struct Quarantine: Sendable {
    package let feed: UInt32
    /// Of the first frame that was not decoded, in the capture's unpacked bytes.
    package let offset: UInt64
    /// What had happened.
    package let text: String
  }

  package init(_ directory: RunDirectory) {
    guard var reader = try? JournalReader(directory: directory.journal) else { return }
    var batch = EventBatch(frames: 1 << 16, events: 1 << 17, bytes: 16 << 20)
    while let item = try? reader.next(into: &batch) {
      switch item {
      case .batch: continue
      case .end: return
      case .input(let input): take(input)
      }
    }
  }

  private mutating func take(_ input: JSON) {
    if let body = ShadowRecord.body(of: input), let record = try? ShadowRecord(json: body),
      case .failed = record.outcome
    {
      failedShadows.append(record)
    }
    if let body = IncidentRecord.body(of: input), body["quarantined"]?.boolean == true, body["shadow"] == nil,
      let feed: UInt32 = body["feed"]?.integer(), let offset: UInt64 = body["frames"]?["first_offset"]?.integer()
    {
      quarantines.append(Quarantine(feed: feed, offset: offset, text: body["text"]?.text ?? ""))
    }
  }
}
