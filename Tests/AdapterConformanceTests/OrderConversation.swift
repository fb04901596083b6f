// SPDX-License-Identifier: Apache-2.0

internal import AdapterHost
internal import BrokenAdapters
internal import CExProveABI
internal import EventFlow
internal import Testing
internal import VenueSimulator

/// A client that trades at random with a simulated venue through the venue's shipped adapter, and everything that went
/// over the wire of its order session.
final class OrderConversation {
  private static let second: Int64 = 1_000_000_000
  private static let dayStart: Int64 = 1_580_360_400 * second
  private static let open = dayStart + 34_200 * second

  private var venue: SimulatedVenue
  private var session: AdapterSession
  private var random: RandomSource
  private var batch = EventBatch(frames: 1, events: 32_768, bytes: 1 << 20)
  private var orders: [(id: UInt64, side: EventFlow.Side)] = []
  private var next: UInt64 = 1
  private let isNasdaq: Bool
  private(set) var messages: [OrderMessage] = []

  init(_ personality: VenuePersonality, seed: UInt64) throws {
    isNasdaq = personality == .nasdaqStyle
    var flow = OrderFlowConfiguration()
    flow.sizeLots = isNasdaq ? 100 : 1
    venue = try SimulatedVenue(
      configuration: SimulatedVenueConfiguration(
        personality: personality, symbol: "XPRV", tick: isNasdaq ? 10_000_000 : 5_000_000, lot: isNasdaq ? 1 : 1_000,
        quantityScale: isNasdaq ? 0 : 2, dayStart: OrderConversation.dayStart, open: OrderConversation.open,
        close: OrderConversation.open + 120 * OrderConversation.second,
        fairValue: FairValueConfiguration(seed: 42, initial: 50_000_000_000, unit: 1_250_000), flow: flow),
      seed: seed)
    random = RandomSource(seed: seed, stream: 99)
    let image = try AdapterImage.read(path: try Workshop.plugin(isNasdaq ? "nasdaq" : "binance"))
    session = try AdapterSession(
      LoadedAdapter(image),
      .init(framing: .message, channel: .orderEntry, dayStart: OrderConversation.dayStart))
  }

  /// Lives until the venue has nothing more to say; the client acts five times a second.
  func run() throws {
    let pause = OrderConversation.second / 5
    let close = venue.configuration.close
    var wake: Int64? = OrderConversation.open + pause
    while let time = [venue.nextTime, wake].compactMap({ $0 }).min() {
      venue.advance(to: time)
      while let frame = venue.popFrame(upTo: time) {
        if frame.channel == .orderEntry { try record(OrderMessage(bytes: frame.bytes, time: time)) }
      }
      if wake == time {
        try act(at: time)
        wake = time + pause < close ? time + pause : nil
      }
    }
  }

  /// The adapter's session hears it too: what it sends next may depend on it.
  private func record(_ message: OrderMessage) throws {
    messages.append(message)
    batch.removeAll()
    var frame = Frame()
    frame.receive_time = message.time
    frame.flags = message.isSent ? FrameFlags.outbound.rawValue : 0
    batch.append(frame: frame, bytes: message.bytes.span)
    #expect(try session.decode(&batch) == 1)
  }

  private func act(at time: Int64) throws {
    var request = OrderRequest()
    request.symbol = Array("XPRV".utf8)
    request.firm = Array("XPRO".utf8)
    request.time = time
    request.quantityScale = isNasdaq ? 0 : 2
    let pick = orders.isEmpty ? nil : orders[orders.count - 1 - Int(random.below(UInt64(min(orders.count, 12))))]
    request.side = pick?.side ?? .buy
    switch (random.below(10), pick) {
    case (0..<3, let pick?):
      request.action = .cancel
      request.orderID = pick.id
    case (3..<5, let pick?):
      request.action = .replace
      request.previousID = pick.id
      terms(&request)
    default:
      request.side = random.below(2) == 0 ? .buy : .sell
      terms(&request)
    }
    let bytes = try session.encode(request)
    try record(OrderMessage(bytes: bytes, isSent: true, time: time))
    venue.receive(bytes, at: time)
  }

  private func terms(_ request: inout OrderRequest) {
    request.orderID = next
    next += 1
    orders.append((request.orderID, request.side))
    let best = venue.engine.best(request.side == .buy ? .buy : .sell)?.price ?? 50_000_000_000
    request.price = best + (Int64(random.below(7)) - 3) * venue.engine.rules.tick
    request.quantity = (Int64(random.below(8)) + 1) * (isNasdaq ? 100 : 1_000)
    request.timeInForce = random.below(3) == 0 ? .immediateOrCancel : .day
  }
}
