// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// A release as its vendor's verified metadata list it.
package struct Release: Equatable, Sendable {
  package let path: ReleasePath
  package let digest: Digest
  package let length: Int64
  package let facts: ReleaseFacts

  package init(path: ReleasePath, digest: Digest, length: Int64, facts: ReleaseFacts) {
    self.path = path
    self.digest = digest
    self.length = length
    self.facts = facts
  }

  /// What the repository's log must say of it.
  package var publication: Publication {
    Publication(path: path, digest: digest, length: length, certificate: facts.certificate)
  }
}

/// What a desk asks for, and what it can use.
package struct ReleaseDemand: Sendable {
  package let name: AdapterName
  package var range: VersionRange
  package var platform: Platform
  /// The versions of the C ABI that the host speaks.
  package var hostABI: [ReleaseFacts.ABIVersion]
  /// What is installed: an older one is taken only where it is named exactly.
  package var installed: SemanticVersion?

  package init(
    name: AdapterName, range: VersionRange, platform: Platform = .host, hostABI: [ReleaseFacts.ABIVersion],
    installed: SemanticVersion? = nil
  ) {
    self.name = name
    self.range = range
    self.platform = platform
    self.hostABI = hostABI
    self.installed = installed
  }
}

/// Which release is taken, and why none of the others.
package struct ReleaseChoice: Sendable {
  package struct LeftOut: Equatable, Sendable {
    package let version: SemanticVersion
    package let platform: String
    package let reason: String
  }

  package let chosen: Release?
  /// Newest first; of one version by platform.
  package let leftOut: [LeftOut]

  /// - Parameters:
  ///   - releases: those of the demanded adapter
  ///   - unreadable: releases whose facts can't be read, and why
  ///   - revocation: what is known to be revoked
  package init(
    _ demand: ReleaseDemand, from releases: [Release], unreadable: [(path: ReleasePath, reason: String)] = [],
    revocation: (Digest) -> Revocation?
  ) {
    var best: Release?
    var older: [Release] = []
    var left: [LeftOut] = unreadable.map {
      LeftOut(
        version: $0.path.version, platform: $0.path.platform.description,
        reason: "its facts can't be read: \($0.reason)")
    }
    func leave(_ release: Release, _ reason: String) {
      left.append(
        LeftOut(version: release.path.version, platform: release.path.platform.description, reason: reason))
    }
    for release in releases {
      if let reason = ReleaseChoice.obstacle(release, demand, revocation) {
        leave(release, reason)
      } else if let other = best, other.path.version >= release.path.version {
        older.append(release)
      } else {
        if let other = best { older.append(other) }
        best = release
      }
    }
    if let best { for release in older { leave(release, "\(best.path.version) is newer") } }
    chosen = best
    leftOut = left.sorted {
      $0.version == $1.version ? ($0.platform, $0.reason) < ($1.platform, $1.reason) : $0.version > $1.version
    }
  }

  /// Why a release can't be taken; nil when it can. What weighs most comes first.
  private static func obstacle(
    _ release: Release, _ demand: ReleaseDemand, _ revocation: (Digest) -> Revocation?
  ) -> String? {
    if let revoked = release.facts.revoked { return "revoked by its vendor: \(revoked.reason)" }
    if let revoked = revocation(release.digest) {
      return "revoked by the \(revoked.source.rawValue) of \(revoked.repository): \(revoked.reason)"
    }
    guard release.path.platform == demand.platform else { return "it is for \(release.path.platform)" }
    guard demand.range.contains(release.path.version) else { return "not within \(demand.range)" }
    let abi = (release.facts.minimumABI, release.facts.maximumABI)
    guard demand.hostABI.contains(where: { abi.0 <= $0 && $0 <= abi.1 }) else {
      let spoken = demand.hostABI.map(\.description).joined(separator: ", ")
      return "it speaks the ABI \(abi.0) to \(abi.1), this host \(spoken)"
    }
    let isExact = demand.range.exact == release.path.version
    if let yanked = release.facts.yanked, !isExact {
      return "yanked: \(yanked.reason); only @\(release.path.version) installs it"
    }
    if let installed = demand.installed, release.path.version < installed, !isExact {
      return "older than the installed \(installed); only @\(release.path.version) goes back to it"
    }
    return nil
  }

  /// Why there is nothing to take, for a message: the newest ones that were left out.
  package func refusal(_ demand: ReleaseDemand, repository: String) -> String {
    let place = "\(repository): nothing of \(demand.name) to install for @\(demand.range) on \(demand.platform)"
    guard !leftOut.isEmpty else { return "\(place): it lists no version; see exprove adapter search" }
    var text = place + ": " + leftOut.prefix(5).map { "\($0.version): \($0.reason)" }.joined(separator: "; ")
    if leftOut.count > 5 { text += "; and \(leftOut.count - 5) more" }
    return text
  }
}
