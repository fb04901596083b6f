// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import Testing

/// Settings with a schema and libraries with a digest, as manifests of ABI 1.1 declare them.
@Suite struct SchemaTests {
  private static let zeros = String(repeating: "0", count: 64)
  private static let good = [
    "exprove-manifest/1", "name: fair", "version: 1.0.0", "vendor: V", "licence: MIT", "summary: S.", "abi: 1.1",
    "protocol: P", "framing: line", "channel: market-data", "max-events: 4", "message: A",
    "setting: depth integer 100 how many levels are kept", "schema: depth range 1..5000", "schema: depth unit levels",
    "setting: account text none whose orders they are", "schema: account length 2..8", "schema: account required",
    "setting: side choice(a|b) a which",
    "library: libfeed.so.2 sha256:\(zeros)",
  ]

  private func parse(_ lines: [String]) throws -> AdapterManifest {
    try AdapterManifest(parsing: Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  private func faultOf(_ lines: [String]) -> AdapterManifest.Fault? {
    do {
      _ = try parse(lines)
      return nil
    } catch {
      return error as? AdapterManifest.Fault
    }
  }

  @Test func theSchemaIsRead() throws {
    let manifest = try parse(SchemaTests.good)
    #expect(manifest.settings[0].allowed == "an integer from 1 to 5000 levels")
    #expect(manifest.settings[1].allowed == "a text of 2 to 8 bytes without control characters")
    #expect(manifest.settings[2].allowed == "one of a, b")
    #expect(manifest.settings.map(\.schema.isRequired) == [false, true, false])
    #expect(manifest.libraries == [.init(name: "libfeed.so.2", digest: [UInt8](repeating: 0, count: 32))])
    #expect(manifest.requiredSettings == [.init(key: "account", value: "none")])
    #expect(manifest.commonVersion == hostVersion)
  }

  @Test(arguments: [
    ("schema: width range 1..2", "width"), ("schema: depth range 1-2", "1..5000"),
    ("schema: depth range 2..1", "range"),
    ("schema: depth range 01..2", "range"), ("schema: depth range 1..2", "twice"),
    ("schema: depth length 1..2", "texts"),
    ("schema: account range 1..2", "integers"), ("schema: account unit letters", "integers"),
    ("schema: account required yes", "alone"), ("schema: account required", "twice"), ("schema: depth", "schema is"),
    ("schema: depth colour blue", "colour"), ("library: libfeed.so.3", "sha256"),
    ("library: libfeed.so.3 sha256:00", "64"),
    ("library: libfeed.so.3 sha256:\(String(repeating: "G", count: 64))", "64"),
    ("library: libfeed.so.2 sha256:\(zeros)", "twice"), ("library: libc.so.6 sha256:\(zeros)", "system"),
    ("library: lib/x.so sha256:\(zeros)", "path"),
  ])
  func aWrongLineIsNamed(line: String, words: String) throws {
    let fault = try #require(faultOf(SchemaTests.good + [line]), "“\(line)” is taken")
    #expect(fault.line == SchemaTests.good.count + 1 && fault.reason.contains(words), "\(fault)")
  }

  @Test func aDefaultKeepsItsOwnSchema() throws {
    let fault = try #require(
      faultOf(SchemaTests.good.map { $0.replacing("integer 100", with: "integer 9999") }), "it is taken")
    #expect(fault.reason.contains("9999") && fault.reason.contains("1 to 5000"), "\(fault)")
  }

  @Test func keysOfALaterVersionNeedThatVersion() throws {
    let fault = try #require(faultOf(SchemaTests.good.map { $0 == "abi: 1.1" ? "abi: 1.0" : $0 }), "it is taken")
    #expect(fault.line == 14 && fault.reason.contains("schema") && fault.reason.contains("abi: 1.1"), "\(fault)")
  }

  @Test(arguments: [
    (["depth=0", "account=xy"], "“0”", "1 to 5000 levels"), (["depth=5001", "account=xy"], "“5001”", "1 to 5000"),
    (["depth=x", "account=xy"], "“x”", "“depth”"), (["account=x"], "“x”", "2 to 8 bytes"),
    (["account=123456789"], "“123456789”", "“account”"), (["depth=5"], "“account”", "must be given"),
    (["account=xy", "side=c"], "“c”", "one of a, b"), (["account=xy", "colour=1"], "“colour”", "depth, account, side"),
    (["account=xy", "account=xz"], "“account”", "twice"),
  ])
  func aWrongSettingIsRefusedWithKeyValueAndWhatIsAllowed(settings: [String], value: String, words: String) throws {
    let manifest = try parse(SchemaTests.good)
    let given = settings.map { text in
      let parts = text.split(separator: "=").map(String.init)
      return AdapterSession.Configuration.Setting(key: parts[0], value: parts[1])
    }
    do {
      try manifest.check(given)
      Issue.record("it is taken")
    } catch {
      #expect(error.code == .badSetting && error.exitCode == 64, "\(error)")
      #expect(error.message.contains(value) && error.message.contains(words), "\(error)")
    }
  }

  @Test func rightSettingsAreTaken() throws {
    let manifest = try parse(SchemaTests.good)
    try manifest.check([.init(key: "account", value: "xy")])
    try manifest.check([
      .init(key: "depth", value: "5000"), .init(key: "account", value: "12345678"), .init(key: "side", value: "b"),
    ])
  }
}
