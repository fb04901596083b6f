// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs a Python program of `Tests/Independent`; nil, said aloud, where there is no Python, and a failure where `CI` is
/// `true`. These programs need the standard library alone.
func python(_ script: String, _ arguments: [String]) throws -> (status: Int32, output: String)? {
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
  return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}
