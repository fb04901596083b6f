// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import ExecutionSolver
import Foundation
import Testing

/// The problem files that are shared beside the repository, in `$EXPROVE_DATA` or `../shared/data`.
enum SharedProblems {
  static var directory: String {
    if let path = ProcessInfo.processInfo.environment["EXPROVE_DATA"] { return path + "/solver" }
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return root.appendingPathComponent("shared/data/solver").path
  }

  /// Nil, with a word on it, when the data is not there; on a build machine that is a failure.
  static func load(_ name: String) throws -> JSON? {
    let path = directory + "/" + name
    guard let data = FileManager.default.contents(atPath: path) else {
      if ProcessInfo.processInfo.environment["CI"] == "true" {
        Issue.record("\(path) is missing; set EXPROVE_DATA")
      } else {
        print("skipped: \(path) is missing; set EXPROVE_DATA to run this")
      }
      return nil
    }
    return try JSON.parse(Array(data))
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every machine.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
