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
  /// And those of libraries that know nothing of ExProve, with their bindings.
  package static let libraries = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/libraries"
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

  /// The bound libraries that have such a defect.
  package static var brokenLibraries: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
    return files.filter { file in
      file.hasSuffix(".binding") && (try? defect(String(file.dropLast(8))).check.isEmpty) == false
    }.map { String($0.dropLast(8)) }.sorted()
  }

  /// What a broken adapter's first comment says: the check that must catch it, and the linker's flags.
  package struct Defect: Sendable {
    package var check = ""
    package var flags: [String] = []
  }

  package static func defect(_ name: String) throws -> Defect {
    let file = "\(sources)/\(name).c"
    let text = try String(
      contentsOfFile: FileManager.default.fileExists(atPath: file) ? file : "\(libraries)/\(name).c", encoding: .utf8)
    var defect = Defect()
    for line in text.split(separator: "\n").prefix(12) {
      let words = line.dropFirst(3)
      if words.hasPrefix("caught by: ") { defect.check = String(words.dropFirst(11)) }
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

  /// A vendor's library that knows nothing of ExProve, from `libraries`, and its binding beside it; the path of the
  /// latter. `flags` serve the library.
  package static func bound(_ name: String, flags: [String] = []) throws -> String {
    try bound(
      name, source: "\(root)/Tests/BrokenAdapters/libraries/\(name).c",
      binding: try String(contentsOfFile: "\(root)/Tests/BrokenAdapters/libraries/\(name).binding", encoding: .utf8),
      flags: flags)
  }

  /// The shipped example of one, with a binding of the test's own where it gives one.
  package static func deep(binding: String? = nil, flags: [String] = ["-g"]) throws -> String {
    let folder = "\(root)/sdk-c/examples/binding"
    return try bound(
      "deep", source: "\(folder)/deep.c",
      binding: try binding ?? String(contentsOfFile: "\(folder)/deep.binding", encoding: .utf8), flags: flags)
  }

  private static func bound(_ name: String, source: String, binding: String, flags: [String]) throws -> String {
    let library = try build(
      key: "bound \(name) \(flags)", name: name, sources: [source], flags: ["-Wl,-z,noexecstack"] + flags)
    let folder = library.dropLast(3) + "-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: library, toPath: "\(folder)/lib\(name).so")
    try Data(binding.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).binding"))
    return "\(folder)/\(name).binding"
  }

  /// A library of `libraries` by itself.
  package static func library(_ name: String) throws -> String {
    try build(
      key: "library \(name)", name: name, sources: ["\(root)/Tests/BrokenAdapters/libraries/\(name).c"],
      flags: ["-Wl,-z,noexecstack"])
  }

  /// An adapter of `libraries`, with the shipped example's library compiled in.
  package static func compiledDeep() throws -> String {
    try build(
      key: "compiled deep", name: "deep-compiled",
      sources: ["\(root)/Tests/BrokenAdapters/libraries/deep_adapter.c", "\(root)/sdk-c/examples/binding/deep.c"],
      flags: ["-I", "\(root)/sdk-c/examples/binding"])
  }

  /// C text of a test's own. `headers`: where `exprove/adapter.h` lies; the present ones when none is named.
  package static func text(
    _ name: String, _ text: String, flags: [String] = [], headers: String? = nil
  ) throws -> String {
    // Two tests may call different texts alike.
    let file = "\(directory)/\(name)-\(UInt(bitPattern: text.hashValue)).c"
    // And two at once the same: one must not cut it short under the other's compiler.
    try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
    return try build(
      key: "text \(name) \(flags) \(headers ?? "") \(text)", name: name, sources: [file], flags: ["-O0"] + flags,
      headers: headers)
  }

  /// C files of the repository, named from its root, with the headers of `headers`.
  package static func files(_ name: String, _ paths: [String], flags: [String] = [], headers: String) throws -> String {
    try build(
      key: "files \(name) \(headers)", name: name, sources: paths.map { "\(root)/\($0)" }, flags: flags,
      headers: headers)
  }

  private static func build(
    key: String, name: String, sources: [String], flags: [String], headers: String? = nil
  ) throws -> String {
    try built.withLock { built in
      if let path = built[key] { return path }
      let path = "\(directory)/lib\(name)-\(built.count).so"
      let arguments =
        [
          "-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-D_POSIX_C_SOURCE=200809L", "-I",
          Workshop.sources, "-I", headers ?? "\(root)/sdk-c/include",
        ]
        + sources + ["-o", path, "-lm"] + flags
      try run("cc", arguments)
      built[key] = path
      return path
    }
  }

  /// Runs a tool in a folder and returns what it printed; fails with its complaint.
  @discardableResult package static func run(
    _ tool: String, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [tool] + arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files: reading a pipe to its end fails when a signal comes between, as other tests' children send them.
    let files = ["out", "err"].map { "\(directory)/\($0)-\(UInt64.random(in: 0 ... .max))" }
    for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: files[0]))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: files[1]))
    try process.run()
    process.waitUntilExit()
    let texts = try files.map { String(decoding: try Data(contentsOf: URL(fileURLWithPath: $0)), as: UTF8.self) }
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(tool) failed: \(texts[1].prefix(4000))")
    }
    return texts[0]
  }
}
