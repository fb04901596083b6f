// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR
internal import Governance
package import TransparencyLog
internal import UpdateFramework

/// A library that a vendor publishes, and what belongs to it.
package struct ReleaseDraft: Sendable {
  package let path: ReleasePath
  package let library: [UInt8]
  package let minimumABI: ReleaseFacts.ABIVersion
  package let maximumABI: ReleaseFacts.ABIVersion
  package let capabilities: [String]
  package let licence: String
  /// The file of its conformance certificate, and the key of whoever signed it.
  package let certificate: [UInt8]
  package let certifier: VerifierKey
  /// The file that describes it to people.
  package let description: [UInt8]

  package init(
    path: ReleasePath, library: [UInt8], minimumABI: ReleaseFacts.ABIVersion, maximumABI: ReleaseFacts.ABIVersion,
    capabilities: [String], licence: String, certificate: [UInt8], certifier: VerifierKey, description: [UInt8]
  ) {
    self.path = path
    self.library = library
    self.minimumABI = minimumABI
    self.maximumABI = maximumABI
    self.capabilities = capabilities
    self.licence = licence
    self.certificate = certificate
    self.certifier = certifier
    self.description = description
  }

  package var digest: Digest { Digest(of: library) }
}

extension MarketRepository {
  /// Adds a vendor, whose keys may sign for all targets below its name.
  package mutating func addVendor(_ vendor: String, keys: [VerifierKey], threshold: Int) throws(MarketError) {
    guard AdapterName.isVendor(vendor) else {
      throw .usage(
        "\"\(vendor)\" is no vendor's name: 1 to 64 lower-case letters, digits and single hyphens, a letter first, and none of "
          + AdapterName.reserved.joined(separator: ", "))
    }
    let held = try MarketRepository.keys(keys)
    let role = DelegatedRole(
      name: vendor, keys: try RoleKeys(held, threshold: threshold), isTerminating: true,
      paths: .patterns([ReleasePath.pattern(vendor: vendor)]))
    let directory = directory
    try stage("targets") { targets throws(MarketError) in
      guard var delegations = targets.delegations else { return false }
      if let there = delegations.role(vendor) {
        guard there == role else {
          throw .refused(
            "\(directory): there is a vendor \"\(vendor)\" with other keys; change them with: exprove market rotate")
        }
        return false
      }
      for key in held { delegations.keys[key.keyID] = key }
      delegations.roles.append(role)
      targets.delegations = delegations
      return true
    }
  }

  static func keys(_ keys: [VerifierKey]) throws(MarketError) -> [MetadataKey] {
    try keys.map { key throws(MarketError) in
      guard key.algorithm == .ed25519 else { throw .usage("\(key): a key of this kind signs no metadata") }
      return MetadataKey(ed25519: key.publicKey)
    }
  }

  /// Stages a release of a vendor, with its files. A version that is there with these bytes is left as it is; one with other
  /// bytes is refused. Whether anything was staged.
  package mutating func stage(_ draft: ReleaseDraft) throws(MarketError) -> Bool {
    let target = draft.path.library
    let digest = draft.digest
    guard !draft.library.isEmpty, draft.library.count <= MarketFiles.largestLibrary else {
      throw .refused("\(target): \(draft.library.count) bytes; a library has 1 to \(MarketFiles.largestLibrary)")
    }
    let description = try AdapterDescription(decoding: draft.description, path: "the description")
    let certificate = ReleaseCertificate(bytes: draft.certificate, verifier: draft.certifier)
    do throws(CertificateRefusal) { try certificate.check(draft.path, digest: digest, now: now) } catch {
      throw .refused("\(target): the certificate \(error)")
    }
    if let there = try published(draft.path) {
      guard there == digest else { throw MarketRepository.taken(draft.path, there) }
      return false
    }
    try VendorChange.refuse(
      digest, at: draft.path,
      revokedBy: RevocationChange.list(state.role(MarketFiles.revocationsRole)?.body, files),
      or: state.targets.body.delegations?.role(draft.path.name.vendor) == nil
        ? nil : state.role(draft.path.name.vendor)?.body)
    let facts = ReleaseFacts(
      minimumABI: draft.minimumABI, maximumABI: draft.maximumABI, produces: description.produces,
      requires: description.requires, capabilities: draft.capabilities, certificate: Digest(of: draft.certificate),
      licence: draft.licence)
    let listed = [
      (target, draft.library, facts.json),
      (draft.path.certificate, draft.certificate, ReleaseCertificate.custom(draft.certifier)),
      (draft.path.description, draft.description, nil),
    ].map {
      (path: $0.0, bytes: $0.1, file: TargetFile(length: Int64($0.1.count), sha256: Digest(of: $0.1), custom: $0.2))
    }
    let files = files
    try stage(draft.path.name.vendor) { metadata throws(MarketError) in
      for entry in listed {
        if let there = metadata.targets[entry.path], there.sha256 != entry.file.sha256 {
          throw .refused(
            "\(entry.path): it is there with other bytes (sha256:\(there.sha256)), and is the same for all platforms of a "
              + "version: publish another version")
        }
        metadata.targets[entry.path] = entry.file
      }
      // The files first: metadata that wait name what is there.
      for entry in listed { try files.put(entry.bytes, at: files.staged(entry.path, entry.file.sha256)) }
      return true
    }
    return true
  }

  package static func taken(_ path: ReleasePath, _ digest: Digest) -> MarketError {
    .refused(
      "\(path.library): this version is published with other bytes (sha256:\(digest)), and what is published never changes; "
        + "give the adapter a new version")
  }
}
