// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TransparencyLog

@Suite struct TileTests {
  @Test(arguments: [
    (TileCoordinate(row: .hashes(0), index: 1_234_067, width: 256), "tile/0/x001/x234/067"),
    (TileCoordinate(row: .hashes(1), index: 0, width: 5), "tile/1/000.p/5"),
    (TileCoordinate(row: .entries, index: 1000, width: 255), "tile/entries/x001/000.p/255"),
    (TileCoordinate(row: .entries, index: 999, width: 256), "tile/entries/999"),
    (TileCoordinate(row: .hashes(63), index: 1_000_000_000, width: 1), "tile/63/x001/x000/x000/000.p/1"),
  ])
  func paths(_ tile: TileCoordinate, _ path: String) {
    #expect(tile.path == path)
    #expect(TileCoordinate(path: path) == tile)
  }

  @Test(arguments: [
    "tile/0", "tile/0/", "tile/00/000", "tile/64/000", "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/0/x001",
    "tile/0/001/000", "tile/0/000.p", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/x001.p/000/3",
    "tile/-1/000", "tile/0/000.p/3/", "tile//000", "/tile/0/000", "tile/entry/000", "Tile/0/000", "tile/0/000.q/3",
    "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/00\u{660}",
  ])
  func notPaths(_ path: String) {
    #expect(TileCoordinate(path: path) == nil)
  }

  /// The example of tlog-tiles: a tree of 70,000.
  @Test func seventyThousand() {
    func standing(_ path: String) -> TileCoordinate.Standing? { TileCoordinate(path: path)?.standing(inTree: 70_000) }
    for path in ["tile/0/000", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"] {
      #expect(standing(path) == .part, "\(path)")
    }
    for path in ["tile/0/272.p/8", "tile/0/273.p/111", "tile/1/000.p/17", "tile/1/001.p/16"] {
      #expect(standing(path) == .superseded, "\(path)")
    }
    for path in ["tile/0/273", "tile/0/274.p/1", "tile/1/001", "tile/2/000.p/2", "tile/3/000.p/1", "tile/9/000"] {
      #expect(standing(path) == .beyond, "\(path)")
    }
  }

  @Test func bundles() throws {
    #expect(try EntryBundle.entries(in: [0, 0, 0, 2, 8, 9], count: 2) == [2..<2, 4..<6])
    for bytes in [[], [0], [0, 1], [0, 0, 0], [0, 0, 0, 0, 0, 0], [255, 255]] as [[UInt8]] {
      #expect(throws: NoteError.self) { try EntryBundle.entries(in: bytes, count: 2) }
    }
  }

  /// A real log, written by another implementation: every checkpoint verifies, every tile and bundle gives its root.
  @Test func anotherImplementationsLog() throws {
    guard let data = sharedData("tlog/tessera/testdata/log") else { return }
    let key = try VerifierKey(
      parsing: "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
    let reader = LogReader(directory: data, verifiers: [key])
    var last: Checkpoint? = nil
    for size in 0...15 {
      let checkpoint = try reader.checkpoint(named: "checkpoint.\(size)")
      #expect(checkpoint.size == UInt64(size))
      #expect(checkpoint.origin == "example.com/log/testdata")
      var range = CompactRange()
      if size > 0 {
        let hashes = try LogReader.hashes(of: TileCoordinate(row: .hashes(0), index: 0, width: size), in: data)
        let (bytes, entries) = try LogReader.bundle(TileCoordinate(row: .entries, index: 0, width: size), in: data)
        #expect(entries.map { MerkleHash.leaf(bytes[$0]) } == hashes)
        for hash in hashes { range.append(hash) }
      }
      #expect(range.root == checkpoint.root)
      if let last, last.size > 0 {
        let ranges = try #require(MerkleProof.consistencyRanges(from: last.size, to: checkpoint.size))
        let hashes = try LogReader.hashes(of: TileCoordinate(row: .hashes(0), index: 0, width: size), in: data)
        let proof = try ranges.map { range in
          try MerkleProof.hash(over: range) { height, index throws(LogError) in
            MerkleProof.subtree(hashes[Int(index) << height..<(Int(index) + 1) << height])
          }
        }
        #expect(
          MerkleProof.verifyConsistency(
            from: last.size, root: last.root, to: checkpoint.size, root: checkpoint.root, proof: proof))
      }
      last = checkpoint
    }
    #expect(try reader.checkpoint() == last)
    #expect(try reader.leaf(at: 1) == Array("two".utf8))
    // That log keeps its old partial tiles and checkpoints, which ours removes: all else holds.
    let report = reader.verifyAll()
    #expect(report.signatures.map(\.key) == [key])
    #expect(report.findings.allSatisfy { $0.kind == .extra || $0.kind == .superseded })
    #expect(report.findings.contains { $0.kind == .superseded })
  }

  @Test func tellsEarlierTilesFromOthers() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    _ = try writeLog(scratch.path + "/log", size: 300, key: key)
    let directory = scratch.path + "/log"
    let hashes = try Array(Data(contentsOf: URL(fileURLWithPath: directory + "/tile/0/000")))
    let (bundle, entries) = try LogReader.bundle(
      TileCoordinate(row: .entries, index: 0, width: 256), in: directory)
    let earlier: [(path: String, bytes: [UInt8])] = [
      ("tile/0/000.p/5", Array(hashes[..<160])), ("tile/0/000.p/255", Array(hashes[..<(255 * 32)])),
      ("tile/entries/000.p/7", Array(bundle[..<entries[6].upperBound])),
    ]
    for (path, bytes) in earlier {
      let file = URL(fileURLWithPath: directory + "/" + path)
      let folder = file.deletingLastPathComponent()
      func findings(_ content: [UInt8]?) throws -> [Finding] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if let content { try Data(content).write(to: file) }
        defer { try? FileManager.default.removeItem(at: folder) }
        return LogReader(directory: directory, verifiers: [key.verifier]).verifyAll().findings
      }
      #expect(try findings(bytes).map(\.kind) == [.superseded], "\(path)")
      #expect(try findings(nil).map(\.kind) == [.superseded], "the directory of \(path)")
      var changed = bytes
      changed[changed.count / 2] ^= 1
      for content in [changed, Array(bytes.dropLast()), bytes + [0], []] {
        #expect(try findings(content).map(\.kind) == [.damaged], "\(path) of \(content.count) bytes")
      }
    }
    #expect(LogReader(directory: directory, verifiers: [key.verifier]).verifyAll().isSound)
  }
}
