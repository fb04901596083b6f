// SPDX-License-Identifier: Apache-2.0

internal import DurableFiles
package import Governance
internal import TransparencyLog

/// An aggregator's secrets on disk: a file beside its identity, of mode 0600.
///
/// A file is text: `exprove-aggregator 1`, `name NAME`, `agreement BASE64`, then `key ID BASE64` per encryption key, the
/// newest last; all keys are 32 bytes (X25519).
extension AggregatorKeys {
  private static let header = "exprove-aggregator 1"

  private static func path(_ name: String, _ home: String) -> String {
    home + "/" + name.replacing("/", with: "+") + ".aggregator"
  }

  /// The keys of this identity in `home`; made where there are none.
  package static func loadOrCreate(_ identity: Identity, home: String) throws(ServiceError) -> AggregatorKeys {
    let path = path(identity.name, home)
    if Files.exists(path) { return try load(identity, path) }
    let keys = StoredKeys(agreement: freshKey(), encryption: [(0, freshKey())])
    try write(keys, identity, path)
    return try load(identity, path)
  }

  /// Adds an encryption key, to which contributors seal from now on; what is sealed to the seven before it still opens.
  package static func rotate(_ identity: Identity, home: String) throws(ServiceError) -> AggregatorKeys {
    let path = path(identity.name, home)
    var keys = try read(identity, path)
    keys.encryption.append((keys.encryption[keys.encryption.count - 1].id &+ 1, freshKey()))
    keys.encryption = Array(keys.encryption.suffix(KeyList.most))
    try write(keys, identity, path)
    return try load(identity, path)
  }

  private struct StoredKeys {
    let agreement: [UInt8]
    var encryption: [(id: UInt8, key: [UInt8])]
  }

  private static func load(_ identity: Identity, _ path: String) throws(ServiceError) -> AggregatorKeys {
    let keys = try read(identity, path)
    return try AggregatorKeys(identity: identity, agreement: keys.agreement, encryption: keys.encryption)
  }

  private static func read(_ identity: Identity, _ path: String) throws(ServiceError) -> StoredKeys {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try Files.readRegular(path, limit: 65_536) } catch {
      throw .file(error.description)
    }
    let refusal = ServiceError.file("\(path): is no file of an aggregator's keys; restore it from a copy")
    var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard lines.popFirst() == header[...], lines.popFirst() == "name \(identity.name)", lines.popLast() == "" else {
      throw refusal
    }
    guard let first = lines.popFirst(), first.hasPrefix("agreement "),
      let agreement = Base64.decode(String(first.dropFirst(10))), agreement.count == 32, !lines.isEmpty
    else { throw refusal }
    var encryption: [(id: UInt8, key: [UInt8])] = []
    for line in lines {
      let words = line.split(separator: " ")
      guard words.count == 3, words[0] == "key", let id = UInt8(words[1]), let key = Base64.decode(String(words[2])),
        key.count == 32
      else { throw refusal }
      encryption.append((id, key))
    }
    return StoredKeys(agreement: agreement, encryption: encryption)
  }

  private static func write(_ keys: StoredKeys, _ identity: Identity, _ path: String) throws(ServiceError) {
    var text = "\(header)\nname \(identity.name)\nagreement \(Base64.encode(keys.agreement))\n"
    for (id, key) in keys.encryption { text += "key \(id) \(Base64.encode(key))\n" }
    do throws(FileError) { try Files.writeDurably(Array(text.utf8), to: path, mode: 0o600) } catch {
      throw .file(error.description)
    }
  }

  /// With one encryption key more, for a party that ends with the process.
  package func rotated() throws(ServiceError) -> AggregatorKeys {
    let newest = list.newest.id &+ 1
    return try adding((newest, AggregatorKeys.freshKey()))
  }
}
