// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import TransparencyLog
internal import UpdateFramework

/// What an auditor finds who trusts nothing but root metadata: every signature, every file, every certificate and proof.
package struct MarketAudit: Sendable {
  /// What does not hold.
  package private(set) var findings: [String] = []
  /// What holds and is worth knowing: expired certificates, leaves of releases that are listed no more.
  package private(set) var notes: [String] = []
  package private(set) var vendors = 0
  package private(set) var releases = 0
  package private(set) var targets = 0
  package private(set) var leaves: UInt64 = 0
  package private(set) var rootVersion: Int64 = 0
  /// SHA-256 of the root metadata that the audit began with.
  package private(set) var trust = ""

  private let files: MarketFiles
  private let now: MetadataTime
  /// The log's key, once root metadata that name it hold.
  private var verifier: VerifierKey?
  private var publications: [Publication] = []
  /// Paths of all files that somebody vouches for, below `targets/`.
  private var named: Set<String> = []

  /// Audits the repository in a directory. `root` is root metadata that the auditor trusts; without it the directory's first
  /// are taken as they are.
  package init(directory: String, root: [UInt8]?, now: Int64) throws(MarketError) {
    files = MarketFiles(directory: directory)
    self.now = MetadataTime(seconds: now)
    guard Files.isDirectory(files.path("metadata")) else {
      throw .missing("\(directory): no repository lies there")
    }
    let state: MarketState
    do throws(MarketError) {
      try checkRoots(root)
      state = try MarketState(files)
    } catch {
      findings.append(error.description)
      return
    }
    verifier = state.identity.log
    checkTop(state)
    guard let roles = state.targets.body.delegations?.roles else { return }
    var revoked = RevocationList()
    for role in roles {
      do throws(MarketError) {
        guard let metadata = try state.role(role.name)?.body else { continue }
        checkExpiry(role.name, metadata.expires)
        if role.name == MarketFiles.revocationsRole { revoked = try RevocationChange.list(metadata, files) }
        checkTargets(role.name, metadata)
        if AdapterName.isVendor(role.name) { checkVendor(role.name, metadata) }
      } catch {
        findings.append("\(role.name): \(error)")
      }
    }
    checkCatalog(state, revoked)
    checkLog(state.identity.log)
    checkNames()
  }

  package var isSound: Bool { findings.isEmpty }

  // MARK: Roots

  private mutating func checkRoots(_ given: [UInt8]?) throws(MarketError) {
    var trusted: SignedMetadata<RootMetadata>
    if let given {
      trusted = try MarketState.decode(given, "the given root", files)
      trust = Digest(of: given).description
    } else {
      let bytes = try files.read(files.metadata("root", version: 1), limit: MarketFiles.limit("root"))
      trusted = try MarketState.decode(bytes, "1.root.json", files)
      trust = Digest(of: bytes).description
    }
    try MarketState.verify(trusted, trusted.body, .root, "the first root")
    while true {
      let path = files.metadata("root", version: trusted.body.version + 1)
      guard let bytes = try files.readIfThere(path, limit: MarketFiles.limit("root")) else { break }
      let next: SignedMetadata<RootMetadata> = try MarketState.decode(bytes, "root", files)
      try MarketState.verify(next, trusted.body, .root, path)
      try MarketState.verify(next, next.body, .root, path)
      guard next.body.version == trusted.body.version + 1 else {
        throw .malformed(path: path, reason: "signed.version: it is \(next.body.version)")
      }
      trusted = next
    }
    rootVersion = trusted.body.version
    checkExpiry("root", trusted.body.expires)
    // What MarketState reads must be what the chain leads to.
    guard
      let last = try files.readIfThere(
        files.metadata("root", version: rootVersion), limit: MarketFiles.limit("root"))
    else {
      throw .unauthenticated(path: files.directory, reason: "it has no root version \(rootVersion), which you trust")
    }
    let there: SignedMetadata<RootMetadata> = try MarketState.decode(last, "root", files)
    guard there.signedBytes == trusted.signedBytes else {
      throw .unauthenticated(
        path: files.metadata("root", version: rootVersion), reason: "it is another than the root that you trust")
    }
  }

  private mutating func checkExpiry(_ role: String, _ expires: MetadataTime) {
    if expires <= now { findings.append("\(role) expired at \(expires): exprove market refresh signs anew") }
  }

  private mutating func checkTop(_ state: MarketState) {
    if state.root.body.version != rootVersion {
      findings.append("root \(state.root.body.version) lies there, and the chain of roots ends at \(rootVersion)")
    }
    if state.isBehindRoot {
      findings.append("some metadata are not by the keys of root \(rootVersion): exprove market refresh signs anew")
    }
    checkExpiry("timestamp", state.timestamp.expires)
    checkExpiry("snapshot", state.snapshot.expires)
    checkExpiry("targets", state.targets.body.expires)
    if let reason = Admission.breach(state.targets.body, nil) { findings.append("targets: \(reason)") }
    let known = Set(["targets"] + (state.targets.body.delegations?.roles.map(\.name) ?? []))
    for file in state.snapshot.files.keys.sorted() where !known.contains(String(file.dropLast(5))) {
      findings.append("snapshot: \(MarketText.printable(file)) is the metadata of no role")
    }
  }

  // MARK: Targets

  private mutating func checkTargets(_ role: String, _ metadata: TargetsMetadata) {
    for (path, file) in metadata.targets.sorted(by: { $0.key < $1.key }) {
      targets += 1
      named.insert(relative(files.target(path, file.sha256)))
      do throws(MarketError) {
        let bytes = try files.read(files.target(path, file.sha256), limit: MarketFiles.largestLibrary)
        if let mismatch = file.mismatch(bytes) {
          throw .unauthenticated(path: files.target(path, file.sha256), reason: mismatch)
        }
      } catch {
        findings.append("\(role): \(error)")
      }
    }
  }

  private func relative(_ path: String) -> String {
    String(decoding: path.utf8.dropFirst(files.directory.utf8.count + 1), as: UTF8.self)
  }

  private mutating func checkVendor(_ vendor: String, _ metadata: TargetsMetadata) {
    vendors += 1
    let all: [PublishedRelease]
    do throws(MarketError) { all = try PublishedRelease.all(in: metadata, of: vendor) } catch {
      return findings.append(error.description)
    }
    var known: Set<String> = []
    for release in all {
      releases += 1
      known.formUnion([release.path.library, release.path.certificate, release.path.description])
      publications.append(release.publication)
      named.insert(relative(files.proof(release.publication)))
      checkCertificate(release, metadata)
      checkDescription(release, metadata)
      checkProof(release)
    }
    for path in metadata.targets.keys.sorted() where !known.contains(path) {
      findings.append("\(vendor): the target \(MarketText.printable(path)) belongs to no release")
    }
  }

  private mutating func checkCertificate(_ release: PublishedRelease, _ metadata: TargetsMetadata) {
    do throws(MarketError) {
      let certificate = try ReleaseCertificate(release, in: metadata, files)
      do throws(CertificateRefusal) {
        try certificate.check(release.path, digest: release.file.sha256, now: now)
      } catch {
        let told = "\(release.path.library): its certificate \(error)"
        if case .expired = error { notes.append(told) } else { findings.append(told) }
      }
    } catch {
      findings.append(error.description)
    }
  }

  private mutating func checkDescription(_ release: PublishedRelease, _ metadata: TargetsMetadata) {
    do throws(MarketError) {
      guard let file = metadata.targets[release.path.description] else {
        throw .missing("\(release.path.description): missing")
      }
      let bytes = try files.bytes(release.path.description, file, limit: AdapterDescription.largestFile)
      let description = try AdapterDescription(decoding: bytes, path: release.path.description)
      if description.produces != release.facts.produces || description.requires != release.facts.requires {
        findings.append("\(release.path.library): it names other contracts than its description")
      }
    } catch {
      findings.append(error.description)
    }
  }

  // MARK: The log

  private mutating func checkProof(_ release: PublishedRelease) {
    guard let verifier else { return }
    let path = files.proof(release.publication)
    do throws(MarketError) {
      let bytes = try files.read(path, limit: MarketFiles.largestProof)
      let checkpoint: Checkpoint
      do throws(NoteError) {
        checkpoint = try LogProof(parsing: bytes).verify(leaf: release.publication.leaf, keys: [verifier])
      } catch {
        throw .unauthenticated(path: path, reason: error.description)
      }
      // A proof from another history of the log than the one that lies here would hold by itself.
      let log = PublicationLog(directory: files.log, verifier: verifier)
      _ = try MarketError.log { () throws(LogError) in
        try log.reader.consistencyProof(from: checkpoint.size, root: checkpoint.root)
      }
    } catch {
      findings.append(error.description)
    }
  }

  private mutating func checkLog(_ verifier: VerifierKey) {
    var missing: [Digest: Publication] = [:]
    for publication in publications { missing[Digest(of: publication.leaf)] = publication }
    let listed = Set(missing.keys)
    var gone: [String] = []
    let report = PublicationLog(directory: files.log, verifier: verifier).reader.verifyAll { index, leaf in
      let digest = Digest(of: leaf)
      if listed.contains(digest) { missing[digest] = nil } else { gone.append(MarketAudit.told(index, leaf)) }
    }
    leaves = report.checkpoint?.size ?? 0
    for finding in report.findings {
      if finding.kind == .unfinished || finding.kind == .superseded {
        notes.append("log/\(finding)")
      } else {
        findings.append("log/\(finding)")
      }
    }
    for publication in missing.values.sorted(by: { $0.path.library < $1.path.library }) {
      findings.append("\(publication.path.library): the log has no leaf of it")
    }
    notes.append(contentsOf: gone)
  }

  private static func told(_ index: UInt64, _ leaf: ArraySlice<UInt8>) -> String {
    let json = try? JSON.parse(Array(leaf))
    let what = json?["target"]?.text.map { MarketText.printable($0) } ?? "something that is no publication"
    return "leaf \(index) of the log, \(what), is gone: no metadata list it"
  }

  // MARK: Catalog and names

  private mutating func checkCatalog(_ state: MarketState, _ revoked: RevocationList) {
    do throws(MarketError) {
      guard let metadata = try state.role(MarketFiles.catalogRole)?.body,
        let bytes = try state.target(Catalog.target, of: metadata, limit: Catalog.largestFile)
      else { throw .missing("\(Catalog.target): missing") }
      let catalog = try Catalog(decoding: bytes, path: Catalog.target)
      var due = catalog
      for vendor in state.vendors {
        guard let body = try state.role(vendor)?.body else { continue }
        due.replace(
          vendor: vendor,
          by: try VendorView(vendor: vendor, metadata: body, revoked: revoked, files: files).entries(now: now))
      }
      let vendors = Set(state.vendors)
      if due != catalog || catalog.entries.contains(where: { !vendors.contains($0.name.vendor) }) {
        findings.append(
          "\(Catalog.target) is not what the vendors' metadata give: exprove market refresh makes it anew")
      }
    } catch {
      findings.append(error.description)
    }
  }

  /// Files that nobody vouches for do no harm: no client asks for them.
  private mutating func checkNames() {
    guard let entries = try? Files.tree(files.path("targets")) else { return }
    for entry in entries where entry.kind != .directory {
      let path = "targets/" + entry.path
      // Lists that newer ones replaced stay for clients that are reading them.
      let isOldList = entry.path.hasPrefix("catalog/") || entry.path.hasPrefix("revocations/")
      if !named.contains(path), !isOldList { notes.append("\(MarketText.printable(path)): no metadata name it") }
    }
  }
}
