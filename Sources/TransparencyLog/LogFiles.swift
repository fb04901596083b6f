// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
private import Glibc

/// Reading a log's files, which may be anybody's: links are not followed, pipes do not block, and nothing larger
/// than its place allows is read.
enum LogFiles {
  static let checkpoint = "checkpoint"
  /// What a file is called until it is whole and synced.
  static let unfinishedSuffix = ".new"

  /// The file's bytes; `EFBIG` when there are more than `limit`.
  static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let file = try OpenFile(path, flags: O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    let size = try file.size()
    guard size <= limit else { throw FileError(path: path, operation: "read", number: EFBIG) }
    return try file.read(at: 0, count: size)
  }

  enum Kind { case regular, directory, other, unknown }

  static func kind(of path: String) -> Kind {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return .unknown }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .regular
    case S_IFDIR: .directory
    default: .other
    }
  }

  /// Visits everything below `root`, directories after what they hold, by paths relative to it. Directories
  /// nested deeper than a log's are visited as `other`. `visit` gets the kind and, for a directory, whether it is
  /// empty when its turn comes.
  static func walk(
    _ root: String, _ visit: (_ path: String, _ kind: Kind, _ isEmpty: Bool) throws(FileError) -> Void
  ) throws(FileError) {
    try walk(root, below: "", depth: 0, visit)
  }

  private static func walk(
    _ root: String, below prefix: String, depth: Int,
    _ visit: (_ path: String, _ kind: Kind, _ isEmpty: Bool) throws(FileError) -> Void
  ) throws(FileError) {
    for name in try Files.names(in: root + "/" + prefix) {
      let path = prefix + name
      let kind = kind(of: root + "/" + path)
      guard kind == .directory, depth < 12 else {
        try visit(path, kind == .directory ? .other : kind, false)
        continue
      }
      try walk(root, below: path + "/", depth: depth + 1, visit)
      try visit(path, .directory, try Files.names(in: root + "/" + path).isEmpty)
    }
  }
}
