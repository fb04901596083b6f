// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import EventFlow
internal import Glibc

/// Processor time of this process in nanoseconds; unlike the wall's it does not depend on who else is working.
func processorTime() -> Int64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// A moment by both clocks. Processor time may advance in steps of milliseconds, and the wall's counts others' work: the
/// lesser of the two differences is the better measure of something short.
struct Moment {
  private var processor = processorTime()
  private var wall = Moment.wallTime()

  /// Nanoseconds since then.
  var elapsed: Int64 { min(processorTime() - processor, Moment.wallTime() - wall) }

  private static func wallTime() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

extension Trial {
  func timeLarge() throws -> String {
    let adapter = try load()
    var slowest: Int64 = 0
    for session in try openings(adapter) {
      let heads = corpus.groups.filter { $0.framing == session.configuration.framing }.flatMap { $0.frames.prefix(3) }
      var seeds = heads.map(\.bytes).filter { !$0.isEmpty }
      seeds += [[0], Array("[".utf8), Array("{\"a\":".utf8), Array("1".utf8), Array(" ".utf8), Array("\"\\u0041".utf8)]
      for seed in seeds {
        for size in [1 << 10, 1 << 16, 1 << 20] {
          var bytes: [UInt8] = []
          bytes.reserveCapacity(size)
          while bytes.count < size { bytes += seed }
          let before = processorTime()
          let stream = session.decode([Corpus.Entry(bytes: bytes)], .init(frames: 1))
          let taken = processorTime() - before
          slowest = max(slowest, taken)
          guard taken < 2_000_000_000 else {
            throw Finding.fail("a frame of \(bytes.count) bytes took \(taken / 1_000_000) ms of processor time")
          }
          if let halt = stream.halt { throw Finding.fail("a frame of \(bytes.count) bytes: \(halt)") }
        }
      }
      session.close()
    }
    return "frames of up to 1 MiB took \(slowest / 1_000_000) ms at most"
  }

  func timeProgress() throws -> String {
    let adapter = try load()
    var calls = 0
    for group in try groups() {
      for (frames, capacity) in [
        (1, manifest.maxEvents), (64, manifest.maxEvents), (1000, manifest.maxEvents + 1), (7, nil),
      ] {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        let stream = session.decode(group.frames, .init(frames: frames, capacity: capacity))
        calls += session.sent
        if let halt = stream.halt {
          let room = capacity.map { "capacity \($0)" } ?? "ample capacity"
          throw Finding.fail("with \(frames) frames a call and \(room): \(halt)")
        }
        session.close()
      }
    }
    return "\(calls) frames consumed, also at the least capacity"
  }
}
