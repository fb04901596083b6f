// SPDX-License-Identifier: Apache-2.0

internal import BenchmarkLimits
internal import DurableFiles
internal import EventFlow
internal import ExecutionIR
internal import Feeds

/// Copies as many bytes as decoding moves: the messages' own and the 64 of each event, half of them read and half written.
final class CopyLimit: Contestant {
  private let source: [UInt8]
  private var target: [UInt8]
  private let messages: Int

  init(of options: FeedOptions) throws {
    let batches = try HostPath.events(options)
    messages = batches.reduce(0) { $0 + $1.frames.count }
    let events = batches.reduce(0) { $0 + $1.events.count }
    let read = batches.reduce(0) { sum, batch in batch.frames.reduce(sum) { $0 + Int($1.length) } }
    let moved = (read + events * MemoryLayout<Event>.size) / 2
    source = [UInt8]((0..<moved).map { UInt8(truncatingIfNeeded: $0) })
    target = [UInt8](repeating: 1, count: moved)
  }

  func pass() -> Pass {
    var watch = Stopwatch()
    watch.measure { unsafe limits_copy(&target, source, UInt64(source.count)) }
    return Pass(units: messages, bytes: source.count * 2, nanoseconds: watch.nanoseconds, answer: "")
  }
}

/// Goes from length to length and reads nothing else.
final class WalkLimit: Contestant {
  private let bytes: [UInt8]

  init(of options: FeedOptions) throws { bytes = try Files.read(options.path) }

  func pass() -> Pass {
    var watch = Stopwatch()
    let frames = watch.measure { unsafe limits_walk(bytes, UInt64(bytes.count)) }
    return Pass(units: Int(frames), bytes: bytes.count, nanoseconds: watch.nanoseconds, answer: "")
  }
}

/// Fills events with what lies in registers, 4,096 at a time, and reads nothing.
final class FillLimit: Contestant {
  private var events = [Event](repeating: Event(), count: 4096)
  private let count: Int

  init(count: Int) { self.count = count }

  func pass() -> Pass {
    var watch = Stopwatch()
    watch.measure { unsafe limits_fill(&events, UInt32(events.count), UInt64(count)) }
    return Pass(units: count, nanoseconds: watch.nanoseconds, answer: "")
  }
}

/// SHA-256 over as many bytes as the digest of the events covers: 32 of each frame and 64 of each event.
final class DigestLimit: Contestant {
  private let bytes: [UInt8]
  private let messages: Int
  private var last: Digest?

  init(messages: Int) {
    self.messages = messages
    bytes = [UInt8](repeating: 7, count: messages * (MemoryLayout<Frame>.size + MemoryLayout<Event>.size))
  }

  func pass() -> Pass {
    var watch = Stopwatch()
    last = watch.measure { Digest(of: bytes) }
    return Pass(units: messages, bytes: bytes.count, nanoseconds: watch.nanoseconds, answer: "")
  }
}
