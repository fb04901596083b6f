// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
private import Glibc

/// The right to write into a run directory, held by one process at a time: `flock` on the directory itself, as a run
/// that is being recorded holds it too. It ends with the value, or with the process.
package struct RunLock: ~Copyable {
  private let file: OpenFile

  private init(_ file: consuming OpenFile) {
    self.file = file
  }

  /// Does not wait: a directory that another process writes to is an error.
  package static func take(_ directory: RunDirectory) throws(RunError) -> RunLock {
    do throws(FileError) {
      let file = try OpenFile(directory.path, flags: O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      if try file.lock() { return RunLock(file) }
    } catch {
      throw error.isMissing ? .missing(error.description) : .io(error.description)
    }
    throw .io("\(directory.path): another exprove writes to this run; wait for it to end")
  }
}
