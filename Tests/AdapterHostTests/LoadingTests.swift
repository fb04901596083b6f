// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import AdapterHost
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// Sealed loading and negotiation, with real libraries.
@Suite struct LoadingTests {
  private func failure(_ path: String, versions: [AdapterManifest.Version] = hostVersions) throws -> AdapterError? {
    let image = try AdapterImage.read(path: path)
    do {
      _ = try LoadedAdapter(image, versions: versions)
      return nil
    } catch {
      return error
    }
  }

  /// What is mapped into this process; such a file has no size and is read until it ends.
  private func maps() throws -> String {
    let file = try #require(FileHandle(forReadingAtPath: "/proc/self/maps"))
    var data = Data()
    while let part = try file.read(upToCount: 4096), !part.isEmpty { data += part }
    return String(decoding: data, as: UTF8.self)
  }

  /// An adapter made of the base with some C in front of its entry.
  private func variant(_ name: String, _ text: String) throws -> String {
    try Workshop.text("variant_\(name)", "#include \"base.h\"\n\(text)\n#include \"entry.h\"\n")
  }

  private static let entry = """
    static inline exprove_status base_entry(uint32_t abi_version, exprove_adapter *adapter);
    #define ENTRY entry
    static exprove_status entry(uint32_t version, exprove_adapter *adapter)
    """

  @Test func whatRunsIsTheSealedCopy() throws {
    let path = try variant("replaced", "#define MANIFEST_NAME \"first\"")
    let image = try AdapterImage.read(path: path)
    // The file changes after it was read: what was read is what runs.
    try Data("no library any more".utf8).write(to: URL(fileURLWithPath: path))
    let adapter = try LoadedAdapter(image)
    #expect(adapter.manifest.name == "first" && adapter.version == .init(major: 1, minor: 0) && !adapter.isByPath)
    let mapped = try maps()
    #expect(mapped.contains("/memfd:first (deleted)"))
    #expect(!mapped.contains(path))
    var session = try AdapterSession(adapter, .init(framing: .message))
    #expect(try session.counters() == [UInt64](repeating: 0, count: 15))
    try session.reset()
  }

  @Test func everyCopyIsItsOwn() throws {
    let first = try LoadedAdapter(AdapterImage.read(path: try variant("a", "#define MANIFEST_NAME \"a\"")))
    let second = try LoadedAdapter(AdapterImage.read(path: try variant("b", "#define MANIFEST_NAME \"b\"")))
    let again = try LoadedAdapter(AdapterImage.read(path: try variant("a", "#define MANIFEST_NAME \"a\"")))
    #expect([first, second, again].map(\.manifest.name) == ["a", "b", "a"])
  }

  @Test func dependenciesAreThoseThatTheLoaderFound() throws {
    let defect = try Workshop.defect("needed")
    let image = try AdapterImage.read(path: try Workshop.adapter("needed", flags: defect.flags))
    let found = try LoadedAdapter(image, enforcingRules: false).dependencies()
    #expect(found.map(\.name) == image.facts.needed && found.contains { $0.name == "libz.so.1" })
    for dependency in found {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["sha256sum", dependency.path]
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let line = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(line.hasPrefix(hexadecimal(dependency.digest)))
    }
  }

  @Test func byPathIsMarked() throws {
    let path = try Workshop.adapter("correct")
    let adapter = try LoadedAdapter(AdapterImage.read(path: path), byPath: true)
    #expect(adapter.isByPath)
    #expect(try maps().contains("libcorrect"))
  }

