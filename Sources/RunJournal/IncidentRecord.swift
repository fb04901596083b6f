// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Something that befell an adapter's worker and that the run survived: an input of a class of its own, without an event
/// sequence and outside the event digest.
package struct IncidentRecord: Equatable, Sendable {
  package struct Frames: Equatable, Sendable {
    package var count: UInt64
    /// Places in the capture's unpacked bytes.
    package var firstOffset: UInt64
    package var lastOffset: UInt64

    package init(count: UInt64, firstOffset: UInt64, lastOffset: UInt64) {
      self.count = count
      self.firstOffset = firstOffset
      self.lastOffset = lastOffset
    }
  }

  /// The feed's number in the run.
  package var feed: UInt32
  /// `crashed`, `killed`, `forbidden-call`, `ended`, `overdue`, `broke-rule`, `failed-call`, `changed-answer` or
  /// `revoked`.
  package var kind: String
  /// What happened, in a sentence.
  package var text: String
  /// The function of the adapter that was being called.
  package var call: String
  /// Those that the call was given; nil when it concerned none.
  package var frames: Frames?
  /// The feed is not decoded any further.
  package var isQuarantined: Bool
  /// It befell the worker of the adapter's shadow.
  package var isShadow: Bool

  package init(
    feed: UInt32, kind: String, text: String, call: String, frames: Frames?, isQuarantined: Bool, isShadow: Bool = false
  ) {
    self.feed = feed
    self.kind = kind
    self.text = text
    self.call = call
    self.frames = frames
    self.isQuarantined = isQuarantined
    self.isShadow = isShadow
  }

  private static let key = "incident"

  /// The journal's input.
  package var input: JSON { .object([IncidentRecord.key: body]) }

  package var body: JSON {
    var members: [String: JSON] = [
      "feed": .integer(Int64(feed)), "kind": .string(kind), "text": .string(text), "call": .string(call),
      "quarantined": .bool(isQuarantined),
      "frames": frames.map { frames in
        .object([
          "count": .wide(frames.count), "first_offset": .wide(frames.firstOffset),
          "last_offset": .wide(frames.lastOffset),
        ])
      } ?? .null,
    ]
    if isShadow { members["shadow"] = .bool(true) }
    return .object(members)
  }

  /// What an input of the journal says, when it is an incident.
  package static func body(of input: JSON) -> JSON? { input[IncidentRecord.key] }
}
