// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import EventFlow

extension Trial {
  func performanceLoad() throws -> String {
    let before = processorTime()
    let adapter = try load()
    let taken = (processorTime() - before) / 1_000
    withExtendedLifetime(adapter) {}
    guard taken < 100_000 else { throw Finding.warn("loading and init took \(taken) µs of processor time") }
    return "loaded in \(taken) µs of processor time"
  }

  /// Through the host itself, validation included.
  func performanceDecode() throws -> String {
    let adapter = try load()
    var lines: [String] = []
    var isSlow = false
    for group in try groups() {
      let size = group.frames.reduce(0) { $0 + $1.bytes.count }
      var batch = EventBatch(
        frames: group.frames.count, events: max(4096, manifest.maxEvents), bytes: max(1, size))
      for entry in group.frames {
        var frame = Frame(receiveTime: entry.receiveTime, flags: entry.flags)
        frame.offset = 0
        batch.append(frame: frame, bytes: entry.bytes.span)
      }
      var frames = 0
      var taken: Int64 = 1
      let start = processorTime()
      while taken < 40_000_000 {
        var session = try AdapterSession(adapter, configuration(group))
        var next = 0
        let before = processorTime()
        notes.record(.decode, frame: frames, size: size)
        while next < group.frames.count {
          batch.removeEvents()
          do {
            next += try session.decode(&batch, from: next)
          } catch {
            throw Finding.skip("\(error.message) (events.contract)")
          }
        }
        notes.settle()
        taken += processorTime() - before
        frames += group.frames.count
        if processorTime() - start > 1_000_000_000 { break }
      }
      let rate = Int64(frames) * 1_000_000_000 / taken
      // Orders are few; market data is what must keep up.
      isSlow = isSlow || rate < 1_000_000 && group.channel == .marketData
      lines.append("\(group.framing.name)/\(group.channel.name) \(rate / 1000) thousand frames a second")
    }
    let detail = lines.joined(separator: ", ")
    if isSlow { throw Finding.warn(detail) }
    return detail
  }
}

extension Frame {
  fileprivate init(receiveTime: Int64, flags: FrameFlags) {
    self.init()
    receive_time = receiveTime
    self.flags = flags.rawValue
  }
}

extension EventBatch {
  /// Keeps the frames and their bytes.
  fileprivate mutating func removeEvents() {
    unsafe withStorage { _, _, _, counts in counts.events = 0 }
  }
}
