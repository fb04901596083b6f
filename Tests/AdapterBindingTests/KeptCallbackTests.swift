// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Testing

/// Callbacks belong to one session, on one thread, while it is fed.
@Suite struct KeptCallbackTests {
  /// What the library tells of its calls: how many were refused, and how many were taken.
  private func told(_ session: inout AdapterSession) throws -> [UInt64] {
    let events = try BoundSession.events(&session, [[1]])
    #expect(events.map(\.eventKind) == [.notice, .notice])
    return events.map(\.aux)
  }

  @Test func callsThatAreNotDueAreRefused() throws {
    let path = try Workshop.bound("keeper")
    let adapter = try LoadedAdapter(AdapterImage.read(path: path))
    var session = try AdapterSession(adapter, .init(framing: .message))
    // One call while it opened, one on another thread.
    #expect(try told(&session) == [2, 0])
    #expect(try told(&session) == [3, 0])
    try session.reset()
    let state = try session.save()
    #expect(try told(&session)[1] == 0)
    do {
      var other = try AdapterSession(adapter, .init(framing: .message))
      try other.load(state)
      #expect(try other.save() == state)
      #expect(try other.counters() == [0])
      let before = try told(&session)
      let mine = try told(&other)
      #expect(before[1] == 0 && mine == [before[0] + 1, 0])
    }
    // The other one has ended: its function and its struct are called in each frame, and one on another thread.
    let first = try told(&session)
    let second = try told(&session)
    #expect(first[1] == 0 && second == [first[0] + 3, 0])
    // The host's log was told each time, and of those that came too late.
    let bound = try #require(adapter.bound)
    #expect(bound.strays == second[0] && bound.kept == 4)
    let last = try #require(adapter.log.lines.last)
    #expect(
      last.level == .warning && last.text.hasPrefix("3 calls through callbacks came when none was due"), "\(last)")
    #expect(last.text.hasSuffix("; 4 of all that were came after their session's end"), "\(last)")
  }

  @Test func manySessionsComeAndGo() throws {
    let adapter = try LoadedAdapter(AdapterImage.read(path: try Workshop.bound("keeper")))
    for _ in 0..<500 {
      var session = try AdapterSession(adapter, .init(framing: .message))
      #expect(try told(&session)[1] == 0)
    }
  }

  @Test func sessionsEndAtTheBoundWithAReason() throws {
    let adapter = try LoadedAdapter(AdapterImage.read(path: try Workshop.bound("ticker")))
    var opened = 0
    while opened < 1 << 18 {
      do {
        _ = try AdapterSession(adapter, .init(framing: .message))
        opened += 1
      } catch {
        #expect("\(error)".contains("are used up; go on in a new process"))
        break
      }
    }
    #expect(opened > 10_000 && opened < 1 << 18)
  }
}
