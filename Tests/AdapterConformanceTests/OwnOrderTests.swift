// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import AdapterHost
internal import BrokenAdapters
internal import Foundation
internal import Testing
internal import VenueSimulator

/// Captures of order sessions: what is read of them, and what the shipped adapters make of real conversations.
@Suite struct OwnOrderTests {
  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)-\(name)").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test(arguments: [VenuePersonality.nasdaqStyle, .binanceStyle])
  func shippedAdaptersTellTheLifeOfOrders(personality: VenuePersonality) throws {
    let conversation = try OrderConversation(personality, seed: 4)
    try conversation.run()
    let sent = conversation.messages.count { $0.isSent }
    #expect(sent > 500 && conversation.messages.count > 2 * sent)
    let capture = try write(OrderCapture.bytes(conversation.messages), "session.pcapng")
    defer { try? FileManager.default.removeItem(atPath: capture) }
    // At the strictest, where warnings count, with as few draws as at the usual one.
    let report = try Harness.run(
      try Workshop.plugin(personality == .nasdaqStyle ? "nasdaq" : "binance"), orders: [capture], seed: 2, level: 10
    ) { $0.effort = 1 }
    #expect(report.passes, "\(report.text)")
    let orders = report.results.filter { $0.check.group == "orders" }
    #expect(orders.count == 5 && orders.allSatisfy { $0.status == .pass }, "\(report.text)")
    for result in orders { print(ConformanceReport.line(result)) }
    let fills = try #require(orders.first { $0.check == .ordersExecutions }?.detail.prefix { $0.isNumber })
    #expect(try #require(Int(fills)) > 50)
    #expect(report.results[0].reproduce.contains(" --orders \(capture) "))
    // It is part of what a certificate is about.
    #expect(report.captures.map(\.channel) == [.orderEntry] && report.captures.map(\.path) == [capture])
  }

  @Test func withoutDirectionsOrWithoutACaptureTheChecksSaySo() throws {
    let path = try Workshop.adapter("correct")
    func orders(_ captures: [String]) throws -> [ConformanceResult] {
      try Harness.run(path, orders: captures, only: "^orders").results
    }
    #expect(try orders([]).allSatisfy { $0.status == .skip && $0.detail.contains("--orders") })
    // Length-prefixed, as market data lies in files.
    let answers = MadeUpSession.messages.filter { !$0.isSent }.flatMap { message in
      [UInt8(message.bytes.count >> 8), UInt8(message.bytes.count & 255)] + message.bytes
    }
    let plain = try write(answers, "session.bin")
    defer { try? FileManager.default.removeItem(atPath: plain) }
    let mute = try orders([plain])
    #expect(mute.count { $0.status == .pass } == 4, "\(mute)")
    #expect(mute.last?.status == .skip && mute.last?.detail.contains("epb_flags") == true, "\(mute)")
    let example = try Workshop.example()
    #expect(throws: AdapterError.self) { try Harness.run(example, orders: [plain], only: "^orders") }
    let unasked = try Harness.run(example, only: "^orders").results
    #expect(unasked.allSatisfy { $0.status == .skip && $0.detail == "it has no channel order-entry" })
  }

  /// A session of which the beginning is missing, or the middle: what is not known is no finding.
  @Test func whatIsMissingIsNotBlamedOnTheAdapter() throws {
    let path = try Workshop.adapter("correct")
    for messages in [
      Array(MadeUpSession.messages.dropFirst(5)), MadeUpSession.messages.filter { $0.bytes[0] != UInt8(ascii: "K") },
    ] {
      let capture = try write(OrderCapture.bytes(messages), "part.pcapng")
      defer { try? FileManager.default.removeItem(atPath: capture) }
      let report = try Harness.run(path, orders: [capture], only: "^orders")
      #expect(report.results.allSatisfy { $0.status == .pass }, "\(report.text)")
    }
  }
}
