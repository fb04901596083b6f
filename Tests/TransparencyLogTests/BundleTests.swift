// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TransparencyLog

/// Bundles that are proven by one proof.
@Suite struct BundleTests {
  /// Every bundle of trees whose last bundle is full, nearly full, hardly begun; and of one with two levels of tiles.
  @Test(arguments: [1, 2, 3, 255, 256, 257, 511, 512, 513, 700, 1_025, 66_000])
  func everyBundle(_ size: Int) throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let checkpoint = try writeLog(scratch.path, size: size, key: key)
    let reader = LogReader(directory: scratch.path, verifiers: [key.verifier])
    let bundles = (size + 255) / 256
    var index = 0
    for number in 0..<bundles {
      for leaf in try reader.provenLeaves(inBundle: UInt64(number), of: checkpoint) {
        #expect(leaf == testLeaf(index))
        index += 1
      }
    }
    #expect(index == size)
    #expect(throws: LogError.noSuchLeaf(index: UInt64(bundles) << 8, size: UInt64(size))) {
      try reader.provenLeaves(inBundle: UInt64(bundles), of: checkpoint)
    }
  }

  /// A bit of a bundle, or of a tile that its proof needs, is never passed over.
  @Test func everyChangeIsFound() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let checkpoint = try writeLog(scratch.path, size: 700, key: key)
    let reader = LogReader(directory: scratch.path, verifiers: [key.verifier])
    var generator = SeededGenerator(state: 3)
    var found = 0
    for (path, bytes) in try Scratch.files(scratch.path).sorted(by: { $0.key < $1.key }) where path != "checkpoint" {
      let url = URL(fileURLWithPath: scratch.path + "/" + path)
      for _ in 0..<40 {
        var changed = bytes
        let bit = Int(generator.next() % UInt64(bytes.count * 8))
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        try Data(changed).write(to: url)
        for number in 0..<3 {
          do {
            let leaves = try reader.provenLeaves(inBundle: UInt64(number), of: checkpoint)
            // Only what is not needed may be damaged: what comes out is right.
            #expect(leaves == (number * 256..<min(700, number * 256 + 256)).map(testLeaf), "bit \(bit) of \(path)")
          } catch {
            found += 1
          }
        }
      }
      try Data(bytes).write(to: url)
    }
    // Each bit of the three bundles at least.
    #expect(found >= 120)
  }

  /// The checkpoint decides, not what lies there: one of another tree takes nothing.
  @Test func anotherTree() throws {
    let key = try TestKey()
    let (one, two) = (try Scratch(), try Scratch())
    let checkpoint = try writeLog(one.path, size: 300, key: key)
    _ = try writeLog(two.path, size: 301, key: key)
    let reader = LogReader(directory: two.path, verifiers: [key.verifier])
    #expect(throws: LogError.self) { try reader.provenLeaves(inBundle: 1, of: checkpoint) }
    // The first bundle is the same in both, and its sibling is not: not proven by this directory.
    #expect(throws: LogError.self) { try reader.provenLeaves(inBundle: 0, of: checkpoint) }
  }
}
