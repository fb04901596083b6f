// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow
internal import Feeds

extension Corpus {
  /// Frames a capture's beginning as the host would for this adapter. What an order session said, its host hands over
  /// message by message, where the adapter takes that.
  static func group(
    of capture: String, _ channel: Channel = .marketData, for manifest: AdapterManifest
  ) throws(FeedError) -> Group {
    var options = FeedOptions(venue: "CONFORM", adapter: manifest.name, path: capture)
    // Where the capture has no receive times, none are needed here.
    options.venueLatency = 0
    if channel == .orderEntry {
      options.isOrderSession = true
      if manifest.framings.contains(.message) { options.framing = .message }
    }
    var reader = try FeedReader.open(capture, feed: 0, declared: manifest.framings, options: options)
    var group = Group(framing: reader.framing, channel: channel, isReal: true, frames: [])
    var batch = EventBatch(frames: 256, events: 1, bytes: 4 << 20)
    var size = 0
    while group.frames.count < frameLimit, size < byteLimit {
      batch.removeAll()
      guard try reader.read(into: &batch, limit: 256) > 0 else { break }
      let frames = batch.frames
      let bytes = batch.bytes
      for index in frames.indices where group.frames.count < frameLimit && size < byteLimit {
        let frame = frames[index]
        let start = Int(frame.data)
        var entry = Entry(bytes: [], flags: FrameFlags(rawValue: frame.flags), receiveTime: frame.receive_time)
        entry.bytes.reserveCapacity(Int(frame.length))
        for at in start..<start + Int(frame.length) { entry.bytes.append(bytes[at]) }
        size += entry.bytes.count
        group.frames.append(entry)
      }
    }
    return group
  }
}
