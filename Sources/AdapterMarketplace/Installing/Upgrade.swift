// SPDX-License-Identifier: Apache-2.0

extension Installation {
  /// What an upgrade came to.
  package enum Upgrade: Sendable {
    case done(Installed)
    /// Nothing newer is to be had.
    case current(LockedAdapter)
    case pinned(LockedAdapter)
  }

  /// Takes the newest release within the range that was asked for, from the repository to which the vendor is bound. What is
  /// installed stays where nothing newer is acceptable.
  package mutating func upgrade(
    _ name: AdapterName, progress: (Int64, Int64) -> Void = { _, _ in }
  ) throws(StoreError) -> Upgrade {
    guard let installed = change.lock.adapter(name) else { throw .notInstalled(name) }
    if installed.isPinned { return .pinned(installed) }
    let resolved = try resolve(name, range: installed.range)
    guard let chosen = resolved.choice.chosen, chosen.path.version > installed.version else {
      return .current(installed)
    }
    return .done(try install(name, range: installed.range, isPinned: false, progress: progress))
  }

  /// How an installed adapter stands to what its repository lists.
  package struct Standing: Sendable {
    package let adapter: LockedAdapter
    /// What an upgrade would take; nil when nothing is acceptable.
    package let wanted: SemanticVersion?
    /// The newest release that this host could take, whatever range was asked for.
    package let latest: SemanticVersion?
    package let revocation: Revocation?
    /// Why its vendor took it back, though it still loads.
    package let yanked: String?
  }

  package mutating func standing(of adapter: LockedAdapter) throws(StoreError) -> Standing {
    let within = try resolve(adapter.name, range: adapter.range)
    let all = try resolve(adapter.name, range: .any)
    let listed = within.listed.releases.first { $0.path == adapter.path }
    let wanted = adapter.isPinned ? adapter.version : within.choice.chosen?.path.version
    return Standing(
      adapter: adapter, wanted: wanted, latest: all.choice.chosen?.path.version,
      revocation: revocations.revocation(of: adapter.digest), yanked: listed?.facts.yanked?.reason)
  }

  /// What made an installed adapter acceptable, and what is listed beside it.
  package struct Grounds: Sendable {
    package let adapter: LockedAdapter
    package let binding: AdapterLock.Binding?
    package let certificate: ShownCertificate
    /// What an upgrade would take now, and why nothing else; nil where the repository can't tell.
    package let choice: ReleaseChoice?
    package let hindrance: String?
    package let problems: [String]
  }

  package mutating func grounds(of adapter: LockedAdapter) throws(StoreError) -> Grounds {
    let path = store.path(ofCertificate: adapter.certificate)
    guard let bytes = try store.read(path, limit: Installation.largestCertificate) else {
      throw .missing(
        "\(path): it is gone; install again: exprove adapter install \(adapter.name)@\(adapter.version)")
    }
    var choice: ReleaseChoice?
    var hindrance: String?
    var keys: RoleListing?
    do throws(StoreError) {
      let resolved = try resolve(adapter.name, range: adapter.range)
      choice = resolved.choice
      keys = resolved.listed.vouchers[adapter.path]
    } catch {
      hindrance = error.description
    }
    return Grounds(
      adapter: adapter, binding: change.lock.binding(ofVendor: adapter.name.vendor),
      certificate: try ShownCertificate(
        bytes, of: adapter.digest, path: adapter.path, keys: keys?.keys ?? []), choice: choice,
      hindrance: hindrance, problems: store.problems(of: adapter, revocations: revocations))
  }
}
