// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
package import Governance
package import UpdateFramework

/// On what terms adapters are installed here.
package struct InstallTerms: Sendable {
  /// The versions of the C ABI that the host speaks.
  package var hostABI: [ReleaseFacts.ABIVersion]
  package var platform: Platform
  /// Whose certificates a policy asks for; nil: anybody's.
  package var demand: Policy.CertificateDemand?
  /// Nanoseconds since 1970.
  package var now: Int64
  /// Goes by what is stored here.
  package var isOffline: Bool

  package init(
    hostABI: [ReleaseFacts.ABIVersion], platform: Platform = .host, demand: Policy.CertificateDemand? = nil, now: Int64,
    isOffline: Bool = false
  ) {
    self.hostABI = hostABI
    self.platform = platform
    self.demand = demand
    self.now = now
    self.isOffline = isOffline
  }

  var seconds: Int64 { now / 1_000_000_000 }
}

/// An install from the first question to the commit: resolve, fetch, verify, write the files, and last replace the lock. What
/// it leaves when it ends early is files that nobody names.
package struct Installation: ~Copyable {
  package var change: StoreChange
  private var sessions: [RepositorySession]
  private var isRefreshed: [Bool]
  package private(set) var revocations: KnownRevocations
  package let terms: InstallTerms

  /// The most bytes that an adapter's file may have.
  static let largestLibrary: Int64 = 1 << 29
  static let largestCertificate = 1 << 20
  static let largestProof = 1 << 20

  /// - Parameter source: where a repository's files come from
  package static func begin(
    _ change: consuming StoreChange, terms: InstallTerms,
    source: (KnownRepository) throws(StoreError) -> any RepositorySource
  ) throws(StoreError) -> Installation {
    let store = change.store
    var sessions: [RepositorySession] = []
    for repository in try store.repositories() {
      sessions.append(
        try RepositorySession(
          repository, store: store, source: try source(repository), now: terms.seconds, isOffline: terms.isOffline))
    }
    let revocations = try store.revocations()
    return Installation(change: change, sessions: sessions, revocations: revocations, terms: terms)
  }

  private init(
    change: consuming StoreChange, sessions: [RepositorySession], revocations: KnownRevocations, terms: InstallTerms
  ) {
    self.change = change
    self.sessions = sessions
    isRefreshed = sessions.map { _ in false }
    self.revocations = revocations
    self.terms = terms
  }

  package var store: AdapterStore { change.store }
  func session(_ index: Int) -> RepositorySession { sessions[index] }
  package var repositories: [KnownRepository] { sessions.map(\.repository) }

  // MARK: Repositories

  /// Takes up what is new in a repository; once, and not at all off line.
  @discardableResult
  package mutating func refresh(_ index: Int) throws(StoreError) -> RepositorySession.Refreshed? {
    guard !isRefreshed[index], !terms.isOffline else { return nil }
    let name = sessions[index].repository.name
    let vendors = Set(change.committed.adapters.filter { $0.repository == name }.map(\.name.vendor)).sorted()
    let before = revocations
    let refreshed = try sessions[index].refresh(vendors: vendors, now: terms.seconds, into: &revocations)
    if revocations != before { try change.write(revocations) }
    try sessions[index].settle()
    isRefreshed[index] = true
    return refreshed
  }

  /// The one repository that is asked for a vendor's adapters. Never one of lower priority because a higher one lacks
  /// something, and never another than the one to which the vendor is bound.
  private mutating func session(ofVendor vendor: String) throws(StoreError) -> Int {
    guard !sessions.isEmpty else {
      throw .missing(
        "no repository is known here; add one with: exprove adapter repository add NAME ADDRESS --root FILE")
    }
    let bound = change.lock.binding(ofVendor: vendor)
    if let bound, bound.isChosen, let index = sessions.firstIndex(where: { $0.repository.name == bound.repository }) {
      try refresh(index)
      guard try sessions[index].has(vendor: vendor) else { throw lost(vendor, by: bound.repository) }
      return index
    }
    for index in sessions.indices where sessions[index].isAsked(for: vendor) {
      try refresh(index)
      let name = sessions[index].repository.name
      let has = try sessions[index].has(vendor: vendor)
      guard let bound else {
        if has { return index }
        continue
      }
      if bound.repository == name {
        guard has else { throw lost(vendor, by: name) }
        return index
      }
      guard !has else {
        throw .refused(
          "\(vendor) is bound to the repository \(bound.repository), and \(name), which is asked before it, has \(vendor) now "
            + "too; to go on as before: exprove adapter repository bind \(bound.repository) \(vendor); to change over: "
            + "exprove adapter repository bind \(name) \(vendor)")
      }
    }
    if let bound {
      throw .refused(
        "\(vendor) is bound to the repository \(bound.repository), which is not asked for it here; add it again, or bind the "
          + "vendor to another one: exprove adapter repository bind OTHER \(vendor)")
    }
    let names = sessions.map(\.repository.name).joined(separator: ", ")
    throw .missing("no repository has the vendor \(vendor); known are \(names)")
  }

  private func lost(_ vendor: String, by repository: String) -> StoreError {
    .refused(
      "\(repository): it does not have \(vendor), whose adapters are to come from it alone; to take them from another "
        + "repository: exprove adapter repository bind OTHER \(vendor)")
  }

  // MARK: Choosing

  /// What is listed of an adapter, and which release would be taken.
  package struct Resolved: Sendable {
    package let choice: ReleaseChoice
    package let repository: KnownRepository
    let session: Int
    let listed: RepositorySession.Listed
  }

  package mutating func resolve(_ name: AdapterName, range: VersionRange) throws(StoreError) -> Resolved {
    let index = try session(ofVendor: name.vendor)
    let before = revocations
    try sessions[index].takeRevocations(ofVendor: name.vendor, into: &revocations)
    if revocations != before { try change.write(revocations) }
    var listed = try sessions[index].listed(name)
    let demand = ReleaseDemand(
      name: name, range: range, platform: terms.platform, hostABI: terms.hostABI,
      installed: change.lock.adapter(name)?.version)
    let known = revocations
    while true {
      let choice = ReleaseChoice(demand, from: listed.releases, unreadable: listed.unreadable) {
        known.revocation(of: $0)
      }
      let resolved = Resolved(
        choice: choice, repository: sessions[index].repository, session: index, listed: listed)
      guard let path = choice.chosen?.path, try !sessions[index].confirms(path, listed) else { return resolved }
      listed.releases.removeAll { $0.path == path }
      listed.unreadable.append((path, "another role decides about this path"))
    }
  }

  // MARK: Installing

  package struct Installed: Sendable {
    package let adapter: LockedAdapter
    /// What was installed of this name before.
    package let previous: LockedAdapter?
    package let certificate: ShownCertificate
    package let warnings: [String]
  }

  /// Fetches and verifies the best release within `range` and enters it into the lock, which `commit` then writes.
  package mutating func install(
    _ name: AdapterName, range: VersionRange, isPinned: Bool, progress: (Int64, Int64) -> Void = { _, _ in }
  ) throws(StoreError) -> Installed {
    let resolved = try resolve(name, range: range)
    guard let release = resolved.choice.chosen else {
      let demand = ReleaseDemand(name: name, range: range, platform: terms.platform, hostABI: terms.hostABI)
      throw .refused(resolved.choice.refusal(demand, repository: resolved.repository.name))
    }
    return try install(release, resolved, range: range, isPinned: isPinned, progress: progress)
  }

  private mutating func install(
    _ release: Release, _ resolved: Resolved, range: VersionRange, isPinned: Bool, progress: (Int64, Int64) -> Void
  ) throws(StoreError) -> Installed {
    let path = release.path
    let previous = change.lock.adapter(path.name)
    if let previous, previous.path == path, previous.digest != release.digest {
      throw .refused(
        "\(resolved.repository.name): \(path.library) has other bytes than when it was installed: a version never changes. "
          + "Ask \(path.name.vendor) why; a new version installs")
    }
    guard let listing = resolved.listed.vouchers[path] else {
      throw .missing("\(path.library): no role lists it")
    }
    guard release.length <= Installation.largestLibrary else {
      throw .refused("\(path.library): \(release.length) bytes; an adapter has at most \(Installation.largestLibrary)")
    }
    let certificate = try fetchCertificate(release, resolved.session)
    let shown = try ShownCertificate(certificate, of: release.digest, path: path, keys: listing.keys)
    var warnings: [String] = []
    if let reason = ShownCertificate.objection(
      certificate, of: release.digest, demand: terms.demand, now: terms.now)
    {
      guard terms.demand?.mode == .warn else { throw .refused("\(path.certificate): \(reason); nothing is installed") }
      warnings.append("\(path.certificate): \(reason)")
    }
    if shown.certificate.expires <= terms.now { warnings.append("\(path.certificate): the certificate has expired") }
    let position = try fetchProof(release, resolved.session)
    try fetchLibrary(release, resolved.session, progress)
    let adapter = LockedAdapter(
      name: path.name, version: path.version, platform: path.platform, digest: release.digest, length: release.length,
      certificate: release.facts.certificate, repository: resolved.repository.name, voucher: listing.voucher,
      log: position, isPinned: isPinned, range: range,
      installed: previous?.digest == release.digest ? previous?.installed ?? terms.seconds : terms.seconds,
      minimumABI: release.facts.minimumABI, maximumABI: release.facts.maximumABI)
    if change.lock.binding(ofVendor: path.name.vendor)?.repository != resolved.repository.name {
      change.lock.bind(path.name.vendor, to: .init(repository: resolved.repository.name, isChosen: false))
    }
    change.lock.put(adapter)
    return Installed(adapter: adapter, previous: previous, certificate: shown, warnings: warnings)
  }

  /// The certificate's bytes: a target of its own, which the release's facts name by its digest.
  private mutating func fetchCertificate(_ release: Release, _ session: Int) throws(StoreError) -> [UInt8] {
    let place = store.path(ofCertificate: release.facts.certificate)
    if let stored = try store.read(place, limit: Installation.largestCertificate),
      Digest(of: stored) == release.facts.certificate
    {
      return stored
    }
    let path = release.path.certificate
    guard let file = try sessions[session].target(path) else {
      throw .refused("\(path): the release has no conformance certificate; nothing is installed")
    }
    guard file.sha256 == release.facts.certificate else {
      throw .refused(
        "\(path): the certificate there is sha256:\(file.sha256), the release names sha256:\(release.facts.certificate); "
          + "nothing is installed")
    }
    let bytes = try sessions[session].read(path, file, limit: Installation.largestCertificate)
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(bytes, to: place) }
    return bytes
  }

  /// Where the repository's log has the publication; nil where there is no log.
  private mutating func fetchProof(_ release: Release, _ session: Int) throws(StoreError) -> LockedAdapter.LogPosition?
  {
    guard let log = sessions[session].log else { return nil }
    let place = store.path(ofProof: release.publication)
    if let stored = try store.read(place, limit: Installation.largestProof),
      let position = log.position(ofStored: stored, of: release.publication)
    {
      return position
    }
    let path = "targets/" + release.path.proof(digest: release.digest.description)
    let proof: [UInt8]
    do throws(StoreError) {
      proof = try sessions[session].readBeside(path, limit: Installation.largestProof)
    } catch .source(let repository, let error) where error.isMissing {
      throw .log(
        repository: repository,
        reason:
          "it has no proof of \(release.path.library): the release is not published to everybody. Nothing is installed; "
          + "ask the operator")
    }
    let position = try sessions[session].position(of: release.publication, proof: proof)
    try StoreError.wrap { () throws(FileError) in try Files.writeDurably(proof, to: place) }
    return position
  }

  private mutating func fetchLibrary(
    _ release: Release, _ session: Int, _ progress: (Int64, Int64) -> Void
  ) throws(StoreError) {
    let place = store.path(ofLibrary: release.digest)
    if try store.digest(ofFile: place, limit: Installation.largestLibrary) == release.digest { return }
    let path = release.path.library
    guard let file = try sessions[session].target(path), file.sha256 == release.digest else {
      throw .missing("\(path): no role lists it any more; run the same command again")
    }
    try sessions[session].download(path, file, to: place) { progress($0, release.length) }
  }

  /// Makes all that was installed, removed and bound the state of the store.
  package mutating func commit() throws(StoreError) { try change.commit() }
}
