// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing
import UpdateFramework

/// The search for a target through the delegations (TUF 1.0 section 5.6.7).
@Suite struct DelegationTests {
  private func found(_ repository: inout TestRepository, _ path: String) throws -> (length: Int64?, read: [String]) {
    repository.targets.version += 1
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    _ = try client.refresh()
    _ = test.source.takeRead()
    let file = try client.target(path)
    return (file?.length, test.source.takeRead())
  }

  /// A role under another one.
  private func nest(
    _ repository: inout TestRepository, _ name: String, under parent: String, key: UInt8, paths: [String],
    isTerminating: Bool = false
  ) throws {
    var delegations = repository.roles[parent]?.body.delegations ?? Delegations(keys: [:], roles: [])
    let trusted = try signer(key).key
    delegations.keys[trusted.keyID] = trusted
    delegations.roles.append(
      DelegatedRole(
        name: name, keys: try TestRepository.keys([key]), isTerminating: isTerminating, paths: .patterns(paths)))
    repository.roles[parent]?.body.delegations = delegations
    if repository.roles[name] == nil {
      repository.roles[name] = (TargetsMetadata(version: 1, expires: TestRepository.later), [key])
    }
  }

  @Test func theFirstRoleThatHasATargetGivesIt() throws {
    var repository = try TestRepository()
    try repository.delegate("first", to: [7], paths: ["p/*"], isTerminating: false)
    try repository.delegate("second", to: [8], paths: ["p/*"], isTerminating: false)
    try repository.add("p/both", [1], role: "first")
    try repository.add("p/both", [1, 2], role: "second")
    try repository.add("p/second", [1, 2], role: "second")
    #expect(try found(&repository, "p/both").length == 1)
    #expect(try found(&repository, "p/second").length == 2)
    #expect(try found(&repository, "p/second").read == ["metadata/1.first.json", "metadata/1.second.json"])
    repository.targets.targets["p/both"] = TargetFile(length: 9, sha256: Digest(of: []))
    #expect(try found(&repository, "p/both").length == 9)
  }

  @Test func aTerminatingRoleEndsTheSearch() throws {
    var repository = try TestRepository()
    try repository.delegate("first", to: [7], paths: ["p/*"])
    try repository.delegate("second", to: [8], paths: ["p/*"])
    try repository.add("p/second", [1, 2], role: "second")
    let found = try found(&repository, "p/second")
    #expect(found.length == nil)
    #expect(found.read == ["metadata/1.first.json"])
  }

