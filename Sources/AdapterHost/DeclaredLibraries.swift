// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Libraries that a manifest names by digest: what was digested is what is loaded, before the adapter, which then finds it
/// by the name that the library gives itself.
extension AdapterManifest.Library {
  /// Where the loader looks for libraries, as far as it tells nobody.
  package static var directories: [String] {
    let more = unsafe getenv("LD_LIBRARY_PATH").map {
      unsafe String(cString: $0).split(separator: ":").map(String.init)
    }
    return (more ?? []) + [
      "/usr/local/lib", "/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu",
      "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
    ]
  }

  /// The first of the directories' files of that name.
  static func path(of name: String, in directories: [String]) -> String? {
    directories.map { "\($0)/\(name)" }.first { unsafe access($0, R_OK) == 0 }
  }

  /// A sealed copy of the library, which has the digest that the manifest names.
  func sealed(for image: AdapterImage, in directories: [String] = directories) throws(AdapterError) -> SealedCopy {
    guard let path = AdapterManifest.Library.path(of: name, in: directories) else {
      throw AdapterError(
        .loader, "\(image.path): it needs \(name), which is in none of the system's directories of libraries")
    }
    let bytes = try readFile(path, limit: AdapterImage.sizeLimit)
    let copy = try SealedCopy(name: name, path: path, bytes: bytes)
    guard copy.digest == digest else { throw otherDigest(copy.digest, of: path, for: image) }
    let own = try AdapterImage.facts(of: bytes, path: path).soname
    guard own == name else {
      throw AdapterError(
        .loader,
        "\(image.path): it needs \(name), and \(path) calls itself \(own.map { "“\($0)”" } ?? "nothing"): no adapter can be "
          + "given it by its digest")
    }
    return copy
  }

  func otherDigest(_ found: [UInt8], of path: String, for image: AdapterImage) -> AdapterError {
    AdapterError(
      .forbidden,
      "\(image.path): XP-A-012: its manifest names \(name) by sha256:\(hexadecimal(digest)), \(path) has "
        + "sha256:\(hexadecimal(found)); install the library that it was built with, or get an adapter for this one")
  }

  /// Loads the library into this process, unless it is there: then what is there must have the digest.
  package func open(for image: AdapterImage, in directories: [String] = directories) throws(AdapterError) {
    if let path = LoadedObjects.path(of: name) {
      let found = try ResolvedDependency.digest(ofFile: path)
      guard found == digest else { throw otherDigest(found, of: path, for: image) }
      return
    }
    let copy = try sealed(for: image, in: directories)
    guard unsafe dlopen(copy.path, RTLD_NOW | RTLD_LOCAL) != nil else {
      throw AdapterError(.loader, "\(image.path): the loader refuses \(name): \(LoadedAdapter.loaderError())")
    }
  }
}
