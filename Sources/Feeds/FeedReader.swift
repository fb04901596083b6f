// SPDX-License-Identifier: Apache-2.0

private import CExProveABI
package import EventFlow

/// The frames of one capture, in order, in constant memory.
///
/// Frames come with `feed`, `offset` and `length` set, and with their receive time where the capture has one:
/// what the clock stamped, plus the option `offset=`. A frame without one is flagged `noTime`; with
/// `time=venue+LATENCY` all are, and `deriveReceiveTimes` fills them in once the adapter was asked.
package struct FeedReader: ~Copyable {
  package let path: String
  /// The number that `Frame.feed` carries.
  package let feed: UInt32
  /// What kind of frames the adapter is to be told it gets: one that it declares.
  package let framing: Framing
  /// How the frames lie in the capture.
  package let container: Container

  var window: ByteWindow
  var counts = FeedStatistics()
  var lines = LineState()
  var packets = PacketState()
  /// Added to each receive time; nil when the capture's own times are not to be used.
  let clockOffset: Int64?
  /// Whether packets may be messages of an order session, and say which way they went.
  let isOrderSession: Bool
  private var failure: FeedError?

  /// How frames lie in a capture once it is unpacked.
  package enum Container: String, Sendable {
    /// 2-byte big-endian lengths.
    case length16
    /// `<nanoseconds> <payload>` a line.
    case line
    case pcap
    case pcapng
  }

  /// Opens a capture and finds out what it is.
  ///
  /// pcap and pcapng are known by their first bytes, and give `packet` frames. Of lines and length prefixes the one
  /// that `declared` names is taken; if it names both, a capture that begins with 10 to 19 digits and a
  /// space is lines. An adapter that declares only `message` gets the frames of any of them as messages.
  /// `framing=` decides where this would not.
  package static func open(
    _ path: String, feed: UInt32, declared: [Framing], options: FeedOptions
  ) throws(FeedError) -> FeedReader {
    var window = try ByteWindow(path: path)
    guard window.require(1) else { throw window.damage ?? .empty(path: path) }
    _ = window.require(24)
    let (container, framing) = try FeedReader.find(window, declared: declared, wanted: options.framing)
    if container == .length16, options.venueLatency == nil {
      throw .usage(
        feed: options.text,
        reason: "the capture was taken for length-prefixed messages, which have no receive times; say where they come "
          + "from, for example time=venue+0ns, or see that it is a capture of this venue")
    }
    var reader = FeedReader(window, feed: feed, container: container, framing: framing, options: options)
    if container == .pcap { try reader.openPcap() }
    return reader
  }

  private init(
    _ window: consuming ByteWindow, feed: UInt32, container: Container, framing: Framing, options: FeedOptions
  ) {
    path = window.path
    self.window = window
    self.feed = feed
    self.container = container
    self.framing = framing
    clockOffset = options.venueLatency == nil ? options.offset : nil
    isOrderSession = options.isOrderSession
  }

  /// Appends up to `limit` frames behind those that are in the batch, and says how many.
  ///
  /// 0 says that nothing more comes, or that the batch has no room for the next frame: give an empty one. What is
  /// wrong with the capture is thrown only once all frames before it have been given, and then each time.
  package mutating func read(into batch: inout EventBatch, limit: Int) throws(FeedError) -> Int {
    if let failure { throw failure }
    let before = batch.frameCount
    let target = before + max(0, min(limit, batch.frameCapacity - before))
    do {
      switch container {
      case .length16: try readLengthPrefixed(into: &batch, target: target)
      case .line: try readLines(into: &batch, target: target)
      case .pcap: try readPcap(into: &batch, target: target)
      case .pcapng: try readPcapNG(into: &batch, target: target)
      }
    } catch {
      failure = error
    }
    let added = batch.frameCount - before
    counts.frames += UInt64(added)
    if added == 0, let failure { throw failure }
    return added
  }

  /// Nothing more comes, and nothing was wrong.
  package var isAtEnd: Bool { failure == nil && window.isComplete && window.damage == nil && window.count == 0 }

  /// What is wrong with the capture, once that is known.
  package var damage: FeedError? { failure ?? window.damage }

  /// What was read so far.
  package var statistics: FeedStatistics {
    var statistics = counts
    statistics.packedBytes = window.packedBytes
    statistics.unpackedBytes = window.offset
    return statistics
  }

  /// Appends `count` bytes of the window, `index` from its first one, as a frame. False when the batch is too
  /// full for it; an error when even an empty one were.
  mutating func deliver(
    at index: Int, count: Int, time: Int64?, isTruncated: Bool = false, isOutbound: Bool = false,
    into batch: inout EventBatch
  ) throws(FeedError) -> Bool {
    let flags =
      (time == nil ? EXPROVE_FRAME_NO_TIME : 0) | (isTruncated ? EXPROVE_FRAME_TRUNCATED : 0)
      | (isOutbound ? EXPROVE_FRAME_OUTBOUND : 0)
    let entry = Frame(
      receive_time: time ?? 0, offset: window.offset + UInt64(index), data: 0, length: 0, feed: feed, flags: flags)
    guard batch.hasRoom(frameOf: count) else {
      guard count <= batch.byteCapacity else {
        throw .frameTooLong(path: path, offset: entry.offset, limit: batch.byteCapacity)
      }
      return false
    }
    batch.append(frame: entry, bytes: window.bytes.extracting(index..<(index + count)))
    if isTruncated { counts.truncated += 1 }
    if time == nil, clockOffset != nil { counts.withoutTime += 1 }
    return true
  }

  private static func find(
    _ window: borrowing ByteWindow, declared: [Framing], wanted: Framing?
  ) throws(FeedError) -> (Container, Framing) {
    let names = declared.map(\.name).joined(separator: ", ")
    if let wanted, !declared.contains(wanted) {
      throw .unsuitable(path: window.path, reason: "framing=\(wanted.name): the adapter takes only \(names)")
    }
    let first = window.bytes
    if let container = packetContainer(first), wanted == nil || wanted == .packet || wanted == .message {
      let framing = wanted ?? (declared.contains(.packet) ? .packet : .message)
      guard declared.contains(framing) else {
        throw .unsuitable(
          path: window.path, reason: "it is a \(container.rawValue) capture, and the adapter takes only \(names)")
      }
      return (container, framing)
    }
    if wanted == .packet || declared == [.packet] {
      throw .unsuitable(
        path: window.path,
        reason: "it is neither pcap nor pcapng, and packets were asked for; the adapter takes \(names)")
    }
    let container: Container
    switch wanted {
    case .length16: container = .length16
    case .line: container = .line
    default:
      let message = declared.contains(.message)
      let canBeLine = message || declared.contains(.line)
      let canBeLength16 = message || declared.contains(.length16)
      container = canBeLine && (!canBeLength16 || startsWithStamp(first)) ? .line : .length16
    }
    let natural: Framing = container == .line ? .line : .length16
    return (container, wanted ?? (declared.contains(natural) ? natural : .message))
  }

  private static func startsWithStamp(_ bytes: Span<UInt8>) -> Bool {
    var digits = 0
    while digits < min(bytes.count, 20), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[digits]) { digits += 1 }
    return (10...19).contains(digits) && digits < bytes.count && bytes[digits] == UInt8(ascii: " ")
  }
}

/// What a reader has seen.
package struct FeedStatistics: Equatable, Sendable {
  package var frames: UInt64 = 0
  /// Bytes of the file, as it lies.
  package var packedBytes: UInt64 = 0
  /// Bytes of the unpacked capture up to the last frame given.
  package var unpackedBytes: UInt64 = 0
  /// Frames of which the capture holds less than there was.
  package var truncated: UInt64 = 0
  /// Frames without a receive time that should have one.
  package var withoutTime: UInt64 = 0
  /// Packets that are not UDP.
  package var otherProtocol: UInt64 = 0
  /// IP fragments; they are not put together again.
  package var fragments: UInt64 = 0
  /// Packets whose headers contradict themselves or are cut off.
  package var malformedPackets: UInt64 = 0
  /// Packets of a link type that is not known.
  package var unknownLink: UInt64 = 0
  /// A length of zero ended the capture, as the venue's files do.
  package var endMarker = false

  package init() {}

  /// Packets that gave no frame.
  package var skippedPackets: UInt64 { otherProtocol + fragments + malformedPackets + unknownLink }
}
