// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CivilTime
internal import EventFlow
internal import ExecutionIR
internal import Feeds
internal import RunJournal

/// A feed on its way through the host: framing, then the adapter with the copy and the validation of what it returns.
struct HostPath: ~Copyable {
  private var reader: FeedReader
  var session: AdapterSession
  private let latency: Int64?
  /// As large as those of a run.
  var batch = EventBatch(frames: 4096, events: 1 << 16, bytes: 8 << 20)

  init(_ options: FeedOptions, _ adapter: LoadedAdapter) throws {
    try self.init(options, .inProcess(adapter))
  }

  init(_ options: FeedOptions, _ adapter: AdapterModule) throws {
    let opened = try FeedReader.open(options.path, feed: 0, declared: adapter.manifest.framings, options: options)
    session = try HostPath.session(options, adapter, framing: opened.framing)
    reader = opened
    latency = options.venueLatency
  }

  private static func session(
    _ options: FeedOptions, _ adapter: AdapterModule, framing: Framing
  ) throws -> AdapterSession {
    let configuration = AdapterSession.Configuration(
      framing: framing, dayStart: try options.dayStart()?.nanoseconds ?? 0,
      settings: options.settings.map { AdapterSession.Configuration.Setting(key: $0.key, value: $0.value) })
    return try AdapterSession(adapter, configuration)
  }

  static func adapter(_ options: FeedOptions) throws -> LoadedAdapter {
    try LoadedAdapter(try AdapterLocator.standard.image(of: options.adapter))
  }

  /// The capture once more, through the same session.
  mutating func startOver(_ options: FeedOptions) throws {
    reader = try FeedReader.open(options.path, feed: 0, declared: session.manifest.framings, options: options)
  }

  /// Frames of the next batch; false at the end.
  mutating func read() throws -> Bool {
    try session.begin(&batch)
    return try reader.read(into: &batch, limit: batch.frameCapacity) > 0
  }

  /// The same, with the receive times that the venue's own give where the feed's options say so.
  mutating func readWithTimes() throws -> Bool {
    guard try read() else { return false }
    if let latency { _ = try session.frameTimes(&batch, latency: latency) }
    return true
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
    while try path.readWithTimes() {
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

/// ITCH through the host. Frames are fetched in either case, so that they lie in the cache as in a run. Batches that
/// define stocks are left out: on a day of hundreds of millions of messages they don't count.
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
    var (frames, bytes, events, nanoseconds) = (0, 0, 0, UInt64(0))
    while true {
      var (reading, decoding) = (Stopwatch(), Stopwatch())
      let defined = path.session.instruments.count
      guard try reading.measure({ try path.read() }) else { break }
      try decoding.measure { try path.decode() }
      guard path.session.instruments.count == defined else { continue }
      frames += path.batch.frameCount
      bytes += path.batch.byteCount
      events += path.batch.eventCount
      nanoseconds += decoding.nanoseconds + (timesReading ? reading.nanoseconds : 0)
    }
    return Pass(
      units: frames, bytes: bytes, nanoseconds: nanoseconds,
      answer: events == frames ? "one event a message" : "\(events) events of \(frames) messages")
  }
}

/// What `exprove normalize --summary` does with one feed, but for the merge: from the file to times, events, counts and
/// their digest.
final class ItchSummary: Contestant {
  private let options: FeedOptions
  private let adapter: LoadedAdapter

  init(_ options: FeedOptions) throws {
    self.options = options
    adapter = try HostPath.adapter(options)
  }

  func pass() throws -> Pass {
    var watch = Stopwatch()
    let summary = try watch.measure {
      var path = try HostPath(options, adapter)
      var summary = StreamSummary()
      while try path.readWithTimes() {
        try path.decode()
        summary.add(path.batch)
      }
      return summary
    }
    return Pass(
      units: Int(summary.frames), bytes: Int(summary.bytes), nanoseconds: watch.nanoseconds,
      answer: summary.eventDigest.description)
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

/// DEEP through the host, without reading and framing, so many packets in a call.
final class DeepDecode: Contestant {
  private let options: FeedOptions
  private let adapter: LoadedAdapter
  private let framesPerCall: Int

  init(_ options: FeedOptions, framesPerCall: Int) throws {
    self.options = options
    self.framesPerCall = framesPerCall
    adapter = try HostPath.adapter(options)
  }

  func pass() throws -> Pass {
    var path = try HostPath(options, adapter)
    // Of one batch's frames as many as a call shall have; the host calls at most 128 at a time by itself.
    var part = EventBatch(frames: framesPerCall, events: 1 << 16, bytes: 1 << 20)
    var watch = Stopwatch()
    var (events, bytes) = (0, 0)
    var isAtEnd = false
    while !isAtEnd {
      do {
        isAtEnd = try !path.read()
      } catch FeedError.cut {
        // The capture is cut within its last packet; what came before it is decoded.
        isAtEnd = true
      }
      var next = 0
      while next < path.batch.frameCount {
        part.removeAll()
        for index in next..<min(next + framesPerCall, path.batch.frameCount) {
          let frame = path.batch.frame(at: index)
          part.append(
            frame: frame, bytes: path.batch.bytes.extracting(Int(frame.data)..<Int(frame.data + frame.length)))
        }
        next += part.frameCount
        guard try watch.measure({ try path.session.decode(&part) }) == part.frameCount else {
          throw BenchmarkError("a batch's events don't fit")
        }
        events += part.eventCount
      }
      bytes += path.batch.byteCount
    }
    return Pass(units: events, bytes: bytes, nanoseconds: watch.nanoseconds, answer: "\(events) events")
  }
}