  @Test func theHighestVersionThatBothKnowIsTaken() throws {
    let versions: [AdapterManifest.Version] = [.init(major: 2, minor: 0), .init(major: 1, minor: 7)] + hostVersions
    let image = try AdapterImage.read(path: try Workshop.adapter("correct"))
    #expect(try LoadedAdapter(image, versions: versions).version == .init(major: 1, minor: 0))
    let newer = try variant(
      "newer",
      "#define MANIFEST_ABI \"2.0\"\n\(LoadingTests.entry) { (void)version; (void)adapter; (void)base_entry; return 1; }"
    )
    let error = try #require(try failure(newer))
    #expect(error.code == .unsupportedVersion && error.exitCode == 65)
    #expect(
      error.message.contains("ABI 2.0") && error.message.contains("1.0") && error.message.contains("update exprove"))
  }

  @Test(arguments: [
    ("short", "adapter->struct_size = 88; return status;", AdapterError.Code.badTable, "88 bytes"),
    ("long", "adapter->struct_size = 4096; return status;", .badTable, "4096 bytes"),
    ("other_version", "adapter->abi_version = 7; return status;", .badTable, "ABI 1.0"),
    ("no_decode", "adapter->decode = NULL; return status;", .badTable, "“decode”"),
    ("other_manifest", "adapter->manifest = \"exprove-manifest/1\"; return status;", .badTable, "manifest"),
    ("no_manifest", "adapter->manifest = NULL; return status;", .badTable, "manifest"),
    ("short_manifest", "adapter->manifest_size--; return status;", .badTable, "manifest"),
    ("no_frame_time", "adapter->frame_time = NULL; return status;", .badTable, "frame-time"),
    ("no_extension", "adapter->extension = NULL; return status;", .badTable, "extension"),
    ("overrun", "memset(adapter + 1, 0, 8); return status;", .badTable, "beyond the table"),
    ("error", "(void)status; return EXPROVE_OUT_OF_MEMORY;", .badTable, "EXPROVE_OUT_OF_MEMORY"),
    ("strange", "(void)status; return 77;", .badTable, "unknown status 77"),
  ])
  func aTableThatBreaksTheABIIsRefused(name: String, text: String, code: AdapterError.Code, words: String) throws {
    let path = try variant(
      "table_\(name)", "\(LoadingTests.entry) { exprove_status status = base_entry(version, adapter); \(text) }")
    let error = try #require(try failure(path), "it is loaded")
    #expect(error.code == code && error.message.contains(words) && error.message.contains(path), "\(error)")
  }

  @Test func anOlderTableWithoutOptionalSlotsServes() throws {
    let path = try Workshop.text(
      "older_table",
      """
      #include "base.h"
      \(LoadingTests.entry) {
        exprove_status status = base_entry(version, adapter);
        adapter->struct_size = 96;
        return status;
      }
      #define SLOT_FRAME_TIME NULL
      #define EXPROVE_PLAIN
      #include "entry_plain.h"
      """.replacingOccurrences(of: "#include \"entry_plain.h\"", with: LoadingTests.plainEntry))
    let adapter = try LoadedAdapter(AdapterImage.read(path: path))
    var session = try AdapterSession(adapter, .init(framing: .message))
    #expect(throws: AdapterError.self) { try session.encode(OrderRequest()) }
    try session.reset()
  }

  /// A manifest that promises nothing optional.
  private static let plainEntry = """
    EXPROVE_MANIFEST("name: older\\nversion: 1.0.0\\nvendor: v\\nlicence: MIT\\nsummary: s\\nabi: 1.0\\nprotocol: p\\n"
      "framing: message\\nchannel: market-data\\nmax-events: 4\\nmessage: S\\nmessage: A\\nmessage: E\\nmessage: D\\n"
      "message: Q\\nmessage: H\\nmessage: N\\nmessage: C\\nmessage: R\\nmessage: K\\n")
    static inline exprove_status base_entry(uint32_t version, exprove_adapter *adapter) {
      exprove_adapter table = {adapter->struct_size, version, exprove_manifest_text, sizeof exprove_manifest_text - 1,
        base_init, base_deinit, base_create, base_destroy, base_reset, base_decode, base_counters, base_save, base_load,
        (const void *(*)(const char *))0, 0};
      if (version != EXPROVE_ABI_VERSION_1_0) return EXPROVE_NOT_IMPLEMENTED;
      memcpy(adapter, &table, sizeof table);
      return EXPROVE_OK;
    }
    exprove_status exprove_adapter_entry(uint32_t version, exprove_adapter *adapter) { return entry(version, adapter); }
    """

  @Test(arguments: ["needed", "runpath", "textrel", "stack", "unique"])
  func enforcedRulesRefuse(name: String) throws {
    let defect = try Workshop.defect(name)
    let error = try #require(try failure(try Workshop.adapter(name, flags: defect.flags)))
    #expect(error.code == .forbidden && error.message.contains("static.\(name)"), "\(error)")
  }

  @Test func initFailureKeepsTheAdaptersWords() throws {
    let path = try variant(
      "init_fails",
      """
      static exprove_status init(const exprove_host *host, exprove_text *error) {
        (void)host;
        base_say(error, "the licence\\nhas expired");
        return EXPROVE_NOT_FOUND;
      }
      #define SLOT_INIT init
      """)
    let error = try #require(try failure(path))
    #expect(error.code == .initFailed)
    #expect(error.message.contains("EXPROVE_NOT_FOUND: “the licence.has expired”"))
  }

  @Test func theLogIsBoundedAndPlain() throws {
    let path = try variant(
      "talkative",
      """
      static exprove_status init(const exprove_host *host, exprove_text *error) {
        exprove_status status = base_init(host, error);
        for (int i = 0; i < 5000; i++) base_note("line\\nwith a control character \\x1b[31m");
        return status;
      }
      #define SLOT_INIT init
      """)
    let adapter = try LoadedAdapter(AdapterImage.read(path: path))
    #expect(adapter.log.count == 5000 && adapter.log.lines.count == HostLog.lineLimit)
    #expect(adapter.log.lines[0].level == .note)
    #expect(adapter.log.lines[0].text == "line.with a control character .[31m")
  }

  @Test func theLocatorFindsByNamePathAndEnvironment() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-locator-\(getpid())").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let source = try Workshop.adapter("correct")
    try FileManager.default.copyItem(atPath: source, toPath: "\(directory)/libfair.so")
    try Data("no library".utf8).write(to: URL(fileURLWithPath: "\(directory)/libnoise.so"))
    let locator = AdapterLocator(directories: ["/nowhere", directory])
    #expect(locator.all().map(\.name) == ["fair"] && locator.all().map(\.path) == ["\(directory)/libfair.so"])
    #expect(try locator.path(of: "fair") == "\(directory)/libfair.so")
    #expect(try locator.image(of: source).manifest.name == "base")
    do {
      _ = try locator.path(of: "fare")
      Issue.record("an adapter that is not there is found")
    } catch {
      #expect(error.code == .missing && error.exitCode == 66)
      #expect(error.message.contains("fair") && error.message.contains("EXPROVE_ADAPTERS"))
    }
    #expect(throws: AdapterError.self) { try locator.path(of: "/nowhere/libx.so") }
  }
}
