// SPDX-License-Identifier: Apache-2.0

/// What a shared library's file says of itself, read as the dynamic loader would, without loading it.
package struct ELFFacts: Equatable, Sendable {
  package enum Binding: UInt8, Sendable {
    case local = 0
    case global = 1
    case weak = 2
    /// Shared between all libraries of a process, in spite of RTLD_LOCAL.
    case gnuUnique = 10
  }

  package struct Symbol: Equatable, Sendable {
    package var name: String
    package var binding: Binding?
    package var isDefined: Bool
    /// STV_DEFAULT or STV_PROTECTED: other libraries may bind to it.
    package var isVisible: Bool
    package var type: UInt8
  }

  /// The versions that are needed of one library, such as `GLIBC_2.34` of `libc.so.6`.
  package struct VersionNeed: Equatable, Sendable {
    package var library: String
    package var versions: [String]
  }

  package var machine: UInt16 = 0
  package var type: UInt16 = 0
  package var soname: String?
  package var needed: [String] = []
  package var rpath: String?
  package var runpath: String?
  package var symbols: [Symbol] = []
  package var versionNeeds: [VersionNeed] = []
  package var hasTextRelocations = false
  /// The stack is executable when the header that forbids it is absent or allows it.
  package var hasExecutableStack = true
  package var hasWritableCode = false
  /// Functions that run on load, besides the one that every compiler's start file brings.
  package var initialisers = 0
  package var threadLocalBytes: UInt64 = 0
  /// The bytes of section `.exprove.manifest`, without one terminator.
  package var manifest: [UInt8]?
  /// It knows nothing of ExProve, and exports what its own users need.
  package var isBound = false

  /// Defined symbols that others may bind to, without those that linkers add on their own.
  package var exported: [Symbol] {
    symbols.filter { symbol in
      symbol.isDefined && symbol.isVisible && symbol.binding != .local && symbol.binding != nil
        && !["_init", "_fini", "_edata", "_end", "__bss_start"].contains(symbol.name) && symbol.type != 4
    }
  }

  package var undefined: [Symbol] { symbols.filter { !$0.isDefined && !$0.name.isEmpty } }

  package static let sharedObject: UInt16 = 3

  package static func machineName(_ machine: UInt16) -> String {
    switch machine {
    case 3: "i386"
    case 40: "arm"
    case 62: "x86-64"
    case 183: "aarch64"
    case 243: "riscv64"
    case 21: "ppc64"
    case 22: "s390x"
    case 258: "loongarch64"
    default: "machine \(machine)"
    }
  }

  #if arch(x86_64)
    package static let hostMachine: UInt16 = 62
  #elseif arch(arm64)
    package static let hostMachine: UInt16 = 183
  #endif
}
