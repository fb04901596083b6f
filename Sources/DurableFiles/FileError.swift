// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A system call on a path that failed.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path as the caller gave it.
  public let path: String
  /// What was being done, as a verb: `open`, `write`, `sync`, `rename`.
  public let operation: String
  /// The C library's error number.
  public let number: Int32

  package init(path: String, operation: String, number: Int32) {
    self.path = path
    self.operation = operation
    self.number = number
  }

  /// Whether there is no such file.
  public var isMissing: Bool { number == ENOENT }

  public var description: String {
    let hint =
      switch number {
      case ENOSPC, EDQUOT: "; make room there and run the same command again: what was recorded stays valid"
      case EFBIG where operation == "write":
        "; raise the limit on file sizes (ulimit -f) and run the same command again: what was recorded stays valid"
      case ENOENT, ENOTDIR: "; check the path"
      case EACCES, EPERM, EROFS: "; choose a directory that this user may write, or change its mode"
      default: ""
      }
    return unsafe "\(path): cannot \(operation): \(String(cString: strerror(number)))\(hint)"
  }
}
