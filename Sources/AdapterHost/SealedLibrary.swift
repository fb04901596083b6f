// SPDX-License-Identifier: Apache-2.0

private import Crypto

/// A vendor's library that is no adapter, such as one of policy hooks: read, held against the static rules, and sealed.
/// Nothing of it is loaded into this process.
package struct SealedLibrary: Sendable {
  package let path: String
  package let bytes: [UInt8]
  /// SHA-256 of the file, 32 bytes.
  package let digest: [UInt8]
  /// Names of the functions that it exports.
  package let functions: [String]
  /// What it needs of the system's own libraries.
  let needed: [String]
  let copy: SealedCopy

  package init(path: String) throws(AdapterError) {
    bytes = try readFile(path, limit: AdapterImage.sizeLimit)
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
    needed = facts.needed
    self.path = path
    let name = path.split(separator: "/").last.map(String.init) ?? "library"
    copy = try SealedCopy(of: bytes, digest: digest, name: name, path: path)
  }
}
