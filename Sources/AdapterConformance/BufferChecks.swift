// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CLinux
internal import EventFlow
internal import Glibc

extension Trial {
  /// Bytes that end where a page begins that nobody may touch.
  private func guarded(_ bytes: [UInt8]) throws -> (memory: GuardedMemory, start: Int) {
    guard let memory = GuardedMemory(size: bytes.count) else { throw Finding.skip("there is no memory for it") }
    let start = unsafe memory.atEnd(bytes.count)
    unsafe bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { unsafe start.copyMemory(from: base, byteCount: source.count) }
    }
    return (memory, Int(bitPattern: start))
  }

  private func bytePointer(_ start: Int) -> UnsafeMutablePointer<UInt8> {
    unsafe UnsafeMutableRawPointer(bitPattern: start)!.assumingMemoryBound(to: UInt8.self)
  }

  func memoryBuffers() throws -> String {
    let adapter = try load()
    var calls = 0
    for configuration in combinations {
      guard let session = try TrialSession.offered(adapter, configuration, notes) else { continue }
      defer { session.close() }
      let frames = corpus.groups.filter {
        $0.framing == configuration.framing && $0.channel == configuration.channel
      }.flatMap(\.frames)
      _ = session.decode(frames)
      calls += try unsafe guardedState(adapter, session)
      calls += try unsafe guardedTimes(adapter, session, frames.prefix(200))
      calls += try unsafe guardedOrders(adapter, session)
    }
    return "\(calls) calls between guard pages"
  }

  @unsafe private func guardedState(_ adapter: LoadedAdapter, _ session: TrialSession) throws -> Int {
    let state = try session.save()
    let (memory, start) = try guarded([UInt8](repeating: 0, count: state.count))
    var size: UInt64 = 0
    notes.record(.save)
    let status = unsafe adapter.table.save(session.handle, bytePointer(start), UInt64(state.count), &size)
    notes.settle()
    guard status == Status.ok else {
      throw Finding.fail("save with exactly its \(state.count) bytes of room answered \(describe(status, ""))")
    }
    withExtendedLifetime(memory) {}
    // What is saved, and pieces of it.
    for count in [state.count, state.count / 2, 1, 0] where count <= state.count {
      let (piece, start) = try guarded(Array(state.prefix(count)))
      let other = try TrialSession.open(adapter, session.configuration, notes)
      notes.record(.takeUp)
      _ = unsafe adapter.table.load(other.handle, bytePointer(start), UInt64(count))
      notes.settle()
      other.close()
      withExtendedLifetime(piece) {}
    }
    let count = manifest.messages.count
    let (values, valuesStart) = try guarded([UInt8](repeating: 0, count: count * 8))
    let words = unsafe UnsafeMutablePointer<UInt64>(bitPattern: valuesStart)
    _ = unsafe session.counters(words, UInt32(count))
    withExtendedLifetime(values) {}
    return 6
  }

  @unsafe private func guardedTimes(
    _ adapter: LoadedAdapter, _ session: TrialSession, _ frames: ArraySlice<Corpus.Entry>
  ) throws -> Int {
    guard manifest.hasFrameTime else { return 0 }
    for entry in frames + [Corpus.Entry(bytes: [])] {
      let (bytes, start) = try guarded(entry.bytes)
      guard let table = GuardedMemory(size: MemoryLayout<Frame>.stride), let times = GuardedMemory(size: 8) else {
        throw Finding.skip("there is no memory for it")
      }
      let row = unsafe table.atEnd(MemoryLayout<Frame>.stride).bindMemory(to: Frame.self, capacity: 1)
      var frame = Frame()
      frame.length = UInt32(entry.bytes.count)
      frame.flags = entry.flags.rawValue
      frame.receive_time = entry.receiveTime
      unsafe row.pointee = frame
      let out = unsafe times.atEnd(8).bindMemory(to: Int64.self, capacity: 1)
      notes.record(.frameTime, size: entry.bytes.count)
      _ = unsafe adapter.table.frame_time(
        session.handle, bytePointer(start), UInt64(entry.bytes.count), row, 1, out)
      notes.settle()
      withExtendedLifetime((bytes, table, times)) {}
    }
    return frames.count + 1
  }

  @unsafe private func guardedOrders(_ adapter: LoadedAdapter, _ session: TrialSession) throws -> Int {
    guard session.configuration.channel == .orderEntry, let entry = unsafe try adapter.orderEntry() else { return 0 }
    var calls = 0
    for order in sampleOrders {
      guard let record = order.record else { continue }
      var plain = [UInt8](repeating: 0, count: Int(entry.max_size))
      let (status, _, size) = unsafe session.encode(entry, record, into: &plain, capacity: plain.count)
      guard status == Status.ok, (1...plain.count).contains(size) else { continue }
      for capacity in [size, size - 1, 1, 0] {
        let (memory, start) = try guarded([UInt8](repeating: 0, count: capacity))
        var request = record
        var filled: UInt32 = 0
        notes.record(.encode)
        _ = unsafe withErrorText { error in
          unsafe entry.encode(session.handle, &request, bytePointer(start), UInt32(capacity), &filled, error)
        }
        notes.settle()
        withExtendedLifetime(memory) {}
        calls += 1
      }
    }
    return calls
  }

  func memoryMappings() throws -> String {
    let adapter = try load()
    let configurations = try openings(adapter).map { session in
      session.close()
      return session.configuration
    }
    func cycle(_ rounds: Int) {
      for _ in 0..<rounds {
        for configuration in configurations {
          guard let session = try? TrialSession.open(adapter, configuration, notes) else { continue }
          session.close()
        }
      }
    }
    let rounds = 100
    cycle(rounds)
    let before = ProcessState.mappedPages
    cycle(rounds)
    let middle = ProcessState.mappedPages
    cycle(rounds)
    // The heap may grow once; what grows each time is never given back.
    let growth = min(middle - before, ProcessState.mappedPages - middle)
    guard growth < rounds else {
      throw Finding.fail("\(rounds * configurations.count) sessions, opened and closed, leave \(growth) pages mapped")
    }
    return "\(3 * rounds * configurations.count) sessions leave nothing mapped"
  }

  func memoryAllocations() throws -> String {
    let adapter = try load()
    guard image.bound == nil else { throw Finding.skip("what a bound library imports cannot be replaced") }
    _ = unsafe CountedHeap.install(in: adapter)
    var lines: [String] = []
    var isMuch = false
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      // Once to get to know the instruments, then again.
      _ = session.decode(group.frames)
      unsafe CountedHeap.allocations = 0
      let stream = session.decode(group.frames)
      let count = unsafe CountedHeap.allocations
      isMuch = isMuch || count * 4 > stream.frames
      lines.append("\(count) for \(stream.frames) frames of \(group.framing.name)/\(group.channel.name)")
    }
    let detail = "allocations: \(lines.joined(separator: ", "))"
    if isMuch { throw Finding.warn(detail) }
    return detail
  }
}
