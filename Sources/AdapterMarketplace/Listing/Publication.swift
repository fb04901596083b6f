// SPDX-License-Identifier: Apache-2.0

package import ExecutionIR

/// What a repository's log says of a release: its leaf. Whoever has the vendor's signed metadata derives the same bytes, so
/// that a version which is shown to one desk only is in the log, or has no proof. Yanking and revoking don't change it.
package struct Publication: Equatable, Sendable {
  package let path: ReleasePath
  package let digest: Digest
  package let length: Int64
  package let certificate: Digest

  package init(path: ReleasePath, digest: Digest, length: Int64, certificate: Digest) {
    self.path = path
    self.digest = digest
    self.length = length
    self.certificate = certificate
  }

  static let type = "https://exprove.dev/publication/v1"

  /// RFC 8785.
  package var leaf: [UInt8] {
    JSON.object([
      "type": .string(Publication.type), "target": .string(path.library), "sha256": .string(digest.description),
      "length": .integer(length), "certificate": .string(certificate.description),
    ]).canonical
  }
}
