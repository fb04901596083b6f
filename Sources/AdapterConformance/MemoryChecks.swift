// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CLinux
internal import EventFlow

extension Trial {
  func memoryBounds() throws -> String {
    let adapter = try load()
    let groups = try groups()
    let most = manifest.maxEvents
    let largest = groups.flatMap(\.frames).map(\.bytes.count).max() ?? 0
    guard let bytes = GuardedMemory(size: largest + 16),
      let table = GuardedMemory(size: MemoryLayout<Frame>.stride),
      let events = GuardedMemory(size: most * MemoryLayout<Event>.stride)
    else { throw Finding.skip("there is no memory for it") }
    var calls = 0
    for group in groups {
      for isAtEnd in [true, false] {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        for entry in group.frames + cutFrames(group) {
          let size = entry.bytes.count
          let place = unsafe isAtEnd ? bytes.atEnd(size) : bytes.atStart
          unsafe place.copyMemory(from: entry.bytes, byteCount: size)
          var frame = Frame()
          frame.length = UInt32(size)
          frame.flags = entry.flags.rawValue
          frame.receive_time = entry.receiveTime
          let row = unsafe table.atEnd(MemoryLayout<Frame>.stride).bindMemory(to: Frame.self, capacity: 1)
          unsafe row.pointee = frame
          let out = unsafe events.atEnd(most * MemoryLayout<Event>.stride).bindMemory(to: Event.self, capacity: most)
          unsafe session.callOnce(bytes: place, size: size, frame: row, events: out, capacity: most)
          calls += 1
        }
        session.close()
      }
    }
    return "\(calls) calls between guard pages"
  }

  /// Some frames without their last bytes: what is missing must not be read.
  private func cutFrames(_ group: Corpus.Group) -> [Corpus.Entry] {
    group.frames.prefix(200).compactMap { entry in
      guard entry.bytes.count > 1 else { return nil }
      var part = entry
      part.bytes.removeLast(1 + random.below(entry.bytes.count - 1))
      return part
    }
  }

  func memoryInput() throws -> String {
    let adapter = try load()
    var mutator = Mutator(random: random)
    for group in try groups() {
      for frames in [group.frames, mutator.stream(group.frames, count: 500).damaged] {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        _ = session.decode(frames, .init(filler: 0xC3))
        if let change = session.inputChange { throw Finding.fail(change) }
        session.close()
      }
    }
    return "bytes, frames and inputs are as they were"
  }

  /// Bytes in allocated blocks, on the heap and mapped.
  private var heap: Int {
    let use = linux_mallinfo2()
    return Int(use.in_use) + Int(use.hblkhd)
  }

  func memoryGrowth() throws -> String {
    let adapter = try load()
    let configurations = try openings(adapter).map { session in
      session.close()
      return session.configuration
    }
    // Raw calls only, so that what grows is the adapter's.
    func cycle(_ rounds: Int) {
      for _ in 0..<rounds {
        for configuration in configurations {
          guard let session = try? TrialSession.open(adapter, configuration, notes) else { continue }
          for group in corpus.groups
          where group.framing == configuration.framing && group.channel == configuration.channel {
            _ = session.decode(group.frames.prefix(100))
          }
          _ = try? session.save()
          try? session.reset()
          session.close()
        }
      }
    }
    cycle(8)
    // The host keeps an adapter's first log lines: those are not the adapter's memory.
    for _ in 0..<200 where (1..<HostLog.lineLimit).contains(adapter.log.count) { cycle(8) }
    let rounds = 64
    let before = heap
    cycle(rounds)
    let middle = heap
    cycle(rounds)
    let growth = min(middle - before, heap - middle)
    guard growth < rounds * 16 else {
      throw Finding.fail("\(rounds * configurations.count) sessions, opened and closed, leave \(growth) bytes behind")
    }
    return "\(2 * rounds * configurations.count) sessions leave nothing behind"
  }

  func memoryDescriptors() throws -> String {
    // The sealed copy's own descriptor stays open by design.
    let adapter = try load()
    let before = ProcessState.entries("fd")
    for _ in 0..<4 {
      for session in try openings(adapter) { session.close() }
      for group in corpus.groups where !group.frames.isEmpty {
        let session = try TrialSession.open(adapter, configuration(group), notes)
        _ = session.decode(group.frames)
        session.close()
      }
    }
    let after = ProcessState.entries("fd")
    guard after.count <= before.count else {
      throw Finding.fail("it leaves \(after.count - before.count) descriptors open")
    }
    return "no descriptors are left open"
  }
}

extension TrialSession {
  /// One call with one frame in memory of the caller's.
  @unsafe func callOnce(
    bytes: UnsafeMutableRawPointer, size: Int, frame: UnsafeMutablePointer<Frame>, events: UnsafeMutablePointer<Event>,
    capacity: Int
  ) {
    var batch = unsafe exprove_batch(
      struct_size: UInt32(MemoryLayout<exprove_batch>.size), frame_count: 1,
      bytes: UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self)), bytes_size: UInt64(size), frames: frame,
      events: events, event_capacity: UInt32(capacity), frames_used: 0, events_filled: 0, reserved: 0)
    notes.record(.decode, frame: sent, size: size)
    _ = unsafe adapter.table.decode(handle, &batch)
    notes.settle()
    sent += 1
  }
}
