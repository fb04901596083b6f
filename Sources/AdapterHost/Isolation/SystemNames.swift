// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Names of signals and system calls, for messages.
package enum SystemNames {
  package static func signal(_ number: Int32) -> String {
    let names: [Int32: String] = [
      SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGILL: "SIGILL", SIGABRT: "SIGABRT", SIGTRAP: "SIGTRAP",
      SIGSYS: "SIGSYS", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGKILL: "SIGKILL",
      SIGXCPU: "SIGXCPU",
    ]
    return names[number] ?? "signal \(number)"
  }

  /// What strangers' code most likely calls; by number for all else.
  static func systemCall(_ number: Int) -> String {
    systemCalls[number] ?? "system call \(number)"
  }

  #if arch(x86_64)
    private static let systemCalls: [Int: String] = [
      0: "read", 1: "write", 2: "open", 3: "close", 4: "stat", 5: "fstat", 7: "poll", 8: "lseek", 9: "mmap",
      10: "mprotect", 13: "rt_sigaction, as starting a thread does,", 16: "ioctl", 17: "pread64", 18: "pwrite64",
      20: "writev", 21: "access", 22: "pipe", 23: "select", 32: "dup", 33: "dup2", 34: "pause", 35: "nanosleep",
      37: "alarm", 41: "socket", 42: "connect", 44: "sendto", 45: "recvfrom", 49: "bind", 50: "listen",
      53: "socketpair", 56: "clone", 57: "fork", 58: "vfork", 59: "execve", 62: "kill", 80: "chdir", 82: "rename",
      83: "mkdir", 87: "unlink", 95: "umask", 96: "gettimeofday", 101: "ptrace", 157: "prctl", 201: "time",
      228: "clock_gettime", 230: "clock_nanosleep", 257: "openat", 262: "newfstatat", 270: "pselect6",
      290: "eventfd2", 293: "pipe2", 302: "prlimit64", 317: "seccomp", 318: "getrandom", 319: "memfd_create",
      322: "execveat", 332: "statx", 425: "io_uring_setup", 435: "clone3",
    ]
  #else
    private static let systemCalls: [Int: String] = [
      17: "getcwd", 29: "ioctl", 35: "unlinkat", 48: "faccessat", 49: "chdir", 56: "openat", 57: "close", 59: "pipe2",
      62: "lseek", 63: "read", 64: "write", 66: "writev", 67: "pread64", 79: "newfstatat", 80: "fstat",
      101: "nanosleep", 113: "clock_gettime", 115: "clock_nanosleep", 129: "kill",
      134: "rt_sigaction, as starting a thread does,", 166: "umask", 167: "prctl", 198: "socket", 200: "bind",
      203: "connect", 206: "sendto", 220: "clone", 221: "execve", 222: "mmap", 226: "mprotect", 261: "prlimit64",
      277: "seccomp", 278: "getrandom", 279: "memfd_create", 435: "clone3",
    ]
  #endif
}
