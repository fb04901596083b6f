// SPDX-License-Identifier: Apache-2.0

internal import EventFlow
internal import AdapterHost
internal import Testing

@Suite struct ManifestTests {
  private static let good = [
    "exprove-manifest/1", "name: fair-1", "version: 1.2.3-rc.1+build.5", "vendor: A & B", "licence: MIT OR Apache-2.0",
    "summary: What it does.", "abi: 1.0", "protocol: P 1", "protocol: P 2", "framing: length16", "framing: packet",
    "channel: market-data", "channel: order-entry", "max-events: 4096", "message: A", "message: ouch>O",
    "extension: exprove.order_entry/1", "frame-time: yes", "setting: depth integer -5 how deep it looks",
    "setting: market choice(Q|B) Q which market", "setting: label text \"\" any text",
  ]

  private func parse(_ lines: [String]) throws -> AdapterManifest {
    try AdapterManifest(parsing: Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  /// The good manifest with one line replaced, or added when there is none like it.
  private func faultOf(_ line: String, replacing prefix: String? = nil) -> AdapterManifest.Fault? {
    var lines = ManifestTests.good
    if let prefix, let index = lines.firstIndex(where: { $0.hasPrefix(prefix) }) {
      lines[index] = line
    } else {
      lines.append(line)
    }
    do {
      _ = try parse(lines)
      return nil
    } catch {
      return error as? AdapterManifest.Fault
    }
  }

  @Test func everythingIsRead() throws {
    let manifest = try parse(ManifestTests.good)
    #expect(manifest.name == "fair-1" && manifest.version == "1.2.3-rc.1+build.5" && manifest.vendor == "A & B")
    #expect(manifest.licence == "MIT OR Apache-2.0" && manifest.summary == "What it does.")
    #expect(manifest.abi == .init(major: 1, minor: 0) && manifest.abi.rawValue == 0x1_0000)
    #expect(manifest.protocols == ["P 1", "P 2"] && manifest.framings == [.length16, .packet])
    #expect(manifest.channels == [.marketData, .orderEntry] && manifest.maxEvents == 4096)
    #expect(manifest.messages == ["A", "ouch>O"] && manifest.extensions == ["exprove.order_entry/1"])
    #expect(manifest.hasFrameTime)
    #expect(manifest.settings.map(\.key) == ["depth", "market", "label"])
    #expect(manifest.settings.map(\.defaultValue) == ["-5", "Q", ""])
    #expect(manifest.settings[1].kind == .choice(["Q", "B"]) && manifest.settings[1].help == "which market")
    #expect(manifest.settings[0].accepts("12") && !manifest.settings[0].accepts("012"))
    #expect(!manifest.settings[0].accepts("99999999999999999999") && !manifest.settings[1].accepts("q"))
  }

  @Test(arguments: [
    ("name: Fair", "name"), ("name: ", "name"), ("version: 1.2", "version"), ("version: 1.02.3", "version"),
    ("version: 1.2.3-01", "version"), ("abi: 1", "abi"), ("abi: 0.9", "abi"), ("abi: 70000.0", "abi"),
    ("max-events: 0", "max-events"), ("max-events: 65537", "max-events"), ("max-events: 04", "max-events"),
    ("framing: morse", "framing"), ("channel: gossip", "channel"), ("extension: exprove.order_entry", "extension"),
    ("extension: x/01", "extension"), ("frame-time: maybe", "frame-time"),
    ("setting: depth integer five how", "setting"),
    ("setting: depth real 1.5 how", "setting"), ("setting: depth integer 5", "setting"),
    ("setting: market choice(Q||B) Q which", "setting"), ("setting: market choice(Q|B) X which", "setting"),
  ])
  func aWrongLineIsNamed(line: String, key: String) throws {
    let fault = try #require(faultOf(line, replacing: key), "“\(line)” is taken")
    #expect(fault.line == (ManifestTests.good.firstIndex { $0.hasPrefix(key) } ?? -2) + 1)
  }

  @Test(arguments: [
    "name: other", "framing: packet", "channel: market-data", "message: A", "extension: exprove.order_entry/1",
    "setting: depth integer 1 again", "colour: blue", "no colon", "vendor: tab\there",
  ])
  func doublesAndStrangersAreNamed(line: String) throws {
    #expect(faultOf(line)?.line == ManifestTests.good.count + 1, "“\(line)” is taken")
  }

  @Test(arguments: [
    "name", "version", "vendor", "licence", "summary", "abi", "protocol", "framing", "channel", "max-events", "message",
  ])
  func whatIsRequiredIsRequired(key: String) {
    let lines = ManifestTests.good.filter { !$0.hasPrefix("\(key):") }
    #expect(throws: AdapterManifest.Fault.self) { try parse(lines) }
  }

  @Test func laterVersionsMayHaveOtherKeys() throws {
    var lines = ManifestTests.good + ["colour: blue"]
    lines[6] = "abi: 1.2"
    #expect(try parse(lines).abi.minor == 2)
  }

  @Test func damagedBytesNeverCrashTheParser() throws {
    let good = Array(ManifestTests.good.joined(separator: "\n").utf8)
    var state: UInt64 = 42
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
    var faults = 0
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0...Int(next() % 4) {
        let place = Int(next() % UInt64(bytes.count))
        switch next() % 3 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 1: bytes.remove(at: place)
        default: bytes.insert(contentsOf: bytes[place..<min(place + 9, bytes.count)], at: place)
        }
      }
      do {
        _ = try AdapterManifest(parsing: bytes)
      } catch {
        faults += 1
        if error.line < 1 || error.line > bytes.count || error.reason.isEmpty { Issue.record("\(error)") }
      }
    }
    #expect(faults > 5_000)
    #expect(throws: AdapterManifest.Fault.self) {
      try AdapterManifest(parsing: [UInt8](repeating: 0x61, count: 70_000))
    }
    #expect(throws: AdapterManifest.Fault.self) { try AdapterManifest(parsing: good + [0xFF, 0xFE]) }
  }
}
