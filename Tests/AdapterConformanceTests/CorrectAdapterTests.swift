// SPDX-License-Identifier: Apache-2.0

internal import AdapterConformance
internal import BrokenAdapters
internal import Testing

@Suite struct CorrectAdapterTests {
  @Test(arguments: [true, false]) func theCorrectAdapterPassesEveryCheck(withCapture: Bool) throws {
    let report = try Harness.run(
      try Workshop.adapter("correct"), captures: withCapture ? [Harness.capture] : [],
      orders: withCapture ? [Harness.orders] : [], seed: 7)
    print(report.text)
    // Without a capture there is no market to follow.
    let needsCapture: Set<ConformanceCheck> = [
      .eventsOrders, .eventsExecutions, .eventsBooks, .eventsVolume, .eventsTicks, .eventsSnapshot, .malformedGaps,
      .metamorphicRename, .metamorphicShift, .metamorphicInterleave, .ordersState, .ordersQuantity, .ordersExecutions,
      .ordersCorrections, .ordersUnknown,
    ]
    for result in report.results where result.status != .pass {
      #expect(
        result.status == .skip
          && (!withCapture && needsCapture.contains(result.check) || result.check == .threadsStrays),
        "\(ConformanceReport.line(result))")
    }
    #expect(report.passes)
    #expect(report.results.map(\.check) == ConformanceCheck.allCases.filter { !$0.isOnDemand })
  }
}
