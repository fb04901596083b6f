// SPDX-License-Identifier: Apache-2.0

package import AdapterHost
package import AdapterMarketplace
package import ExecutionIR
package import Governance
package import RunJournal
internal import TransparencyLog

/// Which adapters may be loaded here: installed ones with the very bytes of the lock file, none that is known to be revoked,
/// and by a policy only those of its repositories, with knowledge that is fresh enough.
package struct AdapterAdmission {
  private let installed: InstalledAdapters?
  /// Where those lie that were not installed.
  private let others: AdapterLocator
  private let demand: MarketplaceDemand
  /// Nanoseconds since 1970; nil where no age matters.
  private let now: Int64?
  /// What the policy would rather have otherwise, and how old is what is known.
  package private(set) var warnings: [String] = []
  private(set) var notes: [String] = []
  private var admitted: [Digest] = []

  package init(
    _ installed: InstalledAdapters?, others: AdapterLocator = .standard, demand: MarketplaceDemand = .unsaid,
    now: Int64? = nil
  ) {
    self.installed = installed
    self.others = others
    self.demand = demand
    self.now = now
  }

  /// By what is installed for this user.
  package static func standard(policy: Policy? = nil, now: Int64? = nil) throws(RunError) -> AdapterAdmission {
    do throws(StoreError) {
      let installed = try (try? KeyHome.adapters()).flatMap { (home) throws(StoreError) in
        try InstalledAdapters.open(home: home)
      }
      return AdapterAdmission(installed, demand: policy?.marketplace ?? .unsaid, now: now)
    } catch {
      throw .store(error)
    }
  }

  /// Where adapters are looked for: installed ones by their names, too.
  package var locator: AdapterLocator {
    var locator = others
    locator.installed =
      installed?.all.map { adapter in
        AdapterLocator.Entry(name: adapter.name.description, path: installed!.path(of: adapter))
      } ?? []
    return locator
  }

  /// Asked before any of the adapter's code runs.
  ///
  /// - Parameter nameOrPath: what it was asked for by.
  package mutating func admit(_ image: AdapterImage, named nameOrPath: String) throws(RunError) {
    let digest = Digest(bytes: image.digest)!
    guard !admitted.contains(digest) else { return }
    let locked = installed?.all.first { $0.name.description == nameOrPath || $0.digest == digest }
    if let installed, let locked {
      do throws(StoreError) { try installed.check(locked, digest: digest) } catch { throw .store(error) }
    }
    try refuseRevoked(digest, image.path)
    if let complaint = complaint(locked, image) {
      guard demand.mode == .warn else { throw .source(complaint, exitCode: 1) }
      warnings.append(complaint)
    }
    if let locked, let now, let known = installed?.knowledge(of: locked) {
      notes.append(
        "\(locked.name) \(locked.version): what is revoked was last asked of \(locked.repository) "
          + "\(AdapterAdmission.age(now, known)) ago")
    }
    admitted.append(digest)
  }

  /// Whatever it was asked for by: a copy elsewhere is as revoked.
  package func refuseRevoked(
    _ digest: Digest, _ path: String, way: String = "Take another version: exprove adapter outdated"
  ) throws(RunError) {
    guard let revocation = installed?.revocation(of: digest) else { return }
    throw .adapter(
      AdapterError(
        .revoked,
        "\(path): sha256:\(digest) was revoked: \(revocation.told); it is not loaded. \(way)"))
  }

  /// The same of a file that is loaded elsewhere.
  package func refuseRevoked(fileOf path: String) throws(RunError) {
    guard installed != nil else { return }
    let image: AdapterImage
    do throws(AdapterError) { image = try AdapterImage.read(path: path) } catch { throw .adapter(error) }
    try refuseRevoked(Digest(bytes: image.digest)!, path)
  }

  /// What the policy has against it.
  private func complaint(_ locked: LockedAdapter?, _ image: AdapterImage) -> String? {
    guard demand.mode != .off else { return nil }
    guard let installed, let locked else {
      return "\(image.path): the policy takes installed adapters only; see exprove adapter install"
    }
    let logs = demand.logs.compactMap { try? VerifierKey(parsing: $0) }
    do { try installed.prove(locked, by: logs) } catch {
      return
        "\(locked.name): the policy takes what the log of \(logs.map(\.shortName).joined(separator: " or ")) has only: \(error)"
    }
    guard let maximumAge = demand.maximumAge, let now else { return nil }
    guard let known = installed.knowledge(of: locked) else {
      return "\(locked.name): it was never asked what is revoked; run: exprove adapter refresh"
    }
    // In seconds, rounded against the adapter; what is known from the future is not known.
    let age = now / 1_000_000_000 - known.refreshed
    guard age < 0 || age + 1 > maximumAge / 1_000_000_000 else { return nil }
    return
      "\(locked.name): what is revoked was last asked of \(locked.repository) \(AdapterAdmission.age(now, known)) ago, and "
      + "the policy wants it known within \(maximumAge / 1_000_000_000) s; run: exprove adapter refresh"
  }

  /// Where the certificate lies with which these bytes were installed.
  func certificatePath(of image: AdapterImage) -> String? {
    installed?.all.first { $0.digest.bytes == image.digest }.flatMap { installed?.certificatePath(of: $0) }
  }

  /// Looks on while a run of these adapters goes on; nil where nothing is installed.
  func watch() -> RevocationWatch? {
    installed.map { RevocationWatch($0, adapters: admitted, action: demand.onRevocation) }
  }

  /// How old what is known is at `now` (nanoseconds), in words.
  private static func age(_ now: Int64, _ known: Knowledge) -> String {
    let seconds = max(0, now / 1_000_000_000 - known.refreshed)
    return switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3600) h"
    default: "\(seconds / 86_400) days"
    }
  }
}

extension Revocation {
  /// For one line; the reason is a stranger's text.
  var told: String { "\(printable(reason)) (\(printable(target)), by the \(source.rawValue), from \(repository))" }
}
