// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CLinux
internal import EventFlow
internal import ExecutionIR
internal import Glibc

extension Trial {
  func determinismClock() throws -> String {
    let adapter = try load()
    guard image.bound == nil else { throw Finding.skip("what a bound library imports cannot be replaced") }
    let imported = unsafe SetClock.install(in: adapter)
    // 2020-01-30, a second later, the last second of a leap year's February and a time beyond 32 bits.
    let moments: [Int64] = [1_580_360_400, 1_580_360_401, 1_709_251_199, 4_294_967_300]
    var first: [Stream] = []
    for (index, moment) in moments.enumerated() {
      unsafe SetClock.now = moment * 1_000_000_000
      let streams = try index == 0 ? completePass(adapter) : pass(adapter)
      if index == 0 {
        first = streams
      } else {
        try compare(streams, with: first, "with the clock at \(moment) s since 1970")
      }
    }
    return imported.isEmpty
      ? "it imports no clock" : "same events whatever \(imported.joined(separator: ", ")) say"
  }

  func determinismMachine() throws -> String {
    // The first and the third process may use every processor, the second a single one.
    if variant == 1 { _ = linux_use_one_processor() }
    let adapter = try load()
    let streams = try completePass(adapter)
    value = Digest(of: streams.flatMap(\.digest)).bytes
    return "same events with one processor and with all"
  }

  func threadsCallbacks() throws -> String {
    let adapter = try load()
    // Its `deinit` must stay within what is watched.
    unsafe HostTable.watch = notes
    notes.record(.deinitialise)
    unsafe adapter.table.`deinit`()
    notes.settle()
    try initialise(adapter)
    for session in try openings(adapter) {
      for group in corpus.groups
      where group.framing == session.configuration.framing && group.channel == session.configuration.channel {
        _ = session.decode(group.frames)
      }
      session.close()
    }
    notes.record(.deinitialise)
    unsafe adapter.table.`deinit`()
    notes.settle()
    // Whatever it left running has its turn.
    usleep(30_000)
    // It must not be torn down by the host again, whose log is not watched.
    _ = unsafe Unmanaged.passRetained(adapter)
    if notes.hasStrayCallback { throw Finding.fail(Trial.strayCallback) }
    return "\(unsafe HostTable.lines) lines logged, all from within calls"
  }

  static let strayCallback = "it called the host's log while the host was in none of its calls"

  private func initialise(_ adapter: LoadedAdapter) throws {
    let host = HostTable(version: adapter.version)
    notes.record(.initialise)
    let (status, text) = unsafe withErrorText { unsafe adapter.table.`init`(host.pointer, $0) }
    notes.settle()
    guard status == Status.ok else { throw Finding.fail("init after deinit answered \(describe(status, text))") }
  }

  func timeCallbacks() throws -> String {
    let adapter = try load()
    notes.record(.deinitialise)
    unsafe adapter.table.`deinit`()
    notes.settle()
    try initialise(adapter)
    var lines: [String] = []
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let before = unsafe HostTable.lines
      let stream = session.decode(group.frames)
      session.close()
      let told = unsafe HostTable.lines - before
      guard told <= 256 + 4 * stream.frames else {
        throw Finding.fail("\(stream.frames) frames brought \(told) lines to the host's log; say it once, or count it")
      }
      lines.append("\(told) lines for \(stream.frames) frames")
    }
    return lines.joined(separator: ", ")
  }

  func performanceOpen() throws -> String {
    let adapter = try load()
    var times: [Int64] = []
    for configuration in combinations {
      guard let first = try TrialSession.offered(adapter, configuration, notes) else { continue }
      first.close()
      for _ in 0..<200 {
        let before = Moment()
        let session = try TrialSession.open(adapter, configuration, notes)
        times.append(before.elapsed)
        session.close()
      }
    }
    times.sort()
    let (median, high) = (times[times.count / 2] / 1000, times[times.count * 99 / 100] / 1000)
    let detail = "a session opens in \(median) µs of processor time, in \(high) µs at the 99th of 100"
    guard median < 1000 else { throw Finding.warn(detail) }
    return detail
  }

  func performanceBatch() throws -> String {
    let adapter = try load()
    var lines: [String] = []
    var isSlow = false
    for group in try groups() where group.channel == .marketData {
      var times: [Int64] = []
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      let start = processorTime()
      while times.count < 4000, processorTime() - start < 2_000_000_000 {
        for batch in group.frames.chunks(of: 16) {
          let before = Moment()
          let stream = session.decode(batch, .init(frames: 16))
          times.append(before.elapsed)
          if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
        }
      }
      times.sort()
      func at(_ perMille: Int) -> Int64 { times[min(times.count - 1, times.count * perMille / 1000)] }
      isSlow = isSlow || at(999) > 2_000_000 && at(999) > 50 * at(500)
      lines.append(
        "\(group.framing.name): p50 \(at(500) / 1000) µs, p99 \(at(990) / 1000) µs, p99.9 \(at(999) / 1000) µs of 16 frames"
      )
    }
    guard !lines.isEmpty else { throw Finding.skip("it decodes no market data") }
    let detail = lines.joined(separator: ", ")
    if isSlow { throw Finding.warn(detail) }
    return detail
  }
}
