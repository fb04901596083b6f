// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Testing
import UpdateFramework

@Suite struct RefreshTests {
  private let path = "acme/itch/1.0.0/linux-x86_64.so"

  @Test(arguments: [true, false], [true, false])
  func aTargetIsFoundAndRead(consistent: Bool, hashes: Bool) throws {
    var repository = try TestRepository()
    repository.root.consistentSnapshot = consistent
    repository.listsHashes = hashes
    repository.files = [:]
    try repository.add(path, Array("library".utf8), role: "acme")
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    _ = try client.refresh()
    let file = try #require(try client.target(path))
    #expect(try client.read(path, file, limit: 100) == Array("library".utf8))
    #expect(try client.target("acme/itch/2.0.0/linux-x86_64.so") == nil)
    #expect(try client.target("other") == nil)
    #expect(try client.role("acme")?.targets.keys.sorted() == [path])
    #expect(try client.role("nobody") == nil)
  }

  @Test func aWarmRefreshReadsTwoFiles() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    let report = try test.refresh()
    #expect(
      report.files == ["metadata/timestamp.json", "metadata/1.snapshot.json", "metadata/1.targets.json"])
    #expect(report.bytes == report.files.reduce(0) { $0 + (repository.files[$1]?.count ?? 0) })
    var client = try test.client()
    _ = try client.refresh()
    _ = try client.role("acme")
    _ = test.source.takeRead()
    var again = try test.client(at: 10)
    _ = try again.refresh()
    #expect(try again.target(path) != nil)
    #expect(test.source.takeRead() == ["metadata/2.root.json", "metadata/timestamp.json"])
  }

  @Test func onlyWhatChangedIsRead() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    try test.refresh()
    repository.roles["acme"]?.body.version = 2
    try repository.advance()
    test.source.files = repository.files
    _ = test.source.takeRead()
    var client = try test.client()
    _ = try client.refresh()
    #expect(try client.role("acme")?.version == 2)
    #expect(
      test.source.takeRead() == [
        "metadata/2.root.json", "metadata/timestamp.json", "metadata/2.snapshot.json", "metadata/2.acme.json",
      ])
  }

  @Test func rootIsFollowedOverManyVersions() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    for version in 2...7 as ClosedRange<UInt8> {
      try repository.rotate { $0.signers[.root] = [version * 2, version * 2 + 1] }
      try repository.publish()
    }
    test.source.files = repository.files
    let report = try test.refresh()
    #expect(report.earlierRoot == 1 && report.root == 7)
    #expect(try test.refresh().earlierRoot == 7)
  }

  /// As many in one refresh as the limit says, the rest in the next.
  @Test func rotationsAreBounded() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    for _ in 0..<5 {
      try repository.rotate { _ in }
      try repository.publish()
    }
    test.source.files = repository.files
    var limits = UpdateLimits()
    limits.rotations = 3
    #expect(try test.refresh(limits: limits).root == 4)
    #expect(try test.refresh(limits: limits).root == 6)
  }

  /// Unlike another's, the client's own files are no reason to fail: those that no longer hold are fetched again.
  @Test(arguments: ["timestamp.json", "snapshot.json", "targets.json", "roles/acme.json"])
  func aDamagedCopyIsFetchedAgain(_ name: String) throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    _ = try client.refresh()
    _ = try client.role("acme")
    try Data("{}".utf8).write(to: URL(fileURLWithPath: test.directory + "/" + name))
    var again = try test.client()
    _ = try again.refresh()
    #expect(try again.role("acme") != nil)
    #expect(try Data(contentsOf: URL(fileURLWithPath: test.directory + "/" + name)).count > 100)
  }

  @Test func aDamagedRootIsNamedWithTheWayOut() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: test.directory + "/root.json"))
    let error = #expect(throws: UpdateError.self) { try test.refresh() }
    #expect("\(try #require(error))".contains("root.json"))
    #expect("\(try #require(error))".contains("add it again with its root file"))
  }

  /// What was stored is used without the source; what was not is not fetched either.
  @Test func storedMetadataNeedNoSource() throws {
    var repository = try TestRepository()
    try repository.delegate("zeta", to: [7], paths: ["zeta/*/*/*"])
    try repository.publish()
    let test = try TestClient(repository)
    var client = try test.client()
    #expect(throws: UpdateError.notRefreshed(directory: test.directory)) { try client.useStored() }
    _ = try client.refresh()
    _ = try client.role("acme")
    _ = test.source.takeRead()
    var stored = try test.client()
    try stored.useStored()
    #expect(try stored.target(path) != nil)
    #expect(throws: UpdateError.notStored(path: "metadata/1.zeta.json", directory: test.directory)) {
      try stored.role("zeta")
    }
    #expect(test.source.takeRead() == [])
    _ = try stored.refresh()
    #expect(try stored.role("zeta") != nil)
  }

  @Test func oneDirectoryTrustsOneRoot() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    try UpdateClient.begin(directory: test.directory, root: repository.rootFile)
    var other = try TestRepository()
    other.signers[.timestamp] = [9]
    try other.setRootKeys()
    try other.publish()
    #expect(throws: UpdateError.begun(directory: test.directory, version: 1)) {
      try UpdateClient.begin(directory: test.directory, root: other.rootFile)
    }
    let empty = try Scratch()
    #expect(throws: UpdateError.notBegun(directory: empty.path)) {
      _ = try UpdateClient(directory: empty.path, source: test.source, now: MetadataTime(seconds: 0))
    }
  }

  @Test func aRootThatItsOwnKeysDidNotSignIsNotBegunWith() throws {
    var repository = try TestRepository()
    repository.signers[.root] = [1, 2]
    try repository.publish()
    let scratch = try Scratch()
    let halfSigned = try TestRepository.sign(repository.root, [1])
    #expect(throws: UpdateError.metadata(.unsigned(file: "the given root file", valid: 1, threshold: 2))) {
      try UpdateClient.begin(directory: scratch.path + "/client", root: halfSigned)
    }
  }

  /// Five minutes are let pass: clocks are set.
  @Test func aClockThatRunsBackwardsIsRefused() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    try test.refresh(at: 10_000)
    try test.refresh(at: 9_700)
    let start = TestRepository.start
    #expect(
      throws: UpdateError.clock(
        now: MetadataTime(seconds: start + 9_699), earlier: MetadataTime(seconds: start + 10_000),
        record: test.directory + "/refreshed.json")
    ) { try test.refresh(at: 9_699) }
    // The way out that the error names.
    try FileManager.default.removeItem(atPath: test.directory + "/refreshed.json")
    try test.refresh(at: 9_699)
    #expect(try test.client().refreshedAt() == MetadataTime(seconds: start + 9_699))
  }

  /// A refresh that failed is none to measure the clock by.
  @Test func onlyASuccessfulRefreshIsRemembered() throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    try test.refresh()
    #expect(throws: UpdateError.self) { try test.refresh(at: 2_000_000) }
    try test.refresh()
  }

  @Test func anotherProcessIsWaitedFor() async throws {
    var repository = try TestRepository()
    try repository.publish()
    let test = try TestClient(repository)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<5 { try test.refresh() }
        }
      }
      try await group.waitForAll()
    }
  }
}
