// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureAggregation
import Testing

/// The same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(next() & 255) } }

  /// Uniform enough, with the extremes more often than they are due.
  mutating func element<F: PrimeField>(_: F.Type = F.self) -> F {
    switch next() % 16 {
    case 0: return .zero
    case 1: return .one
    case 2: return F(reduced: F.modulus - 1)
    case 3: return F(reduced: F.modulus - 2)
    case 4: return F(reduced: F.Integer(truncatingIfNeeded: UInt64.max) % F.modulus)
    case 5: return F(reduced: F.Integer(1) << F.Integer(next() % UInt64(F.Integer.bitWidth - 1)))
    default: return F(reduced: .random(in: 0..<F.modulus, using: &self))
    }
  }
}

func bytes(hex: String) -> [UInt8] {
  let digits = hex.utf8.compactMap { digit -> UInt8? in
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
  return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func hex(_ bytes: [UInt8]) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

/// The published vectors: `$EXPROVE_DATA`, else beside the repository. Nil, said aloud, where there are none; a failure
/// instead where `CI` is `true`.
func vectorFolder() -> String? {
  let environment = ProcessInfo.processInfo.environment
  let beside =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/shared/data"
  let path = (environment["EXPROVE_DATA"] ?? beside) + "/vdaf"
  if FileManager.default.fileExists(atPath: path) { return path }
  if environment["CI"] == "true" {
    Issue.record("no \(path): set EXPROVE_DATA")
  } else {
    print("skipped: no \(path); set EXPROVE_DATA")
  }
  return nil
}

func object(_ path: String) throws -> [String: Any] {
  let data = try Data(contentsOf: URL(fileURLWithPath: path))
  return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
}

/// What a program of `Tests/Independent` prints, line by line; nil, said aloud, where there is no Python, and a failure
/// where `CI` is `true`. These programs need the standard library alone.
func python(_ script: String, _ arguments: [String]) throws -> [[String]]? {
  let environment = ProcessInfo.processInfo.environment
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [environment["EXPROVE_PYTHON"] ?? "python3", "-B", "\(tests)/Independent/\(script)"] + arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationStatus != 127 else {
    if environment["CI"] == "true" {
      Issue.record("there is no python3")
    } else {
      print("skipped: there is no python3")
    }
    return nil
  }
  #expect(process.terminationStatus == 0, "\(script)")
  return String(decoding: output, as: UTF8.self).split(separator: "\n").map {
    $0.split(separator: " ").map(String.init)
  }
}
