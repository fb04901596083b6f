// SPDX-License-Identifier: Apache-2.0

/// Where a peer listens: `https://HOST:PORT`, with a path in front of all others where it stands behind one.
package struct PeerAddress: Equatable, Sendable, CustomStringConvertible {
  /// A name or an address; one of IPv6 without its brackets.
  package let host: String
  /// 1…65535
  package let port: Int
  /// Without a slash at its end; mostly empty.
  package let base: String

  /// Reads an address; the port is 443 where none stands there.
  package init(_ text: String) throws(ExchangeError) {
    guard text.hasPrefix("https://"), text.utf8.count <= 1024,
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "@") })
    else { throw .address(text) }
    let rest = text.dropFirst("https://".count)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    let path = rest[slash...]
    guard !path.contains("?"), !path.contains("#") else { throw .address(text) }
    base = String(path.hasSuffix("/") ? path.dropLast() : path)
    let tail: Substring
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .address(text) }
      host = String(authority[authority.index(after: authority.startIndex)..<end])
      tail = authority[authority.index(after: end)...]
      guard host.utf8.contains(UInt8(ascii: ":")) else { throw .address(text) }
    } else {
      let end = authority.firstIndex(of: ":") ?? authority.endIndex
      host = String(authority[..<end])
      tail = authority[end...]
    }
    guard !host.isEmpty, tail.isEmpty || tail.hasPrefix(":") else { throw .address(text) }
    let digits = tail.dropFirst()
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = tail.isEmpty ? 443 : Int(digits), (1...65535).contains(port)
    else { throw .address(text) }
    self.port = port
  }

  /// `HOST:PORT`, as a request's Host field has it.
  package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  package var description: String { "https://\(authority)\(base)" }
}
