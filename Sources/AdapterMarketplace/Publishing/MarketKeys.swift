// SPDX-License-Identifier: Apache-2.0

package import Governance
private import TransparencyLog

/// The private keys in reach: all identities of some key homes. Which of them a role needs is known by the public key, so
/// that an identity's name matters to people only.
package struct MarketKeys: Sendable {
  /// The directories, in the order in which they are searched.
  package let homes: [KeyHome]
  private let byKey: [[UInt8]: Identity]

  package init(homes: [KeyHome]) throws(IdentityError) {
    self.homes = homes
    var found: [[UInt8]: Identity] = [:]
    for home in homes {
      for name in try Identity.names(home: home.path) {
        let identity = try Identity.load(name: name, home: home.path)
        if found[identity.verifier.publicKey] == nil { found[identity.verifier.publicKey] = identity }
      }
    }
    byKey = found
  }

  /// The identity with this public key, if it is in reach.
  package func identity(publicKey: [UInt8]) -> Identity? { byKey[publicKey] }

  /// The identity of this name in the first of the homes that has one.
  package func identity(named name: String) throws(IdentityError) -> Identity {
    for home in homes where try Identity.names(home: home.path).contains(name) {
      return try Identity.load(name: name, home: home.path)
    }
    throw .unknown(name: name, home: homes.map(\.path).joined(separator: " or "))
  }

  /// Where was looked, for a message.
  var places: String { homes.map(\.path).joined(separator: ", ") }
}
