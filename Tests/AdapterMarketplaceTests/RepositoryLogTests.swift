// SPDX-License-Identifier: Apache-2.0

import AdapterMarketplace
import DurableFiles
import ExecutionIR
import Governance
import Testing
import TransparencyLog
import UpdateFramework

/// A repository's log in a directory, as an operator keeps it.
private struct KeptLog {
  let directory: String
  let identity: Identity
  let key: VerifierKey

  init(_ directory: String, _ identity: Identity) throws {
    self.directory = directory
    self.identity = identity
    key = identity.verifier
    let signer = signer
    _ = try LogWriter.create(directory: directory + "/log", origin: key.name, verifier: key, sign: signer)
  }

  private var signer: CheckpointSigner {
    let (identity, name) = (identity, key.name)
    return { body throws(LogError) in
      do throws(IdentityError) { return [try identity.noteSignature(over: body, origin: name)] } catch {
        throw .signing(error.description)
      }
    }
  }

  func append(_ leaves: [[UInt8]]) throws {
    var writer = try LogWriter.resume(directory: directory + "/log", origin: key.name, verifier: key)
    for leaf in leaves { _ = try writer.append(leaf) }
    try writer.publish(sign: signer)
  }

  func proof(_ index: UInt64) throws -> [UInt8] {
    try LogReader(directory: directory + "/log", verifiers: [key]).proofFile(ofLeaf: index)
  }

  func watched(note: [UInt8]? = nil, key: VerifierKey? = nil) -> RepositoryLog {
    RepositoryLog(key: key ?? self.key, repository: "main", source: DirectorySource(directory), note: note)
  }
}

@Suite struct RepositoryLogTests {
  private func publication(_ number: Int) throws -> Publication {
    Publication(
      path: ReleasePath(
        name: try #require(AdapterName("acme/itch")), version: SemanticVersion(1, 0, UInt64(number)), platform: .host),
      digest: Digest(of: [UInt8(truncatingIfNeeded: number)]), length: 5, certificate: Digest(of: [9]))
  }

  private func leaves(_ range: Range<Int>) throws -> [[UInt8]] { try range.map { try publication($0).leaf } }

  private func reason(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was refused"
    } catch {
      return "\(error)"
    }
  }

