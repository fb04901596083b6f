// SPDX-License-Identifier: Apache-2.0

/// What an adapter's file must be before any of its code runs. The host refuses on the rules that `isEnforced`
/// names; the conformance harness reports all of them.
package enum StaticRule: String, CaseIterable, Sendable {
  case exports
  case needed
  case runpath
  case textrel
  case stack
  case unique
  case versions
  case initialisers
  case tls
  case imports

  /// Its number in sdk-c/RULES.md.
  package var id: String {
    switch self {
    case .exports: "XP-A-002"
    case .needed: "XP-A-003"
    case .runpath: "XP-A-004"
    case .textrel: "XP-A-005"
    case .stack: "XP-A-006"
    case .unique: "XP-A-007"
    case .versions: "XP-A-008"
    case .initialisers: "XP-A-009"
    case .tls: "XP-A-010"
    case .imports: "XP-A-011"
    }
  }

  package var isEnforced: Bool {
    switch self {
    case .needed, .runpath, .textrel, .stack, .unique: true
    case .exports, .versions, .initialisers, .tls, .imports: false
    }
  }

  /// Whether breaking it is a defect, or only something to know.
  package var isWarning: Bool {
    switch self {
    case .versions, .initialisers, .tls, .imports: true
    case .exports, .needed, .runpath, .textrel, .stack, .unique: false
    }
  }

  package var reason: String {
    switch self {
    case .exports: "the one exported symbol is exprove_adapter_entry, so that nothing else can be interposed"
    case .needed:
      "libc, libm, the loader, libgcc_s and libstdc++ may be needed, and what the manifest names by digest; all else is "
        + "linked statically"
    case .runpath: "an RPATH or RUNPATH would let the environment choose what runs"
    case .textrel: "text relocations need writable code"
    case .stack: "an executable stack or writable code takes protection from the whole process"
    case .unique: "symbols of kind STB_GNU_UNIQUE are shared between adapters in spite of RTLD_LOCAL"
    case .versions: "newer library versions than Debian 12 has do not load on every supported machine"
    case .initialisers: "constructors run before anything was negotiated"
    case .tls: "thread-local storage keeps state outside sessions"
    case .imports: "an adapter does no I/O, starts no threads and reads no clock"
    }
  }

  /// What breaks the rule, with the way out; nil when it holds. `libraries`: those that the manifest names by digest.
  package func violation(_ facts: ELFFacts, libraries: [String]) -> String? {
    switch self {
    case .exports:
      if facts.isBound { return nil }
      // A symbol of kind STB_GNU_UNIQUE is that rule's matter, whatever its visibility.
      let extra = facts.exported.filter { $0.binding != .gnuUnique && $0.name != StaticRule.entry }.map(\.name)
      return extra.isEmpty
        ? nil : "it also exports \(StaticRule.list(extra)); compile with -fvisibility=hidden or use a version script"
    case .needed:
      let extra = facts.needed.filter { !StaticRule.allowedLibraries.contains($0) && !libraries.contains($0) }
      if !extra.isEmpty {
        return "it needs \(StaticRule.list(extra)); link that statically, or name it by digest in the manifest"
      }
      let idle = libraries.filter { !facts.needed.contains($0) }
      return idle.isEmpty ? nil : "its manifest names \(StaticRule.list(idle)), which it does not need"
    case .runpath:
      let paths = [facts.rpath, facts.runpath].compactMap { $0 }
      return paths.isEmpty ? nil : "it has the search path “\(StaticRule.list(paths))”; link without -rpath"
    case .textrel: return facts.hasTextRelocations ? "it has text relocations; compile with -fPIC" : nil
    case .stack:
      if facts.hasExecutableStack { return "its stack would be executable; link with -z noexecstack" }
      return facts.hasWritableCode ? "it has a segment that is writable and executable" : nil
    case .unique:
      let names = facts.symbols.filter { $0.isDefined && $0.binding == .gnuUnique }.map(\.name)
      return names.isEmpty ? nil : "it has \(StaticRule.list(names)); compile with -fno-gnu-unique"
    case .versions:
      let newer = facts.versionNeeds.flatMap { need in
        need.versions.filter(StaticRule.isNewer).map { "\($0) of \(need.library)" }
      }
      return newer.isEmpty ? nil : "it needs \(StaticRule.list(newer)); build on Debian 12 or older"
    case .initialisers: return facts.initialisers == 0 ? nil : "it has \(facts.initialisers) constructors"
    case .tls:
      return facts.threadLocalBytes == 0 ? nil : "it has \(facts.threadLocalBytes) bytes of thread-local storage"
    case .imports:
      let names = facts.undefined.map(\.name).filter(StaticRule.reaching.contains)
      return names.isEmpty ? nil : "it imports \(StaticRule.list(names))"
    }
  }

  static let entry = "exprove_adapter_entry"

  static let allowedLibraries = [
    "libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libgcc_s.so.1", "libstdc++.so.6",
  ]

  /// Debian 12: glibc 2.36, libstdc++ of gcc 12.2 (GLIBCXX_3.4.30, CXXABI_1.3.13), libgcc_s of gcc 12.
  private static let floors: [(prefix: String, numbers: [Int])] = [
    ("GLIBC_", [2, 36]), ("GLIBCXX_", [3, 4, 30]), ("CXXABI_", [1, 3, 13]), ("GCC_", [12, 0, 0]),
  ]

  private static func isNewer(_ version: String) -> Bool {
    for floor in floors where version.hasPrefix(floor.prefix) {
      let numbers = version.dropFirst(floor.prefix.count).split(separator: ".").map { Int($0) }
      guard !numbers.contains(nil) else { return false }
      return floor.numbers.lexicographicallyPrecedes(numbers.compactMap { $0 })
    }
    return false
  }

  /// Functions through which code reaches outside what the host gave it.
  private static let reaching: Set<String> = [
    "open", "open64", "openat", "creat", "fopen", "fopen64", "opendir", "read", "write", "pread", "pwrite", "socket",
    "connect", "bind", "listen", "accept", "send", "sendto", "recv", "recvfrom", "getaddrinfo", "gethostbyname",
    "pthread_create", "thrd_create", "fork", "vfork", "execve", "execv", "execvp", "posix_spawn", "system", "popen",
    "dlopen", "dlsym", "time", "gettimeofday", "clock_gettime", "clock", "ftime", "rand", "random", "srand", "rand_r",
    "drand48", "getrandom", "getentropy", "arc4random", "getenv", "secure_getenv", "setenv", "putenv", "setlocale",
    "signal", "sigaction", "exit", "_exit", "abort", "atexit", "on_exit", "syscall", "printf", "puts", "putchar",
    "shm_open", "mmap", "mprotect", "memfd_create", "localtime", "localtime_r", "mktime", "tzset", "nanosleep",
    "usleep",
    "sleep", "chdir", "umask", "__printf_chk", "__fprintf_chk", "fprintf", "fwrite", "fputs",
  ]

  /// The first few, and how many more.
  private static func list(_ names: [String]) -> String {
    let shown = names.sorted().prefix(5).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}
