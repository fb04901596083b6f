// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What became of an adapter's shadow, the second version that ran along on the same frames: an input of the journal,
/// directly before the batch that begins with the frame it names.
package struct ShadowRecord: Equatable, Sendable {
  package enum Outcome: Equatable, Sendable {
    /// It gives another stream from this frame on, and does not run along any further.
    case differs(Difference)
    /// It can't go on behind the frames before this one; why.
    case failed(String)
    /// Its events are the feed's from this frame on.
    case promoted
  }

  /// The first difference within its frame.
  package struct Difference: Equatable, Sendable {
    /// Number of the event within the frame; nil where the two tell other times of the frame.
    package var event: UInt64?
    /// What each gives there; null where it gives nothing.
    package var adapterGives: JSON
    package var shadowGives: JSON
    /// The frame's bytes in hexadecimal digits, at most `bytesShown` of them.
    package var bytes: String

    package static let bytesShown = 256

    package init(event: UInt64?, adapterGives: JSON, shadowGives: JSON, bytes: String) {
      self.event = event
      self.adapterGives = adapterGives
      self.shadowGives = shadowGives
      self.bytes = bytes
    }
  }

  /// A frame of the feed.
  package struct Place: Equatable, Sendable {
    /// Its number in the feed, from 0: as many frames are before it.
    package var ordinal: UInt64
    /// In the capture's unpacked bytes.
    package var offset: UInt64
    package var length: UInt32
    /// Nil where the frame has none.
    package var receiveTime: Int64?

    package init(ordinal: UInt64, offset: UInt64, length: UInt32, receiveTime: Int64?) {
      self.ordinal = ordinal
      self.offset = offset
      self.length = length
      self.receiveTime = receiveTime
    }
  }

  /// The feed's number in the run.
  package var feed: UInt32
  package var adapter: Digest
  package var shadow: Digest
  package var place: Place
  package var outcome: Outcome

  package init(feed: UInt32, adapter: Digest, shadow: Digest, place: Place, outcome: Outcome) {
    self.feed = feed
    self.adapter = adapter
    self.shadow = shadow
    self.place = place
    self.outcome = outcome
  }

  /// The word for the outcome, by which records and reports sort.
  package var what: String {
    switch outcome {
    case .differs: "differs"
    case .failed: "failed"
    case .promoted: "promoted"
    }
  }
}

extension ShadowRecord {
  private static let key = "shadow"

  /// The journal's input.
  package var input: JSON { .object([ShadowRecord.key: body]) }

  /// What an input of the journal says, when it is about a shadow.
  package static func body(of input: JSON) -> JSON? { input[ShadowRecord.key] }

  package var body: JSON {
    var members: [String: JSON] = [
      "what": .string(what), "feed": .integer(Int64(feed)), "adapter": .string(adapter.description),
      "shadow": .string(shadow.description),
      "frame": .object([
        "ordinal": .wide(place.ordinal), "offset": .wide(place.offset), "length": .integer(Int64(place.length)),
        "receive_time": place.receiveTime.map { .wide($0) } ?? .null,
      ]),
    ]
    switch outcome {
    case .differs(let difference):
      members["event"] = difference.event.map { .wide($0) } ?? .null
      members["adapter_gives"] = difference.adapterGives
      members["shadow_gives"] = difference.shadowGives
      members["bytes"] = .string(difference.bytes)
    case .failed(let reason): members["reason"] = .string(reason)
    case .promoted: break
    }
    return .object(members)
  }

  /// Reads what `body` writes, and nothing else.
  package init(json: JSON) throws(RecordError) {
    let known = ["what", "feed", "adapter", "shadow", "frame"]
    let what = json["what"]?.text ?? ""
    let more: [String: [String]] = [
      "differs": ["event", "adapter_gives", "shadow_gives", "bytes"], "failed": ["reason"], "promoted": [],
    ]
    guard let own = more[what] else {
      throw RecordError(path: "what", reason: "differs, failed or promoted is expected here")
    }
    let reader = try RecordReader(json, path: "", keys: known + own)
    let frame = try RecordReader(
      reader.value("frame"), path: "frame", keys: ["ordinal", "offset", "length", "receive_time"])
    let outcome: Outcome
    switch what {
    case "differs":
      outcome = .differs(
        Difference(
          event: try reader.value("event").isNull ? nil : try reader.integer("event"),
          adapterGives: try reader.value("adapter_gives"), shadowGives: try reader.value("shadow_gives"),
          bytes: try reader.string("bytes")))
    case "failed": outcome = .failed(try reader.string("reason"))
    default: outcome = .promoted
    }
    self.init(
      feed: try reader.integer("feed"), adapter: try reader.digest("adapter"), shadow: try reader.digest("shadow"),
      place: Place(
        ordinal: try frame.integer("ordinal"), offset: try frame.integer("offset"), length: try frame.integer("length"),
        receiveTime: try frame.value("receive_time").isNull ? nil : try frame.integer("receive_time")),
      outcome: outcome)
  }
}
