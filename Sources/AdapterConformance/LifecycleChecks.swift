// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import CExProveABI
internal import CLinux
internal import EventFlow
internal import ExecutionIR
internal import Glibc

extension Trial {
  /// Decodes every group in a fresh session; the streams of one pass over the corpus.
  func pass(_ adapter: LoadedAdapter, _ call: TrialSession.Call = .init()) throws -> [Stream] {
    try groups().map { group in
      let session = try TrialSession.open(adapter, configuration(group), notes)
      defer { session.close() }
      return session.decode(group.frames, call)
    }
  }

  /// A pass whose streams all reach their end; where one does not, another check says so.
  func completePass(_ adapter: LoadedAdapter, _ call: TrialSession.Call = .init()) throws -> [Stream] {
    let streams = try pass(adapter, call)
    if let halt = streams.compactMap(\.halt).first { throw Finding.skip("\(halt) (time.progress)") }
    return streams
  }

  /// Fails at the first difference between two passes.
  func compare(_ streams: [Stream], with first: [Stream], _ circumstance: String) throws {
    for (stream, before) in zip(streams, first) {
      if let halt = stream.halt { throw Finding.skip("\(halt) (time.progress)") }
      if let difference = stream.difference(from: before) { throw Finding.fail("\(circumstance): \(difference)") }
    }
  }

  func lifecycleLoad() throws -> String {
    let adapter = try load()
    let sessions = try openings(adapter)
    for session in sessions { session.close() }
    notes.record(.destroy)
    unsafe adapter.table.destroy(nil)
    notes.settle()
    let names = sessions.map { "\($0.configuration.framing.name)/\($0.configuration.channel.name)" }
    return "ABI \(adapter.version), sessions of \(names.joined(separator: ", "))"
  }

  func lifecycleRepeat() throws -> String {
    let adapter = try load()
    let groups = corpus.groups.filter { !$0.frames.isEmpty }
    let first = groups.isEmpty ? [] : try completePass(adapter)
    let host = HostTable(version: adapter.version)
    let rounds = 8
    for round in 1...rounds {
      notes.record(.deinitialise)
      unsafe adapter.table.`deinit`()
      notes.record(.initialise)
      let (status, text) = unsafe withErrorText { unsafe adapter.table.`init`(host.pointer, $0) }
      notes.settle()
      guard status == Status.ok else {
        throw Finding.fail("init number \(round + 1) answered \(describe(status, text))")
      }
      if !groups.isEmpty { try compare(try pass(adapter), with: first, "after \(round) times deinit and init") }
    }
    return "\(rounds) times deinit and init"
  }

  func lifecycleInitFailure() throws -> String {
    let adapter = try load()
    notes.record(.deinitialise)
    unsafe adapter.table.`deinit`()
    let foreign: [(UInt32, UInt32)] = [(0, adapter.version.rawValue), (40, 0xFFFF_0000)]
    var refused = 0
    for (size, version) in foreign {
      let host = HostTable(version: adapter.version)
      unsafe host.pointer.pointee.struct_size = size
      unsafe host.pointer.pointee.abi_version = version
      notes.record(.initialise)
      let (status, _) = unsafe withErrorText { unsafe adapter.table.`init`(host.pointer, $0) }
      if status == Status.ok {
        notes.record(.deinitialise)
        unsafe adapter.table.`deinit`()
      } else {
        refused += 1
      }
      let right = HostTable(version: adapter.version)
      notes.record(.initialise)
      let (second, text) = unsafe withErrorText { unsafe adapter.table.`init`(right.pointer, $0) }
      guard second == Status.ok else {
        throw Finding.fail(
          "after an init with a host of \(size) bytes and ABI \(version) that was \(status == Status.ok ? "taken" : "refused"), "
            + "a correct init answered \(describe(second, text))")
      }
      for session in try openings(adapter) { session.close() }
      notes.record(.deinitialise)
      unsafe adapter.table.`deinit`()
      notes.settle()
    }
    let last = HostTable(version: adapter.version)
    _ = unsafe withErrorText { unsafe adapter.table.`init`(last.pointer, $0) }
    return "\(refused) of \(foreign.count) wrong hosts refused"
  }

  func lifecycleRefusal() throws -> String {
    let adapter = try load()
    let offered = manifest.framings.map(\.rawValue)
    let framings = [0, 99, 0xFFFF_FFFF] + Framing.allCases.map(\.rawValue).filter { !offered.contains($0) }
    var wrong: [(what: String, framing: UInt32, channel: UInt32, size: UInt32)] = []
    for framing in framings { wrong.append(("framing \(framing)", framing, 1, 40)) }
    for channel: UInt32 in [0, 99] { wrong.append(("channel \(channel)", offered[0], channel, 40)) }
    for channel in Channel.allCases where !manifest.channels.contains(channel) {
      wrong.append(("channel \(channel.name)", offered[0], channel.rawValue, 40))
    }
    for size: UInt32 in [0, 8] { wrong.append(("a struct_size of \(size)", offered[0], 1, size)) }
    for (what, framing, channel, size) in wrong {
      let config = SessionConfig(combinations[0])
      unsafe config.pointer.pointee.framing = framing
      unsafe config.pointer.pointee.channel = channel
      unsafe config.pointer.pointee.struct_size = size
      var session: OpaquePointer?
      notes.record(.create)
      let (status, _) = unsafe withErrorText { unsafe adapter.table.create(config.pointer, &session, $0) }
      notes.settle()
      guard status != Status.ok else { throw Finding.fail("create took \(what)") }
      guard unsafe session == nil else { throw Finding.fail("create refused \(what) and gave a session all the same") }
    }
    return "\(wrong.count) wrong configurations refused"
  }

