// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import Foundation
import Testing

/// What strangers do, written in Python over raw sockets: each ends as it should, and the server answers the next.
@Suite struct HostileExchangeTests {
  /// How each case must end: the statuses of the answers, or a word.
  private static let patient: [(name: String, outcomes: [String])] = [
    ("garbage", ["ended"]), ("plain HTTP", ["ended"]), ("TLS record of garbage", ["ended"]), ("TLS 1.2", ["ended"]),
    ("garbage in TLS", ["[400]"]), ("HTTP/2 preface", ["[400]"]), ("HTTP/3.7", ["[400]"]), ("huge field", ["[431]"]),
    ("huge field name", ["[431]"]), ("many fields", ["[431]"]), ("large fields", ["[431]"]), ("huge target", ["[431]"]),
    ("absolute target", ["[400]"]), ("eight-bit target", ["[400]"]), ("CONNECT", ["[400]", "[501]"]),
    ("HEAD", ["[501]"]), ("PATCH", ["[501]"]), ("upgrade", ["[200]"]), ("pipelined", ["true"]), ("chunked", ["[200]"]),
    ("chunked beyond the limit", ["[413]"]), ("chunk of no size", ["[400]"]), ("chunk of 2^64", ["[400]"]),
    ("chunk longer than it says", ["[400]"]), ("huge trailer", ["[431]"]), ("body beyond the limit", ["[413]"]),
    ("body of the limit", ["[200]"]), ("length beyond the limit", ["[413]"]), ("length beyond all", ["[400]"]),
    ("negative length", ["[400]"]), ("length of letters", ["[400]"]), ("two lengths", ["[400]"]),
    ("length and chunks", ["[400]"]), ("more than its length", ["[200, 400]"]), ("space before the colon", ["[400]"]),
    ("nul in a field", ["[400]"]), ("bare line feeds", ["[200]", "[400]"]), ("expects and gets", ["[100, 200]"]),
    ("expects too much", ["[413]"]), ("expects wonders", ["[417]"]), ("half closed in mid-request", ["ended"]),
    ("half closed before an answer", ["ended"]), ("after the last", ["[200]"]), ("abandoned", ["done"]),
    ("mutated", ["answered"]),
  ]

  /// Those that a server ends by its clock, and the crowd that it ends by its count.
  private static let hasty: [(name: String, outcomes: [String])] = [
    ("dripping fields", ["cut off"]), ("dripping body", ["cut off"]), ("dripping chunks", ["cut off"]),
    ("deaf", ["cut off"]), ("silent", ["ended"]), ("no handshake", ["ended"]), ("crowd", ["turned away"]),
  ]

  private func outcomes(
    _ cases: [(name: String, outcomes: [String])], _ server: TestServer, connections: Int, file: String
  ) throws {
    let result = try run(
      [
        "python3", independent("hostile_exchanges.py"), String(server.server.port), String(largestTestBody),
        String(connections), file,
      ] + cases.map(\.name))
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == cases.count)
    for (line, (name, allowed)) in zip(lines, cases) {
      let said = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(said["case"] as? String == name)
      let outcome =
        (said["outcome"] as? String) ?? (said["outcome"] as? [Int]).map { "\($0)" }
        ?? (said["outcome"] as? Bool).map { "\($0)" } ?? "nothing"
      #expect(allowed.contains(outcome), "\(name): \(outcome)")
      #expect(said["honest"] as? Bool == true, "\(name): the server does not answer afterwards")
    }
  }

  @Test func eachEndsAsItShould() throws {
    let scratch = try NetworkScratch()
    var limits = ExchangeLimits()
    limits.bodiesAtOnce = largestTestBody
    let server = try TestServer(limits: limits)
    try outcomes(
      HostileExchangeTests.patient, server, connections: limits.connections, file: try scratch.identity("desk").file)
    let counts = server.server.counts
    #expect(counts.handshakesFailed >= 4)
    #expect(counts.refused >= 25)
    #expect(counts.timedOut == 0)
    // Nothing stays behind, and no byte that was held for a body: one takes all there is.
    #expect(eventually { server.server.openConnections == 0 })
    let client = try server.client()
    let whole = [UInt8](repeating: 1, count: largestTestBody)
    #expect(eventually { (try? client.send(path: "/echo", body: whole, within: patience))?.status == 200 })
  }

  @Test func slownessIsCutOff() throws {
    let scratch = try NetworkScratch()
    var limits = ExchangeLimits()
    limits.connections = 64
    // Long enough for an honest handshake on a busy machine.
    (limits.handshake, limits.idle, limits.receive, limits.send) = (.seconds(4), .seconds(4), .seconds(4), .seconds(4))
    let server = try TestServer(limits: limits)
    try outcomes(HostileExchangeTests.hasty, server, connections: 64, file: try scratch.identity("desk").file)
    let counts = server.server.counts
    #expect(counts.timedOut >= 5)
    #expect(counts.turnedAway > 0)
    #expect(eventually { server.server.openConnections == 0 })
  }

  /// A resumed session knows the client's certificate as a full handshake does.
  @Test func aResumedSessionIsTheSameClient() throws {
    let scratch = try NetworkScratch()
    let (identity, file) = try scratch.identity("desk")
    let server = try TestServer()
    let result = try run([
      "python3", independent("hostile_exchanges.py"), String(server.server.port), "1", "1", file, "resumed",
    ])
    #expect(result.status == 0, "\(result.errors)")
    let said = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let outcome = try #require(said["outcome"] as? [Any])
    #expect(outcome.first as? String == identity.pin.pin)
    #expect(outcome[1] as? String == identity.pin.pin)
    #expect(outcome.last as? Bool == true, "no session was resumed")
  }
}
