// SPDX-License-Identifier: Apache-2.0

internal import CExProveABI
package import EventFlow
package import ExecutionIR

/// What a journal says of the shadows, held against `run.json` and the journal's own frames as they go by. It needs no
/// adapter: whether the streams bear what is said is for a replay to find.
package struct ShadowCourse: Sendable {
  private struct Feed {
    let adapter: FeedDescription.Adapter
    let shadow: FeedDescription.Shadow
    /// Those that went by.
    var frames: UInt64 = 0
    var record: ShadowRecord?
  }

  private let venues: [String]
  /// By the feed's number; nil where it has no shadow.
  private var feeds: [Feed?]
  private let isEmpty: Bool
  /// Said, and the frame that it names has not come yet.
  package private(set) var pending: ShadowRecord?

  package init(_ description: RunDescription) {
    venues = description.feeds.map(\.venue)
    feeds = description.feeds.map { feed in
      guard let adapter = feed.adapter, let shadow = feed.shadow else { return nil }
      return Feed(adapter: adapter, shadow: shadow)
    }
    isEmpty = feeds.allSatisfy { $0 == nil }
  }

  /// Takes the journal's next input; the reason when it is about a shadow and cannot be so.
  package mutating func take(_ input: JSON) -> String? {
    guard let body = ShadowRecord.body(of: input) else {
      return pending == nil || IncidentRecord.body(of: input) != nil ? nil : ShadowCourse.missingFrame
    }
    let record: ShadowRecord
    do throws(RecordError) { record = try ShadowRecord(json: body) } catch {
      return "tells of a shadow in a form that is none: \(error)"
    }
    if pending != nil { return ShadowCourse.missingFrame }
    guard Int(record.feed) < feeds.count, var feed = feeds[Int(record.feed)] else {
      return "tells of a shadow of feed \(record.feed), which has none in run.json"
    }
    guard feed.record == nil else { return "tells of the shadow of feed \(record.feed) after its end" }
    guard record.adapter == feed.adapter.digest, record.shadow == feed.shadow.adapter.digest else {
      return "names other adapters of feed \(record.feed) and its shadow than run.json"
    }
    guard record.place.ordinal == feed.frames else {
      return
        "tells of the shadow at frame \(record.place.ordinal) of feed \(record.feed), where frame \(feed.frames) is next"
    }
    if record.outcome == .promoted, feed.shadow.promoteAfter != feed.frames {
      return "promotes the shadow of feed \(record.feed) after \(feed.frames) frames, which run.json does not ask for"
    }
    feed.record = record
    feeds[Int(record.feed)] = feed
    pending = record
    return nil
  }

  private static let missingFrame = "comes between what is told of a shadow and the frame that this names"

  /// Takes the journal's next batch; the reason when the frames are not those that were told of.
  package mutating func take(_ batch: borrowing EventBatch) -> String? {
    guard !isEmpty, batch.frameCount > 0 else { return nil }
    if let record = pending {
      pending = nil
      guard ShadowRecord.Place(batch.frame(at: 0), ordinal: record.place.ordinal) == record.place,
        batch.frame(at: 0).feed == record.feed
      else { return "begins with another frame than the one that the record before it names" }
    }
    let frames = batch.frames
    for index in frames.indices {
      let number = Int(frames[index].feed)
      guard number < feeds.count, let feed = feeds[number] else { continue }
      if feed.record == nil, feed.shadow.promoteAfter == feed.frames {
        return
          "goes on with frame \(feed.frames) of feed \(number), at which its shadow takes over, and nothing says so"
      }
      feeds[number]!.frames += 1
    }
    return nil
  }

  /// Each shadow, with what became of it so far.
  package var outcomes: [JSON] {
    feeds.enumerated().compactMap { number, feed in
      guard let feed else { return nil }
      return .object([
        "feed": .integer(Int64(number)), "venue": .string(venues[number]),
        "adapter": ShadowCourse.name(feed.adapter), "shadow": ShadowCourse.name(feed.shadow.adapter),
        "promote_after": feed.shadow.promoteAfter.map { .wide($0) } ?? .null,
        "outcome": .string(feed.record?.what ?? "equal"),
        "equal_frames": .wide(feed.record?.place.ordinal ?? feed.frames),
        "record": feed.record?.body ?? .null,
      ])
    }
  }

  private static func name(_ adapter: FeedDescription.Adapter) -> JSON {
    .object([
      "name": .string(adapter.name), "version": .string(adapter.version),
      "digest": .string(adapter.digest.description),
    ])
  }
}

extension ShadowRecord.Place {
  package init(_ frame: Frame, ordinal: UInt64) {
    self.init(
      ordinal: ordinal, offset: frame.offset, length: frame.length,
      receiveTime: frame.flags & FrameFlags.noTime.rawValue != 0 ? nil : frame.receive_time)
  }
}
