// SPDX-License-Identifier: Apache-2.0

internal import ExecutionIR
package import Governance
internal import TransparencyLog
internal import UpdateFramework

/// The private keys in reach: all identities of some key homes. Which of them a role needs is known by the public key, so
/// that an identity's name matters to people only.
package struct MarketKeys: Sendable {
  /// The directories, in the order in which they are searched.
  package let homes: [KeyHome]
  private var byKey: [String: Identity] = [:]

  package init(homes: [KeyHome]) throws(IdentityError) {
    self.homes = homes
    for home in homes {
      for name in try Identity.names(home: home.path) { take(try Identity.load(name: name, home: home.path)) }
    }
  }

  private mutating func take(_ identity: Identity) {
    let key = Hexadecimal.encode(identity.verifier.publicKey)
    if byKey[key] == nil { byKey[key] = identity }
  }

  /// The identity of this name in the first of the homes that has one.
  package func identity(named name: String) throws(IdentityError) -> Identity {
    for home in homes where try Identity.names(home: home.path).contains(name) {
      return try Identity.load(name: name, home: home.path)
    }
    throw .unknown(name: name, home: places)
  }

  /// The same; made in the first home where there is none.
  mutating func identityOrNew(named name: String) throws(IdentityError) -> Identity {
    for home in homes where try Identity.names(home: home.path).contains(name) {
      return try Identity.load(name: name, home: home.path)
    }
    guard let first = homes.first else { throw .homeless }
    let made = try Identity.createNew(name: name, home: first.path)
    take(made)
    return made
  }

  /// A new identity in the first home: `stem`, or the first of `stem-2`, `stem-3`… that no home has.
  mutating func fresh(_ stem: String, first: Int) throws(IdentityError) -> Identity {
    var taken: Set<String> = []
    for home in homes { taken.formUnion(try Identity.names(home: home.path)) }
    var number = first
    while taken.contains("\(stem)-\(number)") { number += 1 }
    return try identityOrNew(named: "\(stem)-\(number)")
  }

  /// The identity with this public key, where it is in reach.
  func identity(_ key: VerifierKey) -> Identity? { byKey[Hexadecimal.encode(key.publicKey)] }

  /// Those of a role's keys that are in reach.
  func signers(_ parties: [SigningParty]) -> [MetadataSigner] {
    var signers: [MetadataSigner] = []
    for party in parties {
      for keyID in party.role.keyIDs where !signers.contains(where: { $0.key.keyID == keyID }) {
        guard let key = party.keys[keyID], key.type == "ed25519", let identity = byKey[key.value] else { continue }
        signers.append(MetadataSigner(key: key) { try identity.sign($0) })
      }
    }
    return signers
  }

  /// Where was looked, for a message.
  var places: String { homes.map(\.path).joined(separator: ", ") }
}

/// Whose signatures a file needs: a role's threshold of these keys.
struct SigningParty {
  let name: String
  let role: RoleKeys
  let keys: [String: MetadataKey]

  /// Nil when these signers are enough; else what is missing.
  func lack(_ signers: [MetadataSigner], _ places: String) -> String? {
    let here = role.keyIDs.filter { id in signers.contains { $0.key.keyID == id } }
    guard here.count < role.threshold else { return nil }
    let missing = role.keyIDs.filter { !here.contains($0) }.map { String($0.prefix(16)) }
    return
      "the role \(name) needs signatures by \(role.threshold) of its \(role.keyIDs.count) keys, and \(here.count) are here; not found in \(places): \(missing.joined(separator: ", "))"
  }

  func lack<Body: MetadataBody>(_ file: SignedMetadata<Body>) -> String? {
    let valid = file.validSignatures(role, keys: keys)
    guard valid < role.threshold else { return nil }
    return "\(name) version \(file.body.version) is signed by \(valid) of the \(role.threshold) keys that it needs"
  }
}

extension RoleKeys {
  /// The keys of identities, each once.
  init(_ keys: [MetadataKey], threshold: Int) throws(MarketError) {
    guard threshold <= keys.count, let role = RoleKeys(keyIDs: keys.map(\.keyID), threshold: threshold) else {
      throw .usage("a threshold of \(threshold) with \(keys.count) keys: give at least as many keys, each once")
    }
    self = role
  }
}
