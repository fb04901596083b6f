// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Testing

/// What the shipped adapters answer to the extensions of ABI 1.1, over their venues' own bytes.
@Suite struct PluginExtensionTests {
  private func session(_ plugin: String, _ configuration: AdapterSession.Configuration) throws -> AdapterSession {
    try AdapterSession(LoadedAdapter(AdapterImage.read(path: try Workshop.plugin(plugin))), configuration)
  }

  private func decode(
    _ session: inout AdapterSession, _ frames: [[UInt8]], _ flags: FrameFlags = []
  ) throws -> [Event] {
    var batch = EventBatch(frames: 16, events: 24_576, bytes: 8192)
    ToyVenue.fill(&batch, frames) { _ in flags }
    #expect(try session.decode(&batch) == frames.count)
    let events = batch.events
    return (0..<batch.eventCount).map { events[$0] }
  }

  private func big(_ value: UInt64, _ size: Int) -> [UInt8] { ToyVenue.number(value, size).reversed() }

  // MARK: Nasdaq

  /// A MoldUDP64 packet with one ITCH message.
  private func packet(_ sequence: UInt64, _ message: [UInt8]) -> [UInt8] {
    Array("SESSION001".utf8) + big(sequence, 8) + big(1, 2) + big(UInt64(message.count), 2) + message
  }

  private var opening: [UInt8] { Array("S".utf8) + big(0, 4) + big(34_000_000_000_000, 6) + Array("S".utf8) }
  private var trading: [UInt8] {
    Array("H".utf8) + big(7, 2) + big(0, 2) + big(34_200_000_000_000, 6) + Array("AAPL    T     ".utf8)
  }

  @Test func nasdaqAsksForWhatIsMissingOfItsStream() throws {
    var session = try session("nasdaq", .init(framing: .packet))
    #expect(session.manifest.commonVersion == hostVersion)
    #expect(try session.health()?.sequenceState == SessionHealth.SequenceState.none)
    _ = try decode(&session, [packet(1, opening)])
    var health = try #require(try session.health())
    #expect(health.sequenceState == .intact && health.nextSequence == 2 && health.lastEventTime == 34_000_000_000_000)
    let events = try decode(&session, [packet(5, trading), [1, 2, 3]])
    let gap = try #require(events.first { $0.eventKind == .gap })
    let request = try #require(try session.snapshotRequest(for: gap))
    #expect(request.carrier == .datagram && request.answer == .messages && request.first == 2 && request.count == 3)
    #expect(request.bytes == Array("SESSION001".utf8) + big(2, 8) + big(3, 2))
    // The request itself, sent, is no message; what it asks for is a repeat by now.
    #expect(try decode(&session, [request.bytes], .outbound).map(\.eventKind) == [.notice])
    let late = try decode(&session, [packet(2, opening)])
    #expect(late.map(\.eventKind) == [.notice])
    health = try #require(try session.health())
    #expect(health.sequenceState == .broken && health.gaps == 1 && health.missing == 3 && health.malformed == 1)
    #expect(health.frames == 5 && health.nextSequence == 6)

    let states = try #require(try session.instrumentStates())
    #expect(states.map(\.definition.symbol) == [Array("AAPL".utf8)] && states[0].status == 3)
    let definition = try #require(events.first { $0.eventKind == .instrument })
    #expect(try session.snapshotRequest(for: definition) == nil)
    // Counts are no part of the state: equal states are equal bytes.
    let saved = try session.save()
    try session.load(saved)
    #expect(try session.save() == saved && session.health()?.gaps == 0)
  }

