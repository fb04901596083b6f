// SPDX-License-Identifier: Apache-2.0

/// Where a release's files stand among a repository's targets: `acme/itch/1.2.0/linux-x86_64.so`, its certificate beside it.
/// A server keeps each under a name with its digest in front (TUF 1.0, `consistent_snapshot`).
package struct ReleasePath: Hashable, Sendable {
  package let name: AdapterName
  package let version: SemanticVersion
  package let platform: Platform

  package init(name: AdapterName, version: SemanticVersion, platform: Platform) {
    self.name = name
    self.version = version
    self.platform = platform
  }

  /// Reads a target's path; nil for one that is no adapter's library.
  package init?(_ path: String) {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let name = AdapterName(vendor: parts[0], adapter: parts[1]),
      let version = SemanticVersion(parts[2]), version.description == parts[2], parts[3].hasSuffix(".so"),
      let platform = Platform(String(parts[3].dropLast(3)))
    else { return nil }
    self.init(name: name, version: version, platform: platform)
  }

  private var stem: String { "\(name)/\(version)/\(platform)" }
  /// The adapter's own bytes: a library, or the bundle of a binding and the library it binds.
  package var library: String { stem + ".so" }
  package var certificate: String { stem + ".certificate" }
  /// What the vendor says of the adapter, one for all platforms of a version.
  package var description: String { "\(name)/\(version)/description.json" }
  /// The pattern of all targets of a vendor, for the delegation to it.
  package static func pattern(vendor: String) -> String { "\(vendor)/*/*/*" }

  /// Where the proof lies that the log has this publication, from the repository's directory of targets: beside the library.
  package func proof(digest: String) -> String { "\(name)/\(version)/\(digest).\(platform).proof" }
}