  func lifecycleReset() throws -> String {
    let adapter = try load()
    for group in try groups() {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let fresh = try session.save()
      let first = session.decode(group.frames)
      let counters = try session.counters()
      try session.reset()
      guard try session.counters().allSatisfy({ $0 == 0 }) else {
        throw Finding.fail("after reset counters are not zero")
      }
      guard try session.save() == fresh else {
        throw Finding.fail("after reset the saved state is not that of a new session")
      }
      try compare([session.decode(group.frames)], with: [first], "after reset")
      guard try session.counters() == counters else {
        throw Finding.fail("after reset the same frames give other counters")
      }
      session.close()
    }
    return "same state, events and counters after reset"
  }

  func lifecycleSessions() throws -> String { try takeTurns(try load()) }

  /// Two sessions of each kind that are called in random turns.
  func takeTurns(_ adapter: LoadedAdapter) throws -> String {
    for group in try groups() {
      let alone = try TrialSession.open(adapter, configuration(group), notes)
      let first = alone.decode(group.frames, .init(frames: 1))
      alone.close()
      let left = try TrialSession.open(adapter, configuration(group), notes)
      let right = try TrialSession.open(adapter, configuration(group), notes)
      var streams = [Stream(), Stream()]
      var next = [0, 0]
      while next[0] < group.frames.count || next[1] < group.frames.count {
        let who = random.below(2)
        guard next[who] < group.frames.count else { continue }
        let part = (who == 0 ? left : right).decode(group.frames[next[who]...next[who]], .init(frames: 1))
        streams[who].append(part)
        next[who] += 1
        if part.halt != nil { next[who] = group.frames.count }
      }
      for stream in streams { try compare([stream], with: [first], "in turns with another session") }
      left.close()
      right.close()
    }
    return "two sessions in random turns"
  }

  func lifecycleTraces() throws -> String {
    let before = ProcessState.now()
    let adapter = try load()
    if !corpus.groups.isEmpty { _ = try pass(adapter) }
    for session in try openings(adapter) { session.close() }
    notes.record(.deinitialise)
    unsafe adapter.table.`deinit`()
    notes.record(.initialise)
    let host = HostTable(version: adapter.version)
    _ = unsafe withErrorText { unsafe adapter.table.`init`(host.pointer, $0) }
    notes.settle()
    if let change = ProcessState.now().change(from: before) { throw Finding.fail("it changed \(change)") }
    return "process state is unchanged"
  }

  func lifecycleOutput() throws -> String {
    let adapter = try load()
    for session in try openings(adapter) {
      for frame in [[0], Array("{}".utf8), [UInt8](repeating: 0xFF, count: 40)] {
        _ = session.decode([Corpus.Entry(bytes: frame)])
      }
      session.close()
    }
    if !corpus.groups.isEmpty { _ = try pass(adapter) }
    _ = fflush(nil)
    return "nothing was written"
  }

  func lifecycleFork() throws -> String {
    let adapter = try load()
    for group in try groups() {
      let alone = try TrialSession.open(adapter, configuration(group), notes)
      let first = alone.decode(group.frames)
      alone.close()
      if let halt = first.halt { throw Finding.skip("\(halt) (time.progress)") }
      let session = try TrialSession.open(adapter, configuration(group), notes)
      let pid = linux_fork()
      guard pid >= 0 else { throw Finding.skip("the system has no room for another process") }
      if pid == 0 { _exit(session.decode(group.frames) == first ? 0 : 7) }
      var status: Int32 = 0
      while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
      guard status & 0x7F == 0 else { throw Finding.fail("in a forked process it ends with signal \(status & 0x7F)") }
      guard status >> 8 & 0xFF == 0 else { throw Finding.fail("in a forked process the events differ") }
      session.close()
    }
    return "same events in a forked process"
  }
}

extension Stream {
  /// Goes on with another stream's frames.
  mutating func append(_ other: Stream) {
    for var event in other.events {
      event.frame &+= UInt32(frames)
      events.append(event)
    }
    frames += other.frames
    halt = halt ?? other.halt
  }

  /// SHA-256 over the events' fields.
  var digest: [UInt8] {
    var bytes: [UInt8] = []
    for event in events { unsafe withUnsafeBytes(of: event) { unsafe bytes.append(contentsOf: $0) } }
    return Digest(of: bytes).bytes
  }
}
