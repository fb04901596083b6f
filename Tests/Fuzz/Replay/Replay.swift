// SPDX-License-Identifier: Apache-2.0

internal import FuzzParsers
internal import Foundation

/// Gives every file of the saved corpus to its parser, and mutations of each: `fuzz-replay CORPUS`, whose folders bear the
/// parsers' names. Without libFuzzer, so that the tests need no build of their own for it.
@main struct Replay {
  private static let mutations = 200

  static func main() throws {
    guard CommandLine.arguments.count == 2 else {
      print("usage: fuzz-replay CORPUS")
      exit(64)
    }
    let corpus = CommandLine.arguments[1]
    var passed = 0
    for parser in FuzzedParser.allCases {
      let folder = "\(corpus)/\(parser.rawValue)"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      guard !names.isEmpty else {
        print("\(folder) is empty")
        exit(1)
      }
      for name in names {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
        // Were one to crash, the last line tells which.
        print("\(parser.rawValue) \(name)")
        parser.parse(bytes)
        for seed in 0..<mutations { parser.parse(mutated(bytes, seed: UInt64(seed))) }
        passed += 1
      }
    }
    print("\(passed) passed, 0 failed")
  }

  /// A few bytes changed, cut out or doubled, by a linear congruential generator (Knuth, MMIX).
  private static func mutated(_ bytes: [UInt8], seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func draw(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return limit <= 0 ? 0 : Int(state >> 33) % limit
    }
    var result = bytes
    for _ in 0...draw(4) where !result.isEmpty {
      let place = draw(result.count)
      switch draw(4) {
      case 0: result[place] ^= 1 << UInt8(draw(8))
      case 1: result[place] = UInt8(draw(256))
      case 2: result.removeSubrange(place..<min(result.count, place + 1 + draw(16)))
      default: result.insert(contentsOf: result[place..<min(result.count, place + 1 + draw(16))], at: place)
      }
    }
    return result
  }
}
