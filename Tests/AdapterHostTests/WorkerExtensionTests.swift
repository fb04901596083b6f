// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Foundation
internal import Testing

/// Extensions answer from a worker as they do in process.
@Suite struct WorkerExtensionTests {
  private static func modules(_ path: String) throws -> [AdapterModule] {
    let image = try AdapterImage.read(path: path)
    return [.inProcess(try LoadedAdapter(image)), .worker(try WorkerPlan(image))]
  }

  @Test func nasdaqTellsTheSame() throws {
    var told: [String] = []
    for module in try Self.modules(Workshop.plugin("nasdaq")) {
      var session = try AdapterSession(module, .init(framing: .length16, dayStart: 1_000_000_000_000_000_000))
      var batch = EventBatch(frames: 8, events: 1 << 15, bytes: 4096)
      var directory = [UInt8](repeating: 0x20, count: 39)
      directory[0] = UInt8(ascii: "R")
      for index in 1..<11 { directory[index] = 0 }
      directory[2] = 1
      directory.replaceSubrange(11..<19, with: Array("AAPL    ".utf8))
      directory.replaceSubrange(19..<21, with: Array("QN".utf8))
      directory.replaceSubrange(21..<25, with: [0, 0, 0, 100])
      ToyVenue.fill(&batch, [directory, [1, 2, 3]])
      #expect(try session.decode(&batch) == 2)
      var events: [Event] = []
      for index in 0..<batch.eventCount { events.append(batch.event(at: index)) }
      let health = try session.health()
      let instruments = try session.instrumentStates(page: 1)
      // It sends no orders.
      #expect(throws: AdapterError.self) { try session.orderCapabilities() }
      let requests = try events.map { try session.snapshotRequest(for: $0) }
      #expect(health != nil && instruments?.isEmpty != true)
      told.append(
        "\(events) \(String(describing: health)) \(String(describing: instruments)) "
          + "\(requests)")
    }
    #expect(told[0] == told[1])
  }

  @Test func ordersOfBinanceToo() throws {
    var told: [String] = []
    for module in try Self.modules(Workshop.plugin("binance")) {
      let session = try AdapterSession(module, .init(framing: .message, channel: .orderEntry))
      var request = OrderRequest()
      request.side = .sell
      request.orderID = 9
      request.price = 62_000_000_000_000
      request.quantity = 12
      request.quantityScale = 3
      request.symbol = Array("BTCUSDT".utf8)
      request.time = 1_700_000_000_000_000_000
      let bytes = try session.encode(request)
      let capabilities = try session.orderCapabilities()
      told.append("\(String(decoding: bytes, as: UTF8.self)) \(String(describing: capabilities))")
    }
    #expect(told[0] == told[1])
  }

  @Test func aConfigurationIsCheckedThere() throws {
    var errors: [AdapterError.Code] = []
    for module in try Self.modules(Workshop.plugin("binance")) {
      do {
        _ = try AdapterSession(
          module, .init(framing: .message, settings: [.init(key: "nothing", value: "1")]))
      } catch {
        errors.append(error.code)
      }
    }
    #expect(errors == [.badSetting, .badSetting])
  }
}
