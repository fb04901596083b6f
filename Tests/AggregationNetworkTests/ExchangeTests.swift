// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import ExecutionIR
import Foundation
import Synchronization
import Testing

@Suite struct ExchangeTests {
  @Test func asksAndAnswers() throws {
    let server = try TestServer()
    let client = try server.client()
    for size in [0, 1, 1000, 16384, 16385, 300_000, largestTestBody] {
      let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let answer = try client.send(path: "/echo?a=%20", body: body, within: patience)
      #expect(answer.status == 200)
      #expect(answer.contentType == "application/octet-stream")
      #expect(answer.body == Array("POST /echo?a=%20 \(size)\n".utf8) + body)
    }
    for method in ["GET", "PUT", "DELETE"] {
      let answer = try client.send(method: method, path: "/echo", within: patience)
      #expect(answer.body == Array("\(method) /echo 0\n".utf8))
    }
    #expect(server.server.counts.connections == 1)
    #expect(server.server.counts.requests == 10)
  }

  @Test func tellsWhoAsks() throws {
    let server = try TestServer()
    let desk = try TLSIdentity.ephemeral(name: "desk", now: today)
    let other = try TLSIdentity.ephemeral(name: "desk", now: today)
    #expect(desk.pin != other.pin)
    for identity in [desk, other] {
      #expect(try server.client(identity).send(path: "/who", within: patience).body == Array(identity.pin.pin.utf8))
    }
    #expect(try server.client().send(path: "/who", within: patience).body == Array("nobody".utf8))
  }

