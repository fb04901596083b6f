// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import TransparencyLog
internal import UpdateFramework

/// An adapter's conformance certificate as an install shows it: what it says, and who is known to have said it.
package struct ShownCertificate: Equatable, Sendable {
  package let certificate: ConformanceCertificate
  /// Who signed it, as it claims.
  package let signers: [String]
  /// Whether a key of the vendor's role made one of the signatures. Otherwise the vendor's signed metadata still vouch for
  /// the file, but who ran the harness is only claimed.
  package let isByVendor: Bool

  /// Reads the file of a certificate, which must be about these very bytes and tell of an adapter that conforms.
  init(_ bytes: [UInt8], of digest: Digest, path: ReleasePath, keys: [MetadataKey]) throws(StoreError) {
    let envelope: Envelope
    do throws(CertificateRefusal) {
      (certificate, envelope) = try ConformanceCertificate.unverified(bytes)
      guard certificate.digest == digest else {
        throw .otherAdapter(certified: certificate.digest, loaded: digest)
      }
      guard certificate.passes else { throw .failing("its verdict is not pass") }
    } catch {
      throw .refused("\(path.certificate): the conformance certificate \(error); nothing is installed")
    }
    signers = envelope.signatures.map(\.keyID)
    isByVendor = envelope.signatures.contains { signature in
      keys.contains {
        ShownCertificate.verifier($0, claimed: signature.keyID).map { key in
          key.isValid(signature.bytes, over: envelope.signedBytes)
        } ?? false
      }
    }
  }

  /// A role's key under the name that a signature claims, where it is that key.
  private static func verifier(_ key: MetadataKey, claimed: String) -> VerifierKey? {
    guard key.type == "ed25519", let bytes = Hexadecimal.decode(key.value),
      let plus = claimed.utf8.lastIndex(of: UInt8(ascii: "+")),
      let verifier = VerifierKey(name: String(claimed[..<plus]), publicKey: bytes)
    else { return nil }
    return verifier.shortName.utf8.elementsEqual(claimed.utf8) ? verifier : nil
  }

  /// Why the certificate is not what a policy demands; nil when it is, and where none is demanded.
  static func objection(
    _ bytes: [UInt8], of digest: Digest, demand: Policy.CertificateDemand?, now: Int64
  ) -> String? {
    guard let demand, demand.mode != .off else { return nil }
    let trusted = demand.trusted.compactMap { try? VerifierKey(parsing: $0) }
    do throws(CertificateRefusal) {
      _ = try ConformanceCertificate.verify(
        bytes, adapter: digest, trusted: trusted, level: Int(demand.level), now: now)
      return nil
    } catch {
      return
        "the policy asks for a certificate of strictness \(demand.level) or more by somebody it trusts; this one \(error)"
    }
  }
}