  @Test func rolesAreAskedBeforeThoseBesideThem() throws {
    var repository = try TestRepository()
    try repository.delegate("a", to: [7], paths: ["p/*"], isTerminating: false)
    try repository.delegate("b", to: [8], paths: ["p/*"], isTerminating: false)
    try nest(&repository, "a1", under: "a", key: 9, paths: ["p/x*"])
    try nest(&repository, "a2", under: "a", key: 10, paths: ["p/*"])
    try repository.add("p/x", [1, 2, 3], role: "b")
    #expect(
      try found(&repository, "p/x").read == ["a", "a1", "a2", "b"].map { "metadata/1.\($0).json" })
    // What a role below may speak of is bounded by every role above it that leads there.
    try repository.add("q/x", [1], role: "a1")
    #expect(try found(&repository, "q/x").length == nil)
    #expect(try found(&repository, "q/x").read == [])
  }

  @Test func aTerminatingRoleBelowEndsTheSearchOfAll() throws {
    var repository = try TestRepository()
    try repository.delegate("a", to: [7], paths: ["p/*"], isTerminating: false)
    try repository.delegate("b", to: [8], paths: ["p/*"], isTerminating: false)
    try nest(&repository, "a1", under: "a", key: 9, paths: ["p/*"], isTerminating: true)
    try repository.add("p/x", [1], role: "b")
    #expect(try found(&repository, "p/x").length == nil)
  }

  /// A role is listed with what roles below it have, as the search finds it and no more.
  @Test func aRoleIsListedWithThoseBelowIt() throws {
    var repository = try TestRepository()
    try repository.delegate("a", to: [7], paths: ["p/*"])
    try nest(&repository, "a1", under: "a", key: 9, paths: ["p/x*", "q/*"], isTerminating: true)
    try nest(&repository, "a2", under: "a", key: 10, paths: ["p/*"])
    try nest(&repository, "a", under: "a2", key: 7, paths: ["p/*"])
    try repository.add("p/own", [], role: "a")
    try repository.add("p/x1", [1], role: "a1")
    // Outside of what leads to it, behind a role that ends the search, and a second time.
    for path in ["q/x", "p/y1"] { try repository.add(path, [1], role: "a1") }
    for path in ["p/x2", "p/x1", "p/own", "p/z"] { try repository.add(path, [1, 2], role: "a2") }
    repository.targets.version += 1
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    let listed = try #require(try client.role("a"))
    #expect(listed.targets.mapValues(\.length) == ["p/own": 0, "p/x1": 1, "p/z": 2])
    for (path, file) in listed.targets { #expect(try client.target(path) == file) }
    for path in ["q/x", "p/y1", "p/x2"] { #expect(try client.target(path) == nil) }
  }

  @Test func aCircleIsWalkedOnce() throws {
    var repository = try TestRepository()
    try repository.delegate("a", to: [7], paths: ["p/*"], isTerminating: false)
    try nest(&repository, "b", under: "a", key: 8, paths: ["p/*"])
    try nest(&repository, "a", under: "b", key: 7, paths: ["p/*"])
    try nest(&repository, "b", under: "b", key: 8, paths: ["p/*"])
    let found = try found(&repository, "p/x")
    #expect(found.length == nil)
    #expect(found.read == ["metadata/1.a.json", "metadata/1.b.json"])
  }

  /// As many as python-tuf asks: 32 besides the top one.
  @Test func theSearchIsBounded() throws {
    var repository = try TestRepository()
    for number in 0..<40 {
      try repository.delegate("r\(number)", to: [7], paths: ["p/*"], isTerminating: false)
      try repository.add("p/\(number)", [1], role: "r\(number)")
    }
    #expect(try found(&repository, "p/31").length == 1)
    let beyond = try found(&repository, "p/32")
    #expect(beyond.length == nil && beyond.read.count == 32)
  }

  /// Trust comes from whoever delegates: the same role under two of them is checked for each.
  @Test func aRoleIsVerifiedForEachWhoDelegatesToIt() throws {
    var repository = try TestRepository()
    try repository.delegate("a", to: [7], paths: ["p/*"], isTerminating: false)
    try repository.delegate("b", to: [8], paths: ["p/*", "q/*"], isTerminating: false)
    // `a` trusts another key for the role that `b` trusts key 8 for.
    try nest(&repository, "b", under: "a", key: 99, paths: ["p/*"])
    try repository.add("q/x", [1], role: "b")
    try repository.add("p/x", [1], role: "b")
    repository.targets.version += 1
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    #expect(try client.target("q/x")?.length == 1)
    #expect(
      throws: UpdateError.metadata(.unsigned(file: "memory/metadata/1.b.json", valid: 0, threshold: 1))
    ) { try client.target("p/x") }
  }

  @Test func aRoleThatTheSnapshotLacksIsRefused() throws {
    var repository = try TestRepository()
    try repository.delegate("ghost", to: [7], paths: ["p/*"])
    repository.roles["ghost"] = nil
    repository.targets.version = 2
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    #expect(throws: UpdateError.unlisted(role: "ghost", source: "memory")) { try client.target("p/x") }
    #expect(throws: UpdateError.unlisted(role: "ghost", source: "memory")) { try client.role("ghost") }
  }

  @Test func aRolesThresholdHolds() throws {
    var repository = try TestRepository()
    try repository.delegate("two", to: [7, 8], paths: ["p/*"])
    try repository.add("p/x", [1], role: "two")
    #expect(try found(&repository, "p/x").length == 1)
    repository.roles["two"]?.signers = [7]
    #expect(
      throws: UpdateError.metadata(.unsigned(file: "memory/metadata/1.two.json", valid: 1, threshold: 2))
    ) { try found(&repository, "p/x") }
  }

  /// Names that would be paths, or files of the client's own, if they were not quoted and kept apart.
  @Test(arguments: ["../root", "a/b", "keys", "refreshed", ".", "..", "ünï", "x%2Fy", "lock"])
  func oddNamesOfRolesAreNoPaths(_ name: String) throws {
    var repository = try TestRepository()
    try repository.delegate(name, to: [7], paths: ["p/*"])
    try repository.add("p/x", [1], role: name)
    #expect(try found(&repository, "p/x").length == 1)
    let test = try TestClient(repository)
    var client = try test.client()
    #expect(try client.role(name) != nil)
    try test.refresh()
  }

  @Test func anOddTargetIsNoPathOfADirectory() throws {
    var repository = try TestRepository()
    repository.root.consistentSnapshot = false
    repository.files = [:]
    try repository.delegate("odd", to: [7], paths: ["*", "*/*", "*/*/*", "*/*/*/*"])
    let paths = ["../../outside", "/absolute", "a//b", "a/./b", "a\u{0}b", ""]
    for path in paths { try repository.add(path, [1], role: "odd") }
    repository.targets.version = 2
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    let directory = DirectorySource(test.scratch.path)
    for path in paths {
      #expect(try client.target(path) != nil)
      #expect(throws: SourceError.self) { try directory.read("targets/" + path, limit: 10) }
    }
  }
}
