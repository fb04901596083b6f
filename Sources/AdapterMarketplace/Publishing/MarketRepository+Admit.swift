// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import UpdateFramework

extension MarketRepository {
  /// Takes what is staged, as far as it may be taken and the keys that must be online are here, and writes it.
  ///
  /// - Parameters:
  ///   - renewing: writes a new timestamp, and what else is due, though nothing may be staged; the catalog and all pages
  ///     are made anew.
  ///   - isLost: the old keys of a rotation are gone, so that between root and timestamp clients may be refused for a moment.
  package mutating func admit(renewing: Bool = false, isLost: Bool = false) throws(MarketError) -> MarketOutcome {
    var staged = try StagedMetadata(files)
    let wasStanding = try clear(&staged)
    let admission = try Admission(state, staged, now: now, isLost: isLost)
    var outcome = MarketOutcome()
    outcome.waiting = admission.waiting
    outcome.refused = staged.refused + admission.refused
    outcome.timestamp = state.timestamp.version
    let isChanged = admission.isNewRoot || admission.isNewTargets || !admission.roles.isEmpty
    guard isChanged || renewing || wasStanding || state.isBehindRoot else { return outcome }
    let writer = RepositoryWriter(
      files: files, state: state, admission: admission, keys: keys, now: now, lifetimes: lifetimes,
      isRebuilding: renewing,
      isLost: isLost)
    if isChanged || renewing || state.isBehindRoot {
      if let lack = writer.lack() {
        outcome.lacking = lack
        return outcome
      }
      try writer.write()
      // What was written is read as anybody reads it.
      state = try MarketState(files)
    }
    outcome.admitted = MarketRepository.told(admission)
    outcome.timestamp = state.timestamp.version
    var done = try StagedMetadata(files)
    _ = try clear(&done)
    let vendors =
      wasStanding || renewing ? state.vendors : admission.roles.map(\.name).filter { AdapterName.isVendor($0) }
    try writePages(of: vendors)
    if renewing { try removeOldCatalogs() }
    return outcome
  }

  /// Catalogs that newer ones replaced go, but for the last three: a client may be reading them.
  private func removeOldCatalogs() throws(MarketError) {
    guard let latest = state.snapshot.files[MarketFiles.catalogRole + ".json"]?.version else { return }
    var kept: Set<String> = []
    for version in max(1, latest - 2)...latest {
      let path = files.metadata(MarketFiles.catalogRole, version: version)
      guard let bytes = try files.readIfThere(path, limit: MarketFiles.limit(MarketFiles.catalogRole)) else { continue }
      let metadata: SignedMetadata<TargetsMetadata> = try MarketState.decode(bytes, MarketFiles.catalogRole, files)
      if let file = metadata.body.targets[Catalog.target] { kept.insert(files.target(Catalog.target, file.sha256)) }
    }
    let directory = files.path("targets/\(MarketFiles.catalogRole)")
    for name in try MarketError.files({ () throws(FileError) in try Files.names(in: directory) })
    where !kept.contains(directory + "/" + name) {
      try files.remove(directory + "/" + name)
    }
  }

  private static func told(_ admission: Admission) -> [String] {
    var lines: [String] = []
    if admission.isNewRoot { lines.append("root version \(admission.root.body.version)") }
    if admission.isNewTargets { lines.append("targets version \(admission.targets.body.version)") }
    for role in admission.roles {
      lines.append("\(role.name) version \(role.file.body.version)")
      for publication in role.change?.publications ?? [] {
        lines.append("\(publication.path.library) sha256:\(publication.digest)")
      }
    }
    return lines
  }

  /// Removes what is staged and stands already, as an interrupted command leaves it; whether there was any.
  private func clear(_ staged: inout StagedMetadata) throws(MarketError) -> Bool {
    var found = false
    if let root = staged.root, root.signedBytes == state.root.signedBytes {
      try files.remove(files.staged("root"))
      staged.remove("root")
      found = true
    }
    for (name, file) in staged.roles.sorted(by: { $0.key < $1.key }) {
      let standing: SignedMetadata<TargetsMetadata>?
      if name == "targets" {
        standing = state.targets
      } else {
        standing = state.targets.body.delegations?.role(name) == nil ? nil : try state.role(name)
      }
      guard let standing, standing.signedBytes == file.signedBytes else { continue }
      for (target, targetFile) in file.body.targets.sorted(by: { $0.key < $1.key }) {
        let path = files.staged(target, targetFile.sha256)
        if Files.exists(path) { try files.remove(path) }
      }
      try files.remove(files.staged(name))
      staged.remove(name)
      found = true
    }
    return found
  }
}
