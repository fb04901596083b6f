// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
internal import Governance
internal import TransparencyLog
internal import UpdateFramework

/// A library as a vendor's metadata list it.
struct PublishedRelease {
  let path: ReleasePath
  let file: TargetFile
  var facts: ReleaseFacts

  /// What the log says of it.
  var publication: Publication {
    Publication(path: path, digest: file.sha256, length: file.length, certificate: facts.certificate)
  }

  /// All libraries of a vendor, by name, latest first, then by platform.
  static func all(in metadata: TargetsMetadata, of vendor: String) throws(MarketError) -> [PublishedRelease] {
    var found: [PublishedRelease] = []
    for (target, file) in metadata.targets.sorted(by: { $0.key < $1.key }) {
      guard let path = ReleasePath(target), path.name.vendor == vendor else { continue }
      do throws(RecordError) {
        found.append(
          PublishedRelease(path: path, file: file, facts: try ReleaseFacts(file.custom ?? .null, path: "custom")))
      } catch {
        throw .malformed(path: "\(vendor).json", reason: "target \(target): \(error)")
      }
    }
    return found.sorted { left, right in
      if left.path.name != right.path.name { return left.path.name < right.path.name }
      if left.path.version != right.path.version { return left.path.version > right.path.version }
      return left.path.platform.description < right.path.platform.description
    }
  }
}

/// The conformance certificate of a release, which is a target beside it. Its `custom` names the key that signed it, so that
/// whoever audits the repository can check the signature; whose certificates count is for each desk to say.
struct ReleaseCertificate {
  let bytes: [UInt8]
  let verifier: VerifierKey

  private static let key = "verifier"
  static func custom(_ verifier: VerifierKey) -> JSON { .object([key: .string(verifier.description)]) }

  /// The certificate of a release, with the digest that the vendor vouches for.
  init(_ release: PublishedRelease, in metadata: TargetsMetadata, _ files: MarketFiles) throws(MarketError) {
    let target = release.path.certificate
    guard let file = metadata.targets[target], file.sha256 == release.facts.certificate else {
      throw .malformed(
        path: "\(release.path.name.vendor).json",
        reason:
          "target \(release.path.library): its certificate sha256:\(release.facts.certificate) is no target beside it")
    }
    do throws(RecordError) {
      let reader = try RecordReader(file.custom ?? .null, path: "custom", keys: [ReleaseCertificate.key])
      let text = try reader.string(ReleaseCertificate.key)
      do throws(NoteError) { verifier = try VerifierKey(parsing: text) } catch {
        throw reader.error(ReleaseCertificate.key, error.description)
      }
    } catch {
      throw .malformed(path: "\(release.path.name.vendor).json", reason: "target \(target): \(error)")
    }
    bytes = try files.bytes(target, file, limit: MarketFiles.largestCertificate)
  }

  init(bytes: [UInt8], verifier: VerifierKey) {
    self.bytes = bytes
    self.verifier = verifier
  }

  /// Refuses a certificate of other bytes or another version, one that does not pass, and one that does not hold at `now`.
  func check(_ release: ReleasePath, digest: Digest, now: MetadataTime) throws(CertificateRefusal) {
    // A certificate of this very second holds.
    let (nanoseconds, overflow) = (now.seconds + 1).multipliedReportingOverflow(by: 1_000_000_000)
    let certificate = try ConformanceCertificate.verify(
      bytes, adapter: digest, trusted: [verifier], level: 1, now: overflow ? .max : nanoseconds - 1)
    guard certificate.version == release.version.description else {
      throw .malformed("it certifies version \(certificate.version), not \(release.version)")
    }
  }
}
