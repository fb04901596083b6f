// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Real captures, which are not part of the repository.
enum Captures {
  static let root: String = {
    if let given = ProcessInfo.processInfo.environment["EXPROVE_DATA"] { return given }
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return repository.deletingLastPathComponent().appendingPathComponent("shared/data").path
  }()

  /// Whether they are here. Without them tests say so and skip; where CI is true they run, and fail.
  static var areHere: Bool {
    let found = FileManager.default.fileExists(atPath: root + "/itch50")
    if !found { print("captures are not at \(root): set EXPROVE_DATA; tests that need them skip") }
    return found || ProcessInfo.processInfo.environment["CI"] == "true"
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: root + "/" + path)))
  }

  static func lines(_ path: String) throws -> [Substring] {
    String(decoding: try bytes(path), as: UTF8.self).split(whereSeparator: \.isNewline)
  }

  /// The output of a program; throws when it fails.
  static func run(_ arguments: [String]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return [UInt8](output)
  }
}

/// The generator of the property tests: SplitMix64, so that each failure names its seed.
struct Seeded: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
