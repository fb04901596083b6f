// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TransparencyLog

@Suite struct LogWriterTests {
  static let sizes = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 600, 65_537]

  /// Logs of many sizes hold here and in a Python program that shares no code with this one.
  @Test func sizes() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    var directories: [String] = []
    for size in LogWriterTests.sizes {
      let directory = scratch.path + "/\(size)"
      let checkpoint = try writeLog(directory, size: size, key: key)
      #expect(checkpoint.size == UInt64(size))
      if size < 700 { #expect(checkpoint.root == MerkleTests.root((0..<size).map(testLeaf)[...])) }
      var next = 0
      var same = true
      let report = LogReader(directory: directory, verifiers: [key.verifier]).verifyAll { index, leaf in
        same = same && index == UInt64(next) && leaf.elementsEqual(testLeaf(next))
        next += 1
      }
      #expect(report.findings == [], "size \(size)")
      #expect(report.checkpoint == checkpoint)
      #expect(same && next == size)
      directories.append(directory)
    }
    guard
      let verdicts = try independent(
        "verify_ledger.py", ["log", key.verifier.description] + directories, needs: "cryptography")
    else { return }
    #expect(verdicts.count == LogWriterTests.sizes.count)
    for (size, verdict) in zip(LogWriterTests.sizes, verdicts) {
      #expect(verdict["ok"] as? Bool == true, "size \(size): \(verdict)")
      #expect(verdict["size"] as? Int == size)
    }
  }

  /// However often and wherever a log was published or taken up, its directory is the same byte for byte.
  @Test func oneSetOfFiles() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    _ = try writeLog(scratch.path + "/at once", size: 777, key: key)
    let files = try Scratch.files(scratch.path + "/at once")
    _ = try writeLog(
      scratch.path + "/often", size: 777, key: key, stops: [1, 2, 3, 254, 255, 256, 257, 500, 512, 513, 767, 768, 776])
    #expect(try Scratch.files(scratch.path + "/often") == files)
    for start in [0, 1, 255, 256, 300, 512, 776] {
      let directory = scratch.path + "/from \(start)"
      _ = try writeLog(directory, size: start, key: key)
      var writer = try LogWriter.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier)
      #expect(writer.position == UInt64(start))
      for index in start..<777 { try writer.append(testLeaf(index)) }
      try writer.publish(sign: key.signer)
      #expect(try Scratch.files(directory) == files)
    }
    let folders = try FileManager.default.subpathsOfDirectory(atPath: scratch.path + "/often").count
    #expect(folders == (try FileManager.default.subpathsOfDirectory(atPath: scratch.path + "/at once").count))
  }

  @Test func comparing() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    let checkpoint = try writeLog(directory, size: 600, key: key)
    let files = try Scratch.files(directory)
    let never: CheckpointSigner = { _ throws(LogError) in
      Issue.record("nothing is to be signed")
      throw .signing("unexpected")
    }
    do {
      var writer = try LogWriter.resume(
        directory: directory, origin: key.verifier.name, verifier: key.verifier, position: 0)
      for index in 0..<600 {
        #expect(writer.isComparing == true)
        #expect(try writer.append(testLeaf(index)) == UInt64(index))
        if index % 100 == 0 { #expect(try writer.publish(sign: never) == checkpoint) }
      }
      #expect(writer.isComparing == false)
      #expect(try writer.publish(sign: never) == checkpoint)
    }
    do {
      var writer = try LogWriter.resume(
        directory: directory, origin: key.verifier.name, verifier: key.verifier, position: 300)
      for index in 300..<555 { try writer.append(testLeaf(index)) }
      #expect(throws: LogError.differentLeaf(index: 555)) { try writer.append([1, 2, 3]) }
      #expect(throws: LogError.differentLeaf(index: 555)) { try writer.append(testLeaf(554)) }
      try writer.append(testLeaf(555))
    }
    #expect(try Scratch.files(directory) == files)
    #expect(throws: LogError.noSuchLeaf(index: 601, size: 600)) {
      try closing(.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier, position: 601))
    }
  }

  private func closing(_ writer: consuming LogWriter) {}

  @Test func refusals() throws {
    let key = try TestKey()
    let other = try TestKey(seed: 8)
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    let checkpoint = try writeLog(directory, size: 5, key: key)
    let files = try Scratch.files(directory)
    #expect(throws: LogError.notEmpty(path: directory)) {
      try closing(
        .create(directory: directory, origin: key.verifier.name, verifier: key.verifier, sign: key.signer))
    }
    #expect(throws: LogError.self) {
      try closing(.resume(directory: directory, origin: key.verifier.name, verifier: other.verifier))
    }
    #expect(
      throws: LogError.wrongOrigin(
        path: directory + "/checkpoint", found: "log.example/test", expected: "log.example/other")
    ) {
      try closing(.resume(directory: directory, origin: "log.example/other", verifier: key.verifier))
    }
    #expect(throws: LogError.self) {
      try closing(.resume(directory: scratch.path + "/none", origin: key.verifier.name, verifier: key.verifier))
    }
    do {
      var writer = try LogWriter.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier)
      #expect(throws: LogError.inUse(path: directory)) {
        try closing(.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier))
      }
      #expect(throws: LogError.leafTooLarge(65_536)) { try writer.append([UInt8](repeating: 0, count: 65_536)) }
      try writer.append([UInt8](repeating: 0, count: 65_535))
      // A signature by another key never gets into place, and a signer that fails may be asked again.
      #expect(throws: LogError.self) { try writer.publish(sign: other.signer) }
      #expect(throws: LogError.signing("later")) {
        try writer.publish { _ throws(LogError) in throw .signing("later") }
      }
      #expect(writer.published == checkpoint)
      #expect(try LogReader(directory: directory, verifiers: [key.verifier]).checkpoint() == checkpoint)
      try writer.append([])
      #expect(try writer.publish(sign: key.signer).size == 7)
    }
    let report = LogReader(directory: directory, verifiers: [key.verifier]).verifyAll()
    #expect(report.findings == [])
    #expect(
      LogReader(directory: directory, verifiers: [other.verifier]).verifyAll().findings.map(\.kind) == [
        .unauthenticated
      ])
    #expect(LogReader(directory: directory, verifiers: []).verifyAll().findings.map(\.kind) == [.unauthenticated])
    #expect(files["checkpoint"] != nil)
    // A log that has lost its checkpoint is not taken for a new one.
    try FileManager.default.removeItem(atPath: directory + "/checkpoint")
    #expect(throws: LogError.notEmpty(path: directory)) {
      try closing(.create(directory: directory, origin: key.verifier.name, verifier: key.verifier, sign: key.signer))
    }
    #expect(throws: LogError.self) {
      try closing(.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier))
    }
    #expect(throws: LogError.self) {
      try closing(
        .create(directory: scratch.path + "/x", origin: "two words", verifier: key.verifier, sign: key.signer))
    }
  }

  @Test func proofs() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    let checkpoint = try writeLog(directory, size: 66_000, key: key)
    let reader = LogReader(directory: directory, verifiers: [key.verifier])
    for index in [0, 1, 255, 256, 65_279, 65_280, 65_535, 65_536, 65_791, 65_792, 65_999] {
      #expect(try reader.leaf(at: UInt64(index)) == testLeaf(index))
      let proof = try reader.inclusionProof(ofLeaf: UInt64(index))
      #expect(
        MerkleProof.verifyInclusion(
          leaf: .leaf(testLeaf(index)), index: UInt64(index), size: 66_000, root: checkpoint.root, proof: proof))
      let file = try reader.proofFile(ofLeaf: UInt64(index), extra: index == 1 ? [1, 2, 3] : nil)
      let parsed = try LogProof(parsing: file)
      #expect(parsed.bytes == file)
      #expect(try parsed.verify(leaf: testLeaf(index), keys: [key.verifier]) == checkpoint)
      #expect(throws: NoteError.self) { try parsed.verify(leaf: testLeaf(index + 1), keys: [key.verifier]) }
      #expect(throws: NoteError.self) { try parsed.verify(leaf: testLeaf(index), keys: []) }
      try Data(file).write(to: URL(fileURLWithPath: scratch.path + "/proof"))
      try Data(testLeaf(index)).write(to: URL(fileURLWithPath: scratch.path + "/leaf"))
      let verdicts = try independent(
        "verify_ledger.py", ["proof", key.verifier.description, scratch.path + "/leaf", scratch.path + "/proof"],
        needs: "cryptography")
      if let verdicts { #expect(verdicts.first?["ok"] as? Bool == true, "\(verdicts)") }
    }
    #expect(throws: LogError.noSuchLeaf(index: 66_000, size: 66_000)) { try reader.leaf(at: 66_000) }
    #expect(throws: LogError.noSuchLeaf(index: .max, size: 66_000)) { try reader.leaf(at: .max) }
    #expect(try reader.provenLeaves(inBundle: 257, of: checkpoint).count == 66_000 - 257 * 256)
    #expect(throws: LogError.self) { try reader.provenLeaves(inBundle: 258, of: checkpoint) }
    #expect(throws: LogError.self) { try reader.provenLeaves(inBundle: .max, of: checkpoint) }
    var range = CompactRange()
    for old in 1...66_000 {
      range.append(.leaf(testLeaf(old - 1)))
      guard [1, 2, 255, 256, 257, 50_000, 65_535, 65_536, 65_537, 65_999, 66_000].contains(old) else { continue }
      let proof = try reader.consistencyProof(from: UInt64(old), root: range.root)
      let lines =
        [String(old), range.root.description, "66000", checkpoint.root.description] + proof.map(\.description)
      let verdicts = try independent("verify_ledger.py", ["consistency"] + lines, needs: "cryptography")
      if let verdicts { #expect(verdicts.first?["ok"] as? Bool == true, "\(verdicts)") }
      #expect(throws: LogError.self) { try reader.consistencyProof(from: UInt64(old), root: .empty) }
    }
    #expect(throws: LogError.self) { try reader.consistencyProof(from: 66_001, root: .empty) }
  }

  /// What a look-up returns is proven: where tiles or entries were altered, it refuses.
  @Test func lookUpsAreProven() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    _ = try writeLog(directory, size: 600, key: key)
    let reader = LogReader(directory: directory, verifiers: [key.verifier])
    for (path, index) in [
      ("tile/0/001", 0), ("tile/entries/000", 0), ("tile/1/000.p/2", 599), ("tile/0/002.p/88", 300),
    ] {
      let whole = try #require(FileManager.default.contents(atPath: directory + "/" + path))
      var altered = whole
      // In the tiles, some hash that this leaf's proof needs; in the bundle, its first byte.
      altered[path.contains("entries") ? 2 : 0] ^= 1
      try altered.write(to: URL(fileURLWithPath: directory + "/" + path))
      if path == "tile/0/001" {
        #expect(try reader.leaf(at: 0) == testLeaf(0))
        #expect(throws: LogError.self) { try reader.leaf(at: 257) }
      } else {
        #expect(throws: LogError.self) { try reader.leaf(at: UInt64(index)) }
      }
      try whole.write(to: URL(fileURLWithPath: directory + "/" + path))
    }
  }

  /// Prints what this machine does; the published best for a log of this kind is 10,000 entries a second.
  @Test func throughput() throws {
    let key = try TestKey()
    for (batch, bytes) in [(256, 1024), (4096, 1024), (100_000, 200)] {
      let scratch = try Scratch()
      var writer = try LogWriter.create(
        directory: scratch.path + "/log", origin: key.verifier.name, verifier: key.verifier, sign: key.signer)
      let leaf = [UInt8](repeating: 7, count: bytes)
      let count = batch == 100_000 ? 200_000 : 20 * batch
      let clock = ContinuousClock()
      let taken = try clock.measure {
        for index in 0..<count {
          try writer.append(leaf)
          if (index + 1) % batch == 0 { try writer.publish(sign: key.signer) }
        }
      }
      let read = clock.measure {
        let report = LogReader(directory: scratch.path + "/log", verifiers: [key.verifier]).verifyAll()
        #expect(report.isSound && report.checkpoint?.size == UInt64(count))
      }
      let rate = { (duration: Duration) in Int(Double(count) / (duration / .seconds(1))) }
      print("\(bytes)-byte leaves, checkpoint every \(batch): \(rate(taken)) appended/s, \(rate(read)) verified/s")
    }
  }
}
