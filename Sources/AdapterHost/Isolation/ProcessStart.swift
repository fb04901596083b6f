// SPDX-License-Identifier: Apache-2.0

internal import CLinux
package import Glibc

/// Starts programs: in a process group of their own, signals as a new login has them, and no descriptors but those given.
package enum ProcessStart {
  /// - Parameter descriptors: which of ours the program finds at which number; standard input is `/dev/null`.
  /// - Returns: nil when the system has no room for another process or there is no such program.
  package static func spawn(
    _ executable: String, arguments: [String], environment: [String], directory: String,
    descriptors: [(from: Int32, to: Int32)]
  ) -> pid_t? {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    // First out of the way of the numbers that they are given, then to those.
    var moved: [Int32] = []
    defer { for descriptor in moved { close(descriptor) } }
    for (from, to) in descriptors {
      let high = fcntl(from, F_DUPFD_CLOEXEC, 64)
      guard high >= 0 else { return nil }
      moved.append(high)
      unsafe posix_spawn_file_actions_adddup2(&actions, high, to)
    }
    // Whatever else this process has open, sockets that a library has made among it, is none of a stranger's.
    guard unsafe linux_spawn_closefrom(&actions, (descriptors.map(\.to).max() ?? 2) + 1) == 0 else { return nil }
    _ = unsafe linux_spawn_addchdir(&actions, directory)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var argumentPointers = unsafe ([executable] + arguments).map { unsafe strdup($0) } + [nil]
    var environmentPointers = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer {
      for index in unsafe argumentPointers.indices { unsafe free(argumentPointers[index]) }
      for index in unsafe environmentPointers.indices { unsafe free(environmentPointers[index]) }
    }
    var pid: pid_t = 0
    let result = unsafe posix_spawn(&pid, executable, &actions, &attributes, &argumentPointers, &environmentPointers)
    return result == 0 ? pid : nil
  }
}
