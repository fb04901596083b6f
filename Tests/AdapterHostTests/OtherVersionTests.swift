// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Foundation
internal import Testing

/// Adapters of other times: built with the frozen headers of ABI 1.0, and with those of a version that is yet to come.
@Suite struct OtherVersionTests {
  private static let frozen = "\(Workshop.root)/Tests/AdapterHostTests/abi-1.0"

  private func decodesItsDay(_ adapter: LoadedAdapter) throws {
    var session = try AdapterSession(adapter, .init(framing: .message))
    var batch = EventBatch(frames: 64, events: 256, bytes: 4096)
    ToyVenue.fill(&batch, ToyVenue.day(10))
    #expect(try session.decode(&batch) == 10 && batch.eventCount == 14)
    let saved = try session.save()
    try session.load(saved)
    #expect(try session.counters() == [1, 6, 0, 0, 3] + [UInt64](repeating: 0, count: 10))
  }

  @Test func anAdapterOf1_0Serves() throws {
    let path = try Workshop.text(
      "frozen", "#include \"base.h\"\n#include \"entry.h\"\n", headers: OtherVersionTests.frozen)
    let adapter = try LoadedAdapter(AdapterImage.read(path: path))
    #expect(adapter.version == .init(major: 1, minor: 0) && adapter.manifest.abi == adapter.version)
    try decodesItsDay(adapter)
    // Its table of order_entry/1 is shorter than this host's.
    let orders = try AdapterSession(adapter, .init(framing: .message, channel: .orderEntry))
    #expect(try orders.orderCapabilities() == .undeclared)
    var order = OrderRequest()
    order.orderID = 7
    order.side = .buy
    order.price = 1_000_000_000
    order.quantity = 5
    order.symbol = Array("ABC".utf8)
    #expect(try !orders.encode(order).isEmpty)
  }

  @Test func theExampleAdapterBuiltWithHeadersOf1_0Serves() throws {
    let path = try Workshop.files(
      "pitch", ["sdk-c/examples/adapter/pitch.c"], headers: OtherVersionTests.frozen)
    let adapter = try LoadedAdapter(AdapterImage.read(path: path))
    #expect(adapter.version == .init(major: 1, minor: 0))
    _ = try AdapterSession(adapter, .init(framing: .line))
  }

  /// The present headers with what a version 1.2 could add at their ends.
  private func laterHeaders() throws -> String {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("exprove-abi-1.2-\(getpid())")
    let target = directory.appendingPathComponent("exprove")
    try? FileManager.default.removeItem(at: directory)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: URL(fileURLWithPath: "\(Workshop.root)/sdk-c/include/exprove"), to: target)
    let changes = [
      ("adapter.h", "} exprove_adapter;", "  void (*weather)(void);\n  uint64_t forecast[4];\n} exprove_adapter;"),
      ("adapter.h", "} exprove_config;", "  uint64_t colour;\n} exprove_config;"),
      ("extensions.h", "} exprove_health;", "  uint64_t pulse;\n} exprove_health;"),
      ("extensions.h", "== 64, health_size", "== 72, health_size"),
    ]
    for (file, old, new) in changes {
      let path = target.appendingPathComponent(file).path
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains(old))
      try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    }
    return directory.path
  }

  @Test func anAdapterOfALaterVersionServesWithWhatThisHostKnows() throws {
    let headers = try laterHeaders()
    defer { try? FileManager.default.removeItem(atPath: headers) }
    let path = try Workshop.text(
      "later",
      """
      #include "base.h"
      #define MANIFEST_ABI "1.2"
      #define MANIFEST_MORE "weather: sunny\\nextension: exprove.health/1\\nextension: exprove.weather/1\\n"
      static exprove_status report(const exprove_session *s, exprove_health *out) {
        (void)s;
        exprove_health all = {.frames = 10, .last_event_time = 1, .pulse = 99};
        all.struct_size = out->struct_size < sizeof all ? out->struct_size : (uint32_t)sizeof all;
        memcpy(out, &all, all.struct_size);
        return EXPROVE_OK;
      }
      static const void *more(const char *id);
      static exprove_status older(const exprove_config *config, exprove_session **session, exprove_text *error) {
        exprove_config whole = {.struct_size = sizeof whole};
        if (config->struct_size < offsetof(exprove_config, colour)) return EXPROVE_INVALID_ARGUMENT;
        memcpy((char *)&whole + 4, (const char *)config + 4, offsetof(exprove_config, colour) - 4);
        return base_create(&whole, session, error);
      }
      static exprove_status start(const exprove_host *host, exprove_text *error) {
        (void)error;
        return host->abi_version == EXPROVE_ABI_VERSION(1, 1) ? EXPROVE_OK : EXPROVE_NOT_IMPLEMENTED;
      }
      static exprove_status entry(uint32_t version, exprove_adapter *adapter);
      #define SLOT_EXTENSION more
      #define SLOT_CREATE older
      #define SLOT_INIT start
      #define ENTRY entry
      #include "entry.h"
      static const void *more(const char *id) {
        static const exprove_health_v1 health = {sizeof health, 0, report};
        return strcmp(id, "exprove.health/1") == 0 ? (const void *)&health : base_extension(id);
      }
      static exprove_status entry(uint32_t version, exprove_adapter *adapter) {
        if (EXPROVE_ABI_MAJOR(version) != 1 || EXPROVE_ABI_MINOR(version) > 2) return EXPROVE_NOT_IMPLEMENTED;
        exprove_status status = base_entry(EXPROVE_ABI_VERSION_1_0, adapter);
        if (status == EXPROVE_OK) adapter->abi_version = version;
        return status;
      }
      """, headers: headers)
    let adapter = try LoadedAdapter(AdapterImage.read(path: path))
    #expect(adapter.version == hostVersion && adapter.manifest.abi == .init(major: 1, minor: 2))
    try decodesItsDay(adapter)
    #expect(try AdapterSession(adapter, .init(framing: .message)).health()?.frames == 10)
    // And by a host of 1.0, which asks for no more: it is refused in words, as its own init wants.
    do {
      _ = try LoadedAdapter(adapter.image, versions: [.init(major: 1, minor: 0)])
      Issue.record("it is loaded")
    } catch {
      #expect(error.code == .initFailed && error.message.contains("NOT_IMPLEMENTED"), "\(error)")
    }
  }

  @Test func anAdapterThatOnlySpeaksLaterVersionsIsRefusedInWords() throws {
    let path = try Workshop.text(
      "only_later",
      """
      #include "base.h"
      #define MANIFEST_ABI "1.2"
      static exprove_status base_entry(uint32_t version, exprove_adapter *adapter);
      static exprove_status entry(uint32_t version, exprove_adapter *adapter) {
        return version == EXPROVE_ABI_VERSION(1, 2) ? base_entry(EXPROVE_ABI_VERSION_1_0, adapter) : EXPROVE_NOT_IMPLEMENTED;
      }
      #define ENTRY entry
      #include "entry.h"
      """)
    do {
      _ = try LoadedAdapter(AdapterImage.read(path: path))
      Issue.record("it is loaded")
    } catch {
      #expect(error.code == .unsupportedVersion, "\(error)")
      #expect(error.message.contains("ABI 1.2") && error.message.contains("1.1, 1.0"), "\(error)")
      #expect(error.message.contains("update exprove"), "\(error)")
    }
  }
}
