// SPDX-License-Identifier: Apache-2.0

import ExecutionIR
import ExecutionRun
import Foundation
import RunJournal
import Testing

@Suite("Local signals of captures")
struct LocalSignalReaderTests {
  private static let data: String = {
    if let given = ProcessInfo.processInfo.environment["EXPROVE_DATA"] { return given }
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return repository.deletingLastPathComponent().appendingPathComponent("shared/data").path
  }()
  private static let spot = data + "/binance/spot_btcusdt_20240808.gz"
  /// Without the captures the tests say so and skip; where CI is true they run, and fail.
  private static var isHere: Bool {
    let found = FileManager.default.fileExists(atPath: spot)
    if !found { print("captures are not at \(data): set EXPROVE_DATA; tests that need them skip") }
    return found || ProcessInfo.processInfo.environment["CI"] == "true"
  }
  private static let listing = TaskVenue(venue: "BINANCE", symbol: "BTCUSDT")

  private static func python(_ arguments: [String]) throws -> [String: [Int64]] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", tests.path + "/Independent/local_signals.py"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    return try JSONDecoder().decode([String: [Int64]].self, from: output)
  }

  /// Minutes of the capture, whole and begun before it or ending after it, by an independent program's numbers.
  @Test(
    .enabled(if: isHere),
    arguments: [
      (1_723_161_300_000_000_000, 60_000_000_000, 5, "0.00001", "0.00001", "0.000001", Int64.max),
      (1_723_161_240_000_000_000, 7_000_000_007, 60, "0.25", "0.003", "0.01", 40),
    ])
  func areThoseOfAnotherReader(
    start: Int64, bucket: Int64, buckets: Int, volume: String, spread: String, toxicity: String, maximum: Int64
  ) throws {
    let wanted = [
      WantedSignal(kind: .volume, listing: Self.listing, quantum: try ExactDecimal(volume), maximum: maximum),
      WantedSignal(kind: .spread, listing: Self.listing, quantum: try ExactDecimal(spread), maximum: maximum),
      WantedSignal(kind: .toxicity, listing: Self.listing, quantum: try ExactDecimal(toxicity), maximum: maximum),
      WantedSignal(
        kind: .participation, listing: Self.listing, quantum: try ExactDecimal("0.000001"), maximum: maximum),
    ]
    let read = try LocalSignalReader.read(
      feeds: ["BINANCE=binance:\(Self.spot)"], wanted: wanted,
      window: SignalWindow(start: start, bucket: bucket, buckets: buckets),
      own: [OwnExecution(listing: Self.listing, quantity: ExactDecimal("0.5"), time: start + bucket * 3)],
      opening: Adapters.opening())
    let other = try Self.python(
      [Self.spot, String(start), String(bucket), String(buckets), volume, spread, toxicity, String(maximum)])
    #expect(read.quanta[0] == other["volume"] && read.quanta[0].contains { $0 > 0 })
    #expect(read.quanta[1] == other["spread"] && read.quanta[1].contains { $0 > 0 })
    #expect(read.quanta[2] == other["toxicity"] && read.quanta[2].contains { $0 > 0 })
    // 0.5 of all that was traded besides.
    if maximum == .max {
      let traded = Double(read.quanta[0][3]) * 0.00001
      #expect(abs(Double(read.quanta[3][3]) / 1e6 - 0.5 / (traded + 0.5)) < 1e-4)
      #expect(read.quanta[3].count { $0 > 0 } == 1)
    }
  }

  @Test(.enabled(if: isHere)) func whatIsNotThereIsTold() throws {
    func refused(
      _ text: String, feeds: [String] = ["BINANCE=binance:\(Self.spot)"], listing: TaskVenue = Self.listing,
      quantum: Int64 = 1, start: Int64 = 1_723_161_300_000_000_000
    ) {
      do {
        _ = try LocalSignalReader.read(
          feeds: feeds,
          wanted: [
            WantedSignal(kind: .volume, listing: listing, quantum: ExactDecimal(units: quantum, scale: 2), maximum: 9)
          ], window: SignalWindow(start: start, bucket: 1_000_000_000, buckets: 3), opening: Adapters.opening())
        Issue.record("\(text): was read")
      } catch { #expect("\(error)".contains(text), "\(error)") }
    }
    refused("was never seen on BINANCE", listing: TaskVenue(venue: "BINANCE", symbol: "OTHER"))
    refused("before the window begins", start: 1_723_169_999_000_000_000)
    refused("must be above 0", quantum: 0)
    refused("no --feed given", feeds: [])
    for (bucket, buckets) in [(Int64(0), 1), (1, 0), (1, 4097), (.max, 2)] {
      #expect(throws: RunError.self) { try SignalWindow(start: 0, bucket: bucket, buckets: buckets) }
    }
  }
}