  @Test func nasdaqSendsWhatItDeclares() throws {
    var session = try session("nasdaq", .init(framing: .message, channel: .orderEntry))
    let allowed = try #require(try session.orderCapabilities())
    #expect(allowed.orderTypes == [.limit, .market] && allowed.replace == .atomic)
    #expect(
      allowed.timesInForce == [.day, .immediateOrCancel, .fillOrKill] && allowed.features == [.postOnly, .reduce])
    var order = OrderRequest()
    order.orderID = 5
    order.side = .buy
    order.symbol = Array("AAPL".utf8)
    order.quantity = 100
    order.orderType = .market
    order.timeInForce = .fillOrKill
    let bytes = try session.encode(order)
    // Price 0x7FFFFFFF is a market order; the minimum quantity of fill-or-kill is all of it (OUCH 4.2, Enter Order).
    #expect(Array(bytes[28..<32]) == big(0x7FFF_FFFF, 4) && Array(bytes[32..<36]) == big(0, 4))
    #expect(Array(bytes[43..<47]) == big(100, 4))
    let sent = try #require(try decode(&session, [bytes], .outbound).first { $0.eventKind == .ownNew })
    #expect(sent.has(.noPrice) && sent.price == 0 && sent.quantity == 100 && sent.order_id == 5)
    order.displayQuantity = 10
    #expect(throws: AdapterError.self) { try session.encode(order) }
  }

  // MARK: Binance

  private func depth(_ symbol: String, _ first: Int, _ last: Int) -> [UInt8] {
    Array(
      ("{\"e\":\"depthUpdate\",\"E\":1700000000000,\"s\":\"\(symbol)\",\"U\":\(first),\"u\":\(last),"
        + "\"b\":[[\"1.5\",\"2\"]],\"a\":[]}").utf8)
  }

  @Test(arguments: [("spot", "/api/v3/depth?symbol=BTCUSDT&limit=5000"), ("usdm", "")])
  func binanceAsksForABook(market: String, path: String) throws {
    var session = try session(
      "binance", .init(framing: .message, settings: [.init(key: "market", value: market)]))
    guard market == "spot" else {
      let allowed = try #require(try session.orderCapabilities())
      #expect(allowed.replace == .atomic && allowed.features == [.postOnly, .replaceKeepsTimeInForce])
      return
    }
    #expect(try session.orderCapabilities()?.replace == .twoSteps)
    let events = try decode(&session, [depth("BTCUSDT", 1, 2), depth("BTCUSDT", 10, 11)])
    for kind in [EventKind.instrument, .gap] {
      let event = try #require(events.first { $0.eventKind == kind })
      let request = try #require(try session.snapshotRequest(for: event))
      #expect(request.carrier == .httpGet && request.answer == .state && request.bytes == Array(path.utf8))
    }
    var health = try #require(try session.health())
    #expect(health.sequenceState == .waiting && health.gaps == 1 && health.missing == 7)
    #expect(health.lastEventTime == 1_700_000_000_000_000_000)
    #expect(try session.instrumentStates()?.map(\.book) == [.partial])
    // The answer comes late, between updates, and the book is whole.
    let answer = Array("{\"lastUpdateId\":11,\"bids\":[[\"1.5\",\"3\"]],\"asks\":[[\"1.6\",\"4\"]]}".utf8)
    let joined = try decode(&session, [depth("BTCUSDT", 12, 13), answer, Array("{\"e\":\"odd\"}".utf8), [0x7B]])
    #expect(joined.contains { $0.eventKind == .clear })
    #expect(try session.instrumentStates()?.map(\.book) == [.whole])
    health = try #require(try session.health())
    #expect(health.sequenceState == .broken && health.unknown == 1 && health.malformed == 1 && health.frames == 6)
    // With a second symbol an answer would name none.
    let second = try decode(&session, [depth("ETHUSDT", 1, 2)])
    let definition = try #require(second.first { $0.eventKind == .instrument })
    #expect(try session.snapshotRequest(for: definition) == nil)
  }

  @Test func binanceSendsMarketOrders() throws {
    var session = try session("binance", .init(framing: .message, channel: .orderEntry))
    var order = OrderRequest()
    order.orderID = 42
    order.side = .sell
    order.symbol = Array("BTCUSDT".utf8)
    order.quantity = 15
    order.quantityScale = 1
    order.orderType = .market
    let text = String(decoding: try session.encode(order), as: UTF8.self)
    #expect(text.contains("\"type\":\"MARKET\"") && !text.contains("price") && !text.contains("timeInForce"), "\(text)")
    let sent = try #require(try decode(&session, [Array(text.utf8)], .outbound).first { $0.eventKind == .ownNew })
    #expect(sent.has(.noPrice) && sent.quantity == 150_000_000 && sent.order_id == 42)
    order.orderType = .limit
    order.price = 1_500_000_000
    order.timeInForce = .fillOrKill
    #expect(String(decoding: try session.encode(order), as: UTF8.self).contains("\"timeInForce\":\"FOK\""))
    order.timeInForce = .goodTillTime
    order.expireTime = 9
    #expect(throws: AdapterError.self) { try session.encode(order) }
  }

  @Test func aLongSymbolSettingIsRefusedByTheSchema() throws {
    do {
      _ = try session(
        "binance",
        .init(framing: .message, settings: [.init(key: "symbol", value: String(repeating: "X", count: 33))]))
      Issue.record("it is taken")
    } catch let error as AdapterError {
      #expect(error.code == .badSetting && error.message.contains("0 to 32 bytes"), "\(error)")
    }
  }
}
