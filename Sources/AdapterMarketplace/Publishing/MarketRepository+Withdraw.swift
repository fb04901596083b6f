// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import UpdateFramework

extension MarketRepository {
  /// How a version is withdrawn.
  package enum Withdrawal: Sendable {
    /// By its vendor: installs only when pinned.
    case yank
    /// By its vendor: never loads again.
    case revoke
    /// By the repository's operator, whatever the vendor says: never loads again.
    case revokeAsOperator
  }

  /// The most bytes of a reason.
  package static var longestReason: Int { 300 }

  /// Stages the withdrawal of a version, on all its platforms; one that is withdrawn so already stays as it is. Whether
  /// anything was staged.
  package mutating func stage(
    _ withdrawal: Withdrawal, of name: AdapterName, _ version: SemanticVersion, reason: String
  ) throws(MarketError) -> Bool {
    guard (1...MarketRepository.longestReason).contains(reason.utf8.count), MarketText.printable(reason) == reason
    else {
      throw .usage("a reason is one line of 1 to \(MarketRepository.longestReason) bytes")
    }
    let why = ReleaseFacts.Withdrawal(reason: reason, at: now.seconds)
    if case .revokeAsOperator = withdrawal { return try stageRevocation(of: name, version, why) }
    var isChanged = false
    let directory = directory
    try stage(name.vendor) { metadata throws(MarketError) in
      let releases = try PublishedRelease.all(in: metadata, of: name.vendor)
        .filter { $0.path.name == name && $0.path.version == version }
      guard !releases.isEmpty else { throw .missing("\(directory): there is no \(name)@\(version)") }
      for release in releases {
        var facts = release.facts
        switch withdrawal {
        case .yank where facts.yanked == nil: facts.yanked = why
        case .revoke where facts.revoked == nil: facts.revoked = why
        default: continue
        }
        metadata.targets[release.path.library] = TargetFile(
          length: release.file.length, sha256: release.file.sha256, custom: facts.json)
        isChanged = true
      }
      return isChanged
    }
    return isChanged
  }

  /// Whether clients see that all files of a version are withdrawn in this way.
  package func isWithdrawn(
    _ name: AdapterName, _ version: SemanticVersion, _ how: Withdrawal
  ) throws(MarketError) -> Bool {
    guard let metadata = try state.role(name.vendor)?.body else { return false }
    let list = try RevocationChange.list(try state.role(MarketFiles.revocationsRole)?.body, files)
    return try PublishedRelease.all(in: metadata, of: name.vendor)
      .filter { $0.path.name == name && $0.path.version == version }
      .allSatisfy { release in
        switch how {
        case .yank: release.facts.yanked != nil
        case .revoke: release.facts.revoked != nil
        case .revokeAsOperator: list.entries.contains { $0.digest == release.file.sha256 }
        }
      }
  }

  private mutating func stageRevocation(
    of name: AdapterName, _ version: SemanticVersion, _ why: ReleaseFacts.Withdrawal
  ) throws(MarketError) -> Bool {
    guard let metadata = try state.role(name.vendor)?.body else {
      throw .missing("\(directory): \(name.vendor) has published nothing")
    }
    let releases = try PublishedRelease.all(in: metadata, of: name.vendor)
      .filter { $0.path.name == name && $0.path.version == version }
    guard !releases.isEmpty else { throw .missing("\(directory): there is no \(name)@\(version)") }
    var isChanged = false
    let files = files
    try stage(MarketFiles.revocationsRole) { metadata throws(MarketError) in
      var list = try RevocationChange.list(metadata, files)
      for release in releases {
        let entry = RevocationList.Entry(
          digest: release.file.sha256, target: release.path.library, withdrawal: why)
        if list.add(entry) { isChanged = true }
      }
      guard isChanged else { return false }
      let bytes = list.bytes
      let file = TargetFile(length: Int64(bytes.count), sha256: Digest(of: bytes))
      try files.put(bytes, at: files.staged(RevocationList.target, file.sha256))
      metadata.targets = [RevocationList.target: file]
      return true
    }
    return isChanged
  }
}
