// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import Foundation
import Governance
import Testing

/// A directory that goes away with the value.
final class LedgerScratch: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/exprove-ledger-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func setMode(_ mode: Int, _ name: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path + "/" + name)
  }

  func mode(_ name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path + "/" + name)[.posixPermissions] as? Int
  }
}

/// A small generator with a seed, so that a failure can be repeated (SplitMix64).
struct LedgerGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Statement `index` of the tests' ledgers.
func testStatement(_ index: Int) -> Statement {
  Statement(
    subjects: [.init(name: "plan/\(index)", digest: Digest(of: Array("plan \(index)".utf8)))],
    predicateType: Statement.predicateType("plan-delta"),
    predicate: .object([
      "index": .integer(Int64(index)), "venue": .string(index % 3 == 0 ? "XNAS" : "Börse \u{1F4C8}\n\"\\"),
      "lots": .array([.integer(1), .null, .bool(true)]),
    ]))
}

/// What a Python program of `Tests/Independent` printed: a JSON object per line. Nil, said aloud, where Python or the
/// module it needs is missing; a failure instead where `CI` is `true`.
func independentVerdicts(_ script: String, _ arguments: [String], needs module: String) throws -> [[String: Any]]? {
  let environment = ProcessInfo.processInfo.environment
  let python = environment["EXPROVE_PYTHON"] ?? "python3"
  guard try runProgram([python, "-c", "import \(module)"]).status == 0 else {
    if environment["CI"] == "true" {
      Issue.record("\(python) has no module \(module): pip install \(module), or set EXPROVE_PYTHON")
    } else {
      print("skipped: \(python) has no module \(module): pip install \(module), or set EXPROVE_PYTHON")
    }
    return nil
  }
  let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
  let result = try runProgram([python, path + "/Independent/" + script] + arguments)
  if result.status != 0 && result.status != 1 { Issue.record("\(script): \(result.errors)") }
  return try result.output.split(separator: "\n").map {
    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
  }
}

private func runProgram(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  let scratch = try LedgerScratch()
  for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: scratch.path + "/" + name, contents: nil) }
  process.standardOutput = FileHandle(forWritingAtPath: scratch.path + "/out")
  process.standardError = FileHandle(forWritingAtPath: scratch.path + "/err")
  try process.run()
  process.waitUntilExit()
  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/" + name)), as: UTF8.self)
  }
  return (process.terminationStatus, try text("out"), try text("err"))
}
