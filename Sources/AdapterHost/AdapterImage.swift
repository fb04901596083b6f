// SPDX-License-Identifier: Apache-2.0

private import Crypto
internal import Glibc

/// An adapter's file, read and understood without running any of its code.
package struct AdapterImage: Sendable {
  /// Where it was read from, as the caller named it.
  package let path: String
  package let bytes: [UInt8]
  /// SHA-256 of `bytes`, 32 bytes.
  package let digest: [UInt8]
  package let facts: ELFFacts
  package let manifest: AdapterManifest
  /// The section's bytes, which the loaded adapter must repeat.
  package let manifestBytes: [UInt8]

  /// A library larger than this is refused.
  package static let sizeLimit = 256 << 20

  /// The digest in lower-case hexadecimal.
  package var digestText: String { hexadecimal(digest) }

  /// Reads the file. It is `.missing` when there is none, and else an error of what is wrong with it.
  package static func read(path: String) throws(AdapterError) -> AdapterImage {
    let bytes = try readFile(path, limit: sizeLimit)
    return try AdapterImage(path: path, bytes: bytes)
  }

  /// Understands bytes that are already in memory; `path` only serves messages.
  package init(path: String, bytes: [UInt8]) throws(AdapterError) {
    let facts: ELFFacts
    do {
      facts = try ELFReader.facts(of: bytes)
    } catch {
      throw AdapterImage.error(path, error)
    }
    guard facts.exported.contains(where: { $0.name == StaticRule.entry }) else {
      throw AdapterError(
        .noEntry,
        "\(path): it does not export “\(StaticRule.entry)”, so it is no ExProve adapter; see exprove/adapter.h")
    }
    guard let section = facts.manifest else {
      throw AdapterError(
        .noManifest,
        "\(path): it has no section “.exprove.manifest”; write one with EXPROVE_MANIFEST of exprove/adapter.h")
    }
    do {
      manifest = try AdapterManifest(parsing: section)
    } catch {
      throw AdapterError(.badManifest, "\(path): its manifest is wrong at line \(error.line): \(error.reason)")
    }
    self.path = path
    self.bytes = bytes
    self.facts = facts
    manifestBytes = section
    digest = Array(SHA256.hash(data: bytes))
  }

  private static func error(_ path: String, _ fault: ELFReader.Fault) -> AdapterError {
    switch fault {
    case .notELF(let reason): AdapterError(.notELF, "\(path): it is no shared library of this system: \(reason)")
    case .foreign(let machine):
      AdapterError(
        .foreignMachine,
        "\(path): it was built for \(ELFFacts.machineName(machine)), this host is "
          + "\(ELFFacts.machineName(ELFFacts.hostMachine)); get or build the adapter for this machine")
    case .truncated(let offset, let size):
      AdapterError(
        .truncated,
        "\(path): it ends at byte \(size), before what its headers promise at byte \(offset); copy it again")
    case .malformed(let offset, let reason):
      AdapterError(.malformedELF, "\(path): its ELF structure is wrong at byte \(offset): \(reason)")
    }
  }
}

/// Reads a regular file of at most `limit` bytes.
package func readFile(_ path: String, limit: Int) throws(AdapterError) -> [UInt8] {
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else {
    let number = errno
    throw number == ENOENT || number == ENOTDIR
      ? AdapterError(.missing, "\(path): there is no such file")
      : AdapterError(.unreadable, "\(path): it cannot be opened: \(systemError(number))")
  }
  defer { close(descriptor) }
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
    throw AdapterError(.unreadable, "\(path): it is no regular file")
  }
  guard status.st_size <= limit else {
    throw AdapterError(.tooLarge, "\(path): it has \(status.st_size) bytes; at most \(limit) are read")
  }
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  var filled = 0
  while filled < bytes.count {
    let start = filled
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe read(descriptor, $0.baseAddress! + start, $0.count - start)
    }
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw AdapterError(.unreadable, "\(path): reading failed: \(systemError(errno))") }
    // Somebody cut it while it was read: what is there will be judged.
    if count == 0 { break }
    filled += count
  }
  bytes.removeLast(bytes.count - filled)
  return bytes
}

/// The system's words for an error number.
func systemError(_ number: Int32) -> String {
  unsafe String(cString: strerror(number))
}

package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits: [UInt8] = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}
