// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Crypto
internal import Glibc

/// An adapter's bytes in a memory file that nobody can change any more: what was verified is what runs.
///
/// The descriptor stays open for the life of the process. Were it closed and its number used again, the loader would
/// take the next copy for this one, because it goes by the name.
struct SealedCopy {
  let descriptor: Int32
  var path: String { "/proc/self/fd/\(descriptor)" }

  /// SHA-256 of the sealed bytes, 32 bytes.
  let digest: [UInt8]

  /// Copies, seals, and reads back through the sealed file what will be loaded.
  init(of image: borrowing AdapterImage) throws(AdapterError) {
    try self.init(name: image.manifest.name, path: image.path, bytes: image.code)
    // A bundle's digest is not that of the library in it.
    guard digest == image.bound.map({ Array(SHA256.hash(data: $0.bytes)) }) ?? image.digest else {
      throw AdapterError(.sealing, "\(image.path): the sealed copy differs from what was read; try again")
    }
  }

  /// The same of a library's bytes, which must have the digest.
  init(of bytes: [UInt8], digest: [UInt8], name: String, path: String) throws(AdapterError) {
    try self.init(name: name, path: path, bytes: bytes)
    guard self.digest == digest else {
      throw AdapterError(.sealing, "\(path): the sealed copy differs from what was read; try again")
    }
  }

  /// - Parameters:
  ///   - name: is shown to debuggers.
  ///   - path: for messages.
  init(name: String, path: String, bytes: [UInt8]) throws(AdapterError) {
    let descriptor = unsafe linux_memfd_create(name, LINUX_MFD_CLOEXEC | LINUX_MFD_ALLOW_SEALING)
    guard descriptor >= 0 else { throw SealedCopy.failed(path, "memfd_create", errno) }
    do throws(AdapterError) {
      try SealedCopy.fill(descriptor, path, bytes)
      digest = try SealedCopy.digest(descriptor, path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  private static func failed(_ path: String, _ call: String, _ number: Int32) -> AdapterError {
    AdapterError(
      .sealing,
      "\(path): no sealed copy could be made: \(call): \(systemError(number)); "
        + "it needs Linux 3.17 or newer and as much free memory as the file is large")
  }

  private static func fill(_ descriptor: Int32, _ path: String, _ bytes: [UInt8]) throws(AdapterError) {
    var written = 0
    while written < bytes.count {
      let start = written
      let count = unsafe bytes.withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress! + start, $0.count - start)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failed(path, "write", errno) }
      written += count
    }
    let seals = LINUX_SEAL_SEAL | LINUX_SEAL_SHRINK | LINUX_SEAL_GROW | LINUX_SEAL_WRITE
    guard fcntl(descriptor, LINUX_F_ADD_SEALS, seals) == 0 else { throw failed(path, "F_ADD_SEALS", errno) }
    guard fcntl(descriptor, LINUX_F_GET_SEALS) == seals else { throw failed(path, "F_GET_SEALS", errno) }
  }

  private static func digest(_ descriptor: Int32, _ path: String) throws(AdapterError) -> [UInt8] {
    var hasher = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var offset = 0
    while true {
      let at = offset
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, at) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failed(path, "pread", errno) }
      if count == 0 { return Array(hasher.finalize()) }
      hasher.update(data: buffer[..<count])
      offset += count
    }
  }
}
