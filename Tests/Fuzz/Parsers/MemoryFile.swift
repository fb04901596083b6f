// SPDX-License-Identifier: Apache-2.0

internal import CLinux
internal import Glibc

/// Bytes as a file that lies in memory, for parsers that read files.
final class MemoryFile {
  private let descriptor: Int32
  var path: String { "/proc/self/fd/\(descriptor)" }

  init?(_ bytes: [UInt8]) {
    descriptor = unsafe linux_memfd_create("fuzzed", LINUX_MFD_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    let written = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    guard written == bytes.count else { return nil }
  }

  deinit { close(descriptor) }
}
