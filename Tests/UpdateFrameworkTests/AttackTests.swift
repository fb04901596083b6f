// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing
import UpdateFramework

/// The attacks of TUF 1.0 section 1.5.2, each against a client that knows the honest repository.
@Suite struct AttackTests {
  private let path = "acme/itch/1.0.0/linux-x86_64.so"

  private func honest() throws -> (TestRepository, TestClient) {
    var repository = try TestRepository()
    try repository.publish()
    try repository.advance()
    let test = try TestClient(repository)
    try test.refresh()
    return (repository, test)
  }

  @Test func arbitraryInstallation() throws {
    var (repository, test) = try honest()
    // Another file under the same name, of the same size and of another one.
    for bytes in [Array("lIbrary".utf8), Array("libraries".utf8), Array("lib".utf8), []] {
      let place = RepositoryPath.target(path, sha256: Digest(of: Array("library".utf8)))
      repository.files[place] = bytes
      test.source.files = repository.files
      var client = try test.client()
      let file = try #require(try client.target(path))
      #expect(throws: UpdateError.self) { try client.read(path, file, limit: 100) }
      #expect(throws: UpdateError.self) { try client.download(path, file, to: test.scratch.path + "/out") }
    }
    // A target that is in no signed metadata.
    var client = try test.client()
    #expect(try client.target("acme/evil/1.0.0/linux-x86_64.so") == nil)
  }

