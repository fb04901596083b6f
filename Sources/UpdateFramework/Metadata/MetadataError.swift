// SPDX-License-Identifier: Apache-2.0

/// Why a metadata file was not taken, or not made.
package enum MetadataError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Not JSON as it is read here, or not of the form of TUF 1.0 section 4. `reason` begins with the byte or the member.
  case malformed(file: String, reason: String)
  /// Too few of the role's keys have signed it.
  case unsigned(file: String, valid: Int, threshold: Int)
  /// A signer gave no signature that verifies.
  case signing(keyID: String, reason: String)

  package var description: String { ShownText(message).text }

  private var message: String {
    switch self {
    case .malformed(let file, let reason): "\(file): \(reason)"
    case .unsigned(let file, let valid, let threshold):
      "\(file): signed by \(valid) of the \(threshold) keys that it needs: it is not the work of those who are trusted for it"
    case .signing(let keyID, let reason): "the key \(keyID) did not sign: \(reason)"
    }
  }

  /// The same about the file under the name by which it was asked for.
  func named(_ file: String) -> MetadataError {
    if case .malformed(_, let reason) = self { .malformed(file: file, reason: reason) } else { self }
  }
}
