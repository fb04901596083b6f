// SPDX-License-Identifier: Apache-2.0

import CivilTime
import ContractLanguage
import ExecutionIR
import Testing

private let sample = """
  task buy-btc {
    account "DESK-1"  capacity agency
    instrument BTCUSDT  currency USDT
    side buy  quantity 12.5 BTC
    window 2024-08-09T00:00:00 .. 2024-08-09T00:05:00 zone "UTC"
    objective is { risk-aversion 0.000001 }
    slices 10
    participation 10%
    limit 61900.00
    venue BINANCE as BTCUSDT
  }
  """

private func read(_ text: String) -> TaskFile {
  TaskFile(
    Array(text.utf8), file: "task.exprove",
    environment: TaskEnvironment(
      algorithm: Algorithm(name: "test", version: "1"), units: { $0 == "BTCUSDT" ? ["BTC"] : [] },
      zone: { (name) throws(ZoneError) in try Zone.load(name) }))
}

@Suite struct TaskFileTests {
  @Test func readsATask() throws {
    let file = read(sample)
    #expect(file.diagnostics.isEmpty)
    let task = try #require(file.tasks.first)
    #expect(task.quantity == ExactDecimal(units: 125, scale: 1))
    #expect(task.window.start == 1_723_161_600_000_000_000)
    #expect(task.window.end - task.window.start == 300_000_000_000)
    #expect(task.participation == 100_000)
    #expect(task.limit == 61_900_000_000_000)
    #expect(task.venues == [TaskVenue(venue: "BINANCE", symbol: "BTCUSDT")])
    #expect(try LocalExecutionTask(json: task.json) == task)
  }

  @Test(arguments: [
    ("12.5 BTC", "12.5 ETH", 4), ("side buy", "side by", 4), ("10%", "110%", 8), ("00:05:00 zone", "00:00:00 zone", 5),
    ("slices 10", "slices 0", 7), ("limit 61900.00", "limit 1.0000000001", 9), ("\"UTC\"", "\"Mars/Base\"", 5),
    ("capacity agency", "capacity agent", 2),
  ])
  func pointsAtTheLineOfAMistake(_ right: String, _ wrong: String, _ line: Int) throws {
    let parts = sample.split(separator: right, maxSplits: 1, omittingEmptySubsequences: false)
    let file = read(parts.joined(separator: wrong))
    #expect(file.tasks.isEmpty)
    let diagnostic = try #require(file.diagnostics.first)
    #expect(diagnostic.line == line, "\(diagnostic)")
    #expect(!diagnostic.help.isEmpty)
  }

  @Test func survivesCutsAndNoise() {
    let bytes = Array(sample.utf8)
    for cut in 0..<bytes.count { #expect(read(String(decoding: bytes[..<cut], as: UTF8.self)).tasks.isEmpty) }
    var state: UInt64 = 3
    for _ in 0..<3000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      var noisy = bytes
      noisy[Int(state >> 33) % noisy.count] = UInt8(truncatingIfNeeded: state >> 20)
      let file = TaskFile(
        noisy, file: "noise",
        environment: TaskEnvironment(
          algorithm: Algorithm(name: "test", version: "1"), units: nil,
          zone: { (name) throws(ZoneError) in try Zone.load(name) }))
      #expect(file.tasks.isEmpty == !file.diagnostics.isEmpty)
    }
  }
}
