// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import BrokenAdapters
internal import Testing

@Suite struct CorrectAdapterTests {
  @Test(arguments: [true, false]) func theCorrectAdapterPassesEveryCheck(withCapture: Bool) throws {
    let report = try Harness.run(
      try Workshop.adapter("correct"), captures: withCapture ? [Harness.capture] : [], seed: 7)
    print(report.text)
    for result in report.results where result.status != .pass {
      // Without a capture there are no orders to follow.
      #expect(
        result.check == .eventsOrders && result.status == .skip && !withCapture, "\(ConformanceReport.line(result))")
    }
    #expect(report.passes)
    #expect(report.results.count == ConformanceCheck.allCases.count)
  }
}
