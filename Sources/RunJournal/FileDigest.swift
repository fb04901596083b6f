// SPDX-License-Identifier: Apache-2.0

private import Crypto
internal import DurableFiles
internal import ExecutionIR
private import Glibc

/// The digest of a file that may be anybody's, without holding it in memory.
enum FileDigest {
  /// The largest file that a run directory may hold outside its journal.
  private static let limit = 1 << 30
  private static let chunk = 1 << 20

  static func of(_ path: String) throws(FileError) -> ExecutionIR.Digest {
    let file = try OpenFile.regular(path)
    let size = try file.size()
    guard size <= limit else { throw FileError(path: path, operation: "read", number: EFBIG) }
    var hasher = SHA256()
    var at = 0
    while at < size {
      let bytes = try file.read(at: at, count: min(chunk, size - at))
      guard !bytes.isEmpty else { break }
      hasher.update(data: bytes)
      at += bytes.count
    }
    return ExecutionIR.Digest(bytes: Array(hasher.finalize()))!
  }
}
