// SPDX-License-Identifier: Apache-2.0

internal import AdapterMarketplace
internal import ExecutionIR
internal import RepositoryNetwork
internal import UpdateFramework

/// What a repository's server, its vendors and its operator may send, and the files that an installing host keeps.
enum FuzzedMarketplace {
  // MARK: The repository's metadata

  static func metadata(_ bytes: [UInt8]) {
    if let root = signed(RootMetadata.self, bytes) {
      for role in TopRole.allCases {
        guard let keys = root.body.keys(of: role) else { preconditionFailure("root metadata without all four roles") }
        _ = root.validSignatures(keys, keys: root.body.keys)
      }
      _ = try? RepositoryIdentity(root.body)
    }
    _ = signed(TimestampMetadata.self, bytes)
    _ = signed(SnapshotMetadata.self, bytes)
    guard let targets = signed(TargetsMetadata.self, bytes)?.body else { return }
    for role in targets.delegations?.roles ?? [] {
      _ = role.covers("acme/itch/1.2.0/linux-x86_64.so")
      for path in targets.targets.keys.sorted() { _ = role.covers(path) }
    }
    for (path, file) in targets.targets {
      if let release = ReleasePath(path) { precondition(release.library == path, "a release in two paths") }
      guard let custom = file.custom, let facts = try? ReleaseFacts(custom, path: "custom") else { continue }
      precondition((try? ReleaseFacts(facts.json, path: "custom")) == facts, "facts in two encodings")
    }
  }

  /// What is read must be what would be written, and what was signed must stay what it is.
  private static func signed<Body: MetadataBody>(_: Body.Type, _ bytes: [UInt8]) -> SignedMetadata<Body>? {
    guard let file = try? SignedMetadata<Body>(decoding: bytes, name: "fuzzed") else { return nil }
    guard let again = try? SignedMetadata<Body>(decoding: file.encoded, name: "fuzzed") else {
      preconditionFailure("metadata that is written and not read")
    }
    precondition(again == file && again.signedBytes == file.signedBytes, "metadata in two encodings")
    precondition((try? Body(file.body.json)) == file.body, "a body in two encodings")
    return file
  }

  static func canonical(_ bytes: [UInt8]) {
    guard let json = try? JSON.parse(bytes) else { return }
    let signing = json.canonicalForSigning
    guard let again = try? JSON.parse(json.canonical) else { preconditionFailure("JSON that is written and not read") }
    precondition(again == json && again.canonicalForSigning == signing, "JSON in two encodings")
    // A bare control character is signed as it stands, and is no JSON.
    guard signing.allSatisfy({ $0 >= 0x20 }) else { return }
    precondition((try? JSON.parse(signing)) == json, "what is signed is not what was read")
  }

  // MARK: Targets

  static func catalog(_ bytes: [UInt8]) {
    for words in [[], ["itch"], ["ACME", "apache"]] { _ = CatalogSearch(words: words).find(in: bytes) }
    guard let catalog = try? Catalog(decoding: bytes, path: "fuzzed") else { return }
    precondition((try? Catalog(decoding: catalog.bytes, path: "fuzzed")) == catalog, "a catalog in two encodings")
    let found = CatalogSearch(words: []).find(in: catalog.bytes)
    precondition(found.entries == catalog.entries && found.unreadable == 0, "a search for anything does not find it")
  }

  static func revocations(_ bytes: [UInt8]) {
    if let list = try? RevocationList(decoding: bytes, path: "fuzzed") {
      precondition((try? RevocationList(decoding: list.bytes, path: "fuzzed")) == list, "revocations in two encodings")
    }
    if let known = try? KnownRevocations(decoding: bytes, path: "fuzzed") {
      let again = try? KnownRevocations(decoding: known.encoded, path: "fuzzed")
      precondition(again?.encoded == known.encoded, "known revocations in two encodings")
    }
  }

  // MARK: The host's own

  static func adapters(_ bytes: [UInt8]) {
    guard let lock = try? AdapterLock(decoding: bytes, path: "fuzzed") else { return }
    precondition(lock.encoded == bytes, "a lock file in two encodings")
    for adapter in lock.adapters { precondition(lock.adapter(adapter.name) == adapter, "an adapter that is not found") }
  }

  static func range(_ bytes: [UInt8]) {
    for text in lines(bytes) {
      if let name = AdapterName(text) { precondition("\(name)" == text, "a name in two texts") }
      let version = SemanticVersion(text)
      if let version {
        precondition("\(version)" == text && VersionRange(version).contains(version), "a version in two texts")
      }
      guard let range = VersionRange(text) else { continue }
      precondition(VersionRange(range.description) == range, "a range in two texts")
      if let exact = range.exact { precondition(range.contains(exact), "a version outside itself") }
      for probe in probes { _ = range.contains(probe) }
    }
  }

  private static let probes = [
    SemanticVersion(0, 0, 0), SemanticVersion(1, 2, 3), SemanticVersion(.max, .max, .max),
    SemanticVersion(1, 2, 3, preRelease: [.number(0), .word("a")]),
  ]

  // MARK: The server's

  static func address(_ bytes: [UInt8]) {
    var place: FileLocation?
    for text in lines(bytes) {
      if let range = ContentRange(text) {
        precondition(range.first >= 0 && range.first <= range.last, "a range that ends before it begins")
        precondition(range.length.map { range.last < $0 } ?? true, "a range beyond its file")
      }
      guard let from = place else {
        guard let address = RepositoryAddress(text) else { return }
        precondition(RepositoryAddress(address.description) == address, "an address in two texts")
        place = FileLocation("metadata/1.root.json", in: address)
        continue
      }
      _ = FileLocation(text, in: from.server).map(check)
      guard let next = from.following(text) else { continue }
      check(next)
      precondition(next.following(next.description) == next, "a place that leads elsewhere")
      place = next
    }
  }

  /// Nothing in a request's first line but its target.
  private static func check(_ place: FileLocation) {
    precondition(place.target.utf8.first == UInt8(ascii: "/"), "a target that is no path")
    precondition(place.target.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a target that breaks its line")
    precondition(place.server.base.isEmpty, "a server with a path")
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: UInt8(ascii: "\n")).prefix(64).map { String(decoding: $0, as: UTF8.self) }
  }
}
