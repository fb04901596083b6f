// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Foundation
internal import Testing

/// Where a worker's frames lie, and where it runs: neither changes what it gives, whatever becomes of it.
@Suite struct WorkerBatchTests {
  private static let configuration = AdapterSession.Configuration(framing: .message)

  private static func session(beside: Bool = true) throws -> AdapterSession {
    var plan = try WorkerPlan(AdapterImage.read(path: Workshop.adapter("correct")))
    plan.staysBesideCaller = beside
    return try AdapterSession(.worker(plan), configuration)
  }

  /// Frames of a batch; where `isLent`, in memory of the session.
  private static func decode(
    _ frames: ArraySlice<[UInt8]>, _ batch: inout EventBatch, _ session: inout AdapterSession, isLent: Bool
  ) throws -> [String] {
    if isLent { try session.begin(&batch) } else { batch.removeAll() }
    #expect((batch.lender != nil) == isLent)
    for frame in frames {
      let hasRoom = batch.hasRoom(frameOf: frame.count)
      #expect(hasRoom)
      batch.append(frame: Frame(), bytes: frame.span)
    }
    var found: [String] = []
    var next = 0
    while next < batch.frameCount {
      batch.removeEvents()
      next += try session.decode(&batch, from: next)
      found += texts(batch)
    }
    return found
  }

  /// All of its events but the frames' indices, which are the batch's.
  private static func texts(_ batch: borrowing EventBatch) -> [String] {
    var found: [String] = []
    for index in 0..<batch.eventCount {
      var event = batch.event(at: index)
      #expect(Int(event.frame) < batch.frameCount)
      event.frame = 0
      found.append(String(describing: event))
    }
    return found
  }

  private static func kill(_ session: borrowing AdapterSession) {
    if let process = session.workerProcess { Foundation.kill(process, SIGKILL) }
  }

  private static func expected(_ frames: [[UInt8]]) throws -> [String] {
    var session = try AdapterSession(LoadedAdapter(AdapterImage.read(path: Workshop.adapter("correct"))), configuration)
    var batch = EventBatch(frames: frames.count, events: 1 << 16, bytes: 1 << 20)
    return try decode(frames[...], &batch, &session, isLent: false)
  }

  /// Batches of all sizes, lent and not, in turn; with too little room for their events; the worker is killed now and
  /// then, and the next one is told of all of it again.
  @Test(arguments: [true, false], [1 << 14, 700, 5]) func whereFramesLieChangesNothing(beside: Bool, room: Int) throws {
    let frames = ToyVenue.day(6000)
    var session = try Self.session(beside: beside)
    var lent = EventBatch(frames: 2000, events: room, bytes: 1 << 20)
    var own = EventBatch(frames: 2000, events: room, bytes: 1 << 20)
    var events: [String] = []
    var (next, turn, kills) = (0, 0, 0)
    let sizes = [1, 300, 1, 2, 1999, 1, 77, 256, 255, 5]
    while next < frames.count {
      let end = min(frames.count, next + sizes[turn % sizes.count])
      if turn % 3 == 2 {
        events += try Self.decode(frames[next..<end], &own, &session, isLent: false)
      } else {
        events += try Self.decode(frames[next..<end], &lent, &session, isLent: true)
      }
      if turn % 5 == 4 {
        Self.kill(session)
        kills += 1
      }
      next = end
      turn += 1
    }
    #expect(try session.counters().reduce(0, +) == UInt64(frames.count))
    let incidents = session.takeIncidents()
    #expect(incidents.count == kills && incidents.allSatisfy { $0.cause == .killed })
    #expect(kills > 2)
    #expect(try events == Self.expected(frames))
  }

  /// One frame at a time, more of them than are kept apart.
  @Test func shortBatchesAreToldAgain() throws {
    let frames = ToyVenue.day(3000)
    var session = try Self.session()
    var batch = EventBatch(frames: 1, events: 64, bytes: 4096)
    var events: [String] = []
    for index in frames.indices {
      events += try Self.decode(frames[index...index], &batch, &session, isLent: true)
      if index % 1000 == 500 { Self.kill(session) }
    }
    #expect(try session.counters().reduce(0, +) == 3000)
    #expect(session.takeIncidents().count == 3)
    #expect(try events == Self.expected(frames))
  }

