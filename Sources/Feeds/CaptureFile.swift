// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// The bytes of a file or pipe, from its beginning.
struct CaptureFile: ~Copyable {
  let path: String
  /// Bytes read so far.
  private(set) var offset: UInt64 = 0
  private let descriptor: Int32

  init(path: String) throws(FeedError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw .missing(path: path) }
      throw .io(path: path, offset: 0, reason: systemReason())
    }
    var status = stat()
    if unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw .unsuitable(path: path, reason: "it is a directory; name a capture in it")
    }
    // A capture is read once from front to back, so the system may fetch further ahead; it is only advice.
    _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Up to `buffer.count` bytes; 0 at the end.
  mutating func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws(FeedError) -> Int {
    while true {
      let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 {
        offset += UInt64(count)
        return count
      }
      if errno != EINTR { throw .io(path: path, offset: offset, reason: systemReason()) }
    }
  }
}

private func systemReason() -> String { unsafe String(cString: strerror(errno)) }
