// SPDX-License-Identifier: Apache-2.0

private import DurableFiles
private import Glibc

/// Writing a log's files. Each file is written beside its place, synced, renamed, and its directory synced; what
/// is under its final name is whole.
struct LogStorage {
  let root: String
  /// Tests stop the writer after so many steps; nil never stops.
  var stepsLeft: Int?
  /// Directories that exist and are synced into theirs.
  private var known: Set<String> = []

  init(root: String, stepsLeft: Int?) {
    self.root = root
    self.stepsLeft = stepsLeft
  }

  /// Writes all of `files`, so that after return they survive a power cut. In groups: the file system merges
  /// the syncs of what was written together.
  mutating func write(_ files: [(path: String, bytes: [UInt8])]) throws(LogError) {
    var touched: [String] = []
    for file in files { try makeDirectories(above: file.path, touched: &touched) }
    var start = 0
    while start < files.count {
      let group = files[start..<min(start + 64, files.count)]
      for file in group { try writeUnfinished(file.bytes, path: file.path) }
      for file in group {
        try step()
        try LogError.wrap { () throws(FileError) in
          try OpenFile(temporary(file.path), flags: O_RDONLY | O_CLOEXEC | O_NOFOLLOW).sync()
        }
      }
      for file in group { try finish(file.path) }
      start += group.count
    }
    for directory in touched { try sync(directory: directory) }
  }

  private mutating func writeUnfinished(_ bytes: [UInt8], path: String) throws(LogError) {
    try step()
    // A writer that dies in the midst of a file leaves a part of it: so does one that is stopped here.
    let isLast = stepsLeft == 0
    try LogError.wrap { () throws(FileError) in
      let file = try OpenFile(temporary(path), flags: O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)
      try file.write(isLast ? Array(bytes.prefix(bytes.count / 2)) : bytes, at: 0)
    }
  }

  /// Puts the whole and synced temporary of `path` into its place.
  mutating func finish(_ path: String) throws(LogError) {
    try step()
    guard unsafe rename(temporary(path), root + "/" + path) == 0 else {
      throw .file(FileError(path: root + "/" + path, operation: "rename into", number: errno))
    }
  }

  mutating func remove(_ path: String) throws(LogError) {
    try step()
    try LogError.wrap { () throws(FileError) in try Files.remove(root + "/" + path) }
  }

  /// Removes a directory if it is empty.
  mutating func removeDirectory(_ path: String) throws(LogError) {
    try step()
    known.remove(root + "/" + path)
    guard unsafe rmdir(root + "/" + path) == 0 || errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT else {
      throw .file(FileError(path: root + "/" + path, operation: "remove", number: errno))
    }
  }

  mutating func sync(directory: String) throws(LogError) {
    try step()
    try LogError.wrap { () throws(FileError) in
      try OpenFile(directory, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC).sync()
    }
  }

  private func temporary(_ path: String) -> String { root + "/" + path + LogFiles.unfinishedSuffix }

  private mutating func step() throws(LogError) {
    guard let left = stepsLeft else { return }
    guard left > 0 else { throw .stopped }
    stepsLeft = left - 1
  }

  private mutating func makeDirectories(above path: String, touched: inout [String]) throws(LogError) {
    var directory = root
    for part in path.split(separator: "/").dropLast() {
      let parent = directory
      directory += "/" + part
      guard !known.contains(directory) else { continue }
      try step()
      guard unsafe mkdir(directory, 0o755) == 0 || (errno == EEXIST && LogFiles.kind(of: directory) == .directory)
      else { throw .file(FileError(path: directory, operation: "create directory", number: errno)) }
      known.insert(directory)
      if !touched.contains(parent) { touched.append(parent) }
    }
    if !touched.contains(directory) { touched.append(directory) }
  }
}
