// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CivilTime
internal import EventFlow
internal import Feeds

/// A feed on its way through the host: framing, then the adapter with the copy and the validation of what it returns.
struct HostPath: ~Copyable {
  private var reader: FeedReader
  var session: AdapterSession
  private let latency: Int64?
  /// As large as those of a run.
  var batch = EventBatch(frames: 4096, events: 1 << 16, bytes: 8 << 20)

  init(_ options: FeedOptions, _ adapter: LoadedAdapter) throws {
    let declared = adapter.manifest.framings.compactMap { Feeds.Framing(rawValue: $0.rawValue) }
    let opened = try FeedReader.open(options.path, feed: 0, declared: declared, options: options)
    session = try HostPath.session(options, adapter, framing: opened.framing)
    reader = opened
    latency = options.venueLatency
  }

  private static func session(
    _ options: FeedOptions, _ adapter: LoadedAdapter, framing: Feeds.Framing
  ) throws -> AdapterSession {
    guard let framing = AdapterHost.Framing(rawValue: framing.rawValue) else {
      throw BenchmarkError("the host knows no framing \(framing.name)")
    }
    let configuration = AdapterSession.Configuration(
      framing: framing, dayStart: try options.dayStart()?.nanoseconds ?? 0,
      settings: options.settings.map { AdapterSession.Configuration.Setting(key: $0.key, value: $0.value) })
    return try AdapterSession(adapter, configuration)
  }

  static func adapter(_ options: FeedOptions) throws -> LoadedAdapter {
    try LoadedAdapter(try AdapterLocator.standard.image(of: options.adapter))
  }

  /// Frames of the next batch; false at the end.
  mutating func read() throws -> Bool {
    batch.removeAll()
    return try reader.read(into: &batch, limit: batch.frameCapacity) > 0
  }

  /// Decodes them; the room for events suffices for a batch of either feed here.
  mutating func decode() throws {
    guard try session.decode(&batch) == batch.frameCount else {
      throw BenchmarkError("a batch's events don't fit")
    }
  }

  /// All batches, decoded and with their times, as a run's merge sees them.
  static func events(_ options: FeedOptions, feed: UInt32 = 0) throws -> [(frames: [Frame], events: [Event])] {
    var path = try HostPath(options, try adapter(options))
    var all: [(frames: [Frame], events: [Event])] = []
    while try path.read() {
      if let latency = path.latency { _ = try path.session.frameTimes(&path.batch, latency: latency) }
      path.batch.setFeed(feed)
      try path.decode()
      all.append(
        (
          path.batch.frames.indices.map { path.batch.frame(at: $0) },
          path.batch.events.indices.map { path.batch.event(at: $0) }
        ))
    }
    return all
  }
}

/// ITCH through the host. Frames are fetched in either case, so that they lie in the cache as in a run.
final class ItchDecode: Contestant {
  private let options: FeedOptions
  private let adapter: LoadedAdapter
  private let timesReading: Bool

  init(_ options: FeedOptions, timesReading: Bool) throws {
    self.options = options
    self.timesReading = timesReading
    adapter = try HostPath.adapter(options)
  }

  func pass() throws -> Pass {
    var path = try HostPath(options, adapter)
    var reading = Stopwatch()
    var decoding = Stopwatch()
    var (frames, bytes, plain) = (0, 0, 0)
    while try reading.measure({ try path.read() }) {
      try decoding.measure { try path.decode() }
      frames += path.batch.frameCount
      bytes += path.batch.byteCount
      plain += path.batch.eventCount
    }
    // A definition gives its stock's name before it, as an event more.
    let extra = path.session.texts.count
    return Pass(
      units: frames, bytes: bytes, nanoseconds: decoding.nanoseconds + (timesReading ? reading.nanoseconds : 0),
      answer: plain - extra == frames ? "one event a message" : "\(plain - extra) events of \(frames) messages")
  }
}

/// Binance's JSON through the host, without reading and framing.
final class JSONDecode: Contestant {
  private let options: FeedOptions
  private let adapter: LoadedAdapter

  init(_ options: FeedOptions) throws {
    self.options = options
    adapter = try HostPath.adapter(options)
  }

  func pass() throws -> Pass {
    var path = try HostPath(options, adapter)
    var watch = Stopwatch()
    var (frames, bytes, malformed) = (0, 0, 0)
    while try path.read() {
      var next = 0
      while next < path.batch.frameCount {
        path.batch.removeEvents()
        try watch.measure { next += try path.session.decode(&path.batch, from: next) }
        for index in path.batch.events.indices where path.batch.event(at: index).eventKind == .malformed {
          malformed += 1
        }
      }
      frames += path.batch.frameCount
      bytes += path.batch.byteCount
    }
    return Pass(
      units: frames, bytes: bytes, nanoseconds: watch.nanoseconds, answer: "\(frames - malformed) messages")
  }
}
