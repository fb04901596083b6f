// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
package import ExecutionIR

/// Counts a stream of events and digests it, batch by batch.
package struct StreamSummary {
  package private(set) var frames: UInt64 = 0
  package private(set) var bytes: UInt64 = 0
  package private(set) var events: UInt64 = 0
  package private(set) var firstTime: Int64? = nil
  package private(set) var lastTime: Int64? = nil
  /// By the raw value of the kind.
  private var kinds = [UInt64](repeating: 0, count: 256)
  private var digest = EventDigest()

  package init() {}

  package mutating func add(_ batch: borrowing EventBatch) {
    frames += UInt64(batch.frameCount)
    bytes += UInt64(batch.byteCount)
    events += UInt64(batch.eventCount)
    let frameSpan = batch.frames
    for index in frameSpan.indices where frameSpan[index].flags & FrameFlags.noTime.rawValue == 0 {
      let time = frameSpan[index].receive_time
      firstTime = min(firstTime ?? time, time)
      lastTime = max(lastTime ?? time, time)
    }
    let eventSpan = batch.events
    for index in eventSpan.indices { kinds[Int(eventSpan[index].kind)] += 1 }
    digest.update(batch)
  }

  package func count(of kind: EventKind) -> UInt64 { kinds[Int(kind.rawValue)] }

  /// SHA-256 of the canonical encoding so far.
  package var eventDigest: Digest { Digest(bytes: digest.value)! }

  /// The members that every summary has.
  package var members: [String: JSON] {
    var byKind: [String: JSON] = [:]
    for kind in EventKind.allCases where count(of: kind) > 0 { byKind[kind.name] = .wide(count(of: kind)) }
    return [
      "frames": .wide(frames), "bytes": .wide(bytes), "events": .wide(events), "by_kind": .object(byKind),
      "malformed": .wide(count(of: .malformed)), "unknown": .wide(count(of: .unknown)),
      "gaps": .wide(count(of: .gap)), "first_time": firstTime.map { .integer($0) } ?? .null,
      "last_time": lastTime.map { .integer($0) } ?? .null, "event_digest": .string(eventDigest.description),
    ]
  }
}
