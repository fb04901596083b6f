// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import ExecutionIR
import Foundation
import Governance
import Synchronization
import Testing

/// A directory that goes away with the value, and a home of private keys in it.
final class NetworkScratch: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/exprove-network-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  var home: KeyHome { KeyHome(path + "/keys") }

  /// An identity that is kept, and the path of its file.
  func identity(_ name: String) throws -> (identity: TLSIdentity, file: String) {
    (try TLSIdentity.loadOrCreate(name: name, home: home, now: today), path + "/keys/" + name + ".tls")
  }
}

/// 2026-03-01T12:00:00Z
let today: Int64 = 1_772_366_400
/// Longer than any answer takes, however busy the machine is.
let patience = Duration.seconds(120)
/// The most bytes of a body that the tests' servers take.
let largestTestBody = 1 << 20

/// A server that says what it was asked: `/echo`, `/who`, `/large`, `/timed-out`, `/wait` until `release` is called.
final class TestServer: Sendable {
  let server: ExchangeServer
  let identity: TLSIdentity
  private let gate: Gate

  /// What the handler shares with the test.
  final class Gate: Sendable {
    let server = Mutex<ExchangeServer?>(nil)
    let running = Mutex((now: 0, most: 0))
    let arrived = DispatchSemaphore(value: 0)
    let opened = DispatchSemaphore(value: 0)
  }

  init(
    port: Int = 0, identity: TLSIdentity? = nil, limits: ExchangeLimits = ExchangeLimits(), threads: Int = 1
  ) throws {
    let gate = Gate()
    self.gate = gate
    self.identity = try identity ?? TLSIdentity.ephemeral(name: "server", now: today)
    server = try ExchangeServer(
      host: "127.0.0.1", port: port, identity: self.identity, limits: limits, threads: threads,
      largestBody: { path, peer in
        if path == "/members" { return peer == nil ? nil : 10 }
        return path.hasPrefix("/small") ? 10 : largestTestBody
      }
    ) { request in
      gate.running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      defer { gate.running.withLock { $0.now -= 1 } }
      return TestServer.answer(request, gate)
    }
    let mine = server
    gate.server.withLock { $0 = mine }
  }

  deinit {
    gate.server.withLock { $0 = nil }
    server.stop(within: .zero)
  }

  private static func answer(_ request: ExchangeRequest, _ gate: Gate) -> ExchangeResponse {
    let path = request.path.prefix { $0 != "?" }
    switch path {
    case "/echo", "/small/echo":
      let head = "\(request.method) \(request.path) \(request.body.count)\n"
      return ExchangeResponse(body: Array(head.utf8) + request.body)
    case "/who", "/members": return ExchangeResponse(body: Array((request.peerCertificate?.pin ?? "nobody").utf8))
    case "/large": return ExchangeResponse(body: [UInt8](repeating: 7, count: 32 << 20))
    case "/timed-out":
      return ExchangeResponse(body: Array(String(gate.server.withLock { $0?.counts.timedOut } ?? 0).utf8))
    case "/wait":
      gate.arrived.signal()
      gate.opened.wait()
      return ExchangeResponse(body: Array("waited".utf8))
    default: return ExchangeResponse(status: 404, text: "there is no \(request.path)")
    }
  }

  func client(_ identity: TLSIdentity? = nil, largestResponse: Int = 16 << 20) throws -> ExchangeClient {
    try ExchangeClient(
      peer: PeerAddress("https://localhost:\(server.port)"), pin: self.identity.pin, identity: identity,
      largestResponse: largestResponse)
  }

  /// Returns when a request for `/wait` is being worked on.
  func waitForArrival() { gate.arrived.wait() }
  func release(_ count: Int = 1) { for _ in 0..<count { gate.opened.signal() } }
  /// The most requests that were worked on at once.
  var mostAtOnce: Int { gate.running.withLock { $0.most } }
}

/// Whether something comes true within the tests' patience.
func eventually(_ condition: () -> Bool) -> Bool {
  let end = ContinuousClock.now + patience
  while ContinuousClock.now < end {
    if condition() { return true }
    usleep(5000)
  }
  return false
}

/// The path of a program of `Tests/Independent`.
func independent(_ script: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path + "/Independent/"
    + script
}

/// Runs a program with its standard input; its exit status and what it printed.
func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String, errors: String) {
  let scratch = try NetworkScratch()
  try Data(input.utf8).write(to: URL(fileURLWithPath: scratch.path + "/in"))
  for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: scratch.path + "/" + name, contents: nil) }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  process.standardInput = FileHandle(forReadingAtPath: scratch.path + "/in")
  process.standardOutput = FileHandle(forWritingAtPath: scratch.path + "/out")
  process.standardError = FileHandle(forWritingAtPath: scratch.path + "/err")
  try process.run()
  process.waitUntilExit()
  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/" + name)), as: UTF8.self)
  }
  return (process.terminationStatus, try text("out"), try text("err"))
}
