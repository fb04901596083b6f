// SPDX-License-Identifier: Apache-2.0

private import Crypto
internal import Glibc

/// An adapter's file, read and understood without running any of its code. A binding and its library are one adapter,
/// whose file is their bundle.
package struct AdapterImage: Sendable {
  /// Where it was read from, as the caller named it.
  package let path: String
  package let bytes: [UInt8]
  /// The library that is bound, and how; nil for an adapter that exports its entry itself.
  package let bound: BoundLibrary?
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
    guard path.hasSuffix(".binding") else { return try AdapterImage(path: path, bytes: bytes) }
    return try AdapterImage(path: path, bytes: try BoundLibrary.bundle(of: bytes, path: path).encoded)
  }

  /// What is loaded: the file, or the bound library's.
  package var code: [UInt8] { bound?.bytes ?? bytes }

  /// Where what is loaded lies, for those who load it from there.
  var codePath: String {
    guard let bound else { return path }
    return (path.lastIndex(of: "/").map { String(path[...$0]) } ?? "") + bound.name
  }

  /// What a library's file says of itself.
  static func facts(of bytes: [UInt8], path: String) throws(AdapterError) -> ELFFacts {
    do {
      return try ELFReader.facts(of: bytes)
    } catch {
      throw AdapterImage.error(path, error)
    }
  }

  /// Understands bytes that are already in memory; `path` only serves messages.
  package init(path: String, bytes: [UInt8]) throws(AdapterError) {
    self.path = path
    self.bytes = bytes
    digest = Array(SHA256.hash(data: bytes))
    if AdapterBundle.begins(bytes) {
      guard let bundle = AdapterBundle(bytes) else {
        throw AdapterError(
          .truncated, "\(path): this bundle of a binding and its library is cut or damaged; copy it again")
      }
      let bound = try BoundLibrary(path: path, bundle)
      var facts = try AdapterImage.facts(of: bundle.library, path: path)
      facts.isBound = true
      self.facts = facts
      self.bound = bound
      manifestBytes = bound.manifest
      manifest = try AdapterImage.manifest(of: bound.manifest, path)
      return
    }
    let facts = try AdapterImage.facts(of: bytes, path: path)
    guard facts.exported.contains(where: { $0.name == StaticRule.entry }) else {
      throw AdapterError(
        .noEntry,
        "\(path): it does not export “\(StaticRule.entry)”, so it is no ExProve adapter; see exprove/adapter.h, or bind "
          + "it with a binding file")
    }
    guard let section = facts.manifest else {
      throw AdapterError(
        .noManifest,
        "\(path): it has no section “.exprove.manifest”; write one with EXPROVE_MANIFEST of exprove/adapter.h")
    }
    self.facts = facts
    bound = nil
    manifestBytes = section
    manifest = try AdapterImage.manifest(of: section, path)
  }

  private static func manifest(of text: [UInt8], _ path: String) throws(AdapterError) -> AdapterManifest {
    do {
      return try AdapterManifest(parsing: text)
    } catch {
      throw AdapterError(.badManifest, "\(path): its manifest is wrong at line \(error.line): \(error.reason)")
    }
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