  @Test func endlessData() throws {
    var (repository, test) = try honest()
    try repository.advance()
    let names = [
      "metadata/timestamp.json": 16_384, "metadata/3.snapshot.json": 0, "metadata/2.root.json": 512_000,
    ]
    for (name, limit) in names {
      var attacked = repository
      let known = repository.files[name]?.count ?? 0
      attacked.files[name] = [UInt8](repeating: 32, count: 1_000_000)
      #expect(
        try test.refusal(attacked)
          == .source(.tooLarge(name, limit: limit == 0 ? known : limit), name: "memory"))
    }
    let large = [UInt8](repeating: 7, count: 1_000_000)
    repository.files[RepositoryPath.target(path, sha256: Digest(of: Array("library".utf8)))] = large
    test.source.files = repository.files
    var client = try test.client()
    let file = try #require(try client.target(path))
    #expect(throws: UpdateError.self) { try client.read(path, file, limit: 100) }
    #expect(throws: UpdateError.self) { try client.download(path, file, to: test.scratch.path + "/out") }
  }

  /// Somebody who holds a vendor's key can't bring in what is another's, or everybody's.
  @Test func extraneousDependencies() throws {
    var (repository, test) = try honest()
    try repository.delegate("zeta", to: [7], paths: ["zeta/*/*/*"])
    let foreign = ["acme/itch/9.0.0/linux-x86_64.so", "catalog/adapters.jsonl", "zeta/../acme/x/so", "zeta/x"]
    for path in foreign { try repository.add(path, [1], role: "zeta") }
    try repository.add("zeta/own/1.0.0/linux-x86_64.so", [2], role: "zeta")
    repository.targets.version += 1
    try repository.advance()
    test.source.files = repository.files
    var client = try test.client()
    for path in foreign where path != "zeta/../acme/x/so" { #expect(try client.target(path) == nil) }
    // Not even among what the role itself lists. A path that climbs is no path of the source.
    let own = try #require(try client.role("zeta"))
    #expect(own.targets.keys.sorted() == ["zeta/own/1.0.0/linux-x86_64.so"])
  }

  /// Versions as high as they can be hold up nobody once the keys behind them were replaced.
  @Test(arguments: [TopRole.timestamp, .snapshot])
  func fastForward(_ stolen: TopRole) throws {
    var (repository, test) = try honest()
    var attacked = repository
    attacked.timestampVersion = JSON.largestInteger
    attacked.snapshotVersion = stolen == .snapshot ? JSON.largestInteger : repository.snapshotVersion
    try attacked.publish()
    #expect(try test.refusal(attacked) == nil)
    try repository.advance()
    #expect(try test.refusal(repository) != nil)
    try repository.rotate {
      $0.signers[.timestamp] = [13]
      if stolen == .snapshot { $0.signers[.snapshot] = [14] }
    }
    try repository.publish()
    #expect(try test.refusal(repository) == nil)
  }

  @Test func freeze() throws {
    var (repository, test) = try honest()
    let end = TestRepository.later
    let late = end.seconds - TestRepository.start
    #expect(try test.refusal(repository, at: late - 1) == nil)
    // The root expires first here; each of the others does by itself below.
    #expect(
      try test.refusal(repository, at: late)
        == .expired(file: test.directory + "/root.json", version: 1, at: end, now: end))
    let soon = MetadataTime(seconds: TestRepository.start + 500)
    repository.timestampVersion += 1
    let expected = MetadataFile(
      version: repository.snapshotVersion, of: repository.files["metadata/2.snapshot.json"] ?? [])
    try repository.publish(timestamp: expected, expires: soon)
    let fresh = try TestClient(repository)
    #expect(try fresh.refusal(repository, at: 499) == nil)
    #expect(
      try fresh.refusal(repository, at: 500)
        == .expired(file: "memory/metadata/timestamp.json", version: 3, at: soon, now: soon))
  }

  @Test func freezeOfTargets() throws {
    var (repository, test) = try honest()
    let soon = MetadataTime(seconds: TestRepository.start + 500)
    repository.targets.expires = soon
    repository.targets.version += 1
    repository.roles["acme"]?.body.expires = soon
    repository.roles["acme"]?.body.version += 1
    try repository.advance()
    #expect(
      try test.refusal(repository, at: 500)
        == .expired(file: "memory/metadata/2.targets.json", version: 2, at: soon, now: soon))
    repository.targets.expires = TestRepository.later
    repository.targets.version += 1
    try repository.advance()
    #expect(try test.refusal(repository, at: 500) == nil)
    var client = try test.client(at: 500)
    #expect(
      throws: UpdateError.expired(file: "memory/metadata/2.acme.json", version: 2, at: soon, now: soon)
    ) { try client.target(path) }
  }

  /// Files that were signed, but never published together.
  @Test func mixAndMatch() throws {
    var (repository, test) = try honest()
    let old = repository
    repository.targets.version = 2
    repository.roles["acme"]?.body.version = 2
    try repository.advance()
    for (name, earlier) in [("3.snapshot", "2.snapshot"), ("2.targets", "1.targets")] {
      var attacked = repository
      attacked.files["metadata/\(name).json"] = old.files["metadata/\(earlier).json"]
      guard case .mismatch(let file, _) = try test.refusal(attacked) else {
        Issue.record("\(name) was taken")
        continue
      }
      #expect(file == "memory/metadata/\(name).json")
    }
    repository.files["metadata/2.acme.json"] = old.files["metadata/1.acme.json"]
    #expect(try test.refusal(repository) == nil)
    var client = try test.client()
    #expect(throws: UpdateError.self) { try client.target(path) }
  }

  /// The same where metadata give no digests: the version tells.
  @Test func mixAndMatchWithoutDigests() throws {
    var repository = try TestRepository()
    repository.listsHashes = false
    try repository.publish()
    let test = try TestClient(repository)
    try test.refresh()
    let old = repository
    repository.targets.version = 2
    try repository.advance()
    for (name, earlier) in [("2.snapshot", "1.snapshot"), ("2.targets", "1.targets")] {
      var attacked = repository
      attacked.files["metadata/\(name).json"] = old.files["metadata/\(earlier).json"]
      #expect(
        try test.refusal(attacked)
          == .mismatch(file: "memory/metadata/\(name).json", reason: "it is version 1, not 2"))
    }
  }

  @Test func rollback() throws {
    var (repository, test) = try honest()
    let old = repository
    try repository.advance()
    #expect(try test.refusal(repository) == nil)
    #expect(
      try test.refusal(old) == .rollback(file: "memory/metadata/timestamp.json", offered: 2, trusted: 3))
    // A newer timestamp that leads to an older snapshot.
    var attacked = old
    attacked.timestampVersion = 9
    try attacked.publish()
    #expect(
      try test.refusal(attacked) == .rollback(file: "memory/metadata/timestamp.json: snapshot", offered: 2, trusted: 3))
    // A newer snapshot that leads to an older file, or to none.
    repository.roles["acme"]?.body.version = 5
    try repository.advance()
    #expect(try test.refusal(repository) == nil)
    attacked = repository
    attacked.roles["acme"]?.body.version = 4
    try attacked.advance()
    #expect(
      try test.refusal(attacked)
        == .rollback(file: "memory/metadata/5.snapshot.json: acme.json", offered: 4, trusted: 5))
    attacked = repository
    attacked.roles["acme"] = nil
    attacked.snapshotVersion += 1
    attacked.timestampVersion += 1
    try attacked.advance()
    #expect(
      try test.refusal(attacked) == .withdrawn(file: "memory/metadata/6.snapshot.json", role: "acme.json"))
    // Of all that only the timestamps were kept, which are valid as such.
    repository.snapshotVersion = 7
    repository.timestampVersion = 7
    try repository.publish()
    #expect(try test.refusal(repository) == nil)
  }

  /// An older root, a later one out of order, and one that only one side of the change has signed.
  @Test func rootOutOfOrder() throws {
    let (repository, test) = try honest()
    var next = repository
    try next.rotate { $0.signers[.root] = [21, 22] }
    try next.publish()
    for (signers, valid) in [([21, 22] as [UInt8], 0), ([1, 2], 0), ([1, 21, 22], 1), ([1, 2, 21], 1)] {
      var attacked = next
      attacked.files["metadata/2.root.json"] = try TestRepository.sign(next.root, signers)
      #expect(
        try test.refusal(attacked)
          == .metadata(.unsigned(file: "memory/metadata/2.root.json", valid: valid, threshold: 2)))
    }
    for version in [1, 3] as [Int64] {
      var attacked = repository
      attacked.root.version = version
      attacked.files["metadata/2.root.json"] = try TestRepository.sign(attacked.root, [1, 2])
      #expect(
        try test.refusal(attacked)
          == .rootVersion(file: "memory/metadata/2.root.json", offered: version, expected: 2))
    }
    #expect(try test.refusal(next) == nil)
  }

  @Test func wrongKeys() throws {
    let (repository, _) = try honest()
    for role in [TopRole.timestamp, .snapshot, .targets] {
      var attacked = repository
      let test = try TestClient(repository)
      attacked.signers[role] = [66]
      attacked.targets.version += 1
      try attacked.advance()
      attacked.files["metadata/2.root.json"] = nil
      guard case .metadata(.unsigned(_, 0, 1)) = try test.refusal(attacked) else {
        Issue.record("\(role) was taken from a stranger")
        continue
      }
    }
    var attacked = repository
    attacked.roles["acme"]?.signers = [66]
    attacked.roles["acme"]?.body.version = 2
    try attacked.advance()
    let test = try TestClient(repository)
    #expect(try test.refusal(attacked) == nil)
    var client = try test.client()
    #expect(
      throws: UpdateError.metadata(.unsigned(file: "memory/metadata/2.acme.json", valid: 0, threshold: 1))
    ) { try client.role("acme") }
  }

  /// One stolen key of two gives nothing, and nothing any more once root replaced it.
  @Test func vulnerableKeyCompromise() throws {
    var repository = try TestRepository()
    repository.signers[.targets] = [5, 15]
    try repository.setRootKeys()
    try repository.publish()
    let test = try TestClient(repository)
    try test.refresh()
    var attacked = repository
    attacked.targets.version = 2
    attacked.signers[.targets] = [5]
    try attacked.advance()
    #expect(
      try test.refusal(attacked)
        == .metadata(.unsigned(file: "memory/metadata/2.targets.json", valid: 1, threshold: 2)))
    try repository.rotate { $0.signers[.targets] = [16, 17] }
    repository.targets.version = 2
    repository.snapshotVersion = 3
    repository.timestampVersion = 3
    try repository.publish()
    #expect(try test.refusal(repository) == nil)
    attacked = repository
    attacked.targets.version = 3
    attacked.signers[.targets] = [5, 15]
    try attacked.advance()
    #expect(
      try test.refusal(attacked)
        == .metadata(.unsigned(file: "memory/metadata/3.targets.json", valid: 0, threshold: 2)))
  }

  /// A mirror can leave out files, and alter any of them: never more than a refusal comes of it.
  @Test func maliciousMirror() throws {
    var repository = try TestRepository()
    repository.snapshotVersion = 3
    repository.timestampVersion = 3
    repository.targets.version = 2
    repository.roles["acme"]?.body.version = 2
    try repository.publish()
    var seed: UInt64 = 88
    for name in repository.files.keys.sorted() where name != "metadata/1.root.json" {
      var without = repository
      without.files[name] = nil
      #expect(try wholeWay(without) == false, "\(name) left out")
      for _ in 0..<20 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var altered = repository
        let count = try #require(altered.files[name]).count
        altered.files[name]?[Int(seed >> 33) % count] ^= UInt8(truncatingIfNeeded: seed >> 20) | 1
        #expect(try wholeWay(altered) == false, "\(name) altered")
      }
    }
    #expect(try wholeWay(repository))
  }

  private func wholeWay(_ repository: TestRepository) throws -> Bool {
    let test = try TestClient(repository)
    guard try test.refusal(repository) == nil else { return false }
    var client = try test.client()
    guard let file = try? client.target(path) else { return false }
    return (try? client.read(path, file, limit: 100)) != nil
  }
}
