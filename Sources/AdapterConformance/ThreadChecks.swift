// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import Glibc
internal import Synchronization

/// Work on a thread of its own, and its result once the thread has ended.
private final class Errand: Sendable {
  private let work: @Sendable () -> String?
  private let finding = Mutex<String?>(nil)

  init(_ work: @escaping @Sendable () -> String?) { self.work = work }

  /// Runs all at once and returns what each found.
  static func run(_ errands: [Errand]) -> [String?] {
    var threads: [pthread_t] = []
    for errand in errands {
      var thread = pthread_t()
      let context = unsafe Unmanaged.passRetained(errand).toOpaque()
      let result = unsafe pthread_create(
        &thread, nil,
        { context in
          let errand = unsafe Unmanaged<Errand>.fromOpaque(context!).takeRetainedValue()
          let found = errand.work()
          errand.finding.withLock { $0 = found }
          return nil
        }, context)
      if result == 0 {
        threads.append(thread)
      } else {
        unsafe Unmanaged<Errand>.fromOpaque(context).release()
      }
    }
    for thread in threads { pthread_join(thread, nil) }
    return errands.map { $0.finding.withLock { $0 } }
  }
}

/// Where threads wait until all of them have come.
@safe private final class Rendezvous: @unchecked Sendable {
  private let barrier: UnsafeMutablePointer<pthread_barrier_t>

  init(_ threads: Int) {
    unsafe barrier = .allocate(capacity: 1)
    unsafe barrier.initialize(to: pthread_barrier_t())
    unsafe pthread_barrier_init(barrier, nil, UInt32(threads))
  }

  deinit {
    unsafe pthread_barrier_destroy(barrier)
    unsafe barrier.deallocate()
  }

  func wait() { unsafe _ = pthread_barrier_wait(barrier) }
}

/// A session that one thread after another uses: the errands never overlap on it.
private final class Handed: @unchecked Sendable {
  let session: TrialSession
  var stream = Stream()
  init(_ session: TrialSession) { self.session = session }
}

extension Trial {
  func threadsParallel() throws -> String {
    let adapter = try load()
    do {
      _ = try takeTurns(adapter)
    } catch let finding as Finding where finding.status == .fail {
      throw Finding.skip("sessions that take turns on one thread see each other already (lifecycle.sessions)")
    }
    let first = try completePass(adapter)
    let groups = try groups()
    let configurations = groups.map(configuration)
    let notes = UncheckedNotes(notes)
    let opened = Rendezvous(4)
    let decoded = Rendezvous(4)
    let errands = (0..<4).map { _ in
      Errand {
        var found: String? = nil
        for _ in 0..<20 {
          for (index, group) in groups.enumerated() {
            // All sessions are open while each decodes: what one says of another shows however the threads are scheduled.
            let session = Result { try TrialSession.open(adapter, configurations[index], notes.notes) }
            opened.wait()
            let stream = Result { try session.get().decode(group.frames) }
            decoded.wait()
            (try? session.get())?.close()
            switch stream {
            case .success(let stream): found = found ?? stream.difference(from: first[index]) ?? stream.halt
            case .failure(let error): found = found ?? (error as? Finding)?.detail ?? "\(error)"
            }
          }
        }
        return found
      }
    }
    for finding in Errand.run(errands) {
      if let finding { throw Finding.fail("with four sessions on four threads: \(finding)") }
    }
    return "four threads, \(20 * groups.count) sessions each"
  }

  func threadsHandover() throws -> String {
    let adapter = try load()
    let groups = try groups()
    let call = TrialSession.Call(frames: 32)
    for group in groups {
      let alone = try TrialSession.open(adapter, configuration(group), notes)
      let first = alone.decode(group.frames, call)
      alone.close()
      let handed = Handed(try TrialSession.open(adapter, configuration(group), notes))
      for part in group.frames.chunks(of: max(32, (group.frames.count / 8 + 31) / 32 * 32)) {
        _ = Errand.run([
          Errand {
            handed.stream.append(handed.session.decode(part, call))
            return nil
          }
        ])
      }
      try compare([handed.stream], with: [first], "with each part on another thread")
      _ = Errand.run([
        Errand {
          handed.session.close()
          return nil
        }
      ])
    }
    return "sessions moved between threads"
  }

  /// Each step of a session's life, twice: what the first one left behind may call in the second.
  func threadsStrays() throws -> String {
    let adapter = try load()
    guard let bound = adapter.bound else { throw Finding.skip("only a bound library is given callbacks") }
    var before = bound.strays
    var undue: String?
    func look(_ when: String) throws {
      guard bound.kept == 0 else {
        throw Finding.fail("while \(when), \(bound.kept) calls came through callbacks of a session that had ended")
      }
      if bound.strays > before, undue == nil {
        undue = "while \(when), \(bound.strays - before) calls came through callbacks that were not due"
      }
      before = bound.strays
    }
    for configuration in combinations {
      let frames = corpus.groups.filter {
        $0.framing == configuration.framing && $0.channel == configuration.channel
      }.flatMap(\.frames)
      for _ in 0..<2 {
        guard let session = try TrialSession.offered(adapter, configuration, notes) else { continue }
        try look("it opened")
        _ = session.decode(frames)
        try look("frames were fed")
        let state = try session.save()
        try look("it saved")
        _ = session.load(state)
        try look("it took up what it had saved")
        try session.reset()
        try look("it was reset")
        session.close()
        try look("it closed")
      }
    }
    if let undue { throw Finding.warn("\(undue); they were refused, and what they told is lost") }
    return "callbacks came only while they were due"
  }

  func threadsNone() throws -> String {
    let before = ProcessState.entries("task").count
    let adapter = try load()
    let sessions = try openings(adapter)
    for group in corpus.groups where !group.frames.isEmpty {
      let session = try TrialSession.open(adapter, configuration(group), notes)
      _ = session.decode(group.frames)
      session.close()
    }
    let during = ProcessState.entries("task").count
    for session in sessions { session.close() }
    let after = max(during, ProcessState.entries("task").count)
    guard after <= before else { throw Finding.fail("it started \(after - before) threads") }
    return "no threads were started"
  }
}

/// The notes are written from several threads in the parallel check; a torn note only blurs which call was last.
private struct UncheckedNotes: @unchecked Sendable {
  let notes: ChildNotes
  init(_ notes: ChildNotes) { self.notes = notes }
}
