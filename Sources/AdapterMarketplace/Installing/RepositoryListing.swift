// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import UpdateFramework

/// What one role of a repository lists of a vendor.
struct RoleListing: Sendable {
  let voucher: LockedAdapter.Voucher
  /// The role's own.
  let keys: [MetadataKey]
  /// Sorted by path.
  let files: [(path: ReleasePath, file: TargetFile)]
}

extension RepositorySession {
  /// Whether it may be asked for a vendor for which no repository was chosen.
  func isAsked(for vendor: String) -> Bool { repository.vendors.isEmpty || repository.vendors.contains(vendor) }

  /// Whether this repository has the vendor: a role of the vendor's own, or releases of it.
  mutating func has(vendor: String) throws(StoreError) -> Bool {
    let pattern = ReleasePath.pattern(vendor: vendor)
    for role in client.targets?.delegations?.roles ?? [] {
      if case .patterns(let patterns) = role.paths, patterns.contains(pattern) { return true }
    }
    return try listings(vendor: vendor).contains { !$0.files.isEmpty }
  }

  /// The releases of a vendor by the role that lists them: the top role, or one to which it delegates. Roles that can't speak
  /// of this vendor are not read.
  mutating func listings(vendor: String) throws(StoreError) -> [RoleListing] {
    guard let targets = client.targets else { return [] }
    var listings: [RoleListing] = []
    if let keys = client.root.keys(of: .targets) {
      listings.append(
        RepositorySession.listing(
          vendor, targets, role: TopRole.targets.rawValue, keys, keys.keyIDs.compactMap { client.root.keys[$0] }))
    }
    var asked = 0
    for role in targets.delegations?.roles ?? [] where RepositorySession.maySpeak(role, of: vendor) {
      asked += 1
      guard asked <= client.limits.delegations else { break }
      let found = try update { client throws(UpdateError) in try client.role(role.name) }
      let keys = role.keys.keyIDs.compactMap { targets.delegations?.keys[$0] }
      if let found {
        listings.append(RepositorySession.listing(vendor, found, role: role.name, role.keys, keys))
      }
    }
    return listings
  }

  private static func listing(
    _ vendor: String, _ metadata: TargetsMetadata, role: String, _ roleKeys: RoleKeys, _ keys: [MetadataKey]
  ) -> RoleListing {
    var files: [(path: ReleasePath, file: TargetFile)] = []
    for path in metadata.targets.keys.sorted() {
      if let release = ReleasePath(path), release.name.vendor == vendor, release.library == path,
        let file = metadata.file(at: path)
      {
        files.append((release, file))
      }
    }
    return RoleListing(
      voucher: LockedAdapter.Voucher(
        role: role, keys: roleKeys.keyIDs, threshold: roleKeys.threshold, version: metadata.version), keys: keys,
      files: files)
  }

  /// Whether a role may list releases of a vendor, by what stands before the first wild card of its patterns.
  private static func maySpeak(_ role: DelegatedRole, of vendor: String) -> Bool {
    switch role.paths {
    case .hashPrefixes: return true
    case .patterns(let patterns):
      let beginning = Array("\(vendor)/".utf8)
      return patterns.contains { pattern in
        let literal = pattern.utf8.prefix { !"*?[".utf8.contains($0) }
        return literal.starts(with: beginning)
          || (literal.count < pattern.utf8.count && beginning.starts(with: literal))
      }
    }
  }

  /// All targets that the top role and those it delegates to list, by role, each role's sorted by path.
  mutating func everything() throws(StoreError) -> [(path: String, file: TargetFile)] {
    guard let targets = client.targets else { return [] }
    var found: [(path: String, file: TargetFile)] = []
    func take(_ metadata: TargetsMetadata) {
      for path in metadata.targets.keys.sorted() {
        if let file = metadata.file(at: path) { found.append((path, file)) }
      }
    }
    take(targets)
    for role in targets.delegations?.roles ?? [] {
      if let metadata = try update({ client throws(UpdateError) in try client.role(role.name) }) { take(metadata) }
    }
    return found
  }

  /// Whether a search for a listed release ends with the file that was listed (TUF 1.0 section 5.6.7).
  mutating func confirms(_ path: ReleasePath, _ listed: Listed) throws(StoreError) -> Bool {
    guard let file = listed.vouchers[path]?.files.first(where: { $0.path == path })?.file else { return false }
    return try target(path.library) == file
  }

  struct Unreadable: Error {
    let reason: String
  }

  /// The release that a target is, with its facts.
  static func release(_ path: ReleasePath, _ file: TargetFile) -> Result<Release, Unreadable> {
    guard let custom = file.custom else { return .failure(Unreadable(reason: "it has none")) }
    do throws(RecordError) {
      return .success(
        Release(
          path: path, digest: file.sha256, length: file.length, facts: try ReleaseFacts(custom, path: "custom")))
    } catch {
      return .failure(Unreadable(reason: error.description))
    }
  }

  /// What is listed of an adapter: releases, and those whose facts can't be read.
  struct Listed: Sendable {
    var releases: [Release] = []
    var unreadable: [(path: ReleasePath, reason: String)] = []
    /// The role that lists each.
    fileprivate(set) var vouchers: [ReleasePath: RoleListing] = [:]
  }

  /// Roles are asked in the order of their delegations, and the first that lists a path counts; `Installation.resolve` holds
  /// what is chosen against the search that TUF prescribes.
  mutating func listed(_ name: AdapterName) throws(StoreError) -> Listed {
    var listed = Listed()
    for listing in try listings(vendor: name.vendor) {
      for (path, file) in listing.files where path.name == name && listed.vouchers[path] == nil {
        listed.vouchers[path] = listing
        switch RepositorySession.release(path, file) {
        case .success(let release): listed.releases.append(release)
        case .failure(let error): listed.unreadable.append((path, error.reason))
        }
      }
    }
    return listed
  }
}
