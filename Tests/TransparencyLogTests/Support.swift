// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Testing
import TransparencyLog

/// A small generator with a seed, so that a failure can be repeated (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A signer with a fixed key.
struct TestKey {
  let key: Curve25519.Signing.PrivateKey
  let verifier: VerifierKey

  init(_ name: String = "log.example/test", seed: UInt8 = 7) throws {
    key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: seed, count: 32))
    verifier = try #require(VerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation)))
  }

  var signer: CheckpointSigner {
    { body throws(LogError) in
      guard let signature = try? key.signature(for: body) else { throw .signing("no signature") }
      return [NoteSignature(name: verifier.name, keyID: verifier.keyID, signature: Array(signature))]
    }
  }
}

/// A directory that goes away with the value.
final class Scratch: Sendable {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/exprove-log-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Every file below, by relative path.
  static func files(_ directory: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: directory) {
      var isDirectory: ObjCBool = false
      let full = directory + "/" + path
      guard unsafe FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory) else { continue }
      if !isDirectory.boolValue { files[path] = try Array(Data(contentsOf: URL(fileURLWithPath: full))) }
    }
    return files
  }
}

/// Leaf `index` of the tests' logs: lengths from 0 upwards, all bytes occur.
func testLeaf(_ index: Int) -> [UInt8] {
  var generator = SeededGenerator(state: UInt64(index))
  let count = index % 97 == 5 ? 0 : Int(generator.next() % 60)
  return Array("leaf \(index)".utf8.prefix(count == 0 ? 0 : 20))
    + (0..<count).map { _ in UInt8(generator.next() & 255) }
}

/// Writes a log of `size` leaves with a checkpoint after each of `stops`.
func writeLog(_ directory: String, size: Int, key: TestKey, stops: [Int] = []) throws -> Checkpoint {
  var writer = try LogWriter.create(
    directory: directory, origin: key.verifier.name, verifier: key.verifier, sign: key.signer)
  for index in 0..<size {
    if stops.contains(index) { try writer.publish(sign: key.signer) }
    try writer.append(testLeaf(index))
  }
  return try writer.publish(sign: key.signer)
}

/// Shared captures and vectors: `$EXPROVE_DATA`, else beside the repository. Nil, said aloud, where there are
/// none; a failure instead where `CI` is `true`.
func sharedData(_ folder: String) -> String? {
  let environment = ProcessInfo.processInfo.environment
  let beside =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path + "/shared/data"
  let path = (environment["EXPROVE_DATA"] ?? beside) + "/" + folder
  if FileManager.default.fileExists(atPath: path) { return path }
  if environment["CI"] == "true" {
    Issue.record("no \(path): set EXPROVE_DATA")
  } else {
    print("skipped: no \(path); set EXPROVE_DATA")
  }
  return nil
}

/// What a Python program of `Tests/Independent` printed: a JSON object per line. Nil, said aloud, where Python or the
/// module it needs is missing; a failure instead where `CI` is `true`.
func independent(_ script: String, _ arguments: [String], needs module: String) throws -> [[String: Any]]? {
  let environment = ProcessInfo.processInfo.environment
  let python = environment["EXPROVE_PYTHON"] ?? "python3"
  guard try run("/usr/bin/env", [python, "-c", "import \(module)"]).status == 0 else {
    if environment["CI"] == "true" {
      Issue.record("\(python) has no module \(module): pip install \(module), or set EXPROVE_PYTHON")
    } else {
      print("skipped: \(python) has no module \(module): pip install \(module), or set EXPROVE_PYTHON")
    }
    return nil
  }
  let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
  let result = try run("/usr/bin/env", [python, path + "/Independent/" + script] + arguments)
  if result.status != 0 && result.status != 1 { Issue.record("\(script): \(result.errors)") }
  return try result.output.split(separator: "\n").map {
    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
  }
}

func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  // Files rather than pipes: a pipe that nobody reads in time would stop the child.
  let scratch = try Scratch()
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
