// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// An open file descriptor that is closed when the value ends. Each member names its C function;
/// interrupted calls are repeated.
package struct OpenFile: ~Copyable {
  package let path: String
  private let descriptor: Int32

  /// `open`
  package init(_ path: String, flags: Int32, mode: UInt32 = 0o644) throws(FileError) {
    self.path = path
    descriptor = unsafe open(path, flags, mode)
    guard descriptor >= 0 else { throw FileError(path: path, operation: "open", number: errno) }
  }

  /// `open` for reading what may be anybody's: a link is not followed, a pipe not waited for, and nothing but a regular
  /// file taken.
  package static func regular(_ path: String) throws(FileError) -> OpenFile {
    let file = try OpenFile(path, flags: O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    var status = stat()
    guard unsafe fstat(file.descriptor, &status) == 0 else { throw file.failure("examine") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, operation: "read it as a regular file", number: ENOTSUP)
    }
    return file
  }

  deinit { close(descriptor) }

  /// `fstat`; only of a regular file, since no other has a size that says how much can be read.
  package func size() throws(FileError) -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("examine") }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError(path: path, operation: "read", number: EISDIR) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, operation: "read what is no regular file", number: EINVAL)
    }
    return Int(status.st_size)
  }

  /// `pread`, up to `count` bytes: fewer only at the end of the file.
  package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var failed: FileError? = nil
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = unsafe pread(descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
        if got > 0 {
          filled += got
        } else if got == 0 {
          break
        } else if errno != EINTR {
          failed = failure("read")
          break
        }
      }
    }
    if let failed { throw failed }
    return bytes
  }

  /// `pwrite`, all of `bytes`.
  package func write(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    var failed: FileError? = nil
    unsafe bytes.withUnsafeBufferPointer { buffer in
      var done = 0
      while done < buffer.count {
        let put = unsafe pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
        if put > 0 {
          done += put
        } else if errno != EINTR {
          failed = failure("write")
          return
        }
      }
    }
    if let failed { throw failed }
  }

  /// `ftruncate`
  package func truncate(to size: Int) throws(FileError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw failure("truncate") }
  }

  /// `fsync`
  package func sync() throws(FileError) {
    while fsync(descriptor) != 0 {
      if errno != EINTR { throw failure("sync") }
    }
  }

  /// `flock`, exclusive and without waiting: false when another process holds it.
  package func lock() throws(FileError) -> Bool {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      if errno != EINTR { throw failure("lock") }
    }
    return true
  }

  private func failure(_ operation: String) -> FileError {
    FileError(path: path, operation: operation, number: errno)
  }
}
