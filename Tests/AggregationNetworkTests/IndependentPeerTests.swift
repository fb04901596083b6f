// SPDX-License-Identifier: Apache-2.0

import AggregationNetwork
import ExecutionIR
import Foundation
import Testing

/// Against peers that share no code with ours: Python's ssl and http.client, and OpenSSL's own client.
@Suite struct IndependentPeerTests {
  @Test func aPartyInPython() throws {
    let scratch = try NetworkScratch()
    let (identity, file) = try scratch.identity("desk")
    let server = try TestServer()
    let result = try run([
      "python3", independent("exchange_client.py"), String(server.server.port), server.identity.pin.pin, file,
    ])
    #expect(result.status == 0, "\(result.errors)")
    let said = try result.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(said.map { $0["status"] as? Int } == [200, 200, 200, 200, 200, 404])
    #expect(
      said.map {
        ($0["text"] as? String)?.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
      }
        == [
          identity.pin.pin, "POST /echo 5", "PUT /echo?a=b 300000", "POST /echo 9", "DELETE /echo 0",
          "there is no /nothing",
        ])
    #expect(said[3]["text"] as? String == "POST /echo 9\nin chunks")
    #expect(said[2]["length"] as? Int == 300_021)
    #expect(said[5]["type"] as? String == "text/plain; charset=utf-8")
    #expect(server.server.counts.connections == 1)
  }

  @Test func openSSL() throws {
    let scratch = try NetworkScratch()
    let (identity, file) = try scratch.identity("desk")
    let server = try TestServer()
    let result = try run(
      [
        "openssl", "s_client", "-connect", "127.0.0.1:\(server.server.port)", "-cert", file, "-key", file, "-ign_eof",
        "-showcerts",
      ], input: "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(result.output.contains("New, TLSv1.3, Cipher is TLS_"), "\(result.output)\(result.errors)")
    #expect(result.output.contains(server.identity.certificatePEM))
    #expect(result.output.contains("HTTP/1.1 200 OK"))
    #expect(result.output.contains(identity.pin.pin))
  }

  /// Our client with a server in Python, good and bad.
  @Test func aServerInPython() throws {
    let scratch = try NetworkScratch()
    let (identity, file) = try scratch.identity("server")
    let (process, input, port) = try served(["python3", independent("exchange_server.py"), file])
    defer {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
    let peer = "https://localhost:\(port)"
    let client = try ExchangeClient(
      peer: PeerAddress(peer), pin: identity.pin, identity: identity, largestResponse: 200_000)
    func said(_ path: String, _ body: [UInt8] = []) throws -> String {
      String(decoding: try client.send(path: path, body: body, within: patience).body, as: UTF8.self)
    }
    for _ in 0..<2 {
      #expect(try said("/echo", Array("twice".utf8)) == "twice")
      #expect(try said("/echo", [UInt8](repeating: 65, count: 200_000)).utf8.count == 200_000)
      #expect(try said("/who") == "\(identity.pin)")
      #expect(try said("/chunks") == "hello!")
      #expect(try said("/continue") == "after")
      #expect(try said("/close") == "last")
      let refused = #expect(throws: ExchangeError.self) { try said("/refuse") }
      guard case .refused(peer, 409, let text) = refused else {
        Issue.record("\(String(describing: refused))")
        continue
      }
      #expect(text.hasPrefix("no  [31mred  \u{FFFD}xxxx") && text.utf8.count < 1100)
      for path in ["/vanish", "/short"] {
        let error = #expect(throws: ExchangeError.self) { try said(path) }
        guard case .unreachable(peer, _) = error else {
          Issue.record("\(path): \(String(describing: error))")
          continue
        }
      }
      for path in ["/large-length", "/endless"] {
        #expect(throws: ExchangeError.tooLarge(peer: peer, limit: 200_000), "\(path)") { try said(path) }
      }
      for path in ["/garbage", "/huge-field"] {
        let error = #expect(throws: ExchangeError.self) { try said(path) }
        guard case .malformed(peer, _) = error else {
          Issue.record("\(path): \(String(describing: error))")
          continue
        }
      }
      #expect(throws: ExchangeError.timedOut(peer: peer, limit: .milliseconds(30))) {
        try client.send(path: "/silence", within: .milliseconds(30))
      }
      // An answer too many belongs to no request.
      #expect(try said("/twice") == "one")
      #expect(try said("/echo", Array("still right".utf8)) == "still right")
    }
  }

  @Test func noOlderTLS() throws {
    let scratch = try NetworkScratch()
    let (identity, file) = try scratch.identity("server")
    let (process, input, port) = try served(["python3", independent("exchange_server.py"), file, "TLSv1_2"])
    defer {
      try? input.fileHandleForWriting.close()
      process.waitUntilExit()
    }
    let client = try ExchangeClient(peer: PeerAddress("https://localhost:\(port)"), pin: identity.pin)
    let error = #expect(throws: ExchangeError.self) { try client.send(path: "/echo", within: patience) }
    guard case .unreachable(_, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.hasPrefix("no TLS 1.3 handshake"))
  }
}
