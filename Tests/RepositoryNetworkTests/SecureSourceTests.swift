// SPDX-License-Identifier: Apache-2.0

import Foundation
import RepositoryNetwork
import Testing
import UpdateFramework

/// TLS, and proxies between.
@Suite struct SecureSourceTests {
  private func source(
    _ url: String, _ authorities: [String], proxies: ProxySettings = .direct, limits: HTTPLimits = HTTPLimits()
  ) throws -> HTTPSource {
    try HTTPSource(address(url), authorities: authorities, proxies: proxies, limits: limits)
  }

  @Test func theNamedServer() throws {
    let made = try Certificates()
    let (whole, certificate) = try made.make("server", for: "DNS:localhost,IP:127.0.0.1")
    let server = try FileServer(whole)
    for host in ["localhost", "127.0.0.1"] {
      let source = try source("https://\(host):\(server.port)/base", [certificate])
      for size in [0, 1000, 3_000_000] { #expect(try source.read("file-\(size)", limit: size) == pattern(0..<size)) }
      for _ in 0..<20 { #expect(try source.read("file-1000", limit: 1000) == pattern(0..<1000)) }
      #expect(source.failure("truncated").contains("ended before the answer was whole"))
      #expect(source.failure("status-404").hasPrefix("missing"))
    }
    #expect(try source("https://localhost:\(server.port)", [certificate]).text("counts").contains("connections=5 "))
    // The end of a body without a length is vouched for by TLS alone; here it is cut.
    #expect(try source("https://localhost:\(server.port)", [certificate]).failure("until-end-500").hasPrefix("broken"))
  }

  @Test func strangersAreRefused() throws {
    let made = try Certificates()
    let known = try made.make("known", for: "DNS:localhost")
    let other = try made.make("other", for: "DNS:other.example,DNS:*.localhost")
    let numbered = try made.make("numbered", for: "IP:127.0.0.2")
    let old = try made.make("old", for: "DNS:localhost", days: -1)
    for (shown, trusted, host, reason) in [
      (known, other, "localhost", "no authority that is trusted here"), (known, nil, "localhost", "no authority"),
      (other, other, "localhost", "of another host"), (numbered, numbered, "127.0.0.1", "of another host"),
      (known, known, "127.0.0.1", "of another host"), (old, old, "localhost", "out of date"),
    ] {
      let server = try FileServer(shown.whole)
      let failure = try source("https://\(host):\(server.port)", trusted.map { [$0.certificate] } ?? []).failure(
        "file-10")
      #expect(failure.hasPrefix("broken") && failure.contains(reason), "\(shown.certificate) \(host): \(failure)")
    }
  }

  @Test(arguments: ["TLSv1", "TLSv1_1"]) func noOldTLS(version: String) throws {
    let made = try Certificates()
    let (whole, certificate) = try made.make("server", for: "DNS:localhost")
    let server = try FileServer(whole, version)
    let failure = try source("https://localhost:\(server.port)", [certificate]).failure("file-10")
    #expect(failure.hasPrefix("broken") && failure.contains("no TLS handshake"), "\(failure)")
    let newer = try FileServer(whole, "TLSv1_2")
    #expect(try source("https://localhost:\(newer.port)", [certificate]).read("file-10", limit: 10) == pattern(0..<10))
  }

  @Test func neverBackToPlainHTTP() throws {
    let made = try Certificates()
    let (whole, certificate) = try made.make("server", for: "DNS:localhost")
    let (secure, plain) = (try FileServer(whole), try FileServer())
    for to in ["http://\(loopback):\(plain.port)/file-10", "HTTP://localhost:\(secure.port)/"] {
      let sending = try redirector(to, whole)
      let failure = try source("https://localhost:\(sending.port)", [certificate]).failure("x")
      #expect(failure.contains("from https to http"), "\(failure)")
    }
    #expect(try plain.counts()["connections"] == 1)
    // The other way round it gets better.
    let sending = try redirector("https://localhost:\(secure.port)/file-10", nil)
    let source = try source("http://localhost:\(sending.port)", [certificate])
    #expect(try source.read("x", limit: 10) == pattern(0..<10))
  }

  /// A server whose every path leads to `location`.
  private func redirector(_ location: String, _ certificate: String?) throws -> FileServer {
    let program = """
      import http.server, ssl, sys, threading
      class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
          self.send_response(301)
          self.send_header("Location", sys.argv[1])
          self.send_header("Content-Length", "0")
          self.end_headers()
        def log_message(self, *_): pass
      server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
      if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
      print(server.server_address[1], flush=True)
      threading.Thread(target=server.serve_forever, daemon=True).start()
      sys.stdin.read()
      """
    return try FileServer(program: ["python3", "-c", program, location] + (certificate.map { [$0] } ?? []))
  }

  @Test func plainWhereTLSIsExpected() throws {
    let server = try FileServer()
    var limits = HTTPLimits()
    limits.connect = .milliseconds(800)
    let failure = try source("https://localhost:\(server.port)", [], limits: limits).failure("file-10")
    #expect(failure.hasPrefix("broken") || failure.hasPrefix("too slow"), "\(failure)")
    let silent = try FileServer(program: [
      "python3", "-c",
      "import socket, sys; l = socket.create_server(('127.0.0.1', 0)); print(l.getsockname()[1], flush=True); sys.stdin.read()",
    ])
    let late = try source("https://localhost:\(silent.port)", [], limits: limits).failure("file-10")
    #expect(late.hasPrefix("too slow") && late.contains("no connection in time"), "\(late)")
  }

  @Test func authoritiesMustBeThere() throws {
    let made = try Certificates()
    let empty = made.path + "/empty.pem"
    try "nothing\n".write(toFile: empty, atomically: true, encoding: .utf8)
    for path in [made.path + "/none.pem", empty] {
      let error = #expect(throws: SourceError.self) { try source("https://localhost", [path]) }
      guard case .broken(path, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func throughAProxy() throws {
    let made = try Certificates()
    let (whole, certificate) = try made.make("server", for: "DNS:files.example,DNS:localhost")
    let (server, plain, proxy) = (try FileServer(whole), try FileServer(), try FileServer())
    let environment = [
      "https_proxy": "http://\(loopback):\(proxy.port)", "http_proxy": "127.0.0.1:\(proxy.port)/",
      "no_proxy": "localhost, .inner.example",
    ]
    let proxies = try ProxySettings(environment: environment)
    // The proxy alone finds this host.
    let far = try source("https://files.example:\(server.port)/base", [certificate], proxies: proxies)
    for size in [10, 1_000_000, 10] { #expect(try far.read("file-\(size)", limit: size) == pattern(0..<size)) }
    let near = try source("https://localhost:\(server.port)", [certificate], proxies: proxies)
    #expect(try near.read("file-10", limit: 10) == pattern(0..<10))
    let relayed = try source("http://files.example:81/base", [], proxies: proxies)
    #expect(
      try relayed.text("x").hasPrefix("GET http://files.example:81/base/x HTTP/1.1\r\nHost: files.example:81\r\n"))
    let counts = try proxy.counts()
    #expect(counts["tunnels"] == 1 && counts["relayed"] == 1)
    #expect(try plain.counts()["connections"] == 1)
    // The name is checked at the end of the tunnel, not at the proxy.
    let wrong = try source("https://wrong.example:\(server.port)", [certificate], proxies: proxies)
    #expect(wrong.failure("file-10").contains("of another host"))
    let numbered = try source("https://\(loopback):\(server.port)", [certificate], proxies: proxies)
    #expect(numbered.failure("file-10").contains("can't be asked through a proxy"))
    var limits = HTTPLimits()
    limits.connect = .milliseconds(800)
    for (host, reason) in [
      ("forbidden", "status 403"), ("babbling", "too large"), ("eager", "more than was asked"), ("silent", "in time"),
    ] {
      let source = try source("https://\(host).example", [certificate], proxies: proxies, limits: limits)
      #expect(source.failure("file-10").contains(reason), "\(host): \(source.failure("file-10"))")
    }
  }

  @Test func proxiesOfTheEnvironment() throws {
    for name in ["https_proxy", "HTTPS_PROXY", "http_proxy"] {
      for text in ["socks5://x:1", "https://x:1", "http://user:secret@x:1", "http://x:99999"] {
        let error = #expect(throws: ProxyError.self) { try ProxySettings(environment: [name: text]) }
        #expect(error?.variable == name)
        #expect(error.map { !"\($0)".contains("secret") } ?? false)
      }
    }
    // A web server's variable, and empty ones.
    _ = try ProxySettings(environment: ["HTTP_PROXY": "nonsense://", "https_proxy": "", "no_proxy": ",, ,"])
    let server = try FileServer()
    for except in ["*", "127.0.0.1", "example.com,127.0.0.1:\(server.port)"] {
      let proxies = try ProxySettings(environment: ["http_proxy": "http://relay.invalid:1", "no_proxy": except])
      let source = try HTTPSource(address("http://\(loopback):\(server.port)"), proxies: proxies)
      #expect(try source.read("file-10", limit: 10) == pattern(0..<10))
    }
    for except in ["", "0.0.1", "7.0.0.1", "127.0.0.1:1", "example.com"] {
      let proxies = try ProxySettings(environment: ["http_proxy": "http://relay.invalid:1", "no_proxy": except])
      let source = try HTTPSource(address("http://\(loopback):\(server.port)"), proxies: proxies)
      #expect(source.failure("file-10").hasPrefix("broken"), "\(except)")
    }
  }
}
