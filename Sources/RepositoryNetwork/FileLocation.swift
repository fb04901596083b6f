// SPDX-License-Identifier: Apache-2.0

/// Where one file is asked for: a server, and the target of the request with its query.
package struct FileLocation: Equatable, CustomStringConvertible {
  /// The server, with an empty base.
  package let server: RepositoryAddress
  /// Path and query, percent-encoded, beginning with a slash.
  package let target: String

  package var description: String { server.description + target }

  /// The file at `path` below `repository`; nil where `path` would lead elsewhere.
  package init?(_ path: String, in repository: RepositoryAddress) {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard path.utf8.count <= 4096, !parts.contains(where: { $0.isEmpty || $0.elementsEqual(".".utf8) }),
      !parts.contains(where: { $0.elementsEqual("..".utf8) }), let server = repository.server
    else { return nil }
    self.server = server
    target = repository.base + "/" + FileLocation.encoded(path)
  }

  private init?(server: RepositoryAddress?, target: some StringProtocol) {
    guard let server else { return nil }
    self.server = server
    self.target = FileLocation.withoutDots(String(target))
  }

  /// Where `reference`, a field `Location`, leads from here (RFC 3986, section 5.2); nil where that is no address.
  package func following(_ reference: String) -> FileLocation? {
    let text = reference.prefix { $0 != "#" }
    guard text.utf8.count <= 8192, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    let lower = text.prefix(8).lowercased()
    for scheme in ["http://", "https://"] where lower.hasPrefix(scheme) {
      return FileLocation(scheme: scheme, rest: text.dropFirst(scheme.utf8.count))
    }
    if text.hasPrefix("//") {
      return FileLocation(scheme: server.isSecure ? "https://" : "http://", rest: text.dropFirst(2))
    }
    if text.hasPrefix("/") { return FileLocation(server: server, target: text) }
    // A colon before any slash ends the name of a scheme, and there is none but those above.
    guard !text.prefix(while: { $0 != "/" && $0 != "?" }).contains(":") else { return nil }
    let path = target.prefix { $0 != "?" }
    if text.isEmpty { return self }
    if text.hasPrefix("?") { return FileLocation(server: server, target: path + text) }
    guard let slash = path.lastIndex(of: "/") else { return nil }
    return FileLocation(server: server, target: path[...slash] + text)
  }

  private init?(scheme: String, rest: Substring) {
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let target = rest[end...]
    self.init(
      server: RepositoryAddress(scheme + rest[..<end]), target: target.hasPrefix("/") ? String(target) : "/" + target)
  }

  /// Without the steps `.` and `..` in the path (RFC 3986, section 5.2.4).
  private static func withoutDots(_ target: String) -> String {
    let path = target.prefix { $0 != "?" }
    var kept: [Substring] = []
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      switch part {
      case ".", "..":
        if part == ".." { _ = kept.popLast() }
        if index == parts.count - 1 { kept.append("") }
      default: kept.append(part)
      }
    }
    return "/" + kept.joined(separator: "/") + target[path.endIndex...]
  }

  /// Everything but what is never anything else is written as its number (RFC 3986, section 2.3).
  private static func encoded(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension RepositoryAddress {
  /// The server alone.
  var server: RepositoryAddress? { RepositoryAddress("\(isSecure ? "https" : "http")://\(authority)") }
}
