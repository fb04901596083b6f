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

  /// The libraries that the manifest names are those whose digests it names. Their constructors have run by now, as
  /// the loader works; no function of the adapter has.
  static func checkLibraries(of image: AdapterImage) throws(AdapterError) {
    let declared = image.manifest.libraries
    for (library, found) in zip(declared, try resolved(image, declared.map(\.name)))
    where found.digest != library.digest {
      throw AdapterError(
        .forbidden,
        "\(image.path): XP-A-012: its manifest names \(library.name) by sha256:\(hexadecimal(library.digest)), the loader "
          + "found \(found.path) with sha256:\(hexadecimal(found.digest)); install the library that it was built with, or "
          + "get an adapter for this one")
    }
  }

  private static func resolved(_ image: AdapterImage, _ names: [String]) throws(AdapterError) -> [ResolvedDependency] {
    guard !names.isEmpty else { return [] }
    let paths = LoadedObjects.paths
    var resolved: [ResolvedDependency] = []
    for name in names {
      guard let path = paths.first(where: { $0.split(separator: "/").last.map(String.init) == name }) else {
        throw AdapterError(.loader, "\(image.path): it needs \(name), and the loader does not tell where that is")
      }
      let bytes = try readFile(path, limit: AdapterImage.sizeLimit)
      resolved.append(ResolvedDependency(name: name, path: path, digest: Array(SHA256.hash(data: bytes))))
    }
    return resolved
  }
}

/// The files that the loader has opened for this process.
private enum LoadedObjects {
  static var paths: [String] {
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
