// SPDX-License-Identifier: Apache-2.0

import Foundation
import RepositoryNetwork
import Testing
import UpdateFramework

/// What an honest server gives.
@Suite struct HTTPSourceTests {
  @Test func readsFilesOverOneConnection() throws {
    let server = try FileServer()
    let source = try server.source()
    #expect(source.name == "http://\(loopback):\(server.port)/some/base")
    for size in [0, 1, 1000, 300_000] {
      #expect(try source.read("file-\(size)", limit: size) == pattern(0..<size))
      #expect(try source.read("chunks-\(size)", limit: size) == pattern(0..<size))
    }
    for _ in 0..<100 { #expect(try source.read("metadata/file-20", limit: 100) == pattern(0..<20)) }
    #expect(source.failure("status-404").hasPrefix("missing"))
    #expect(try source.read("file-5", limit: 5) == pattern(0..<5))
    #expect(try source.text("counts").contains("connections=1 "))
    // Those that end with their connection.
    #expect(try source.read("last-7000", limit: 7000) == pattern(0..<7000))
    #expect(try source.read("until-end-7000", limit: 7000) == pattern(0..<7000))
    #expect(try source.read("file-5", limit: 5) == pattern(0..<5))
  }

  @Test func asksAsItShould() throws {
    let server = try FileServer()
    let said = try server.source().text("a b/ü%2F?#[x]~.-_+&=")
    let lines = said.split(separator: "\r\n")
    #expect(lines.first == "GET /some/base/a%20b/%C3%BC%252F%3F%23%5Bx%5D~.-_%2B%26%3D HTTP/1.1")
    #expect(lines.contains("Host: 127.0.0.1:\(server.port)"))
    #expect(lines.contains("Accept-Encoding: identity"))
    #expect(!said.contains("Range"))
  }

  @Test(arguments: ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/.."])
  func refusesPathsThatLeadElsewhere(path: String) throws {
    let source = try HTTPSource(address("http://\(loopback):1"))
    #expect(source.failure(path).hasPrefix("broken") && source.failure(path).contains("no path"))
  }

  @Test func goesOnWhereItWas() throws {
    let server = try FileServer()
    let source = try server.source()
    var got = Downloaded()
    try source.downloaded("file-100000", from: 99_000, limit: 1000, into: &got)
    #expect(got.start == 99_000 && got.bytes == pattern(99_000..<100_000))
    // A server that knows no ranges begins at 0, and may send all of it.
    got = Downloaded()
    try source.downloaded("whole-100000", from: 99_000, limit: 1000, into: &got)
    #expect(got.start == 0 && got.bytes == pattern(0..<100_000))
    #expect(source.failure("whole-100001", from: 99_000, limit: 1000).hasPrefix("too large"))
    #expect(source.failure("file-100001", from: 99_000, limit: 1000).hasPrefix("too large"))
    // What is here is longer than the file.
    got = Downloaded()
    try source.downloaded("file-500", from: 800, limit: 1000, into: &got)
    #expect(got.start == 0 && got.bytes == pattern(0..<500))
    for name in ["other-part-1000", "short-part-1000", "odd-part-1000", "nameless-part-1000"] {
      got = Downloaded()
      let failure = source.failure(name, from: 100)
      #expect(failure.hasPrefix("broken") && failure.contains("part of the file"), "\(name): \(failure)")
    }
    #expect(source.failure("unasked-part-1000").contains("answers with status 206"))
  }

  /// The largest numbers add up to no crash.
  @Test func boundsAreBounds() throws {
    let server = try FileServer()
    let source = try server.source()
    #expect(source.failure("file-10", from: .max, limit: .max) == "10 bytes")
    #expect(source.failure("file-10", from: 0, limit: 0).hasPrefix("too large"))
    #expect(source.failure("file-0", from: 0, limit: 0) == "0 bytes")
    #expect(source.failure("file-10", from: -1).hasPrefix("broken"))
    #expect(source.failure("file-10", limit: -1).hasPrefix("broken"))
  }

  @Test func followsRedirections() throws {
    let server = try FileServer()
    let source = try server.source()
    for hops in 1...5 { #expect(try source.read("hops-\(hops)", limit: 1000) == pattern(0..<1000)) }
    let local = "http://\(loopback):\(server.port)"
    let other = try FileServer()
    for (to, target) in [
      ("\(local)/x?y=%20z", "/x?y=%20z"), ("HTTP://127.0.0.1:\(server.port)", "/"),
      ("//127.0.0.1:\(other.port)/q", "/q"),
      ("../up", "/some/up"), ("../../../up", "/up"), ("./near/", "/some/base/near/"), ("/..", "/"), ("/a#b", "/a"),
    ] {
      let server = try self.redirecting(to)
      #expect(try server.text("to").hasPrefix("GET \(target) HTTP/1.1\r\n"), "\(to)")
    }
    #expect(try other.counts()["connections"] == 2)
    for hops in [6, 50] {
      #expect(source.failure("hops-\(hops)").contains("more than 5 times"))
    }
    #expect(source.failure("round").contains("more than 5 times"))
    #expect(source.failure("nowhere").contains("does not say where"))
    for to in [
      "ftp://example.com/", "http://", "http://user@example.com/", "https://example.com:0/", "a b", "mailto:x",
    ] {
      #expect(try redirecting(to).failure("to").contains("no address of http or https"), "\(to)")
    }
  }

  /// A source whose path `to` leads to `reference`.
  private func redirecting(_ reference: String) throws -> RedirectedSource { try RedirectedSource(reference) }

  /// The system's own server of files, in both versions of HTTP that it has.
  @Test(arguments: ["HTTP/1.0", "HTTP/1.1"])
  func aDirectoryServedByPython(version: String) throws {
    let files = try Certificates()
    let bytes = pattern(0..<2_000_000)
    try FileManager.default.createDirectory(atPath: files.path + "/metadata", withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: files.path + "/metadata/1.root.json"))
    let program = """
      import functools, http.server, sys, threading
      handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
      http.server.SimpleHTTPRequestHandler.protocol_version = sys.argv[2]
      http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
      print(server.server_address[1], flush=True)
      threading.Thread(target=server.serve_forever, daemon=True).start()
      sys.stdin.read()
      """
    let server = try FileServer(program: ["python3", "-c", program, files.path, version])
    let source = try HTTPSource(address("http://localhost:\(server.port)/"))
    for _ in 0..<3 {
      #expect(try source.read("metadata/1.root.json", limit: bytes.count) == bytes)
      #expect(source.failure("metadata/2.root.json").hasPrefix("missing"))
      #expect(source.failure("metadata/1.root.json", limit: bytes.count - 1).hasPrefix("too large"))
    }
    var got = Downloaded()
    try source.downloaded("metadata/1.root.json", from: 1_000_000, limit: 1_000_000, into: &got)
    #expect(got.start == 0 && got.bytes == bytes)
  }
}

/// A server whose path `to` leads to a reference, and a source that asks it there.
private struct RedirectedSource {
  let server: FileServer
  let source: HTTPSource

  init(_ reference: String) throws {
    let program = """
      import http.server, sys, threading
      class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
          head = (self.requestline + "\\r\\n").encode()
          if self.path == "/some/base/to":
            self.send_response(302)
            self.send_header("Location", sys.argv[1].replace("SELF", str(self.server.server_address[1])))
            head = b""
          else:
            self.send_response(200)
          self.send_header("Content-Length", str(len(head)))
          self.end_headers()
          self.wfile.write(head)
        def log_message(self, *_): pass
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
      print(server.server_address[1], flush=True)
      threading.Thread(target=server.serve_forever, daemon=True).start()
      sys.stdin.read()
      """
    server = try FileServer(program: ["python3", "-c", program, reference])
    source = try server.source()
  }

  func text(_ path: String) throws -> String { try source.text(path) }
  func failure(_ path: String) -> String { source.failure(path) }
}
