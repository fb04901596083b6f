// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TransparencyLog

@Suite struct MerkleTests {
  /// MTH as RFC 6962 section 2.1 defines it, by recursion.
  static func root(_ leaves: ArraySlice<[UInt8]>) -> MerkleHash {
    switch leaves.count {
    case 0: return .empty
    case 1: return .leaf(leaves[leaves.startIndex])
    default:
      var split = 1
      while split * 2 < leaves.count { split *= 2 }
      return .node(root(leaves.prefix(split)), root(leaves.dropFirst(split)))
    }
  }

  /// The well-known values of RFC 6962's hash: of no leaves, and of the empty leaf.
  @Test func knownHashes() {
    #expect(MerkleHash.empty.description == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    #expect(MerkleHash.leaf([]).description == "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=")
  }

  /// Every proof in every tree up to 70 leaves is made, holds, and holds for nothing else.
  @Test func allProofsOfSmallTrees() throws {
    let leaves = (0..<70).map(testLeaf)
    let roots = (0...70).map { MerkleTests.root(leaves.prefix($0)) }
    var range = CompactRange()
    for size in 0...70 {
      #expect(range.root == roots[size])
      #expect(range.size == UInt64(size))
      if size < 70 { range.append(.leaf(leaves[size])) }
    }
    func hash(_ range: Range<UInt64>) throws -> MerkleHash {
      try MerkleProof.hash(over: range) { height, index throws(LogError) in
        let start = Int(index << UInt64(height))
        return MerkleTests.root(leaves[start..<start + 1 << height])
      }
    }
    for size in UInt64(1)...70 {
      let root = roots[Int(size)]
      for index in 0..<size {
        let proof = try #require(MerkleProof.inclusionRanges(index: index, size: size)).map(hash)
        let leaf = MerkleHash.leaf(leaves[Int(index)])
        #expect(MerkleProof.verifyInclusion(leaf: leaf, index: index, size: size, root: root, proof: proof))
        for other in 0..<size where other != index {
          #expect(!MerkleProof.verifyInclusion(leaf: leaf, index: other, size: size, root: root, proof: proof))
        }
        #expect(!MerkleProof.verifyInclusion(leaf: leaf, index: index, size: size, root: root, proof: proof + [root]))
      }
      for old in 1...size {
        let proof = try #require(MerkleProof.consistencyRanges(from: old, to: size)).map(hash)
        #expect(
          MerkleProof.verifyConsistency(from: old, root: roots[Int(old)], to: size, root: root, proof: proof))
        #expect(
          !MerkleProof.verifyConsistency(from: old, root: roots[Int(old) - 1], to: size, root: root, proof: proof))
        #expect(
          !MerkleProof.verifyConsistency(
            from: old, root: roots[Int(old)], to: size, root: root, proof: proof + [root]))
      }
    }
    #expect(MerkleProof.inclusionRanges(index: 5, size: 5) == nil)
    #expect(MerkleProof.consistencyRanges(from: 0, to: 5) == nil)
    #expect(MerkleProof.consistencyRanges(from: 6, to: 5) == nil)
  }

  // MARK: Published vectors

  private static func vectors(_ folder: String) throws -> [(name: String, fields: [String: Any])]? {
    guard let data = sharedData("tlog/merkle/testdata/\(folder)") else { return nil }
    return try FileManager.default.subpathsOfDirectory(atPath: data).filter { $0.hasSuffix(".json") }.sorted().map {
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: data + "/" + $0)))
      return ($0, try #require(object as? [String: Any]))
    }
  }

  private static func hash(_ value: Any?) throws -> MerkleHash? {
    let text = try #require(value as? String)
    return MerkleHash(bytes: Array(try #require(Data(base64Encoded: text))))
  }

  private static func proof(_ value: Any?) throws -> [MerkleHash]? {
    var proof: [MerkleHash] = []
    for line in (value as? [Any]) ?? [] {
      guard let hash = try hash(line) else { return nil }
      proof.append(hash)
    }
    return proof
  }

  @Test func inclusionVectors() throws {
    guard let vectors = try MerkleTests.vectors("inclusion") else { return }
    #expect(vectors.count == 98)
    for (name, fields) in vectors {
      var holds = false
      if let root = try MerkleTests.hash(fields["root"]), let leaf = try MerkleTests.hash(fields["leafHash"]),
        let proof = try MerkleTests.proof(fields["proof"])
      {
        let index = try #require(fields["leafIdx"] as? NSNumber).uint64Value
        let size = try #require(fields["treeSize"] as? NSNumber).uint64Value
        holds = MerkleProof.verifyInclusion(leaf: leaf, index: index, size: size, root: root, proof: proof)
      }
      #expect(holds == !(try #require(fields["wantErr"] as? Bool)), "\(name)")
    }
  }

  @Test func consistencyVectors() throws {
    guard let vectors = try MerkleTests.vectors("consistency") else { return }
    #expect(vectors.count == 98)
    // This one vector is said to hold though its two roots have 12 bytes; here hashes have 32.
    let shortRoots = "additional/sizes-are-equal-one-and-proof-is-empty.json"
    for (name, fields) in vectors {
      var holds = false
      if let oldRoot = try MerkleTests.hash(fields["root1"]), let newRoot = try MerkleTests.hash(fields["root2"]),
        let proof = try MerkleTests.proof(fields["proof"])
      {
        let old = try #require(fields["size1"] as? NSNumber).uint64Value
        let new = try #require(fields["size2"] as? NSNumber).uint64Value
        holds = MerkleProof.verifyConsistency(from: old, root: oldRoot, to: new, root: newRoot, proof: proof)
      }
      let wanted = !(try #require(fields["wantErr"] as? Bool))
      #expect(holds == (name == shortRoots ? false : wanted), "\(name)")
    }
  }
}
