// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Foundation
internal import Testing

/// A binding and its library as one adapter, with one digest.
@Suite struct BundleTests {
  @Test func aBundleIsTheSameAdapter() throws {
    let path = try Workshop.bound("ticker")
    let image = try AdapterImage.read(path: path)
    let file = String(path.dropLast("ticker.binding".count)) + "copy.so"
    try Data(image.bytes).write(to: URL(fileURLWithPath: file))
    let again = try AdapterImage.read(path: file)
    #expect(again.digest == image.digest && again.manifest == image.manifest && again.bound != nil)
    #expect(image.manifest.name == "ticker" && image.facts.needed == ["libc.so.6"])
    // From the bundle alone, as a replay does.
    try FileManager.default.removeItem(atPath: path)
    var session = try BoundSession.open(file)
    let events = try BoundSession.events(&session, [Array("oid".utf8)])
    #expect(events.map(\.eventKind) == [.text, .notice])
  }

  @Test func everyByteCounts() throws {
    let first = try AdapterImage.read(path: try Workshop.bound("ticker"))
    let second = try AdapterImage.read(path: try Workshop.bound("ticker", flags: ["-O1"]))
    #expect(first.digest != second.digest)
    let bundle = try #require(AdapterBundle(first.bytes))
    #expect(AdapterBundle(binding: bundle.binding + [10], library: bundle.library).encoded != first.bytes)
    #expect(bundle.encoded == first.bytes)
  }

  @Test func damagedBundlesAreRefused() throws {
    let image = try AdapterImage.read(path: try Workshop.bound("ticker"))
    for bytes in [
      Array(image.bytes.dropLast()), image.bytes + [0], Array(image.bytes.prefix(20)), Array(image.bytes.prefix(17)),
    ] {
      #expect { _ = try AdapterImage(path: "x", bytes: bytes) } throws: {
        ($0 as? AdapterError)?.code == .truncated
      }
    }
    var dice = Dice(9)
    for _ in 0..<300 {
      var bytes = image.bytes
      for _ in 0...dice.roll(3) { bytes[dice.roll(dice.roll(2) == 0 ? 4_000 : bytes.count)] = UInt8(dice.roll(256)) }
      // An error with its reason, or an adapter that still is one.
      do throws(AdapterError) {
        #expect(try AdapterImage(path: "x", bytes: bytes).digest != image.digest || bytes == image.bytes)
      } catch {
        #expect(!error.message.isEmpty)
      }
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    let path = try Workshop.bound("ticker")
    try FileManager.default.removeItem(atPath: String(path.dropLast("ticker.binding".count)) + "libticker.so")
    #expect { _ = try AdapterImage.read(path: path) } throws: {
      ($0 as? AdapterError)?.code == .missing && "\($0)".contains("ticker.binding:2:9: error: there is no file")
    }
    let wrong = try String(contentsOfFile: path, encoding: .utf8).replacingOccurrences(
      of: "version: 0.1.0", with: "version: one")
    let other = try Workshop.bound("ticker")
    try Data(wrong.utf8).write(to: URL(fileURLWithPath: other))
    #expect { _ = try AdapterImage.read(path: other) } throws: {
      "\($0)".contains("ticker.binding:6:3: error: the manifest: “one” is no semantic version")
    }
  }

  @Test func staticRulesHoldForBoundLibraries() throws {
    let path = try Workshop.bound("ticker", flags: ["-Wl,-rpath,/tmp"])
    #expect { _ = try LoadedAdapter(AdapterImage.read(path: path)) } throws: {
      ($0 as? AdapterError)?.code == .forbidden && "\($0)".contains("static.runpath")
    }
  }
}
