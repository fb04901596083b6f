// SPDX-License-Identifier: Apache-2.0

internal import UpdateFramework

/// Stands for a source while this host works off line: it gives nothing, and nobody is asked.
struct UnaskedSource: RepositorySource {
  /// What the repository is called here.
  let name: String

  func read(_ path: String, limit: Int) throws(SourceError) -> [UInt8] { throw refusal(path) }

  func download(
    _ path: String, from offset: Int, limit: Int, take: (_ piece: [UInt8], _ offset: Int) throws(SourceError) -> Void
  ) throws(SourceError) {
    throw refusal(path)
  }

  private func refusal(_ path: String) -> SourceError {
    .broken(path, reason: "it is not stored here, and off line nothing is fetched")
  }
}
