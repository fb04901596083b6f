// SPDX-License-Identifier: Apache-2.0

private import DurableFiles
private import Glibc

/// The right to write into a directory, held by one process at a time.
struct DirectoryLock: ~Copyable {
  private let descriptor: Int32

  /// `open` and `flock`, without waiting.
  init(_ directory: String) throws(LogError) {
    descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .file(FileError(path: directory, operation: "open", number: errno))
    }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let number = errno
      if number == EINTR { continue }
      close(descriptor)
      throw number == EWOULDBLOCK
        ? .inUse(path: directory) : .file(FileError(path: directory, operation: "lock", number: number))
    }
  }

  deinit {
    // Said aloud: closing alone does not unlock while a child, between its fork and its exec, has the descriptor too.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
