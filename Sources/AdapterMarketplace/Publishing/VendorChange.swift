// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import UpdateFramework

/// What a vendor's new metadata add to those that stand, after it was held against the rules of the repository: nothing that
/// was published changes or goes, but that it may be withdrawn; each new library has its certificate and description.
struct VendorChange {
  /// New libraries, to become leaves of the log.
  private(set) var publications: [Publication] = []
  /// New targets, whose files are there.
  private(set) var targets: [(path: String, file: TargetFile)] = []

  init(
    vendor: String, before: TargetsMetadata?, after: TargetsMetadata, revoked: RevocationList, files: MarketFiles,
    now: MetadataTime
  ) throws(MarketError) {
    let name = "\(vendor).json"
    guard after.delegations == nil else {
      throw .refused("\(name): a vendor delegates to nobody; sign with a threshold of several keys instead")
    }
    guard after.expires > now else { throw .refused("\(name): it expired at \(after.expires)") }
    try VendorChange.keeps(before?.targets ?? [:], after.targets, name)
    let releases = try PublishedRelease.all(in: after, of: vendor)
    var known: Set<String> = []
    for release in releases {
      known.formUnion([release.path.library, release.path.certificate, release.path.description])
      guard before?.targets[release.path.library] == nil else { continue }
      try VendorChange.refuse(release.file.sha256, at: release.path, revokedBy: revoked, or: before)
      try VendorChange.check(release, after, files, now)
      publications.append(release.publication)
    }
    for (path, file) in after.targets.sorted(by: { $0.key < $1.key }) {
      guard known.contains(path) else {
        throw .refused(
          "\(name): the target \(path) is no library, certificate or description of a release of \(vendor)")
      }
      if before?.targets[path] == nil { targets.append((path, file)) }
    }
  }

  /// Bytes that were revoked under one version are not published under another: no host would load them.
  static func refuse(
    _ digest: Digest, at path: ReleasePath, revokedBy list: RevocationList, or vendor: TargetsMetadata?
  ) throws(MarketError) {
    let isRevoked =
      list.entries.contains { $0.digest == digest }
      || vendor?.targets.values.contains { $0.sha256 == digest && $0.custom?["revoked"] != nil } ?? false
    guard !isRevoked else {
      throw .refused(
        "\(path.library): these very bytes (sha256:\(digest)) were revoked, and load nowhere; publish others")
    }
  }

  /// Earlier targets stay as they are; `yanked` and `revoked` may be added.
  private static func keeps(
    _ before: [String: TargetFile], _ after: [String: TargetFile], _ name: String
  ) throws(MarketError) {
    for (path, old) in before.sorted(by: { $0.key < $1.key }) {
      guard let new = after[path] else {
        throw .refused("\(name): the target \(path) is gone; what was published stays: yank or revoke it")
      }
      guard new.length == old.length, new.sha256 == old.sha256 else {
        throw .refused("\(name): the target \(path) has other bytes than before; publish them as another version")
      }
      guard new.custom != old.custom else { continue }
      guard var was = old.custom?.members, let members = new.custom?.members, ReleasePath(path) != nil else {
        throw .refused("\(name): what is said of the target \(path) has changed")
      }
      for key in ["yanked", "revoked"] where was[key] == nil { was[key] = members[key] }
      guard was == members else {
        throw .refused("\(name): what is said of the target \(path) has changed by more than a withdrawal")
      }
    }
  }

  private static func check(
    _ release: PublishedRelease, _ metadata: TargetsMetadata, _ files: MarketFiles, _ now: MetadataTime
  ) throws(MarketError) {
    guard release.file.length > 0 else { throw .refused("\(release.path.library): an empty library") }
    _ = try files.bytes(release.path.library, release.file, limit: MarketFiles.largestLibrary)
    let certificate = try ReleaseCertificate(release, in: metadata, files)
    do throws(CertificateRefusal) { try certificate.check(release.path, digest: release.file.sha256, now: now) } catch {
      throw .refused("\(release.path.library): its certificate \(error)")
    }
    guard let file = metadata.targets[release.path.description] else {
      throw .refused("\(release.path.library): there is no target \(release.path.description) beside it")
    }
    let bytes = try files.bytes(release.path.description, file, limit: AdapterDescription.largestFile)
    let description = try AdapterDescription(decoding: bytes, path: release.path.description)
    guard description.produces == release.facts.produces, description.requires == release.facts.requires else {
      throw .refused("\(release.path.library): it names other contracts than its description")
    }
  }
}
