// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// What can be said of a file before any of its code runs.
@Suite struct ImageTests {
  private func bytes() throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: try Workshop.adapter("correct"))))
  }

  private func code(_ body: () throws -> Void) -> AdapterError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? AdapterError)?.code
    }
  }

  @Test func factsAreThoseOfReadelf() throws {
    let path = try Workshop.adapter("needed", flags: ["-lz", "-Wl,-rpath,/a:/b", "-Wl,-z,execstack"])
    let facts = try AdapterImage.read(path: path).facts
    func readelf(_ option: String) throws -> String {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["readelf", "-W", option, path]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return String(decoding: data, as: UTF8.self)
    }
    let dynamic = try readelf("-d").split(separator: "\n")
    let needed = dynamic.filter { $0.contains("(NEEDED)") }.compactMap { line in
      line.split(separator: "[").last?.split(separator: "]").first.map(String.init)
    }
    #expect(facts.needed == needed)
    #expect(needed.contains("libz.so.1"))
    #expect([facts.rpath, facts.runpath].contains("/a:/b"))
    #expect(facts.hasExecutableStack)
    // Num: Value Size Type Bind Vis Ndx Name
    let rows = try readelf("--dyn-syms").split(separator: "\n").map { $0.split(separator: " ") }.filter {
      $0.count >= 7 && $0[0].hasSuffix(":") && Int($0[0].dropLast()) != nil
    }
    #expect(facts.symbols.count == rows.count)
    let undefined = rows.filter { $0[6] == "UND" && $0.count > 7 }.map { String($0[7].prefix { $0 != "@" }) }
    #expect(Set(facts.undefined.map(\.name)) == Set(undefined))
    #expect(facts.exported.map(\.name) == ["exprove_adapter_entry"])
    let versions = Set(facts.versionNeeds.flatMap(\.versions))
    let shown = try readelf("-V")
    #expect(!versions.isEmpty && versions.allSatisfy { shown.contains("Name: \($0)") })
  }

  @Test func readingRunsNoCode() throws {
    let marker = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-ran-\(getpid())").path
    let path = try Workshop.text(
      "constructor",
      """
      #include <stdio.h>
      #include "base.h"
      __attribute__((constructor)) static void run(void) { fclose(fopen("\(marker)", "w")); }
      #include "entry.h"
      """)
    let image = try AdapterImage.read(path: path)
    #expect(image.manifest.name == "base")
    #expect(image.facts.initialisers == 1)
    #expect(!FileManager.default.fileExists(atPath: marker))
    _ = try LoadedAdapter(image)
    #expect(FileManager.default.fileExists(atPath: marker), "the test's constructor does nothing")
    try FileManager.default.removeItem(atPath: marker)
  }

  @Test func eachWrongFileHasItsOwnError() throws {
    let good = try bytes()
    #expect(code { _ = try AdapterImage.read(path: "/nowhere/libx.so") } == .missing)
    #expect(code { _ = try AdapterImage.read(path: "/dev/null") } == .unreadable)
    #expect(code { _ = try AdapterImage.read(path: "/tmp") } == .unreadable)
    #expect(code { _ = try AdapterImage(path: "x", bytes: []) } == .notELF)
    #expect(code { _ = try AdapterImage(path: "x", bytes: Array("#!/bin/sh\n".utf8)) } == .notELF)
    #expect(code { _ = try AdapterImage(path: "x", bytes: Array(good.prefix(good.count / 2))) } == .truncated)
    var foreign = good
    foreign[18] = 183
    #expect(throws: AdapterError.self) { try AdapterImage(path: "libx.so", bytes: foreign) }
    do {
      _ = try AdapterImage(path: "libx.so", bytes: foreign)
    } catch {
      #expect(error.code == .foreignMachine && error.exitCode == 65)
      #expect(
        error.message.contains("aarch64") && error.message.contains("x86-64") && error.message.contains("libx.so"))
    }
    var program = good
    program[16] = 2
    #expect(code { _ = try AdapterImage(path: "x", bytes: program) } == .notELF)
    let library = try Workshop.text("plain", "int exprove_nothing(void) { return 0; }\n")
    #expect(code { _ = try AdapterImage.read(path: library) } == .noEntry)
    let mute = try Workshop.text(
      "mute", "__attribute__((visibility(\"default\"))) int exprove_adapter_entry(void) { return 0; }\n")
    #expect(code { _ = try AdapterImage.read(path: mute) } == .noManifest)
    let wrong = try Workshop.text("wrong", "#define MANIFEST_ABI \"one\"\n#include \"base.h\"\n#include \"entry.h\"\n")
    do {
      _ = try AdapterImage.read(path: wrong)
      Issue.record("a manifest with a wrong version is read")
    } catch {
      #expect(error.code == .badManifest && error.message.contains("line 7"), "\(error)")
    }
  }

  /// Truncations at every length and 6,000 random damages: an error or an image, never a crash or a hang.
  @Test func hostileFilesNeverCrashTheReader() throws {
    let good = try bytes()
    var random = SystemRandomNumberGenerator()
    var seed = UInt64.random(in: 0...UInt64.max, using: &random)
    print("seed \(seed)")
    func next() -> UInt64 {
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return seed
    }
    var read = 0
    for length in stride(from: 0, to: good.count, by: 37) {
      if (try? AdapterImage(path: "x", bytes: Array(good.prefix(length)))) != nil { read += 1 }
    }
    #expect(read == 0, "a file without its section headers is read")
    // The headers and tables are what matters: half of the damage goes there.
    let tables = [0..<64, 64..<700, good.count - 64 * 32..<good.count]
    for round in 0..<6_000 {
      var bytes = good
      for _ in 0...Int(next() % 3) {
        let range = round % 2 == 0 ? tables[Int(next() % 3)] : 0..<good.count
        let place = range.lowerBound + Int(next() % UInt64(range.count))
        switch next() % 4 {
        case 0: bytes[place] ^= 1 << UInt8(next() % 8)
        case 1: bytes[place] = 0xFF
        case 2: for index in place..<min(place + 8, bytes.count) { bytes[index] = 0xFF }
        default: bytes[place] = UInt8(truncatingIfNeeded: next())
        }
      }
      do {
        let image = try AdapterImage(path: "x", bytes: bytes)
        for rule in StaticRule.allCases {
          _ = rule.violation(image.facts, libraries: image.manifest.libraries.map(\.name))
        }
        read += 1
      } catch {
        if error.message.isEmpty { Issue.record("an error without words") }
      }
    }
    #expect(read > 300, "damage to code alone should not stop the reader")
  }
}
