// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import Governance
internal import TransparencyLog

/// The conformance certificates that a run names, held against what its policy asked for at its first start.
enum CertificateRecord {
  /// What does not hold, by file.
  static func findings(_ description: RunDescription, _ directory: RunDirectory) -> [(path: String, reason: String)] {
    guard let demand = description.policy.certificate, demand.mode != .off else {
      return description.feeds.flatMap(\.adapters).contains { $0.certificate != nil }
        ? [("run.json", "names a certificate that its policy does not ask for")] : []
    }
    let trusted = demand.trusted.compactMap { try? VerifierKey(parsing: $0) }
    var found: [(String, String)] = []
    for (index, adapter) in description.feeds.enumerated().flatMap({ feed in feed.1.adapters.map { (feed.0, $0) } }) {
      guard let digest = adapter.certificate else {
        if demand.mode == .require {
          found.append(
            ("run.json", "feeds[\(index)]: its policy requires a certificate of \(adapter.name), and none is named"))
        }
        continue
      }
      // A file that is missing or altered is told with the others that are named.
      guard let bytes = try? Files.readRegular(directory.object(digest), limit: Statement.largestSigned) else {
        continue
      }
      do throws(CertificateRefusal) {
        _ = try ConformanceCertificate.verify(
          bytes, adapter: adapter.digest, trusted: trusted, level: Int(demand.level), now: description.started)
      } catch {
        found.append(("objects/\(digest)", "the certificate of feeds[\(index)] \(error)"))
      }
    }
    return found
  }
}
