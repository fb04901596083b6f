// SPDX-License-Identifier: Apache-2.0

internal import AdapterBinding
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// The binder and the example library under AddressSanitizer and UndefinedBehaviorSanitizer, in a program without Swift.
@Suite struct SanitizedTests {
  @Test func theBinderUnderSanitizers() throws {
    let path = "\(Workshop.root)/sdk-c/examples/binding/deep.binding"
    let file = BindingFile([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), file: path)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "exprove-binder-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(file.program).write(to: folder.appendingPathComponent("program"))
    var frames: [UInt8] = []
    for index in 0..<400 {
      let segment = DeepSegments.segment(
        [
          DeepSegments.level("8", "SYM\(index % 90)", price: 1_234_500, size: 100),
          DeepSegments.trade("T", "SYM\(index % 70)", code: 8, id: UInt64(index)),
          DeepSegments.message("H", UInt8(ascii: "T"), "SYM\(index)", Array("    ".utf8)),
        ], sequence: UInt64(1 + 3 * index))
      frames += BoundSession.number(UInt64(segment.count), 4) + segment
    }
    try Data(frames).write(to: folder.appendingPathComponent("frames"))
    let libraries = "\(Workshop.root)/Tests/BrokenAdapters/libraries"
    let binder = "\(Workshop.root)/Sources/AdapterBinder"
    let sources = try FileManager.default.contentsOfDirectory(atPath: binder).filter { $0.hasSuffix(".c") }.sorted()
    let sanitizers = [
      "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
    ]
    try run(
      "gcc", sanitizers + ["-fPIC", "-shared", "\(Workshop.root)/sdk-c/examples/binding/deep.c", "-o", "libdeep.so"],
      folder)
    try run(
      "gcc",
      sanitizers + ["-I", "\(binder)/include", "-I", "\(Workshop.root)/sdk-c/include", "\(libraries)/binder_driver.c"]
        + sources.map { "\(binder)/\($0)" } + ["-o", "driver", "-lffi", "-ldl"], folder)
    let said = try run("./driver", ["program", "./libdeep.so", "frames"], folder)
    // 400 symbols with two records each, and three events a frame.
    #expect(said.hasPrefix("2000 events, ") && said.hasSuffix(" 0 strays\n"), "\(said)")
  }

  @discardableResult private func run(_ tool: String, _ arguments: [String], _ folder: URL) throws -> String {
    // What is kept for ended sessions is kept on purpose.
    try Workshop.run(tool, arguments, in: folder.path, environment: ["ASAN_OPTIONS": "detect_leaks=0"])
  }
}
