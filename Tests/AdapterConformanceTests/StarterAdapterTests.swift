// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import BrokenAdapters
internal import Foundation
internal import Testing

/// The adapters that are shipped, over real captures where there are some.
@Suite struct StarterAdapterTests {
  /// `$EXPROVE_DATA`, else `shared/data` beside the repository.
  private static let data: String? = {
    let named = ProcessInfo.processInfo.environment["EXPROVE_DATA"]
    let path = named ?? "\(Workshop.root)/../shared/data"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  @Test(arguments: [
    ("nasdaq", ["itch50/aapl-20200130-10k.bin"]),
    ("binance", ["binance/spot_btcusdt_20240808.gz", "binance/usdm_btcusdt_20240808.gz"]),
    ("example", ["pitch/bats-pitch.txt"]),
  ])
  func itPassesEveryCheck(folder: String, captures: [String]) throws {
    let path = try folder == "example" ? Workshop.example() : Workshop.plugin(folder)
    var files: [String] = []
    if let data = StarterAdapterTests.data {
      files = captures.map { "\(data)/\($0)" }
    } else if ProcessInfo.processInfo.environment["CI"] == "true" {
      Issue.record("there are no captures: set EXPROVE_DATA")
    } else {
      print("no captures: \(folder) is checked with found frames only; set EXPROVE_DATA")
    }
    for captures in Set([[], files]) {
      // At the strictest, where warnings count, with fewer draws than it makes by itself.
      let report = try Harness.run(path, captures: captures, seed: 3, level: 10) {
        $0.effort = captures.isEmpty ? 1 : 2
      }
      for result in report.results where result.status != .pass {
        print("\(folder) \(captures.count) captures: \(ConformanceReport.line(result))")
      }
      #expect(report.passes, "\(report.text)")
    }
  }
}
