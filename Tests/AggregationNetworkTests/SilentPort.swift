// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A port of this machine that is bound and takes connections into the system's queue, and where nobody ever answers.
final class SilentPort {
  let port: Int
  private let process: Process
  private let input: Pipe

  init() throws {
    let program = """
      import socket, sys
      listener = socket.create_server(("127.0.0.1", 0))
      print(listener.getsockname()[1], flush=True)
      sys.stdin.read()
      """
    (process, input, port) = try served(["python3", "-c", program])
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

/// Starts a program that prints its port and runs until its input ends.
func served(_ arguments: [String]) throws -> (process: Process, input: Pipe, port: Int) {
  let process = Process()
  let (input, output) = (Pipe(), Pipe())
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  process.standardInput = input
  process.standardOutput = output
  try process.run()
  var line: [UInt8] = []
  while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
    line.append(byte)
  }
  return (process, input, try #require(Int(String(decoding: line, as: UTF8.self))))
}
