// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
internal import Glibc

/// The one directory of a fuzzing process, gone with it.
enum ScratchDirectory {
  private static let path = "/tmp/exprove-fuzzed-\(getpid())"

  static func make() -> String {
    atexit { ScratchDirectory.remove() }
    return path
  }

  private static func remove() {
    for entry in ((try? Files.tree(path)) ?? []).reversed() {
      unsafe Glibc.remove(path + "/" + entry.path)
    }
    unsafe rmdir(path)
  }
}
