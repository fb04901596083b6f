// SPDX-License-Identifier: Apache-2.0

/// Where a repository's files come from. Nothing that it gives is trusted: whoever reads bounds the size and checks what came.
package protocol RepositorySource: Sendable {
  /// How messages call it: a directory's path or a URL.
  var name: String { get }

  /// All bytes of the file at `path` (relative to the repository, with single slashes), at most `limit`.
  func read(_ path: String, limit: Int) throws(SourceError) -> [UInt8]

  /// The bytes of the file from `offset` on, piece by piece as they come, at most `limit` of them. A source that cannot begin
  /// at `offset` begins at 0. `take` is told at which offset each piece lies, and ends the download by throwing.
  func download(
    _ path: String, from offset: Int, limit: Int, take: (_ piece: [UInt8], _ offset: Int) throws(SourceError) -> Void
  ) throws(SourceError)
}

/// Why a file did not come.
package enum SourceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The source has no such file.
  case missing(String)
  /// It sends more than is allowed: `limit` bytes.
  case tooLarge(String, limit: Int)
  /// It sends too slowly or not at all.
  case tooSlow(String, reason: String)
  /// It could not be reached, or broke off.
  case broken(String, reason: String)
  /// What came could not be written here.
  case unwritable(reason: String)

  package var description: String {
    switch self {
    case .missing(let path): "\(path): there is no such file"
    case .tooLarge(let path, let limit): "\(path): it has more than the \(limit) bytes that it may have"
    case .tooSlow(let path, let reason): "\(path): it comes too slowly: \(reason)"
    case .broken(let path, let reason): "\(path): \(reason)"
    case .unwritable(let reason): reason
    }
  }

  /// Whether nothing is wrong but that the source has no such file.
  package var isMissing: Bool { if case .missing = self { true } else { false } }
}
