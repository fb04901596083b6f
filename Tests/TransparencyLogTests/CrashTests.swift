// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TransparencyLog

/// A writer that stops anywhere leaves a log that holds at its last checkpoint, and goes on to the same log.
@Suite struct CrashTests {
  static let size = 530
  /// A checkpoint before each of these leaves, and one at the end.
  static let stops = [1, 100, 255, 256, 257, 300, 511, 512]

  /// Writes the whole log, from wherever the directory stands, re-appending what is there. Stops, without an
  /// error, after `steps` steps. Tells every checkpoint that it is given.
  private static func write(
    _ directory: String, key: TestKey, steps: Int?, told: (Checkpoint) -> Void
  ) throws -> Bool {
    do throws(LogError) {
      var writer: LogWriter
      if FileManager.default.fileExists(atPath: directory + "/checkpoint") {
        writer = try .resume(
          directory: directory, origin: key.verifier.name, verifier: key.verifier, position: 0, stepsLeft: steps)
      } else {
        writer = try .create(
          directory: directory, origin: key.verifier.name, verifier: key.verifier, stepsLeft: steps, sign: key.signer)
      }
      for index in 0..<size {
        if stops.contains(index) { told(try writer.publish(sign: key.signer)) }
        try writer.append(testLeaf(index))
      }
      told(try writer.publish(sign: key.signer))
      return true
    } catch {
      guard error == .stopped else { throw error }
      return false
    }
  }

  @Test func everyStep() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let reference = scratch.path + "/reference"
    _ = try writeLog(reference, size: CrashTests.size, key: key)
    let files = try Scratch.files(reference)
    let reader = { LogReader(directory: $0, verifiers: [key.verifier]) }
    var generator = SeededGenerator(state: 3)
    var steps = 0
    var finished = false
    var resumed = 0
    while !finished {
      let directory = scratch.path + "/log"
      var roots: [UInt64: MerkleHash] = [:]
      let told = { (checkpoint: Checkpoint) in
        if let root = roots[checkpoint.size] { #expect(root == checkpoint.root) }
        roots[checkpoint.size] = checkpoint.root
      }
      finished = try CrashTests.write(directory, key: key, steps: steps, told: told)
      // Stopped again and again on the way, at random.
      var done = finished
      while !done {
        if FileManager.default.fileExists(atPath: directory + "/checkpoint") {
          let report = reader(directory).verifyAll()
          #expect(report.isSoundUpToCheckpoint, "after \(steps) steps: \(report.findings)")
          told(try #require(report.checkpoint))
          // What was promised is never taken back.
          #expect((roots.keys.max() ?? 0) == report.checkpoint?.size)
        }
        let more = generator.next() % 3 == 0 ? nil : Int(generator.next() % 150)
        done = try CrashTests.write(directory, key: key, steps: more, told: told)
        resumed += 1
      }
      #expect(try Scratch.files(directory) == files, "after \(steps) steps")
      #expect(reader(directory).verifyAll().isSound)
      try FileManager.default.removeItem(atPath: directory)
      steps += 1
    }
    #expect(steps > 100)
    #expect(resumed > 200)
  }

  /// A checkpoint that was signed and synced, but not yet in place, is what the log goes on with.
  @Test func signedButNotInPlace() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    let checkpoint = try writeLog(directory, size: 300, key: key, stops: [200])
    let old = scratch.path + "/old"
    _ = try writeLog(old, size: 200, key: key)
    let files = try Scratch.files(directory)
    let path = { (name: String) in URL(fileURLWithPath: directory + "/" + name) }
    try FileManager.default.moveItem(at: path("checkpoint"), to: path("checkpoint.new"))
    try FileManager.default.copyItem(atPath: old + "/checkpoint", toPath: directory + "/checkpoint")
    do {
      let writer = try LogWriter.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier)
      #expect(writer.published == checkpoint)
    }
    #expect(try Scratch.files(directory) == files)
    // A torn one is removed.
    try Data(files["checkpoint"]!.dropLast(10)).write(to: path("checkpoint.new"))
    do {
      let writer = try LogWriter.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier)
      #expect(writer.published == checkpoint)
    }
    #expect(try Scratch.files(directory) == files)
    // One over another tree of the same size is a fork: nothing goes on.
    let fork = scratch.path + "/fork"
    var other = try LogWriter.create(
      directory: fork, origin: key.verifier.name, verifier: key.verifier, sign: key.signer)
    for index in 1...300 { try other.append(testLeaf(index)) }
    try other.publish(sign: key.signer)
    try FileManager.default.copyItem(atPath: fork + "/checkpoint", toPath: directory + "/checkpoint.new")
    #expect(throws: LogError.self) {
      _ = try LogWriter.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier).size
    }
  }

  // MARK: Killed for real

  /// The child of `killed`: writes until it is killed. Runs only where that test sets its directory.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["EXPROVE_TEST_KILL"] != nil))
  func killedChild() throws {
    let directory = try #require(ProcessInfo.processInfo.environment["EXPROVE_TEST_KILL"])
    let key = try TestKey()
    var writer: LogWriter
    if FileManager.default.fileExists(atPath: directory + "/checkpoint") {
      writer = try .resume(directory: directory, origin: key.verifier.name, verifier: key.verifier, position: 0)
    } else {
      writer = try .create(directory: directory, origin: key.verifier.name, verifier: key.verifier, sign: key.signer)
    }
    for index in 0..<1_000_000 {
      try writer.append(testLeaf(index))
      if index % 37 == 36 { try writer.publish(sign: key.signer) }
    }
  }

  @Test func killed() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    var generator = SeededGenerator(state: 11)
    var size: UInt64 = 0
    var roots: [UInt64: MerkleHash] = [:]
    for round in 0..<100 {
      let child = Process()
      child.executableURL = URL(
        fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      child.arguments = ["--testing-library", "swift-testing", "--filter", "killedChild"]
      child.environment = ProcessInfo.processInfo.environment.merging(["EXPROVE_TEST_KILL": directory]) { $1 }
      child.standardOutput = FileHandle.nullDevice
      child.standardError = FileHandle.nullDevice
      try child.run()
      // Until it has gone on, then a little more.
      let deadline = Date().addingTimeInterval(60)
      let reader = LogReader(directory: directory, verifiers: [key.verifier])
      while child.isRunning, Date() < deadline, ((try? reader.size) ?? 0) <= size { usleep(1000) }
      usleep(UInt32(generator.next() % 20_000))
      #expect(child.isRunning, "round \(round)")
      kill(child.processIdentifier, SIGKILL)
      child.waitUntilExit()
      let report = reader.verifyAll()
      #expect(report.isSoundUpToCheckpoint, "round \(round): \(report.findings)")
      let checkpoint = try #require(report.checkpoint)
      #expect(checkpoint.size > size, "round \(round): no progress")
      size = checkpoint.size
      roots[size] = checkpoint.root
    }
    // All that was signed on the way is one history.
    var range = CompactRange()
    for index in 0..<Int(size) {
      range.append(.leaf(testLeaf(index)))
      if let root = roots[range.size] { #expect(root == range.root) }
    }
    do {
      let writer = try LogWriter.resume(directory: directory, origin: key.verifier.name, verifier: key.verifier)
      let published = writer.published
      #expect(published.size >= size)
      while range.size < published.size { range.append(.leaf(testLeaf(Int(range.size)))) }
      #expect(range.root == published.root)
    }
    #expect(LogReader(directory: directory, verifiers: [key.verifier]).verifyAll().isSound)
  }
}
