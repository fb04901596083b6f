// SPDX-License-Identifier: Apache-2.0

/// Where a repository is served: `http://` or `https://`, a host, perhaps a port and a path. Nothing else: no user, query or
/// fragment, and no `.` or `..` in the path.
package struct RepositoryAddress: Hashable, Sendable, CustomStringConvertible {
  package let isSecure: Bool
  package let host: String
  package let port: Int
  /// Empty, or beginning with a slash and not ending with one.
  package let base: String

  /// Nil for anything that is no such address.
  package init?(_ text: String) {
    guard text.utf8.count <= 2048, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    let isSecure = text.hasPrefix("https://")
    guard isSecure || text.hasPrefix("http://") else { return nil }
    let rest = text.dropFirst(isSecure ? 8 : 7)
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    var authority = rest[..<slash]
    guard !authority.contains("@"), !rest.contains("?"), !rest.contains("#") else { return nil }
    var port = isSecure ? 443 : 80
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let given = Int(authority[authority.index(after: colon)...]), (1...65535).contains(given) else {
        return nil
      }
      port = given
      authority = authority[..<colon]
    }
    if authority.hasPrefix("["), authority.hasSuffix("]") { authority = authority.dropFirst().dropLast() }
    guard !authority.isEmpty, !authority.contains("["), !authority.contains("]") else { return nil }
    self.isSecure = isSecure
    host = String(authority)
    self.port = port
    var base = String(rest[slash...])
    while base.hasSuffix("/") { base.removeLast() }
    // A step up or nowhere would make two texts of one place.
    guard !base.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else { return nil }
    self.base = base
  }

  /// Host and port as the field `Host` has them: without a port that is the scheme's own.
  package var authority: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
  }

  package var description: String { "\(isSecure ? "https" : "http")://\(authority)\(base)" }
}
