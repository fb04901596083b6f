// SPDX-License-Identifier: Apache-2.0

private import Glibc

struct FileFailure: Error {
  let reason: String
}

/// A whole regular file of at most `limit` bytes.
func readFile(_ path: String, atMost limit: Int) -> Result<[UInt8], FileFailure> {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { return .failure(FileFailure(reason: systemReason())) }
  defer { close(descriptor) }
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0 else { return .failure(FileFailure(reason: systemReason())) }
  guard status.st_mode & S_IFMT == S_IFREG else { return .failure(FileFailure(reason: "it is not a file")) }
  guard status.st_size <= limit else { return .failure(FileFailure(reason: "it is larger than \(limit) bytes")) }
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  var filled = 0
  while filled < bytes.count {
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress! + filled, $0.count - filled)
    }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { return .failure(FileFailure(reason: systemReason())) }
    if count == 0 { break }
    filled += count
  }
  bytes.removeLast(bytes.count - filled)
  return .success(bytes)
}

private func systemReason() -> String { unsafe String(cString: strerror(errno)) }
