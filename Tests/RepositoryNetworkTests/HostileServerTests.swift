// SPDX-License-Identifier: Apache-2.0

import Foundation
import RepositoryNetwork
import Testing
import UpdateFramework

/// What servers do that lie, stop, drip or never end: each ends in its own failure, soon and with little memory.
@Suite struct HostileServerTests {
  @Test(arguments: [
    ("truncated", "broken", "ended before the answer was whole"), ("truncated-chunk", "broken", "ended before"),
    ("vanish", "broken", "ended"), ("garbage", "broken", "not HTTP"), ("two-lengths", "broken", "not HTTP"),
    ("endless-fields", "broken", "too large"), ("huge-field", "broken", "too large"),
    ("many-fields", "broken", "too large"), ("endless-trailer", "broken", "too large"),
    ("large-length", "too large", "1048576 bytes"), ("endless", "too large", "1048576 bytes"),
    ("endless-plain", "too large", "1048576 bytes"), ("packed", "broken", "coding \"gzip\""),
    ("status-404", "missing", "no such file"), ("status-403", "missing", "no such file"),
    ("status-410", "missing", "no such file"), ("status-500", "broken", "status 500"),
    ("status-401", "broken", "status 401"), ("status-304", "broken", "status 304"),
  ])
  func endsAsItShould(name: String, kind: String, reason: String) throws {
    let server = try FileServer()
    let source = try server.source()
    for _ in 0..<2 {
      let failure = source.failure(name)
      #expect(failure.hasPrefix("\(kind): \(name): "), "\(failure)")
      #expect(failure.contains(reason), "\(failure)")
    }
    // Nothing of it stays behind for the next.
    #expect(try source.read("file-1000", limit: 1000) == pattern(0..<1000))
  }

  @Test(arguments: [
    ("drip", "fewer than 500 bytes within"), ("endless-extension", "fewer than 500 bytes within"),
    ("drip-fields", "no answer within"), ("silence", "no answer within"), ("endless-continue", "no answer within"),
  ])
  func slownessEnds(name: String, reason: String) throws {
    let server = try FileServer()
    var limits = HTTPLimits()
    (limits.answer, limits.window, limits.slowest) = (.milliseconds(1500), .milliseconds(1500), 500)
    let source = try server.source(limits)
    let begin = ContinuousClock.now
    let failure = source.failure(name)
    #expect(failure.hasPrefix("too slow") && failure.contains(reason), "\(failure)")
    let time = ContinuousClock.now - begin
    #expect(time >= .milliseconds(1400) && time < .seconds(60), "\(time)")
  }

  /// What came before the end is the caller's, who goes on from there.
  @Test func whatCameIsKept() throws {
    let server = try FileServer()
    let source = try server.source()
    var got = Downloaded()
    #expect(throws: SourceError.self) { try source.downloaded("truncated", into: &got) }
    #expect(got.start == 0 && got.bytes == pattern(0..<60))
  }

  /// A caller that does not take stops the server, and its own slowness is not the server's.
  @Test func theCallerSetsThePace() throws {
    let server = try FileServer()
    var limits = HTTPLimits()
    (limits.window, limits.slowest) = (.milliseconds(600), 1000)
    let source = try server.source(limits)
    let size = 200 << 20
    var (position, largest) = (0, 0)
    var sent: Int?
    try source.download("file-\(size)", from: 0, limit: size) { piece, at throws(SourceError) in
      #expect(at == position)
      position += piece.count
      largest = max(largest, piece.count)
      guard sent == nil else { return }
      Thread.sleep(forTimeInterval: 2)
      do { sent = try server.counts()["sent"] } catch { throw .unwritable(reason: "\(error)") }
    }
    #expect(position == size)
    // The network's own buffers hold some megabytes.
    #expect(try #require(sent) < 64 << 20)
    #expect(largest <= limits.held + (1 << 20))
  }

  @Test func theCallerEndsIt() throws {
    let server = try FileServer()
    let source = try server.source()
    var pieces = 0
    #expect(throws: SourceError.unwritable(reason: "the disk is full")) {
      try source.download("file-100000000", from: 0, limit: .max) { _, _ throws(SourceError) in
        pieces += 1
        throw .unwritable(reason: "the disk is full")
      }
    }
    #expect(pieces == 1)
    #expect(try source.read("file-1000", limit: 1000) == pattern(0..<1000))
  }

  @Test func aKeptConnectionThatEndedIsReplaced() throws {
    let server = try FileServer()
    let source = try server.source()
    for _ in 0..<5 { #expect(try source.read("fickle-1000", limit: 1000) == pattern(0..<1000)) }
    #expect(try server.counts()["connections"] == 6)
    // Once more, and not for ever.
    let before = try #require(try server.counts()["connections"])
    #expect(try source.read("file-1000", limit: 1000) == pattern(0..<1000))
    #expect(source.failure("vanish").hasPrefix("broken"))
    #expect(try server.counts()["connections"] == before + 2)
  }

  @Test func anAnswerTooManyIsNobodys() throws {
    let server = try FileServer()
    let source = try server.source()
    for _ in 0..<5 {
      #expect(try source.text("twice") == "one")
      #expect(try source.read("file-1000", limit: 1000) == pattern(0..<1000))
    }
  }

  @Test func severalAtOnce() async throws {
    let server = try FileServer()
    let source = try server.source()
    await withTaskGroup(of: Bool.self) { group in
      for index in 0..<16 {
        group.addTask {
          let size = 50_000 + index
          return (try? source.read("file-\(size)", limit: size)) == pattern(0..<size)
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func nobodyThere() throws {
    // Bound, so that nobody else gets it, and not listening.
    let program = """
      import socket, sys
      bound = socket.socket()
      bound.bind(("127.0.0.1", 0))
      print(bound.getsockname()[1], flush=True)
      sys.stdin.read()
      """
    let closed = try FileServer(program: ["python3", "-c", program])
    #expect(try closed.source().failure("x").contains("refused"))
    let source = try HTTPSource(address("http://no-such-host.invalid"))
    #expect(source.failure("x").hasPrefix("broken"))
  }

  /// A server whose queue of connections is full does not answer at all.
  @Test func noConnection() throws {
    let program = """
      import socket, sys
      listener = socket.create_server(("127.0.0.1", 0), backlog=0)
      address = listener.getsockname()
      full = []
      for _ in range(8):
        full.append(socket.socket())
        full[-1].setblocking(False)
        full[-1].connect_ex(address)
      print(address[1], flush=True)
      sys.stdin.read()
      """
    let server = try FileServer(program: ["python3", "-c", program])
    var limits = HTTPLimits()
    limits.connect = .milliseconds(700)
    let failure = try server.source(limits).failure("x")
    #expect(failure.hasPrefix("too slow") && failure.contains("no connection in time"), "\(failure)")
  }
}