  @Test func refusalsAreErrors() throws {
    let server = try TestServer()
    let client = try server.client()
    let peer = "https://localhost:\(server.server.port)"
    #expect(throws: ExchangeError.refused(peer: peer, status: 404, text: "there is no /nothing")) {
      try client.send(path: "/nothing", within: patience)
    }
    // Refused in mid-request, and read all the same.
    #expect(throws: ExchangeError.refused(peer: peer, status: 413, text: "a body for this path may have 10 bytes")) {
      try client.send(path: "/small/echo", body: [UInt8](repeating: 0, count: 11), within: patience)
    }
    #expect(
      throws: ExchangeError.refused(
        peer: peer, status: 413, text: "a body for this path may have \(largestTestBody) bytes")
    ) {
      try client.send(path: "/echo", body: [UInt8](repeating: 0, count: 20 << 20), within: patience)
    }
    #expect(try client.send(path: "/small/echo", body: [1, 2, 3], within: patience).status == 200)
    #expect(throws: ExchangeError.address(peer + "/a b")) { try client.send(path: "/a b", within: patience) }
    #expect(throws: ExchangeError.address(peer + "/a\r\nX: y")) {
      try client.send(path: "/a\r\nX: y", within: patience)
    }
    let frugal = try server.client(largestResponse: 100)
    #expect(throws: ExchangeError.tooLarge(peer: peer, limit: 100)) {
      try frugal.send(path: "/echo", body: [UInt8](repeating: 0, count: 100), within: patience)
    }
    #expect(try frugal.send(path: "/echo", within: patience).status == 200)
    #expect(server.server.counts.refused == 2)
  }

  /// Who may not ask is refused before the body is taken.
  @Test func someMayNotAsk() throws {
    let server = try TestServer()
    let error = #expect(throws: ExchangeError.self) {
      try server.client().send(path: "/members", body: [UInt8](repeating: 0, count: 20 << 20), within: patience)
    }
    guard case .refused(_, 403, "this is for a certificate that is known here, and none was shown") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    let member = try TLSIdentity.ephemeral(name: "member", now: today)
    #expect(try server.client(member).send(path: "/members", body: [1], within: patience).status == 200)
  }

  @Test func nothingIsSentToAStranger() throws {
    let server = try TestServer()
    let wanted = try TLSIdentity.ephemeral(name: "server", now: today)
    let peer = "https://localhost:\(server.server.port)"
    let client = try ExchangeClient(peer: PeerAddress(peer), pin: wanted.pin)
    for _ in 0..<3 {
      let error = #expect(throws: ExchangeError.pinMismatch(peer: peer, got: server.identity.pin, want: wanted.pin)) {
        try client.send(path: "/echo", body: [1], within: patience)
      }
      #expect(error?.description.contains(server.identity.pin.pin) == true)
    }
    #expect(eventually { server.server.counts.handshakesFailed == 3 })
    #expect(server.server.counts.requests == 0)
  }

  @Test func aDeadlineHolds() throws {
    let server = try TestServer()
    let client = try server.client()
    let peer = "https://localhost:\(server.server.port)"
    #expect(throws: ExchangeError.timedOut(peer: peer, limit: .milliseconds(50))) {
      try client.send(path: "/wait", within: .milliseconds(50))
    }
    // The one thread of the handler is still at it, or had not begun; a later request waits for it and is answered.
    server.release(1)
    #expect(try client.send(path: "/echo", within: patience).status == 200)
    // The server that does not even accept.
    let silent = try SilentPort()
    let lost = try ExchangeClient(peer: PeerAddress("https://localhost:\(silent.port)"), pin: server.identity.pin)
    #expect(throws: ExchangeError.timedOut(peer: "https://localhost:\(silent.port)", limit: .milliseconds(50))) {
      try lost.send(path: "/echo", within: .milliseconds(50))
    }
  }

  @Test func nobodyThere() throws {
    let pin = try TLSIdentity.ephemeral(name: "server", now: today).pin
    let port = try SilentPort().port
    let client = try ExchangeClient(peer: PeerAddress("https://localhost:\(port)"), pin: pin)
    let error = #expect(throws: ExchangeError.self) { try client.send(path: "/echo", within: patience) }
    guard case .unreachable(let peer, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(peer == "https://localhost:\(port)")
    #expect(reason.contains("refused"))
    let nowhere = try ExchangeClient(peer: PeerAddress("https://nowhere.invalid:1"), pin: pin)
    let unknown = #expect(throws: ExchangeError.self) { try nowhere.send(path: "/echo", within: patience) }
    guard case .unreachable = unknown else {
      Issue.record("\(String(describing: unknown))")
      return
    }
  }

  /// Twice a server goes and another of the same identity comes to its port: the kept connection is dead, and the
  /// client finds the new one without being told.
  @Test func findsARestartedServer() throws {
    let identity = try TLSIdentity.ephemeral(name: "server", now: today)
    var server = try TestServer(identity: identity)
    let port = server.server.port
    let client = try server.client()
    for round in 0..<3 {
      #expect(try client.send(path: "/echo", within: patience).status == 200)
      server.server.stop(within: round == 0 ? .zero : patience)
      if round == 1 {
        #expect(throws: ExchangeError.self) { try client.send(path: "/echo", within: patience) }
      }
      server = try TestServer(port: port, identity: identity)
    }
    #expect(try client.send(path: "/echo", within: patience).status == 200)
  }

  /// A connection that breaks while the answer is awaited is an error that names the peer, not a hang.
  @Test func breaksInMidRequest() throws {
    let server = try TestServer()
    let client = try server.client()
    let failed = Mutex<ExchangeError?>(nil)
    let thread = Thread {
      do throws(ExchangeError) { _ = try client.send(path: "/wait", within: patience) } catch {
        failed.withLock { $0 = error }
      }
    }
    thread.start()
    server.waitForArrival()
    let stopper = Thread { server.server.stop(within: .zero) }
    stopper.start()
    #expect(eventually { failed.withLock { $0 != nil } })
    guard case .unreachable(let peer, _) = failed.withLock({ $0 }) else {
      Issue.record("not unreachable")
      return
    }
    #expect(peer == "https://localhost:\(server.server.port)")
    server.release()
  }

  /// What is being worked on when the server stops is answered, and nothing more.
  @Test func stopsGracefully() throws {
    let server = try TestServer()
    let client = try server.client()
    #expect(try client.send(path: "/echo", within: patience).status == 200)
    let answer = Mutex<ExchangeResponse?>(nil)
    Thread {
      let response = try? client.send(path: "/wait", within: patience)
      answer.withLock { $0 = response }
    }.start()
    server.waitForArrival()
    let hasStopped = Mutex(false)
    Thread {
      server.server.stop(within: patience)
      hasStopped.withLock { $0 = true }
    }.start()
    let late = try server.client()
    #expect(eventually { (try? late.send(path: "/echo", within: .milliseconds(20))) == nil })
    #expect(!hasStopped.withLock { $0 })
    server.release()
    #expect(eventually { hasStopped.withLock { $0 } })
    #expect(eventually { answer.withLock { $0?.body } == Array("waited".utf8) })
    #expect(server.server.openConnections == 0)
    #expect(throws: ExchangeError.self) { try client.send(path: "/echo", within: patience) }
  }

  @Test(arguments: [1, 3]) func manyRequestsOverFewConnections(threads: Int) throws {
    let server = try TestServer(threads: threads)
    let client = try server.client()
    let right = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 4) { lane in
      for index in 0..<250 {
        let body = Array("\(lane) \(index)".utf8)
        let answer = try? client.send(path: "/echo", body: body, within: patience)
        if answer?.body == Array("POST /echo \(body.count)\n".utf8) + body { right.withLock { $0 += 1 } }
      }
    }
    #expect(right.withLock { $0 } == 1000)
    #expect(server.server.counts.requests == 1000)
    #expect(server.server.counts.connections <= 4)
    #expect(server.mostAtOnce <= threads)
  }

  /// All bodies together have a bound: what would exceed it is told to come back, and what is there goes on.
  @Test func bodiesTogetherAreBounded() throws {
    var limits = ExchangeLimits()
    limits.bodiesAtOnce = 100_000
    let server = try TestServer(limits: limits)
    let client = try server.client()
    let first = Mutex<ExchangeResponse?>(nil)
    Thread {
      let response = try? client.send(path: "/wait", body: [UInt8](repeating: 1, count: 60_000), within: patience)
      first.withLock { $0 = response }
    }.start()
    server.waitForArrival()
    let error = #expect(throws: ExchangeError.self) {
      try client.send(path: "/echo", body: [UInt8](repeating: 1, count: 60_000), within: patience)
    }
    guard case .refused(_, 503, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    server.release()
    #expect(eventually { first.withLock { $0?.status } == 200 })
    #expect(try client.send(path: "/echo", body: [UInt8](repeating: 1, count: 60_000), within: patience).status == 200)
  }

  @Test func aPortInUseIsNamed() throws {
    let server = try TestServer()
    let error = #expect(throws: ExchangeError.self) { try TestServer(port: server.server.port) }
    guard case .unbound(let address, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(address == "127.0.0.1:\(server.server.port)")
    #expect(reason.contains("in use"))
    #expect(throws: ExchangeError.self) { try TestServer(port: 65536) }
  }
}
