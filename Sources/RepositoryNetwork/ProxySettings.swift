// SPDX-License-Identifier: Apache-2.0

private import UpdateFramework

/// Which proxy stands between us and a server, as the environment says: `https_proxy`, `http_proxy` and `no_proxy`, in small
/// letters or in capitals. `HTTP_PROXY` in capitals is not read: a web server sets it from what a stranger sends.
package struct ProxySettings: Sendable {
  /// None at all.
  package static let direct = ProxySettings()

  private var http: RepositoryAddress?
  private var https: RepositoryAddress?
  private var exceptions: [String] = []

  private init() {}

  package init(environment: [String: String]) throws(ProxyError) {
    func proxy(_ names: String...) throws(ProxyError) -> RepositoryAddress? {
      for name in names {
        guard let text = environment[name], !text.isEmpty else { continue }
        // Many write host and port alone.
        guard let address = RepositoryAddress(text.contains("://") ? text : "http://" + text), !address.isSecure else {
          throw ProxyError(variable: name)
        }
        return address
      }
      return nil
    }
    https = try proxy("https_proxy", "HTTPS_PROXY")
    http = try proxy("http_proxy")
    let list = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
    exceptions = list.split { $0 == "," || $0 == " " }.map { $0.lowercased() }
  }

  /// The proxy that `server` is asked through; nil: none.
  func proxy(for server: RepositoryAddress) -> RepositoryAddress? {
    guard let proxy = server.isSecure ? https : http else { return nil }
    let host = server.host.lowercased()
    // Nothing is below an address of numbers.
    let isNumber = host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
    for exception in exceptions {
      var name = exception[...]
      if exception == "*" { return nil }
      if name == "\(host):\(server.port)" { return nil }
      while name.hasPrefix(".") { name = name.dropFirst() }
      guard !name.isEmpty else { continue }
      if host == name || (!isNumber && host.hasSuffix("." + name)) { return nil }
    }
    return proxy
  }
}

/// A variable of the environment that names no proxy. Its text is not shown: it may hold a password.
package struct ProxyError: Error, Equatable, Sendable, CustomStringConvertible {
  package let variable: String

  package var description: String {
    "the environment's \(variable) is no address of a proxy: write http://HOST:PORT, without a user (proxies that want a password are not supported), or unset it"
  }
}
