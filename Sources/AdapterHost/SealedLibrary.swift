// SPDX-License-Identifier: Apache-2.0

private import Crypto
internal import Glibc

/// A vendor's library that is no adapter, such as one of policy hooks: read, held against the static rules, and
/// loaded from a sealed copy. It stays loaded, as adapters do.
@safe package struct SealedLibrary: @unchecked Sendable {
  package let path: String
  /// SHA-256 of the file, 32 bytes.
  package let digest: [UInt8]
  /// Names of the functions that it exports.
  package let functions: [String]
  /// What `dlopen` gave.
  package let handle: UnsafeMutableRawPointer

  package init(path: String) throws(AdapterError) {
    let bytes = try readFile(path, limit: AdapterImage.sizeLimit)
    var facts = try AdapterImage.facts(of: bytes, path: path)
    facts.isBound = true
    for rule in StaticRule.allCases where rule.isEnforced {
      if let violation = rule.violation(facts, libraries: []) {
        throw AdapterError(
          .forbidden, "\(path): \(violation) (\(rule.id), static.\(rule.rawValue): \(rule.reason))")
      }
    }
    digest = Array(SHA256.hash(data: bytes))
    functions = facts.exported.filter { $0.type == 2 || $0.type == 10 }.map(\.name)
    self.path = path
    let name = path.split(separator: "/").last.map(String.init) ?? "library"
    let copy = try SealedCopy(name: name, path: path, bytes: bytes)
    guard copy.digest == digest else {
      throw AdapterError(.sealing, "\(path): the sealed copy differs from what was read; try again")
    }
    guard let handle = unsafe dlopen(copy.path, RTLD_NOW | RTLD_LOCAL) else {
      throw AdapterError(.loader, "\(path): the loader refuses it: \(LoadedAdapter.loaderError())")
    }
    unsafe self.handle = handle
  }
}
