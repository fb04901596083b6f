// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// Where a repository keeps its files, relative to it (TUF 1.0 section 6.2).
package enum RepositoryPath {
  /// Of a role's metadata; `version` is nil for timestamp, and for all but root where snapshots are not consistent.
  package static func metadata(_ role: String, version: Int64?) -> String {
    let name = quoted(role) + ".json"
    return "metadata/" + (version.map { "\($0)." } ?? "") + name
  }

  /// Of a target; `sha256` is nil where snapshots are not consistent.
  package static func target(_ path: String, sha256: Digest?) -> String {
    guard let sha256 else { return "targets/" + path }
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "targets/\(sha256).\(path)" }
    let name = path.utf8.index(after: slash)
    return "targets/\(path[..<name])\(sha256).\(path[name...])"
  }

  /// A role's name as part of a file's name: letters, digits and `_.-~` stay, all other bytes become `%XX`.
  static func quoted(_ role: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in role.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "~"):
        out.append(byte)
      default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
