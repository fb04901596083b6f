// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Crypto
internal import Glibc

/// A library of the system that an adapter needs, as the loader found it.
package struct ResolvedDependency: Equatable, Sendable {
  /// As the adapter names it, such as `libc.so.6`.
  package let name: String
  package let path: String
  /// SHA-256 of the file, 32 bytes.
  package let digest: [UInt8]
}

extension LoadedAdapter {
  /// The libraries that the adapter needs, in its own order, with the digests of their files: what a record must
  /// name beside the adapter's own digest.
  ///
  /// - Complexity: reads each file, some milliseconds in all.
  package func dependencies() throws(AdapterError) -> [ResolvedDependency] {
    try LoadedAdapter.resolved(image, image.facts.needed)
  }

  /// The libraries that the manifest names are in this process with the digests that it names, before any of their code
  /// or the adapter's runs.
  static func openLibraries(of image: AdapterImage) throws(AdapterError) {
    for library in image.manifest.libraries { try library.open(for: image) }
  }

  /// The loader gave the adapter those and no others.
  static func checkLibraries(of image: AdapterImage) throws(AdapterError) {
    let declared = image.manifest.libraries
    for (library, found) in zip(declared, try resolved(image, declared.map(\.name)))
    where found.digest != library.digest {
      throw library.otherDigest(found.digest, of: found.path, for: image)
    }
  }

  private static func resolved(_ image: AdapterImage, _ names: [String]) throws(AdapterError) -> [ResolvedDependency] {
    guard !names.isEmpty else { return [] }
    var resolved: [ResolvedDependency] = []
    for name in names {
      guard let path = LoadedObjects.path(of: name) else {
        throw AdapterError(.loader, "\(image.path): it needs \(name), and the loader does not tell where that is")
      }
      // A sealed copy is told by where it was made from, while that is still there.
      let origin =
        LoadedObjects.isSealed(path)
        ? AdapterManifest.Library.path(of: name, in: AdapterManifest.Library.directories) : nil
      resolved.append(
        ResolvedDependency(name: name, path: origin ?? path, digest: try ResolvedDependency.digest(ofFile: path)))
    }
    return resolved
  }
}

extension ResolvedDependency {
  static func digest(ofFile path: String) throws(AdapterError) -> [UInt8] {
    Array(SHA256.hash(data: try readFile(path, limit: AdapterImage.sizeLimit)))
  }
}

/// The files that the loader has opened for this process.
enum LoadedObjects {
  /// The file that the loader takes for a name: the first one that has it, or whose library gives itself that name where
  /// the file has none.
  static func path(of name: String) -> String? {
    paths.first { path in
      if isSealed(path) { return soname(ofFile: path) == name }
      return path.split(separator: "/").last.map(String.init) == name
    }
  }

  static func isSealed(_ path: String) -> Bool { path.hasPrefix("/proc/self/fd/") }

  private static func soname(ofFile path: String) -> String? {
    guard let bytes = try? readFile(path, limit: AdapterImage.sizeLimit) else { return nil }
    return try? AdapterImage.facts(of: bytes, path: path).soname
  }

  private static var paths: [String] {
    var found: [String] = []
    unsafe withUnsafeMutablePointer(to: &found) { found in
      _ = unsafe linux_dl_iterate_phdr(
        { object, _, context in
          guard let object = unsafe object, let name = unsafe object.pointee.name, let context = unsafe context else {
            return 0
          }
          let text = unsafe String(cString: name)
          if text.hasPrefix("/") { unsafe context.assumingMemoryBound(to: [String].self).pointee.append(text) }
          return 0
        }, found)
    }
    return found
  }
}
