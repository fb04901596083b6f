// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Compiles the adapters of this folder, as a vendor would, with the system's C compiler.
package enum Workshop {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Where the C files are.
  package static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/adapters"
  /// The repository's root.
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  private static let directory: String = {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-adapters-\(getpid())").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }()

  private static let built = Mutex<[String: String]>([:])

  /// The names of all broken adapters: every `.c` file there but the correct one.
  package static var broken: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: sources)) ?? []
    return files.filter { $0.hasSuffix(".c") && $0 != "correct.c" }.map { String($0.dropLast(2)) }.sorted()
  }

  /// What a broken adapter's first comment says: the check that must catch it, those that cannot but notice it
  /// too, and the linker's flags.
  package struct Defect: Sendable {
    package var check = ""
    package var others: [String] = []
    package var flags: [String] = []
  }

  package static func defect(_ name: String) throws -> Defect {
    let text = try String(contentsOfFile: "\(sources)/\(name).c", encoding: .utf8)
    var defect = Defect()
    for line in text.split(separator: "\n").prefix(12) {
      let words = line.dropFirst(3)
      if words.hasPrefix("caught by: ") { defect.check = String(words.dropFirst(11)) }
      if words.hasPrefix("also: ") { defect.others.append(String(words.dropFirst(6).prefix { $0 != " " })) }
      if words.hasPrefix("flags: ") { defect.flags = words.dropFirst(7).split(separator: " ").map(String.init) }
    }
    return defect
  }

  /// A `.c` file of that folder as a library; built once for each process.
  package static func adapter(_ name: String, flags: [String] = []) throws -> String {
    try build(key: ([name] + flags).joined(separator: " "), name: name, sources: ["\(sources)/\(name).c"], flags: flags)
  }

  /// A shipped adapter, `Plugins/<folder>`, as a library.
  package static func plugin(_ folder: String) throws -> String {
    let path = "\(root)/Plugins/\(folder)"
    let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    return try build(
      key: "plugin \(folder)", name: folder, sources: files.filter { $0.hasSuffix(".c") }.map { "\(path)/\($0)" },
      flags: ["-I", "\(path)/include"])
  }

  /// The example that vendors start from, `sdk-c/examples/adapter`.
  package static func example() throws -> String {
    try build(key: "example", name: "pitch", sources: ["\(root)/sdk-c/examples/adapter/pitch.c"], flags: [])
  }

  /// C text of a test's own.
  package static func text(_ name: String, _ text: String, flags: [String] = []) throws -> String {
    let file = "\(directory)/\(name).c"
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return try build(key: "text \(name)", name: name, sources: [file], flags: ["-O0"] + flags)
  }

  private static func build(key: String, name: String, sources: [String], flags: [String]) throws -> String {
    try built.withLock { built in
      if let path = built[key] { return path }
      let path = "\(directory)/lib\(name)-\(built.count).so"
      let arguments =
        [
          "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-D_POSIX_C_SOURCE=200809L", "-I",
          Workshop.sources, "-I", "\(root)/sdk-c/include",
        ]
        + sources + ["-o", path, "-lm"] + flags
      try run("cc", arguments)
      built[key] = path
      return path
    }
  }

  private static func run(_ tool: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    let output = Pipe()
    process.standardError = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(tool) failed: \(String(decoding: text, as: UTF8.self))")
    }
  }
}
