// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// Whole files: read with a bound, written so that a crash leaves the old or the new one.
package enum Files {
  /// All bytes of a regular file; `EFBIG` when it holds more than `limit`. A pipe that lies there does not block.
  package static func read(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
    let file = try OpenFile(path, flags: O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    let size = try file.size()
    guard size <= limit else { throw FileError(path: path, operation: "read", number: EFBIG) }
    return try file.read(at: 0, count: size)
  }

  /// All bytes of a regular file that may be anybody's; a link, pipe or device is refused. `EFBIG` when it holds more than
  /// `limit`.
  package static func readRegular(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
    let file = try OpenFile.regular(path)
    let size = try file.size()
    guard size <= limit else { throw FileError(path: path, operation: "read", number: EFBIG) }
    return try file.read(at: 0, count: size)
  }

  /// Writes beside `path`, syncs, renames into place and syncs the directory.
  package static func writeDurably(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws(FileError) {
    let temporary = path + ".tmp"
    do {
      let file = try OpenFile(temporary, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode: mode)
      try file.write(bytes, at: 0)
      try file.sync()
    }
    try moveDurably(temporary, to: path)
  }

  /// Puts a file that is whole and synced into its place, over what is there, and syncs the directory.
  package static func moveDurably(_ path: String, to place: String) throws(FileError) {
    guard unsafe rename(path, place) == 0 else {
      throw FileError(path: place, operation: "rename into", number: errno)
    }
    try syncDirectory(of: place)
  }

  /// Makes a rename or a creation in the directory of `path` survive a power cut.
  package static func syncDirectory(of path: String) throws(FileError) {
    let parent = directory(of: path)
    let file = try OpenFile(parent, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try file.sync()
  }

  /// Creates a directory and those above it; one that exists is fine.
  package static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(FileError) {
    if unsafe mkdir(path, mode) == 0 { return }
    let number = errno
    if number == EEXIST {
      guard isDirectory(path) else { throw FileError(path: path, operation: "create directory", number: ENOTDIR) }
      return
    }
    guard number == ENOENT, directory(of: path) != path else {
      throw FileError(path: path, operation: "create directory", number: number)
    }
    try makeDirectory(directory(of: path), mode: mode)
    guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else {
      throw FileError(path: path, operation: "create directory", number: errno)
    }
  }

  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Tells whether a file is still the one that was read: each replacement by a rename has another.
  package struct Stamp: Equatable, Sendable {
    private let device: UInt
    private let inode: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    fileprivate init(_ status: stat) {
      device = UInt(status.st_dev)
      inode = UInt(status.st_ino)
      size = Int(status.st_size)
      seconds = Int(status.st_mtim.tv_sec)
      nanoseconds = Int(status.st_mtim.tv_nsec)
    }
  }

  /// `stat`; nil where there is no file.
  package static func stamp(_ path: String) -> Stamp? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Stamp(status) : nil
  }

  package static func remove(_ path: String) throws(FileError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
      throw FileError(path: path, operation: "remove", number: errno)
    }
  }

  /// Removes a directory with all that is in it; links are removed and not followed. What is gone already is fine.
  package static func removeTree(_ path: String) throws(FileError) {
    for entry in isDirectory(path) ? try tree(path).reversed() : [] {
      let child = path + "/" + entry.path
      if entry.kind == .directory { try removeDirectory(child) } else { try remove(child) }
    }
    try removeDirectory(path)
  }

  private static func removeDirectory(_ path: String) throws(FileError) {
    guard unsafe rmdir(path) == 0 || errno == ENOENT else {
      throw FileError(path: path, operation: "remove", number: errno)
    }
  }

  /// The names in a directory without `.` and `..`, sorted by their bytes.
  package static func names(in path: String) throws(FileError) -> [String] {
    guard let stream = unsafe opendir(path) else {
      throw FileError(path: path, operation: "list", number: errno)
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  /// Something in a directory, by its path relative to that.
  package struct Entry: Equatable, Sendable {
    package enum Kind: Sendable { case regular, directory, other }
    package let path: String
    package let kind: Kind
  }

  /// Everything below `path`, sorted by names, a directory before what it holds; a link is listed and not followed.
  package static func tree(_ path: String) throws(FileError) -> [Entry] {
    var found: [Entry] = []
    for name in try names(in: path) {
      let child = path + "/" + name
      var status = stat()
      guard unsafe lstat(child, &status) == 0 else {
        throw FileError(path: child, operation: "examine", number: errno)
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG: found.append(Entry(path: name, kind: .regular))
      case S_IFDIR:
        found.append(Entry(path: name, kind: .directory))
        found.append(contentsOf: try tree(child).map { Entry(path: name + "/" + $0.path, kind: $0.kind) })
      default: found.append(Entry(path: name, kind: .other))
      }
    }
    return found
  }

  /// The absolute path of an existing file or directory, without links and without `.` and `..`; nil where there is none.
  package static func resolved(_ path: String) -> String? {
    guard let text = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
  }

  /// The part of `path` before the last slash: `.` when there is none.
  package static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }
}
