// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Testing
import UpdateFramework

/// A client that ends at any of its steps leaves a state from which the next one goes on.
@Suite struct KillTests {
  private let path = "acme/itch/1.0.0/linux-x86_64.so"

  /// Stops `work` after 0, 1, 2… steps until it is not stopped any more; gives the number of steps.
  private func atEveryStep(
    _ prepare: () throws -> TestClient, _ work: (TestClient, Int) throws -> Void,
    then check: (TestClient) throws -> Void
  ) throws -> Int {
    for steps in 0..<500 {
      let test = try prepare()
      do {
        try work(test, steps)
        return steps
      } catch UpdateError.stopped {
        try check(test)
      }
    }
    Issue.record("it never came to its end")
    return 0
  }

  @Test func beginning() throws {
    var repository = try TestRepository()
    try repository.publish()
    let steps = try atEveryStep({ try TestClient(repository) }) { test, steps in
      try UpdateClient.begin(directory: test.scratch.path + "/new", root: repository.rootFile, stepsLeft: steps)
    } then: { test in
      let directory = test.scratch.path + "/new"
      try UpdateClient.begin(directory: directory, root: repository.rootFile)
      var client = try UpdateClient(
        directory: directory, source: test.source, now: MetadataTime(seconds: TestRepository.start))
      _ = try client.refresh()
    }
    #expect(steps == 7)
  }

  /// Root rotated three times with the timestamp's key, a vendor's new version: the honest way goes on, and no step of it lets
  /// the old state in again.
  @Test func refreshing() throws {
    var repository = try TestRepository()
    try repository.publish()
    let old = repository
    for key in 31...33 as ClosedRange<UInt8> {
      try repository.rotate { $0.signers[.timestamp] = [key] }
      try repository.publish()
    }
    repository.roles["acme"]?.body.version = 2
    try repository.advance()
    let steps = try atEveryStep {
      let test = try TestClient(old)
      var client = try test.client()
      _ = try client.target(path)
      test.source.files = repository.files
      return test
    } _: { test, steps in
      var client = try test.client(at: 120, stepsLeft: steps)
      _ = try client.refresh()
      #expect(try client.role("acme")?.version == 2)
    } then: { test in
      var client = try test.client(at: 120)
      _ = try client.refresh()
      #expect(client.root.version == 4 && client.timestamp?.version == 2 && client.snapshot?.version == 2)
      #expect(try client.role("acme")?.version == 2)
      #expect(try test.refusal(old, at: 120) != nil)
    }
    // Three roots, two removals, the record of keys, timestamp, snapshot, the time, and a role; three steps each but removals.
    #expect(steps == 3 * 8 + 2)
  }

  /// The keys were replaced because of very high versions, and the client ended before it had forgotten these.
  @Test func recoveringFromFastForward() throws {
    var repository = try TestRepository()
    try repository.publish()
    var attacked = repository
    attacked.timestampVersion = 1_000_000
    attacked.snapshotVersion = 1_000_000
    try attacked.publish()
    // The stolen key stays beside the new one, so that what it signed would still hold.
    try repository.rotate {
      $0.signers[.timestamp] = [3, 13]
      $0.signers[.snapshot] = [4, 14]
    }
    try repository.publish()
    let steps = try atEveryStep {
      let test = try TestClient(repository)
      #expect(try test.refusal(attacked) == nil)
      test.source.files = repository.files
      return test
    } _: { test, steps in
      var client = try test.client(stepsLeft: steps)
      _ = try client.refresh()
    } then: { test in
      let refusal = try test.refusal(repository)
      #expect(refusal == nil)
    }
    #expect(steps == 3 * 4 + 2)
  }
}
