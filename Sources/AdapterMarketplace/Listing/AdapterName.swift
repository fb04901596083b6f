// SPDX-License-Identifier: Apache-2.0

/// An adapter in a marketplace: `vendor/adapter`, each of 1 to 64 lower-case letters, digits and single hyphens, beginning with
/// a letter. Such a name is a path's part on any system, and no two of them look alike.
package struct AdapterName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let vendor: String
  package let adapter: String

  /// Nil unless both are parts of a name.
  package init?(vendor: String, adapter: String) {
    guard AdapterName.isVendor(vendor), AdapterName.isPart(adapter) else { return nil }
    self.vendor = vendor
    self.adapter = adapter
  }

  /// Reads `vendor/adapter`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else { return nil }
    self.init(vendor: parts[0], adapter: parts[1])
  }

  package var description: String { "\(vendor)/\(adapter)" }

  package static func < (left: AdapterName, right: AdapterName) -> Bool {
    left.vendor == right.vendor ? left.adapter < right.adapter : left.vendor < right.vendor
  }

  /// Names that a repository's own roles have.
  package static let reserved = ["root", "timestamp", "snapshot", "targets", "catalog", "revocations"]

  /// Whether a vendor may be called so.
  package static func isVendor(_ text: String) -> Bool { isPart(text) && !reserved.contains(text) }

  static func isPart(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard (1...64).contains(bytes.count), (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[0]) else {
      return false
    }
    let hyphen = UInt8(ascii: "-")
    for (index, byte) in bytes.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
      case hyphen where bytes[index - 1] != hyphen && index + 1 < bytes.count: break
      default: return false
      }
    }
    return true
  }
}