  /// Over sizes on both sides of a tile's edge, each log goes on from each that was seen before.
  @Test func followsAGrowingLog() throws {
    let scratch = try ScratchStore()
    let log = try KeptLog(scratch.path, try Identity.ephemeral(name: "example.com/log"))
    var notes: [[UInt8]] = []
    var count = 0
    for size in [1, 2, 3, 7, 255, 256, 257, 300, 600] {
      try log.append(try leaves(count..<size))
      count = size
      for note in notes {
        var watched = log.watched(note: note)
        #expect(watched.seen != nil)
        try watched.refresh()
        #expect(watched.seen?.checkpoint.size == UInt64(size))
      }
      var fresh = log.watched()
      try fresh.refresh()
      notes.append(try #require(fresh.seen?.note))
      // A proof made now, and the same one when the log has grown.
      let proof = try log.proof(UInt64(size / 2))
      let position = try fresh.verify(proof, of: try publication(size / 2))
      #expect(position.index == Int64(size / 2) && position.size == Int64(size))
    }
    let early = try log.proof(4)
    try log.append(try leaves(count..<count + 1))
    var watched = log.watched(note: notes[0])
    #expect(try watched.verify(early, of: try publication(4)).size == 600)
    #expect(watched.seen?.checkpoint.size == 601)
  }

  @Test func refusesAForkAndACut() throws {
    let scratch = try ScratchStore()
    let identity = try Identity.ephemeral(name: "example.com/log")
    let honest = try KeptLog(scratch.path + "/a", identity)
    try honest.append(try leaves(0..<5))
    var watched = honest.watched()
    try watched.refresh()
    let note = try #require(watched.seen?.note)
    // The same key signs another history: shorter, as long, longer.
    for size in [3, 5, 300] {
      let other = try KeptLog(scratch.path + "/b\(size)", identity)
      try other.append(try leaves(100..<100 + size))
      var seen = other.watched(note: note)
      let told = reason { try seen.refresh() }
      #expect(told.contains(size == 3 ? "it was cut back" : "it does not go on from what it showed before"), "\(told)")
      #expect(seen.seen?.checkpoint.size == 5)
      // A proof of the other history shows it too.
      if size == 5 {
        let proof = try other.proof(2)
        var victim = honest.watched(note: note)
        #expect(reason { _ = try victim.verify(proof, of: try publication(102)) }.contains("does not go on"))
      }
    }
    // A tree that is longer than what the log shows to all.
    let secret = try KeptLog(scratch.path + "/c", identity)
    try secret.append(try leaves(0..<6))
    let proof = try secret.proof(5)
    #expect(reason { _ = try watched.verify(proof, of: try publication(5)) }.contains("hidden from others"))
  }

  @Test func refusesFalseProofs() throws {
    let scratch = try ScratchStore()
    let log = try KeptLog(scratch.path + "/a", try Identity.ephemeral(name: "example.com/log"))
    try log.append(try leaves(0..<9))
    var watched = log.watched()
    try watched.refresh()
    let proof = try log.proof(4)
    _ = try watched.verify(proof, of: try publication(4))
    #expect(reason { _ = try watched.verify(proof, of: try publication(5)) }.contains("does not lead from this leaf"))
    for index in proof.indices {
      var flipped = proof
      flipped[index] ^= 1
      #expect(
        reason { _ = try watched.verify(flipped, of: try publication(4)) } != "nothing was refused", "byte \(index)")
    }
    let stranger = try KeptLog(scratch.path + "/b", try Identity.ephemeral(name: "example.com/log"))
    try stranger.append(try leaves(0..<9))
    #expect(reason { _ = try watched.verify(try stranger.proof(4), of: try publication(4)) }.contains("the proof of"))
    var foreign = stranger.watched(key: log.key)
    #expect(reason { try foreign.refresh() }.contains("its checkpoint"))
  }

  /// Tiles that are missing, cut or altered are no proof, and no crash.
  @Test func refusesDamagedTiles() throws {
    let scratch = try ScratchStore()
    let log = try KeptLog(scratch.path, try Identity.ephemeral(name: "example.com/log"))
    try log.append(try leaves(0..<3))
    var first = log.watched()
    try first.refresh()
    let note = try #require(first.seen?.note)
    try log.append(try leaves(3..<7))
    let tile = scratch.path + "/log/tile/0/000.p/7"
    let bytes = try Files.read(tile)
    for damaged in [Array(bytes.dropLast()), bytes + [0], [], bytes.map { $0 ^ 1 }] {
      try Files.writeDurably(damaged, to: tile)
      var watched = log.watched(note: note)
      #expect(reason { try watched.refresh() }.contains("main: its log: "))
    }
    try Files.remove(tile)
    var watched = log.watched(note: note)
    #expect(reason { try watched.refresh() }.contains("there is no such file"))
    // A full tile in place of the partial one serves, since it begins with it.
    let full = bytes + [UInt8](repeating: 0, count: 256 * 32 - bytes.count)
    try Files.writeDurably(full, to: scratch.path + "/log/tile/0/000")
    try watched.refresh()
    #expect(watched.seen?.checkpoint.size == 7)
  }

  @Test func anotherKeysCheckpointIsNone() throws {
    let scratch = try ScratchStore()
    let log = try KeptLog(scratch.path, try Identity.ephemeral(name: "example.com/log"))
    try log.append(try leaves(0..<3))
    var watched = log.watched()
    try watched.refresh()
    let other = try Identity.ephemeral(name: "example.com/log").verifier
    #expect(log.watched(note: watched.seen?.note, key: other).seen == nil)
    #expect(log.watched(note: [1, 2, 3]).seen == nil)
  }
}