  /// Far more than the inlet keeps: the state is saved in between, and the memory used again.
  @Test(arguments: [true, false]) func aLongStreamIsToldAgainFromItsSavedState(isLent: Bool) throws {
    let frames = ToyVenue.day(4000)
    var session = try Self.session()
    var direct = try AdapterSession(
      LoadedAdapter(AdapterImage.read(path: Workshop.adapter("correct"))), Self.configuration)
    var batch = EventBatch(frames: 4000, events: 1 << 14, bytes: 1 << 20)
    var other = EventBatch(frames: 4000, events: 1 << 14, bytes: 1 << 20)
    for turn in 0..<60 {
      // Instruments are defined once.
      let part = frames.dropFirst(turn == 0 ? 0 : 1)
      let found = try Self.decode(part, &batch, &session, isLent: isLent)
      let expected = try Self.decode(part, &other, &direct, isLent: false)
      #expect(found == expected)
      if turn % 25 == 24 { Self.kill(session) }
    }
    #expect(try session.counters() == direct.counters())
    #expect(session.takeIncidents().map(\.cause) == [.killed, .killed])
  }

  /// What was lent and is emptied in the ordinary way belongs to the batch alone; so does what another session lent.
  @Test func lentMemoryGoesBack() throws {
    let frames = ToyVenue.day(200)
    var first = try Self.session()
    var second = try Self.session()
    var batch = EventBatch(frames: 200, events: 1 << 12, bytes: 1 << 16)
    let expected = try Self.expected(frames)
    let found = try Self.decode(frames[..<100], &batch, &first, isLent: true)
    #expect(found == Array(expected.prefix(found.count)))
    // Its frames are overwritten by the batch's next ones, if they lie where the session keeps the last ones.
    batch.removeAll()
    #expect(batch.lender == nil)
    for _ in 0..<200 { batch.append(frame: Frame(), bytes: [UInt8](repeating: 255, count: 40).span) }
    Self.kill(first)
    #expect(try first.counters().reduce(0, +) == 100)
    #expect(first.takeIncidents().map(\.cause) == [.killed])

    // Of another session it is memory like any other.
    try first.begin(&batch)
    for frame in frames { batch.append(frame: Frame(), bytes: frame.span) }
    #expect(try second.decode(&batch) == 200)
    Self.kill(second)
    #expect(try second.counters().reduce(0, +) == 200)
    #expect(second.takeIncidents().map(\.cause) == [.killed])
  }

  @Test func twoBatchesAreNotLentTheSame() throws {
    let frames = ToyVenue.day(400)
    var session = try Self.session()
    var first = EventBatch(frames: 400, events: 1 << 12, bytes: 1 << 16)
    var second = EventBatch(frames: 400, events: 1 << 12, bytes: 1 << 16)
    try session.begin(&first)
    for frame in frames[..<200] { first.append(frame: Frame(), bytes: frame.span) }
    try session.begin(&second)
    for frame in frames[200...] { second.append(frame: Frame(), bytes: frame.span) }
    #expect(try session.decode(&first) == 200)
    #expect(try session.decode(&second) == 200)
    let found = Self.texts(first) + Self.texts(second)
    #expect(try found == Self.expected(frames))
  }

  /// The processors that a process may use, as the kernel tells: proc(5), status.
  private static func processors(of process: Int32) throws -> String {
    let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
    return line.split(whereSeparator: { $0 == "\t" || $0 == " " }).last.map(String.init) ?? ""
  }

  @Test func aWorkerStaysOnItsCallersProcessor() throws {
    let frames = ToyVenue.day(50)
    var batch = EventBatch(frames: 50, events: 1 << 10, bytes: 1 << 16)
    var session = try Self.session()
    _ = try Self.decode(frames[...], &batch, &session, isLent: true)
    let number = session.workerProcess
    // One, and no range or list of them.
    #expect(Int(try Self.processors(of: try #require(number))) != nil)

    var other = try Self.session(beside: false)
    _ = try Self.decode(frames[...], &batch, &other, isLent: false)
    let free = other.workerProcess
    #expect(try Self.processors(of: try #require(free)) == Self.processors(of: getpid()))
  }
}
