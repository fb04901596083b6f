// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import UpdateFramework

/// A vendor's metadata as catalog and pages show them.
struct VendorView {
  let vendor: String
  let metadata: TargetsMetadata
  /// What the operator revoked.
  let revoked: RevocationList
  let files: MarketFiles

  private func isWithdrawn(_ release: PublishedRelease, _ digests: Set<Digest>) -> Bool {
    release.facts.yanked != nil || release.facts.revoked != nil || digests.contains(release.file.sha256)
  }

  private func description(_ path: ReleasePath) throws(MarketError) -> AdapterDescription? {
    guard let file = metadata.targets[path.description] else { return nil }
    return try AdapterDescription(
      decoding: try files.bytes(path.description, file, limit: AdapterDescription.largestFile), path: path.description)
  }

  private func adapters() throws(MarketError) -> [(name: AdapterName, releases: [PublishedRelease])] {
    var found: [(name: AdapterName, releases: [PublishedRelease])] = []
    for release in try PublishedRelease.all(in: metadata, of: vendor) {
      if found.last?.name == release.path.name {
        found[found.count - 1].releases.append(release)
      } else {
        found.append((release.path.name, [release]))
      }
    }
    return found
  }

  /// The release that stands for the adapter: the latest that is not withdrawn, a pre-release only where there is no other.
  private func latest(_ releases: [PublishedRelease], _ digests: Set<Digest>) -> PublishedRelease? {
    let standing = releases.filter { !isWithdrawn($0, digests) }
    return standing.first { !$0.path.version.isPreRelease } ?? standing.first
  }

  /// A line of the catalog for each adapter that is not withdrawn as a whole.
  func entries(now: MetadataTime) throws(MarketError) -> [CatalogEntry] {
    let digests = Set(revoked.entries.map(\.digest))
    var entries: [CatalogEntry] = []
    for (name, releases) in try adapters() {
      guard let latest = latest(releases, digests), let description = try description(latest.path) else { continue }
      let standing = releases.filter { !isWithdrawn($0, digests) }
      entries.append(
        CatalogEntry(
          name: name, summary: description.summary, licence: latest.facts.licence, protocols: description.protocols,
          latest: latest.path.version,
          platforms: standing.filter { $0.path.version == latest.path.version }.map(\.path.platform.description)
            .sorted(),
          versions: Set(standing.map(\.path.version)).count, updated: max(0, now.seconds)))
    }
    return entries
  }

  func pages() throws(MarketError) -> [AdapterPages.Adapter] {
    let digests = Set(revoked.entries.map(\.digest))
    var pages: [AdapterPages.Adapter] = []
    for (name, releases) in try adapters() {
      let shown = latest(releases, digests) ?? releases.first
      pages.append(
        AdapterPages.Adapter(
          name: name, description: try shown.flatMap { release throws(MarketError) in try description(release.path) },
          releases: releases.map {
            AdapterPages.Release(
              path: $0.path, digest: $0.file.sha256, length: $0.file.length, facts: $0.facts,
              isRevokedByOperator: digests.contains($0.file.sha256))
          }))
    }
    return pages
  }
}

extension MarketRepository {
  /// Writes the index and the pages of these vendors' adapters.
  func writePages(of vendors: [String]) throws(MarketError) {
    let pages = AdapterPages(repository: name)
    let catalogRole = try state.role(MarketFiles.catalogRole)
    let listed = try catalogRole.flatMap { role throws(MarketError) in
      try state.target(Catalog.target, of: role.body, limit: Catalog.largestFile)
    }
    let catalog = try Catalog(decoding: listed ?? [], path: Catalog.target)
    let revoked = try RevocationChange.list(try state.role(MarketFiles.revocationsRole)?.body, files)
    for vendor in vendors {
      guard let metadata = try state.role(vendor)?.body else { continue }
      for adapter in try VendorView(vendor: vendor, metadata: metadata, revoked: revoked, files: files).pages() {
        try files.put(pages.page(adapter), at: files.path(AdapterPages.path(of: adapter.name)))
      }
    }
    try files.put(pages.index(catalog), at: files.path(AdapterPages.index))
  }
}
