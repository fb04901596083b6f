// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import DurableFiles
internal import ExecutionIR
internal import Governance
internal import RunJournal
internal import TransparencyLog

/// The conformance certificates of a run's adapters, as far as its policy asks for them: each is held against the digest
/// of the bytes that were loaded.
struct AdapterCertificates {
  /// The certificates' bytes, for `objects/`.
  private(set) var files: [[UInt8]] = []
  /// Why an adapter has none, where the policy lets it run all the same.
  private(set) var warnings: [String] = []
  private var digests: [(adapter: Digest, certificate: Digest)] = []
  private let demand: Policy.CertificateDemand?
  private let trusted: [VerifierKey]
  private let now: Int64
  private var given: [(path: String, bytes: [UInt8])] = []

  /// - Parameter files: paths of certificates; one that lies beside an adapter, `<adapter>.certificate`, is found without.
  init(policy: Policy, files paths: [String], now: Int64) throws(RunError) {
    demand = policy.certificate.flatMap { $0.mode == .off ? nil : $0 }
    trusted = (demand?.trusted ?? []).compactMap { try? VerifierKey(parsing: $0) }
    self.now = now
    if demand == nil, !paths.isEmpty { warnings.append("--certificate is not looked at: the policy asks for none") }
    guard demand != nil else { return }
    for path in paths { given.append((path, try RunSetup.read(path, limit: 1 << 20))) }
  }

  /// Asked before any of the adapter's code runs: throws where the policy requires a certificate and none holds.
  ///
  /// - Parameter installed: where the certificate lies with which the adapter was installed.
  mutating func admit(_ image: AdapterImage, installed: String? = nil) throws(RunError) {
    let digest = Digest(bytes: image.digest)!
    guard let demand, !digests.contains(where: { $0.adapter == digest }) else { return }
    var candidates = given
    let beside = image.path + ".certificate"
    for path in [beside, installed ?? beside] where !candidates.contains(where: { $0.path == path }) {
      if Files.exists(path) { candidates.append((path, try RunSetup.read(path, limit: 1 << 20))) }
    }
    guard let reasons = take(candidates, digest, demand) else { return }
    let text =
      "\(image.path): the policy asks for a conformance certificate of strictness \(demand.level) or more. \(reasons); "
      + "make one with: exprove conform \(image.path) --certificate \(beside)"
    guard demand.mode == .warn else { throw .source(text, exitCode: 1) }
    warnings.append(text)
  }

  /// Takes up the first certificate that holds; else why none does.
  private mutating func take(
    _ candidates: [(path: String, bytes: [UInt8])], _ digest: Digest, _ demand: Policy.CertificateDemand
  ) -> String? {
    var reasons: [String] = []
    for candidate in candidates {
      do throws(CertificateRefusal) {
        _ = try ConformanceCertificate.verify(
          candidate.bytes, adapter: digest, trusted: trusted, level: Int(demand.level), now: now)
        digests.append((digest, Digest(of: candidate.bytes)))
        files.append(candidate.bytes)
        return nil
      } catch {
        reasons.append("\(candidate.path) \(error)")
      }
    }
    return reasons.isEmpty ? "There is none" : reasons.joined(separator: "; ")
  }

  /// The feeds, each with the certificates of its adapter and of its shadow.
  func adding(to feeds: [FeedDescription]) -> [FeedDescription] {
    feeds.map { feed in
      var feed = feed
      if let digest = feed.adapter?.digest { feed.adapter?.certificate = certificate(of: digest) }
      if let digest = feed.shadow?.adapter.digest { feed.shadow?.adapter.certificate = certificate(of: digest) }
      return feed
    }
  }

  private func certificate(of adapter: Digest) -> Digest? {
    digests.first { $0.adapter == adapter }?.certificate
  }
}
