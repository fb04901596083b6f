// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TransparencyLog

/// Whatever is changed in a log's directory is found.
@Suite struct FlipTests {
  private static func change(_ directory: String, _ generator: inout SeededGenerator) throws -> String {
    let files = try Scratch.files(directory).sorted { $0.key < $1.key }
    let (path, bytes) = files[Int(generator.next() % UInt64(files.count))]
    let url = URL(fileURLWithPath: directory + "/" + path)
    switch generator.next() % 8 {
    case 0, 1, 2, 3:
      var changed = bytes
      let bit = Int(generator.next() % UInt64(bytes.count * 8))
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      try Data(changed).write(to: url)
      return "bit \(bit) of \(path)"
    case 4:
      let count = Int(generator.next() % UInt64(bytes.count))
      try Data(bytes.prefix(count)).write(to: url)
      return "\(path) cut to \(count)"
    case 5:
      try FileManager.default.removeItem(at: url)
      return "\(path) removed"
    case 6:
      let tail = (0...Int(generator.next() % 40)).map { _ in UInt8(generator.next() & 255) }
      try Data(bytes + tail).write(to: url)
      return "\(tail.count) bytes behind \(path)"
    default:
      let names = [
        "tile/0/003", "tile/0/002.p/1", "tile/0/002.p/87", "tile/0/002", "tile/0/002.p/x", "tile/0/001.p/5",
        "tile/1/000", "tile/2/000.p/1", "tile/1/000.p/1", "tile/entries/003.p/9", "tile/entries/000.bak",
        "checkpoint.1", "checkpoint.new", "checkpoint~", ".hidden", "tile/.hidden", "tile/0/x000/001", "tile/00/000",
        "tile/entries/000.new", "a\u{301}", "tile/0/000.p/3.new",
      ]
      let name = names[Int(generator.next() % UInt64(names.count))]
      let added = URL(fileURLWithPath: directory + "/" + name)
      switch generator.next() % 4 {
      case 0:
        try FileManager.default.createDirectory(at: added, withIntermediateDirectories: true)
      case 1:
        try FileManager.default.createDirectory(
          at: added.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(at: added, withDestinationURL: url)
      default:
        try FileManager.default.createDirectory(
          at: added.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: added)
      }
      return "\(name) added"
    }
  }

  @Test func everyChangeIsFound() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let original = scratch.path + "/original"
    _ = try writeLog(original, size: 600, key: key)
    #expect(LogReader(directory: original, verifiers: [key.verifier]).verifyAll().isSound)
    var generator = SeededGenerator(state: 2026)
    var kept: [(directory: String, change: String)] = []
    for round in 0..<1000 {
      let directory = scratch.path + "/\(round)"
      try FileManager.default.copyItem(atPath: original, toPath: directory)
      let change = try FlipTests.change(directory, &generator)
      let report = LogReader(directory: directory, verifiers: [key.verifier]).verifyAll()
      #expect(!report.isSound, "\(change)")
      if round < 250 {
        kept.append((directory, change))
      } else {
        try FileManager.default.removeItem(atPath: directory)
      }
    }
    guard
      let verdicts = try independent(
        "verify_ledger.py", ["log", key.verifier.description] + kept.map(\.directory), needs: "cryptography")
    else { return }
    #expect(verdicts.count == kept.count)
    for (verdict, (_, change)) in zip(verdicts, kept) {
      #expect(verdict["ok"] as? Bool == false, "Python missed: \(change)")
    }
  }

  /// Every single bit of every file of a small log (CVE-2026-56865 was a verifier that passed over some tiles).
  @Test func everyBit() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    _ = try writeLog(directory, size: 259, key: key)
    let reader = LogReader(directory: directory, verifiers: [key.verifier])
    for (path, bytes) in try Scratch.files(directory) {
      let url = URL(fileURLWithPath: directory + "/" + path)
      // All bits where it is short; in the long ones one in 61.
      for bit in stride(from: 0, to: bytes.count * 8, by: bytes.count > 400 ? 61 : 1) {
        var changed = bytes
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        try Data(changed).write(to: url)
        #expect(!reader.verifyAll().isSound, "bit \(bit) of \(path)")
      }
      try Data(bytes).write(to: url)
    }
    #expect(reader.verifyAll().isSound)
  }

  /// Files that are no files neither block nor lead astray.
  @Test func strangeFiles() throws {
    let key = try TestKey()
    let scratch = try Scratch()
    let directory = scratch.path + "/log"
    _ = try writeLog(directory, size: 300, key: key)
    let whole = scratch.path + "/whole"
    try FileManager.default.copyItem(atPath: directory, toPath: whole)
    let reader = LogReader(directory: directory, verifiers: [key.verifier])
    for path in ["checkpoint", "tile/0/000", "tile/entries/001.p/44", "tile/1/000.p/1"] {
      let full = directory + "/" + path
      let replace: [(String, () throws -> Void)] = [
        ("a pipe", { #expect(unsafe mkfifo(full, 0o644) == 0) }),
        (
          "a link to the right file",
          {
            try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: whole + "/" + path)
          }
        ),
        ("a directory", { try FileManager.default.createDirectory(atPath: full, withIntermediateDirectories: true) }),
        (
          "an endless file",
          {
            try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/zero")
          }
        ),
        (
          "a huge file",
          {
            _ = FileManager.default.createFile(atPath: full, contents: nil)
            let file = try #require(FileHandle(forWritingAtPath: full))
            try file.truncate(atOffset: 1 << 40)
            try file.close()
          }
        ),
      ]
      for (what, make) in replace {
        try FileManager.default.removeItem(atPath: full)
        try make()
        #expect(!reader.verifyAll().isSound, "\(path) is \(what)")
      }
      try FileManager.default.removeItem(atPath: full)
      try FileManager.default.copyItem(atPath: whole + "/" + path, toPath: full)
      #expect(reader.verifyAll().isSound)
    }
    // A name that is no UTF-8.
    let name = Array((directory + "/tile/").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
    let descriptor = unsafe open(name, O_CREAT | O_WRONLY, 0o644)
    #expect(descriptor >= 0)
    close(descriptor)
    #expect(reader.verifyAll().findings.map(\.kind) == [.extra])
    #expect(unsafe unlink(name) == 0)
    #expect(reader.verifyAll().isSound)
    // A link to a directory, right as its contents may be.
    try FileManager.default.removeItem(atPath: directory + "/tile/0")
    try FileManager.default.createSymbolicLink(atPath: directory + "/tile/0", withDestinationPath: whole + "/tile/0")
    #expect(!reader.verifyAll().isSound)
    #expect(!LogReader(directory: scratch.path + "/none", verifiers: [key.verifier]).verifyAll().isSound)
  }
}
